import { append, change, client, type CoreStores, make, message, newApp, T0 } from './fixtures.contract.js';
import type { NotificationStore } from './ports.js';

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

    const told = async (
      of: { app: ReturnType<typeof newApp> },
      who: string,
      time: number,
      limit = 100,
    ): Promise<string[]> =>
      (await store.notifications.since(of.app, client(who), time, limit)).map(
        ({ conversation, entry, own }) =>
          `${conversation.name} ${entry.seq} ${entry.payload.kind}${own === undefined ? ' out' : ''}`,
      );

    it('tells what is no message, by time over all conversations that a client is or was in', async () => {
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
      expect(await told({ app }, 'ann', T0 - 1)).toEqual([
        'one 1 created',
        'two 1 created',
        'one 3 updated',
        'two 2 added',
        'one 4 removed',
      ]);
      expect(await told({ app }, 'bob', T0)).toEqual([
        'two 1 created',
        'one 3 updated out',
        'two 2 added',
        'one 4 removed out',
      ]);
      expect(await told({ app }, 'ann', T0 + 11)).toEqual(['two 2 added', 'one 4 removed']);
      expect(await told({ app }, 'ann', T0 + 30)).toEqual([]);
      expect(await told({ app }, 'ann', 0, 2)).toEqual(['one 1 created', 'two 1 created']);
    });

    it('says since when a client is in, and gives entries whole', async () => {
      const app = newApp();
      const made = await make(store, { app, members: ['ann'], document: { name: 'n', columns: { a: 1 } } });
      await append(store, made, [change('ann', { kind: 'added', members: [client('bob')] })], T0 + 5);
      const [first, second] = await store.notifications.since(app, client('bob'), T0 - 1, 10);
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
      expect(await told({ app }, 'ann', 0)).toEqual([]);
      expect(await told({ app }, 'nobody', 0)).toEqual([]);
    });
  });
}
