import {
  append,
  change,
  client,
  type CoreStores,
  type Made,
  make,
  message,
  newApp,
  T0,
} from './fixtures.contract.js';
import type { MissedChange, MissedEdit, NotificationStore } from './ports.js';
import { stampOf } from './types.js';

/** What every NotificationStore promises. */
export function describeNotificationStore(
  name: string,
  open: () => Promise<CoreStores & { readonly notifications: NotificationStore }>,
): void {
  describe(`NotificationStore: ${name}`, () => {
    let store: Awaited<ReturnType<typeof open>>;
    beforeAll(async () => {
      store = await open();
    });
    afterAll(() => store.close());

    type Of = Pick<Made, 'app'>;
    const changes = async ({ app }: Of, who: string, since: number, limit = 100): Promise<string[]> =>
      (await store.notifications.changes(app, client(who), since, limit)).items.map(changeText);
    const edits = async ({ app }: Of, who: string, since: number, limit = 100): Promise<string[]> =>
      (await store.notifications.edits(app, client(who), since, limit)).items.map(editText);

    it('tells what is no message, by stamp over all conversations that a client is or was in', async () => {
      const app = newApp();
      const one = await make(store, { app, members: ['ann', 'bob'], document: { name: 'one' }, now: T0 });
      const two = await make(store, { app, members: ['ann'], document: { name: 'two' }, now: T0 + 1 });
      await append(
        store,
        one,
        [message('bob', 'hi'), change('ann', { kind: 'updated', name: 'one' })],
        T0 + 10,
      );
      await append(store, two, [change('ann', { kind: 'added', members: [client('bob')] })], T0 + 20);
      await append(store, one, [change('ann', { kind: 'removed', members: [client('bob')] })], T0 + 30);
      await append(store, one, [change('ann', { kind: 'recall', target: 2 })], T0 + 40);
      expect(await changes({ app }, 'ann', T0 - 1)).toEqual([
        'one 1 created',
        'two 1 created',
        'one 3 updated',
        'two 2 added',
        'one 4 removed',
      ]);
      expect(await changes({ app }, 'bob', T0)).toEqual([
        'two 1 created',
        'one 3 updated out',
        'two 2 added',
        'one 4 removed out',
      ]);
      expect(await changes({ app }, 'ann', T0 + 11)).toEqual(['two 2 added', 'one 4 removed']);
      expect(await changes({ app }, 'ann', T0 + 30)).toEqual([]);
      expect(await changes({ app }, 'ann', 0, 2)).toEqual(['one 1 created', 'two 1 created']);
    });

    it('says since when a client is in, and gives entries whole', async () => {
      const app = newApp();
      const made = await make(store, { app, members: ['ann'], document: { name: 'n', columns: { a: 1 } } });
      await append(store, made, [change('ann', { kind: 'added', members: [client('bob')] })], T0 + 5);
      const [first, second] = (await store.notifications.changes(app, client('bob'), T0 - 1, 10)).items;
      expect(first).toMatchObject({
        conversation: { id: made.id, columns: { a: 1 } },
        entry: { author: 'ann', seq: 1, time: T0, payload: { kind: 'created' } },
        own: { joinedSeq: 2 },
      });
      expect(second).toMatchObject({ entry: { seq: 2, payload: { kind: 'added', members: ['bob'] } } });
    });

    it('leaves out rooms, services, strangers and other apps', async () => {
      const app = newApp();
      await make(store, { app, members: ['ann'], document: { name: 'room', kind: 'room' } });
      await make(store, { app, members: [], document: { name: 'service', kind: 'system' } });
      await make(store, { app, members: ['bob'], document: { name: 'theirs' } });
      await make(store, { members: ['ann'], document: { name: 'elsewhere' } });
      expect(await changes({ app }, 'ann', 0)).toEqual([]);
      expect(await changes({ app }, 'nobody', 0)).toEqual([]);
      expect(await edits({ app }, 'nobody', 0)).toEqual([]);
    });

    it('gives every change of an app a later stamp than those before, and answers up to one', async () => {
      const app = newApp();
      const made: Made[] = [];
      for (const name of ['one', 'two', 'three'])
        made.push(await make(store, { app, members: ['ann'], document: { name } }));
      await Promise.all(
        made.map(async (one) => {
          await append(store, one, [message('ann', 'a'), change('ann', { kind: 'updated', name: 'x' })], T0);
          await append(store, one, [change('ann', { kind: 'recall', target: 2 })], T0);
        }),
      );
      const { items, until, more } = await store.notifications.changes(app, client('ann'), 0, 100);
      const recalled = await store.notifications.edits(app, client('ann'), 0, 100);
      const stamps = items.map(({ entry }) => stampOf(entry));
      const all = [...stamps, ...recalled.items.map(({ entry }) => stampOf(entry))].sort((a, b) => a - b);
      expect(stamps).toEqual([...stamps].sort((a, b) => a - b));
      expect(new Set(all).size).toBe(9);
      expect(items.every(({ entry }) => stampOf(entry) >= entry.time)).toBe(true);
      expect([more, until, recalled.more, recalled.until]).toEqual([false, all.at(-1), false, all.at(-1)]);
      // Page by page nothing is left out, and nothing comes twice.
      const paged: string[] = [];
      for (let since = 0, next = true; next;) {
        const page = await store.notifications.changes(app, client('ann'), since, 2);
        paged.push(...page.items.map(changeText));
        [since, next] = [page.until, page.more];
      }
      expect(paged).toEqual(items.map(changeText));
      // The next one comes later than what was answered, whatever the clock.
      const { results } = await store.log.append(app, {
        conversation: made[0]!.id,
        expected: 4,
        now: T0 - 1_000,
        entries: [change('ann', { kind: 'updated', name: 'y' })],
      });
      const [result] = results;
      if (result === undefined || result.duplicate) throw new Error('nothing was appended');
      expect(stampOf(result)).toBeGreaterThan(until);
      expect(await changes({ app }, 'ann', until)).toEqual(['y 5 updated']);
    });

    it('tells edits and recalls with the message as it is now', async () => {
      const app = newApp();
      const one = await make(store, { app, members: ['ann', 'bob'], document: { name: 'one' } });
      const two = await make(store, { app, members: ['ann', 'bob'], document: { name: 'two' } });
      for (const made of [one, two])
        await append(store, made, [message('ann', 'a'), message('ann', 'b')], T0 + 10);
      const edit = (target: number, body: string) =>
        change('ann', { kind: 'edit', target, format: 'text', body });
      await append(store, one, [edit(2, 'first')], T0 + 20);
      await append(store, two, [edit(3, 'other')], T0 + 21);
      await append(store, one, [edit(2, 'second'), change('ann', { kind: 'recall', target: 3 })], T0 + 30);
      expect(await edits({ app }, 'bob', T0)).toEqual([
        'one 4 edit of 2: second',
        'two 4 edit of 3: other',
        'one 5 edit of 2: second',
        'one 6 recall of 3: ',
      ]);
      expect(await edits({ app }, 'bob', T0 + 20, 2)).toEqual([
        'two 4 edit of 3: other',
        'one 5 edit of 2: second',
      ]);
      const [first] = (await store.notifications.edits(app, client('bob'), T0, 1)).items;
      expect(first).toMatchObject({
        conversation: { id: one.id },
        head: { origin: 0, floor: 0 },
        own: { role: 'member', joinedSeq: 1, clearedSeq: 0 },
      });
    });

    it('tells edits to those who are in: not in rooms, nor after they left, nor of what was deleted', async () => {
      const app = newApp();
      const names = ['in', 'left', 'deleted', 'room', 'thread'] as const;
      for (const name of names) {
        const kind = name === 'room' || name === 'thread' ? name : 'ordinary';
        const made = await make(store, { app, members: ['ann', 'bob'], document: { name, kind } });
        await append(store, made, [message('ann', 'a'), change('ann', { kind: 'recall', target: 2 })]);
        if (name === 'left')
          await append(store, made, [change('bob', { kind: 'left', member: client('bob') })]);
        if (name === 'deleted') await append(store, made, [change('ann', { kind: 'deleted' })]);
      }
      expect(await edits({ app }, 'bob', 0)).toEqual(['in 3 recall of 2: ', 'thread 3 recall of 2: ']);
    });

    it('merges many logs, page by page', async () => {
      const app = newApp();
      const made: Made[] = [];
      for (let n = 0; n < 12; n += 1)
        made.push(await make(store, { app, members: ['ann'], document: { name: `${n}` } }));
      // One speaks much, others little; their clocks differ.
      let expected = 0;
      for (let round = 0; round < 30; round += 1) {
        const one = made[round % 3 === 0 ? 0 : (round * 7) % 12]!;
        const target = (await append(store, one, [message('ann', 'a')], T0 + round)).at(-1)!;
        const recall = change('ann', { kind: 'recall', target });
        await append(store, one, [recall], T0 + ((round * 5) % 30));
        expected += 1;
      }
      const whole = (await store.notifications.edits(app, client('ann'), 0, 100)).items;
      expect(whole).toHaveLength(expected);
      const stamps = whole.map(({ entry }) => stampOf(entry));
      expect(stamps).toEqual([...stamps].sort((a, b) => a - b));
      for (const limit of [1, 3, 7, 29, 30]) {
        const paged: string[] = [];
        for (let since = 0, next = true; next;) {
          const page = await store.notifications.edits(app, client('ann'), since, limit);
          expect(page.items.length).toBeLessThanOrEqual(limit);
          paged.push(...page.items.map(editText));
          [since, next] = [page.until, page.more];
        }
        expect(paged).toEqual(whole.map(editText));
      }
    });
  });
}

const changeText = ({ conversation, entry, own }: MissedChange): string =>
  `${conversation.name} ${entry.seq} ${entry.payload.kind}${own === undefined ? ' out' : ''}`;

function editText({ conversation, entry, target }: MissedEdit): string {
  const { body } = target.payload;
  return `${conversation.name} ${entry.seq} ${entry.payload.kind} of ${target.seq}: ${typeof body === 'string' ? body : '?'}`;
}
