import {
  AppError,
  asAppId,
  asClientId,
  asConversationId,
  asSessionId,
  type ClientId,
} from '@hongyan/protocol';
import { openSqliteStore, type SqliteStore } from '@hongyan/store-sqlite';
import fc from 'fast-check';
import type { AppendRequest, LogStore } from './ports.js';
import { type Committed, defaultSequencerOptions, type Intent, Sequencer } from './sequencer.js';
import { newOp } from './service-harness.contract.js';
import { StateCache } from './state-cache.js';

const app = asAppId('a');
const conversation = asConversationId('c');
let store: SqliteStore;

beforeEach(async () => {
  store = await openSqliteStore({ folder: ':memory:' });
  const members = ['ann', 'bob'].map((name) => ({ client: asClientId(name), role: 'member' as const }));
  await store.conversations.create(
    app,
    {
      author: '',
      op: newOp(),
      payload: {
        kind: 'created',
        conversation: {
          id: conversation,
          kind: 'ordinary',
          attributes: {},
          frozen: false,
          createdAt: 0,
          updatedAt: 0,
        },
        members,
      },
    },
    1000,
  );
});
afterEach(() => store.close());

/** One pod: a sequencer with a state cache of its own on the shared log. */
function pod(log: LogStore = store.log, now = () => 2000) {
  const committed: Committed[] = [];
  const states = new StateCache(log, store.conversations, store.clients);
  return {
    committed,
    states,
    sequencer: new Sequencer(log, states, (_app, _state, made) => committed.push(...made), now),
  };
}

const say = (author: string, body: string, op = newOp()): Intent => ({
  author: asClientId(author),
  op,
  origin: asSessionId('s'),
  wait: { deadline: Infinity },
  alone: false,
  decide: (state) =>
    state.isMember(author as ClientId)
      ? { kind: 'message', format: 'text', body }
      : new AppError('member_required'),
});

const remove = (member: string): Intent => ({
  author: '',
  op: newOp(),
  origin: undefined,
  wait: { deadline: Infinity },
  alone: true,
  decide: (state) =>
    state.isMember(member as ClientId) ? { kind: 'removed', members: [member as ClientId] } : undefined,
});

const seqs = (made: readonly Committed[]) => made.map(({ entry }) => entry.seq);

it('lets what waits share a batch', async () => {
  let batches = 0;
  const counting: LogStore = Object.assign(Object.create(store.log) as LogStore, {
    append: (id: typeof app, request: AppendRequest) => ((batches += 1), store.log.append(id, request)),
  });
  const { sequencer, committed } = pod(counting);
  await Promise.all(
    Array.from({ length: 100 }, (_, i) => sequencer.submit(app, conversation, say('ann', `${i}`))),
  );
  expect(seqs(committed)).toEqual(Array.from({ length: 100 }, (_, i) => i + 2));
  expect(batches).toBeLessThan(5);
});

it('decides anew after a lost race: a removal elsewhere binds at once', async () => {
  const [one, two] = [pod(), pod()];
  await one.sequencer.submit(app, conversation, say('ann', 'hello'));
  await two.sequencer.submit(app, conversation, say('bob', 'hi'));
  await two.sequencer.submit(app, conversation, remove('ann'));
  // The first pod still believes that ann is a member; the log tells it otherwise.
  await expect(one.sequencer.submit(app, conversation, say('ann', 'still here?'))).rejects.toMatchObject({
    error: 'member_required',
  });
  const outcome = await one.sequencer.submit(app, conversation, say('bob', 'bye'));
  expect([outcome.entry?.seq, outcome.state.memberIds]).toEqual([5, ['bob']]);
});

it('never leaves a hole or a double with racing pods and retries', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ pod: fc.nat(2), author: fc.constantFrom('ann', 'bob'), retry: fc.boolean() }), {
        minLength: 1,
        maxLength: 40,
      }),
      async (sends) => {
        const pods = [pod(), pod(), pod()];
        const podAt = (at: number) => pods[at % 3] as ReturnType<typeof pod>;
        const before = (await store.log.head(app, conversation))?.last ?? 0;
        const results = await Promise.all(
          sends.flatMap(({ pod: at, author, retry }, i) => {
            const intent = say(author, `${i}`);
            return [
              podAt(at).sequencer.submit(app, conversation, intent),
              ...(retry ? [podAt(at + 1).sequencer.submit(app, conversation, intent)] : []),
            ];
          }),
        );
        const head = await store.log.head(app, conversation);
        expect(head?.last).toBe(before + sends.length);
        const entries = await store.log.entries(app, conversation, { after: before, limit: 1000 });
        expect(entries.map(({ seq }) => seq)).toEqual(sends.map((_, i) => before + 1 + i));
        expect(new Set(results.map((result) => result.entry?.seq)).size).toBe(sends.length);
        // Each pod told of its own, in order.
        for (const { committed } of pods)
          expect(seqs(committed)).toEqual([...seqs(committed)].sort((a, b) => a - b));
        expect(pods.flatMap(({ committed }) => committed)).toHaveLength(sends.length);
      },
    ),
    { numRuns: 40 },
  );
});

it('fails what is behind in flight with the same code, and goes on afterwards', async () => {
  let broken = true;
  const failing: LogStore = Object.assign(Object.create(store.log) as LogStore, {
    append: (id: typeof app, request: AppendRequest) =>
      broken ? Promise.reject(new AppError('storage_full')) : store.log.append(id, request),
  });
  const { sequencer, committed } = pod(failing);
  const sends = Array.from({ length: 5 }, (_, i) => sequencer.submit(app, conversation, say('ann', `${i}`)));
  const results = await Promise.allSettled(sends);
  expect(
    results.map((result) => (result.status === 'rejected' ? (result.reason as AppError).error : 'ok')),
  ).toEqual(Array(5).fill('storage_full'));
  expect(committed).toEqual([]);
  broken = false;
  expect((await sequencer.submit(app, conversation, say('ann', 'again'))).entry?.seq).toBe(2);
});

it('refuses one without touching its neighbours', async () => {
  const { sequencer } = pod();
  const results = await Promise.allSettled(
    [say('ann', '1'), say('nobody', '2'), say('bob', '3')].map((intent) =>
      sequencer.submit(app, conversation, intent),
    ),
  );
  expect(
    results.map((result) =>
      result.status === 'fulfilled' ? result.value.entry?.seq : (result.reason as AppError).error,
    ),
  ).toEqual([2, 'member_required', 3]);
});

it('refuses to run ahead of the clock', async () => {
  const { sequencer } = pod(store.log, () => 2000);
  await sequencer.submit(app, conversation, say('ann', 'now'));
  const behind = pod(store.log, () => 2000 - 6000);
  await expect(behind.sequencer.submit(app, conversation, say('ann', 'past'))).rejects.toMatchObject({
    error: 'clock_ahead',
  });
});

it('drops what nobody waits for any longer, and nothing behind it overtakes the retry', async () => {
  const { sequencer, committed } = pod();
  const late = { ...say('ann', 'late'), wait: { deadline: 1999 } };
  const results = await Promise.allSettled(
    [late, say('ann', 'next')].map((intent) => sequencer.submit(app, conversation, intent)),
  );
  expect(results.map((result) => (result as { reason?: AppError }).reason?.error)).toEqual([
    'deadline_exceeded',
    'deadline_exceeded',
  ]);
  const gone = { ...say('ann', 'gone'), wait: { deadline: Infinity, signal: AbortSignal.abort() } };
  await expect(sequencer.submit(app, conversation, gone)).rejects.toMatchObject({ error: 'cancelled' });
  expect(committed).toEqual([]);
});

it('bounds the queue', async () => {
  const states = new StateCache(store.log, store.conversations, store.clients);
  const small = new Sequencer(
    store.log,
    states,
    () => undefined,
    () => 2000,
    { ...defaultSequencerOptions, queue: 3 },
  );
  const results = await Promise.allSettled(
    Array.from({ length: 10 }, (_, i) => small.submit(app, conversation, say('ann', `${i}`))),
  );
  const refused = results.filter((result) => result.status === 'rejected');
  expect(refused.length).toBeGreaterThan(0);
  expect(refused.every((result) => (result.reason as AppError).error === 'overloaded')).toBe(true);
});
