import { asClientId, asOperationId } from '@hongyan/protocol';
import type { NewEntry } from '@hongyan/conversations';
import {
  append,
  change,
  client,
  createdEntry,
  make,
  message,
  newApp,
  T0,
} from '../../conversations/src/fixtures.contract.js';
import { expectProjectionsOfLog } from './recomputed.contract.js';
import { FaultPlan, failures } from './faults.contract.js';
import type { Failure } from './faults.contract.js';
import { openTestStore } from './test-database.contract.js';
import type { TestStore } from './test-database.contract.js';

/** One failure at each write of an operation in turn; then others find what it left behind. */
describe('a failure at each single write', () => {
  let plan = new FaultPlan(() => undefined);
  /** Its writes fail as planned. */
  let failing: TestStore;
  let sound: TestStore;
  beforeAll(async () => {
    sound = await openTestStore();
    failing = await openTestStore({ name: sound.name, faults: (step, run) => plan.faults(step, run) });
  });
  afterAll(async () => {
    await failing.close();
    await sound.drop();
  });

  /** Everything that is projected, in one batch. */
  const batch = (): NewEntry[] => {
    const edit = change('ann', {
      kind: 'edit',
      target: 2,
      format: 'text',
      body: '',
      mentions: [client('ann')],
    });
    return [
      message('ann', 'c', { mentions: [client('bob')] }),
      { ...edit, payload: { ...edit.payload, body: `edit of ${edit.op}` } as never },
      change('bob', { kind: 'recall', target: 3 }),
      change('ann', { kind: 'added', members: [client('cid'), client('dan')] }),
      change('ann', { kind: 'removed', members: [client('cid')] }),
      change('ann', { kind: 'silenced', members: [client('dan')] }),
      change('ann', { kind: 'updated', name: 'new' }),
      message('bob', 'd'),
    ];
  };
  /** Changes whatever the batch changed. */
  const contrary = (): NewEntry[] => {
    const edit = change('bob', { kind: 'edit', target: 2, format: 'text', body: '', mentions: [] });
    return [
      { ...edit, payload: { ...edit.payload, body: `edit of ${edit.op}` } as never },
      change('ann', { kind: 'added', members: [client('cid')] }),
      change('ann', { kind: 'removed', members: [client('dan')] }),
      change('ann', { kind: 'unsilenced', members: [client('dan')] }),
      change('ann', { kind: 'updated', name: 'newer' }),
      message('bob', 'e'),
    ];
  };
  const conversation = async () => {
    const made = await make(sound, { members: ['ann', 'bob'] });
    await append(sound, made, [message('ann', 'a'), message('bob', 'b', { mentionAll: true })]);
    return made;
  };
  const appendFailing = async (made: Awaited<ReturnType<typeof conversation>>, entries: NewEntry[]) => {
    const request = { conversation: made.id, expected: 3, now: T0, entries };
    return await failing.log.append(made.app, request).then(
      ({ results }) => results.length,
      () => undefined,
    );
  };
  const writesOf = async (work: () => Promise<unknown>) => {
    plan = new FaultPlan(() => undefined);
    await work();
    return plan.steps;
  };
  const failAt = (at: number, failure: Failure) => {
    plan = new FaultPlan((_, number) => (number === at ? failure : undefined));
  };

  it('names the writes of an append: the entries, what they change, the head', async () => {
    const steps = await writesOf(async () => appendFailing(await conversation(), batch()));
    expect(steps[0]).toBe('entries');
    expect(steps.at(-1)).toBe('head');
    expect(new Set(steps)).toEqual(
      new Set(['entries', 'own', 'rows', 'changes', 'content', 'moved', 'blank', 'head']),
    );
  });

  it.each(failures)(
    'an append is finished by its retry, a load, a sweep or the next append: %s',
    async (failure) => {
      const { length } = await writesOf(async () => appendFailing(await conversation(), batch()));
      for (let at = 0; at < length; at += 1) {
        const made = await conversation();
        const entries = batch();
        failAt(at, failure);
        const answered = await appendFailing(made, entries);
        const recoveries = [
          () => sound.conversations.load(made.app, made.id),
          () => sound.conversations.repair(made.app, made.id),
          () => append(sound, made, [message('ann', 'another')]),
          () => Promise.resolve(),
        ];
        await recoveries[at % recoveries.length]?.();
        // The client sends again what was not answered, until it is.
        const acknowledged: number[] = [];
        while (acknowledged.length < entries.length)
          acknowledged.push(...(await append(sound, made, entries.slice(acknowledged.length))));
        // What is still under way must not undo what came after it.
        await append(sound, made, contrary());
        await plan.settled();
        await sound.conversations.repair(made.app, made.id);
        const log = await expectProjectionsOfLog(sound.db, made.app, made.id);
        expect(acknowledged.map((seq) => log[seq - 1]?.op)).toEqual(entries.map(({ op }) => op));
        if (answered !== undefined) expect(answered).toBe(entries.length);
        const unread = await sound.members.own(made.app, made.id, client('bob'));
        // Of ann's: 'c', maybe 'another'; 'a', edited, mentions ann alone; bob's own 'b' is recalled.
        expect(unread?.unread).toBe(
          log.filter(({ author, counts }) => author === 'ann' && counts === true).length,
        );
        expect(unread?.mentionUnread).toBe(1);
      }
    },
    60_000,
  );

  it.each(failures)('a creation is finished by whoever wants the same: %s', async (failure) => {
    const document = { uniqueKey: 'pair' };
    const { length } = await writesOf(() =>
      failing.conversations.create(newApp(), createdEntry({ document }), T0),
    );
    expect(length).toBeGreaterThanOrEqual(5);
    for (let at = 0; at < length; at += 1) {
      const app = newApp();
      failAt(at, failure);
      const first = createdEntry({ document });
      await failing.conversations.create(app, first, T0).catch(() => undefined);
      await plan.settled();
      const [one, two, three] = await Promise.all([
        sound.conversations.create(app, createdEntry({ document, members: ['ann', 'bob'] }), T0 + 5),
        sound.conversations.create(app, createdEntry({ document, members: ['ann', 'bob'] }), T0 + 6),
        sound.conversations.create(app, first, T0 + 7),
      ]);
      expect(new Set([one.id, two.id, three.id]).size).toBe(1);
      const loaded = await sound.conversations.load(app, one.id);
      expect(loaded?.members.map((member) => member.client).sort()).toEqual(['ann', 'bob']);
      expect(await sound.conversations.byUniqueKey(app, 'pair')).toBe(one.id);
      await expectProjectionsOfLog(sound.db, app, one.id);
    }
  });

  it('shows nobody an entry whose writer crashed before it was complete', async () => {
    const made = await conversation();
    const entry = { ...message('ann', 'unseen'), op: asOperationId('retried') };
    failAt(1, 'crash-before');
    await appendFailing(made, [entry]);
    expect((await sound.log.head(made.app, made.id))?.last).toBe(3);
    expect(await sound.log.entries(made.app, made.id, { after: 3, until: 9, limit: 9 })).toEqual([]);
    expect(await sound.log.messages(made.app, made.id, [4])).toEqual([]);
    const page = { direction: 'backward', after: 3, before: 99, limit: 9 } as const;
    expect(await sound.log.history(made.app, made.id, page)).toEqual({ messages: [], more: false });
    // Its retry asks for it by operation, which completes it.
    const found = await sound.log.byOperation(made.app, made.id, asClientId('ann'), entry.op);
    expect(found).toMatchObject({ seq: 4 });
    expect((await sound.log.head(made.app, made.id))?.last).toBe(4);
    await expectProjectionsOfLog(sound.db, made.app, made.id);
  });
});
