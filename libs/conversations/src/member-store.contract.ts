import {
  ann,
  append,
  bob,
  change,
  cid,
  client,
  dan,
  make,
  message,
  newApp,
  newConversationId,
  T0,
} from './fixtures.contract.js';
import type { Made, CoreStores } from './fixtures.contract.js';

/** Whether a call leaves a client out, or counts what it should not, is in unread.contract.ts and list.contract.ts. */
export function describeMemberStore(name: string, open: () => Promise<CoreStores>): void {
  describe(`MemberStore: ${name}`, () => {
    let store: CoreStores;
    beforeAll(async () => {
      store = await open();
    });
    afterAll(() => store.close());

    const own = ({ app, id }: Made, who = ann) => store.members.own(app, id, who);

    it('answers a member’s own row, and nothing to others', async () => {
      const made = await make(store);
      expect(await own(made)).toEqual({
        client: ann,
        role: 'owner',
        joinedSeq: 1,
        joinedAt: T0,
        readSeq: 0,
        deliveredSeq: 0,
        clearedSeq: 0,
        markedUnread: false,
        revision: expect.any(Number) as number,
        unread: 0,
        mentionUnread: 0,
      });
      expect(await own(made, cid)).toBeUndefined();
      expect(await store.members.own(newApp(), made.id, ann)).toBeUndefined();
      expect(await store.members.own(made.app, newConversationId(), ann)).toBeUndefined();
    });

    it('says which of some clients are members', async () => {
      const made = await make(store, { members: ['ann', 'bob', 'cid'] });
      await append(store, made, [change('cid', { kind: 'left', member: cid })]);
      await store.members.ensure(made.app, made.id, dan, 'guest', 0);
      const among = await store.members.among(made.app, made.id, [bob, cid, dan, client('zoe'), ann]);
      expect([...among].sort()).toEqual([ann, bob]);
      expect(await store.members.among(newApp(), made.id, [ann])).toEqual([]);
      await append(store, made, [message('zoe', 'from the outside')]);
      const ever = await store.members.everAmong(made.app, made.id, [bob, cid, client('zoe'), ann]);
      expect([...ever].sort()).toEqual([ann, bob, cid]);
      expect(await store.members.everAmong(newApp(), made.id, [ann])).toEqual([]);
    });

    it('pages members by role, then id', async () => {
      const members = ['zed', 'ann:manager', 'bob', 'cid:manager', 'dan', 'eve'];
      const made = await make(store, { members });
      await store.members.ensure(made.app, made.id, client('guest'), 'guest', 0);
      const read = async (page: { role?: 'manager' | 'member'; limit: number }) => {
        const seen: string[] = [];
        for (let cursor: string | undefined; ;) {
          const answer = await store.members.members(made.app, made.id, {
            ...page,
            ...(cursor === undefined ? {} : { cursor }),
          });
          expect(answer.items.length).toBeLessThanOrEqual(page.limit);
          seen.push(...answer.items.map((item) => `${item.client}:${item.role}`));
          cursor = answer.cursor;
          if (cursor === undefined) return seen;
        }
      };
      const all = ['zed:owner', 'ann:manager', 'cid:manager', 'bob:member', 'dan:member', 'eve:member'];
      expect(await read({ limit: 100 })).toEqual(all);
      expect(await read({ limit: 2 })).toEqual(all);
      expect(await read({ limit: 1, role: 'manager' })).toEqual(['ann:manager', 'cid:manager']);
      expect(await read({ limit: 3, role: 'member' })).toEqual(['bob:member', 'dan:member', 'eve:member']);
      expect((await store.members.members(newApp(), made.id, { limit: 10 })).items).toEqual([]);
      const behind = async (after: string, role: 'manager' | 'member') =>
        (await store.members.members(made.app, made.id, { role, after: client(after), limit: 10 })).items.map(
          (item) => item.client,
        );
      expect(await behind('bob', 'member')).toEqual(['dan', 'eve']);
      expect(await behind('c', 'member')).toEqual(['dan', 'eve']);
      expect(await behind('eve', 'member')).toEqual([]);
      expect(await behind('ann', 'manager')).toEqual(['cid']);
    });

    it('says in pages of members until when each has muted', async () => {
      const made = await make(store, { members: ['ann', 'bob', 'cid'] });
      await store.members.setOwn(made.app, made.id, bob, { muteUntil: T0 + 5 });
      await store.members.setOwn(made.app, made.id, cid, { muteUntil: null });
      const read = async () => (await store.members.members(made.app, made.id, { limit: 9 })).items;
      const joinedAt = T0;
      expect(await read()).toEqual([
        { client: ann, role: 'owner', joinedAt },
        { client: bob, role: 'member', joinedAt, muteUntil: T0 + 5 },
        { client: cid, role: 'member', joinedAt, muteUntil: null },
      ]);
      await store.members.setOwn(made.app, made.id, cid, { muteUntil: 'off' });
      expect((await read())[2]).toEqual({ client: cid, role: 'member', joinedAt });
    });

    it('moves the read cursor forward only, clamped to the head, and delivery with it', async () => {
      const made = await make(store);
      await append(store, made, [message('bob', '2'), message('bob', '3'), message('bob', '4')]);
      const read = (seq: number, who = ann) => store.members.advanceRead(made.app, made.id, who, seq);
      const first = await read(3);
      expect(first).toMatchObject({ readSeq: 3, unread: 1, mentionUnread: 0, moved: true });
      expect(await read(2)).toMatchObject({ readSeq: 3, unread: 1, moved: false, revision: first?.revision });
      expect(await own(made)).toMatchObject({
        readSeq: 3,
        deliveredSeq: 3,
        unread: 1,
        revision: first?.revision,
      });
      const last = await read(99);
      expect(last).toMatchObject({ readSeq: 4, unread: 0, moved: true });
      expect(last?.revision).toBeGreaterThan(first?.revision ?? 0);
      expect(await read(4, cid)).toBeUndefined();
      expect(await store.members.advanceRead(newApp(), made.id, ann, 4)).toBeUndefined();
    });

    it('ends "marked unread" by reading, even if the cursor was there already', async () => {
      const made = await make(store);
      await store.members.advanceRead(made.app, made.id, ann, 1);
      const marked = await store.members.setOwn(made.app, made.id, ann, { markedUnread: true });
      const read = await store.members.advanceRead(made.app, made.id, ann, 1);
      expect(read).toMatchObject({ moved: false });
      expect(read?.revision).toBeGreaterThan(marked?.revision ?? 0);
      expect(await own(made)).toMatchObject({ markedUnread: false });
    });

    it('moves delivery cursors of many rows, ignoring strangers', async () => {
      const made = await make(store);
      await append(store, made, [message('bob', '2'), message('bob', '3')]);
      await store.members.advanceDelivered(made.app, [
        { conversation: made.id, client: ann, seq: 2 },
        { conversation: made.id, client: bob, seq: 99 },
        { conversation: made.id, client: cid, seq: 2 },
        { conversation: newConversationId(), client: ann, seq: 2 },
      ]);
      await store.members.advanceDelivered(made.app, [{ conversation: made.id, client: ann, seq: 1 }]);
      await store.members.advanceDelivered(newApp(), [{ conversation: made.id, client: ann, seq: 3 }]);
      expect(await own(made)).toMatchObject({ deliveredSeq: 2, readSeq: 0 });
      expect(await own(made, bob)).toMatchObject({ deliveredSeq: 3 });
      expect(await own(made, cid)).toBeUndefined();
    });

    it('changes personal state piece by piece, and drops it with the membership', async () => {
      const made = await make(store);
      await append(store, made, [message('bob', '2'), message('bob', '3')]);
      const set = (patch: Parameters<typeof store.members.setOwn>[3]) =>
        store.members.setOwn(made.app, made.id, ann, patch);
      let revision = (await own(made))?.revision ?? 0;
      const grown = (row: { revision: number } | undefined) => {
        expect(row?.revision).toBeGreaterThan(revision);
        revision = row?.revision ?? 0;
        return row;
      };
      expect(grown(await set({ muteUntil: null }))).toMatchObject({ muteUntil: null });
      expect(grown(await set({ pinnedAt: T0 + 1, custom: { c: ['x', { y: null }] } }))).toMatchObject({
        muteUntil: null,
        pinnedAt: T0 + 1,
      });
      expect(grown(await set({ muteUntil: T0 + 7, hidden: true }))).toMatchObject({
        muteUntil: T0 + 7,
        hiddenSeq: 3,
      });
      expect(grown(await set({ clearedSeq: 2, markedUnread: true }))).toMatchObject({
        clearedSeq: 2,
        markedUnread: true,
      });
      expect(grown(await set({ clearedSeq: 1 }))).toMatchObject({ clearedSeq: 2 });
      expect(grown(await set({ clearedSeq: 99 }))).toMatchObject({ clearedSeq: 3 });
      const full = await own(made);
      expect(full).toMatchObject({
        muteUntil: T0 + 7,
        pinnedAt: T0 + 1,
        hiddenSeq: 3,
        markedUnread: true,
        custom: { c: ['x', { y: null }] },
      });
      const off = grown(await set({ muteUntil: 'off', pinnedAt: 'off', hidden: false, markedUnread: false }));
      for (const field of ['muteUntil', 'pinnedAt', 'hiddenSeq']) expect(off).not.toHaveProperty(field);
      expect(await store.members.setOwn(made.app, made.id, cid, { markedUnread: true })).toBeUndefined();

      await set({ muteUntil: null, pinnedAt: T0, hidden: true, markedUnread: true });
      await append(store, made, [change('ann', { kind: 'left', member: ann })]);
      expect(await set({ markedUnread: true })).toBeUndefined();
      await append(store, made, [change('bob', { kind: 'added', members: [ann] })]);
      const again = await own(made);
      expect(again).toEqual({
        client: ann, role: 'member', joinedSeq: 5, joinedAt: expect.any(Number) as number, readSeq: 5, deliveredSeq: 5, clearedSeq: 0,
        markedUnread: false, revision: again?.revision, unread: 0, mentionUnread: 0,
      }); // prettier-ignore
      expect(again?.revision).toBeGreaterThan(revision);
    });

    it('ensures rows without an entry, and keeps those there are', async () => {
      const made = await make(store, { members: [], document: { kind: 'system', audience: 'everyone' } });
      await append(store, made, [message('', '2'), message('', '3')]);
      const ensure = (role: 'member' | 'guest', readSeq: number, who = ann) =>
        store.members.ensure(made.app, made.id, who, role, readSeq);
      await ensure('member', 2);
      expect(await own(made)).toMatchObject({ role: 'member', readSeq: 2, unread: 1 });
      await ensure('guest', 3);
      expect(await own(made)).toMatchObject({ role: 'member', readSeq: 2, unread: 1 });
      await ensure('guest', 0, bob);
      expect(await own(made, bob)).toMatchObject({ role: 'guest', unread: 0, mentionUnread: 0 });
      await append(store, made, [change('bob', { kind: 'joined', member: bob }), message('', '5')]);
      expect(await own(made, bob)).toMatchObject({ role: 'member', readSeq: 4, unread: 1 });
      expect((await store.log.head(made.app, made.id))?.last).toBe(5);
    });

    it('counts the conversations a client is in, threads and gone ones not', async () => {
      const app = newApp();
      const [one, two] = [await make(store, { app }), await make(store, { app }), await make(store, { app })];
      const system = await make(store, { app, members: [], document: { kind: 'system' } });
      await make(store, { app, members: ['ann'], document: { kind: 'thread', parent: system.id } });
      await append(store, one, [change('ann', { kind: 'left', member: ann })]);
      await append(store, two, [change('ann', { kind: 'deleted' })]);
      expect(await store.members.count(app, ann)).toBe(1);
      expect(await store.members.count(app, bob)).toBe(2);
      expect(await store.members.count(newApp(), ann)).toBe(0);
    });

    it('tells who has received and read, with the time of the message at the cursor', async () => {
      const made = await make(store, { members: ['ann', 'bob', 'cid', 'dan', 'eve'] });
      await append(store, made, [message('ann', '2')], T0 + 20);
      await append(store, made, [message('ann', '3')], T0 + 30);
      await append(
        store,
        made,
        [
          change('ann', { kind: 'added', members: [client('late')] }),
          change('eve', { kind: 'left', member: client('eve') }),
        ],
        T0 + 40,
      );
      await store.members.advanceRead(made.app, made.id, bob, 2);
      await store.members.advanceRead(made.app, made.id, cid, 3);
      await store.members.advanceDelivered(made.app, [{ conversation: made.id, client: dan, seq: 3 }]);
      await store.members.advanceRead(made.app, made.id, ann, 3);
      const receipts = (
        seq: number,
        kind: 'delivered' | 'read',
        page: { limit: number; cursor?: string } = { limit: 10 },
      ) => store.members.receipts(made.app, made.id, seq, ann, { kind, ...page });
      expect(await receipts(2, 'read')).toEqual({
        items: [{ client: bob, time: T0 + 20 }, { client: cid, time: T0 + 30 }], delivered: 3, read: 2, of: 3,
      }); // prettier-ignore
      expect(await receipts(3, 'delivered')).toEqual({
        items: [{ client: cid, time: T0 + 30 }, { client: dan, time: T0 + 30 }], delivered: 2, read: 1, of: 3,
      }); // prettier-ignore
      const first = await receipts(2, 'delivered', { limit: 2 });
      expect(first.items.map((item) => item.client)).toEqual([bob, cid]);
      const next = await receipts(2, 'delivered', { limit: 2, cursor: first.cursor ?? '' });
      expect(next).toMatchObject({ items: [{ client: dan }], delivered: 3, of: 3 });
      expect(next).not.toHaveProperty('cursor');
      expect(
        (
          await store.members.receipts(newApp(), made.id, 2, ann, {
            kind: 'read',
            limit: 10,
          })
        ).of,
      ).toBe(0);
    });
  });
}
