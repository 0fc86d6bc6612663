import fc from 'fast-check';
import type { EntryView, ListRow } from '@hongyan/protocol';
import { FakeServer, type FakeSession } from '../test/fake-server.js';
import { Conversation } from './conversation.js';
import type { Core } from './core.js';
import { settingsOf } from './options.js';
import { Turns } from './turns.js';

const me = 'me';
const id = 'c';
const session = { client: me } as FakeSession;

interface World {
  readonly server: FakeServer;
  readonly conversation: Conversation;
  readonly entries: EntryView[];
  readonly gaps: unknown[];
}

/** A conversation whose commands go straight to a server's memory. */
function world(maxGap = 200): World {
  const server = new FakeServer();
  server.conversation(id, [me, 'you', 'her']);
  const call = (name: string, args: object): Promise<unknown> =>
    Promise.resolve().then(() => server.run({ name, args: args as never, session }));
  const core = {
    fetches: new Turns(1),
    settings: {
      ...settingsOf({ url: '', appId: '', credentials: { clientId: me } }),
      maxGap,
      sendDelivered: false,
    },
    commands: { call },
    outbox: { flying: () => 0, confirm: () => undefined, sentHere: () => false, pending: () => [] },
    receipts: {
      read: (conversation: string, seq: number) => call('conversation.read', { conversation, seq }),
      reading: () => false,
    },
    me: () => me,
    saveKnown: () => undefined,
    emit: () => undefined,
    adoptLog: () => undefined,
    failed: (what: string, error: Error) => {
      throw new Error(what, { cause: error });
    },
  } as unknown as Core;
  const conversation = new Conversation(core, id);
  const entries: EntryView[] = [];
  const gaps: unknown[] = [];
  conversation.on('entry', (entry) => entries.push(entry));
  conversation.on('gap', (gap) => gaps.push(gap));
  return { server, conversation, entries, gaps };
}

const settle = (): Promise<void> => jest.advanceTimersByTimeAsync(1_000);

type Step =
  | { readonly do: 'say'; readonly from: string; readonly mention: boolean; readonly silent: boolean }
  | {
      readonly do: 'recall' | 'delete' | 'edit' | 'read' | 'readElsewhere';
      readonly pick: number;
      readonly mention: boolean;
    }
  | { readonly do: 'row' | 'deliver' | 'repeat' | 'drop'; readonly pick: number };

const pick = fc.nat(1_000);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('say' as const),
      from: fc.constantFrom('you', 'you', 'her', me),
      mention: fc.boolean(),
      silent: fc.nat(5).map((n) => n === 0),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom('recall' as const, 'delete', 'edit', 'read', 'readElsewhere'),
      pick,
      mention: fc.boolean(),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constantFrom('row' as const, 'deliver', 'deliver', 'deliver', 'repeat', 'drop'),
      pick,
    }),
  },
);

describe('a conversation', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it('shows what the server has, after any mix of late, repeated, lost and overtaking events', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 1, maxLength: 60 }),
        fc.nat(20),
        fc.boolean(),
        async (steps, before, lossy) => {
          const { server, conversation, entries, gaps } = world();
          const { entries: log } = server.conversations.get(id) as { entries: EntryView[] };
          for (let n = 0; n < before; n++)
            server.say(id, n % 3 === 0 ? me : 'you', `old ${n}`, n % 4 === 1 ? { mentionAll: true } : {});
          const network: (() => void)[] = [];
          const travel = (entry: EntryView): void => {
            const copy = structuredClone(entry);
            network.push(() => conversation.entry(copy));
          };
          const row = (): void => {
            const snapshot: ListRow = server.row(id, me);
            network.push(() => conversation.apply(snapshot));
          };
          const from = log.length;
          conversation.apply(server.row(id, me));
          for (const one of steps) {
            const index = 'pick' in one ? one.pick % Math.max(1, network.length) : 0;
            const target = 'pick' in one && log.length > 0 ? log[one.pick % log.length] : undefined;
            if (one.do === 'say') {
              travel(
                server.say(id, one.from, 'new', {
                  ...(one.mention ? { mentions: [me as never] } : {}),
                  ...(one.silent ? { silent: true } : {}),
                }),
              );
            } else if (one.do === 'edit' || one.do === 'recall' || one.do === 'delete') {
              if (target?.kind !== 'message' || target.message.recalled) continue;
              const change =
                one.do === 'edit'
                  ? { body: 'edited', mentions: one.mention ? [me as never] : [] }
                  : { recalled: true, body: '' };
              travel(server.change(id, one.do, target.seq, change));
            } else if (one.do === 'read') {
              const known = conversation.seq;
              await Promise.all([
                conversation.read(one.mention ? undefined : one.pick % (known + 1)),
                settle(),
              ]);
            } else if (one.do === 'readElsewhere') {
              const seq = one.pick % (log.length + 1);
              const result = server.run({
                name: 'conversation.read',
                args: { conversation: id, seq } as never,
                session,
              }) as { readSeq: number };
              network.push(() =>
                conversation.cursor({
                  type: 'cursor',
                  conversation: id as never,
                  client: me as never,
                  read: result.readSeq,
                }),
              );
            } else if (one.do === 'row') row();
            else if (network.length === 0) continue;
            else if (one.do === 'deliver') network.splice(index, 1)[0]?.();
            else if (one.do === 'repeat') network[index]?.();
            else if (one.do === 'drop' && lossy) network.splice(index, 1);
            if ('pick' in one && one.pick % 7 === 0) await settle();
          }
          for (const event of network) event();
          if (lossy) {
            // A cursor or the last entry may be lost for good: the next sync tells of it.
            const last = server.row(id, me);
            conversation.apply(last);
            conversation.logs.catchUp(true, last);
          }
          await settle();
          expect({ unread: conversation.unread, mentionUnread: conversation.mentionUnread }).toEqual(
            server.unreadOf(id, me),
          );
          const missing = server
            .shown(id)
            .filter(({ seq }) => seq > from && !entries.some((e) => e.seq === seq));
          expect(missing).toEqual([]);
          expect(entries.map(({ seq }) => seq)).toEqual(
            [...new Set(entries.map(({ seq }) => seq))].toSorted((a, b) => a - b),
          );
          expect(conversation.lastMessage?.seq).toBe(server.row(id, me).lastMessage?.seq);
          expect(gaps).toEqual([]);
          // And what comes after stays exact without asking again.
          conversation.entry(structuredClone(server.say(id, 'you', 'after', { mentionAll: true })));
          const victims = log.filter(
            (entry) =>
              entry.kind === 'message' && !entry.message.recalled && entry.message.from !== (me as string),
          );
          const victim = victims[before % victims.length];
          if (victim !== undefined)
            conversation.entry(
              structuredClone(server.change(id, 'recall', victim.seq, { recalled: true, body: '' })),
            );
          await settle();
          expect({ unread: conversation.unread, mentionUnread: conversation.mentionUnread }).toEqual(
            server.unreadOf(id, me),
          );
          conversation.dispose();
        },
      ),
      { numRuns: 1000 },
    );
  }, 60_000);

  it('counts a message of another, not mine, not a silent one, and not one already recalled', () => {
    const { server, conversation } = world();
    conversation.apply(server.row(id, me));
    const numbers: number[] = [];
    conversation.on('unread', ({ unread }) => numbers.push(unread));
    conversation.entry(server.say(id, 'you', 'one'));
    conversation.entry(server.say(id, me, 'from my other device'));
    conversation.entry(server.say(id, 'you', 'quiet', { silent: true }));
    conversation.entry(server.say(id, 'her', 'two'));
    conversation.entry(server.change(id, 'recall', 1, { recalled: true, body: '' }));
    expect(numbers).toEqual([1, 2, 1]);
  });

  it('forgets a deleted message: its count, and that it was the last', async () => {
    const { server, conversation, entries } = world();
    const first = server.say(id, 'you', 'one') as EntryView & { kind: 'message' };
    conversation.apply(server.row(id, me));
    conversation.entry(server.say(id, 'you', 'two'));
    const told: unknown[] = [];
    conversation.on('delete', (message) => told.push([message.seq, message.body]));
    conversation.on('recall', () => told.push('recall'));
    conversation.entry(server.change(id, 'delete', 2, { recalled: true, body: '' }));
    expect([conversation.unread, conversation.lastMessage]).toEqual([1, undefined]);
    await settle();
    expect(conversation.lastMessage?.id).toBe(first.message.id);
    conversation.entry(server.change(id, 'delete', 1, { recalled: true, body: '' }));
    expect(conversation.unread).toBe(0);
    await settle();
    expect([conversation.unread, conversation.lastMessage]).toEqual([0, undefined]);
    expect(told).toEqual([
      [2, ''],
      [1, ''],
    ]);
    expect(entries.map(({ kind }) => kind)).toEqual(['message', 'delete', 'delete']);
  });

  it('is read at once here, before the server knows', async () => {
    const { server, conversation } = world();
    server.say(id, 'you', 'one');
    conversation.apply(server.row(id, me));
    expect(conversation.unread).toBe(1);
    const done = conversation.read();
    expect(conversation.unread).toBe(0);
    // A row from before the read does not bring it back.
    conversation.apply({ ...server.row(id, me), unread: 1 });
    expect(conversation.unread).toBe(0);
    await done;
    expect(server.unreadOf(id, me).unread).toBe(0);
  });

  it('begins behind what retention removed', async () => {
    const { server, conversation, entries, gaps } = world();
    conversation.logs.main.tracker.startAt(0);
    for (let n = 1; n <= 10; n++) server.say(id, 'you', String(n));
    Object.assign(server.conversations.get(id) as object, { floor: 6 });
    conversation.logs.catchUp(true, server.row(id, me));
    await settle();
    expect(gaps).toEqual([{ after: 0, until: 6 }]);
    expect(entries.map(({ seq }) => seq)).toEqual([7, 8, 9, 10]);
  });
});
