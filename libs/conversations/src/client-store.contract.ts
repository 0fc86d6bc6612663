import { client, newApp, T0 } from './fixtures.contract.js';
import type { ClientStore } from './ports.js';

export interface ClientStoreUnderTest {
  readonly clients: ClientStore;
  close(): Promise<void>;
}

/** What every {@link ClientStore} promises. */
export function describeClientStore(name: string, open: () => Promise<ClientStoreUnderTest>): void {
  describe(`ClientStore: ${name}`, () => {
    let store: ClientStoreUnderTest;
    beforeAll(async () => {
      store = await open();
    });
    afterAll(() => store.close());

    const [ann, bob, cid] = ['ann', 'bob', 'cid'].map(client) as [
      ReturnType<typeof client>,
      ReturnType<typeof client>,
      ReturnType<typeof client>,
    ];

    it('makes a record once, and sets and removes what is given', async () => {
      const app = newApp();
      expect(await store.clients.upsert(app, ann, {}, T0)).toEqual({
        record: { id: ann, firstSeen: T0, lastSeen: T0 },
        created: true,
      });
      const full = {
        name: 'Ann',
        avatarUrl: 'u',
        locale: 'de',
        timeZone: 'Z',
        custom: { a: [1, { b: null }] },
        bannedUntil: T0 + 9,
        banReason: 'r',
      };
      const set = await store.clients.upsert(app, ann, full, T0 + 5);
      expect(set).toEqual({ record: { id: ann, firstSeen: T0, lastSeen: T0, ...full }, created: false });
      expect(await store.clients.get(app, [ann])).toEqual([set.record]);
      await store.clients.upsert(
        app,
        ann,
        { name: 'Anna', locale: null, bannedUntil: null, banReason: null, custom: null },
        T0 + 6,
      );
      expect(await store.clients.get(app, [ann])).toEqual([
        { id: ann, firstSeen: T0, lastSeen: T0, name: 'Anna', avatarUrl: 'u', timeZone: 'Z' },
      ]);
    });

    it('lets lastSeen only grow', async () => {
      const app = newApp();
      for (const lastSeen of [T0 + 10, T0 + 5]) await store.clients.upsert(app, ann, { lastSeen }, T0);
      expect(await store.clients.get(app, [ann])).toMatchObject([{ firstSeen: T0, lastSeen: T0 + 10 }]);
    });

    it('creates once, whoever asks', async () => {
      const app = newApp();
      const answers = await Promise.all(
        [1, 2, 3, 4].map((n) => store.clients.upsert(app, ann, { lastSeen: T0 + n }, T0)),
      );
      expect(answers.filter(({ created }) => created)).toHaveLength(1);
    });

    it('leaves unknown ones out, and other apps’', async () => {
      const [app, other] = [newApp(), newApp()];
      await store.clients.upsert(app, ann, { name: 'of app' }, T0);
      await store.clients.upsert(other, ann, { name: 'of other' }, T0);
      await store.clients.upsert(other, bob, {}, T0);
      await store.clients.block(app, ann, [bob], T0);
      expect(await store.clients.get(app, [bob, ann, cid])).toMatchObject([{ id: ann, name: 'of app' }]);
      expect((await store.clients.list(app, { limit: 10 })).items).toHaveLength(1);
    });

    it('lists by id, in pages', async () => {
      const app = newApp();
      for (const id of ['d', 'b', 'a', 'e', 'c']) await store.clients.upsert(app, client(id), {}, T0);
      const seen: string[] = [];
      for (let cursor: string | undefined; ;) {
        const page = await store.clients.list(app, { limit: 2, ...(cursor === undefined ? {} : { cursor }) });
        seen.push(...page.items.map(({ id }) => id));
        cursor = page.cursor;
        if (cursor === undefined) break;
      }
      expect(seen).toEqual(['a', 'b', 'c', 'd', 'e']);
    });

    it('knows who refuses whom', async () => {
      const app = newApp();
      await store.clients.block(app, ann, [cid, bob], T0);
      await store.clients.block(app, ann, [bob], T0);
      await store.clients.block(app, cid, [bob], T0);
      expect((await store.clients.blocked(app, ann, { limit: 10 })).items).toEqual([bob, cid]);
      const first = await store.clients.blocked(app, ann, { limit: 1 });
      expect(first.items).toEqual([bob]);
      expect(await store.clients.blocked(app, ann, { limit: 1, cursor: first.cursor ?? '' })).toEqual({
        items: [cid],
      });
      expect([...(await store.clients.refusing(app, bob, [bob, cid, ann]))].sort()).toEqual([ann, cid]);
      expect(await store.clients.refusing(app, ann, [bob, cid])).toEqual([]);
      await store.clients.unblock(app, ann, [bob, client('zoe')]);
      expect(await store.clients.refusing(app, bob, [ann, cid])).toEqual([cid]);
      const other = newApp();
      expect(await store.clients.refusing(other, bob, [ann, cid])).toEqual([]);
      expect(await store.clients.blocked(other, cid, { limit: 10 })).toEqual({ items: [] });
    });
  });
}
