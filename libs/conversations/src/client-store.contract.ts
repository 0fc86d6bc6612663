import type { ClientId, ConversationId } from '@hongyan/protocol';
import { ann, append, bob, change, cid, client, make, message, newApp, T0 } from './fixtures.contract.js';
import type { ClientStore } from './client-ports.js';
import type { ConversationStore, LogStore } from './ports.js';

export interface ClientStoreUnderTest {
  readonly clients: ClientStore;
  readonly conversations: ConversationStore;
  readonly log: LogStore;
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

    it('makes a record once, and sets and removes what is given', async () => {
      const app = newApp();
      expect(await store.clients.upsert(app, ann, {}, T0)).toEqual({
        record: { id: ann, firstSeen: T0 },
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
      expect(set).toEqual({ record: { id: ann, firstSeen: T0, ...full }, created: false });
      expect(await store.clients.get(app, [ann])).toEqual([set.record]);
      await store.clients.upsert(
        app,
        ann,
        { name: 'Anna', locale: null, bannedUntil: null, banReason: null, custom: null },
        T0 + 6,
      );
      expect(await store.clients.get(app, [ann])).toEqual([
        { id: ann, firstSeen: T0, name: 'Anna', avatarUrl: 'u', timeZone: 'Z' },
      ]);
    });

    it('lets lastSeen only grow, and keeps the first login', async () => {
      const app = newApp();
      await store.clients.upsert(app, ann, { name: 'made by the server' }, T0);
      for (const lastSeen of [T0 + 7, T0 + 10, T0 + 5])
        await store.clients.upsert(app, ann, { lastSeen }, T0 + 1);
      expect(await store.clients.get(app, [ann])).toMatchObject([
        { firstSeen: T0, firstLogin: T0 + 7, lastSeen: T0 + 10 },
      ]);
    });

    it('counts who was seen since a time', async () => {
      const [app, other] = [newApp(), newApp()];
      for (const [name, lastSeen] of [
        ['ann', T0],
        ['bob', T0 + 5],
        ['cid', T0 + 10],
      ] as const)
        await store.clients.upsert(app, client(name), { lastSeen }, T0);
      await store.clients.upsert(app, client('dan'), { name: 'never logged in' }, T0 + 10);
      await store.clients.upsert(other, client('eve'), { lastSeen: T0 + 10 }, T0);
      const counts = [T0, T0 + 5, T0 + 10, T0 + 11].map((time) => store.clients.seenSince(app, time));
      expect(await Promise.all(counts)).toEqual([3, 2, 1, 0]);
    });

    it('has a record of everybody who was named, as soon as the naming is visible', async () => {
      const made = await make(store);
      const all = ['ann', 'bob', 'cid', 'dan', 'eve', 'fay', 'gus', 'hal'];
      const seen = async () => (await store.clients.get(made.app, all.map(client))).map(({ id }) => id);
      expect(await seen()).toEqual(['ann', 'bob']);
      const dan = client('dan');
      const namings = [
        message('cid', 'from the outside'),
        message('ann', 'hello', { mentions: [dan] }),
        change('ann', { kind: 'edit', target: 3, format: 'text', body: 'hello', mentions: [client('eve')] }),
        change('ann', { kind: 'added', members: [client('fay')] }),
        change('ann', { kind: 'silenced', members: [client('gus')] }),
        change('ann', { kind: 'blocked', members: [client('hal')], removed: [] }),
      ];
      for (const [at, naming] of namings.entries()) {
        await append(store, made, [naming]);
        expect(await seen()).toEqual(all.slice(0, at + 3));
      }
      // Nobody has logged in yet, and the server may say who they are.
      const records = await store.clients.get(made.app, [dan]);
      expect(records).toEqual([{ id: dan, firstSeen: expect.any(Number) as number }]);
      expect(records[0]!.firstSeen).toBeGreaterThanOrEqual(T0);
      const { created, record } = await store.clients.upsert(
        made.app,
        dan,
        { name: 'Dan', lastSeen: T0 * 2 },
        T0 * 2,
      );
      expect({ created, ...record }).toMatchObject({ created: false, name: 'Dan', firstLogin: T0 * 2 });
      expect(record.firstSeen).toBe(records[0]!.firstSeen);
      await store.clients.block(made.app, ann, [client('ivy')], T0);
      expect((await store.clients.list(made.app, { limit: 20 })).items.map(({ id }) => id)).toEqual([
        ...all,
        'ivy',
      ]);
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
      await store.clients.upsert(other, cid, {}, T0);
      await store.clients.block(app, ann, [bob], T0);
      expect(await store.clients.get(app, [cid, ann])).toMatchObject([{ id: ann, name: 'of app' }]);
      expect((await store.clients.list(app, { limit: 10 })).items).toHaveLength(2);
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

    it('knows which conversations a client refuses, up to a bound', async () => {
      const app = newApp();
      const made = await Promise.all([1, 2, 3].map(() => make(store, { app })));
      const [one, two, three] = made.map(({ id }) => id).sort() as [ConversationId, ConversationId, ConversationId]; // prettier-ignore
      const refuse = (who: ClientId, id: ConversationId) => store.clients.refuse(app, who, id, 2, T0);
      expect(await refuse(ann, two)).toBe(true);
      expect(await refuse(ann, one)).toBe(true);
      expect(await refuse(ann, three)).toBe(false);
      expect(await refuse(ann, two)).toBe(true);
      expect(await refuse(cid, two)).toBe(true);
      expect(await store.clients.refused(app, ann, { limit: 10 })).toEqual({ items: [one, two] });
      const first = await store.clients.refused(app, ann, { limit: 1 });
      expect(first.items).toEqual([one]);
      expect(await store.clients.refused(app, ann, { limit: 1, cursor: first.cursor ?? '' })).toEqual({
        items: [two],
      });
      expect([...(await store.clients.refusers(app, two, [bob, cid, ann, client('zoe')]))].sort()).toEqual([
        ann,
        cid,
      ]);
      expect(await store.clients.refusers(app, three, [ann, cid])).toEqual([]);
      await store.clients.unrefuse(app, ann, two);
      await store.clients.unrefuse(app, bob, two);
      expect(await store.clients.refusers(app, two, [ann, cid])).toEqual([cid]);
      expect(await refuse(ann, three)).toBe(true);
    });

    it('keeps what is refused of one app from another', async () => {
      const [app, other] = [newApp(), newApp()];
      const { id } = await make(store, { app });
      await make(store, { app: other, id });
      await store.clients.refuse(app, ann, id, 9, T0);
      expect(await store.clients.refusers(other, id, [ann])).toEqual([]);
      expect(await store.clients.refused(other, ann, { limit: 9 })).toEqual({ items: [] });
      await store.clients.unrefuse(other, ann, id);
      expect(await store.clients.refusers(app, id, [ann])).toEqual([ann]);
      const { id: elsewhere } = await make(store, { app: other });
      await expect(store.clients.refuse(app, ann, elsewhere, 9, T0)).rejects.toMatchObject({
        error: 'not_found',
      });
    });
  });
}
