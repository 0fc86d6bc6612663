import fc from 'fast-check';
import type { ConversationId } from '@hongyan/protocol';
import { ann, append, bob, change, cid, make, message, newApp, T0 } from './fixtures.contract.js';
import type { Made, Stores } from './fixtures.contract.js';
import { change$, Follower, listAll, syncAll, World } from './list-follower.contract.js';
import type { ListedConversation } from './ports.js';

export interface ListStores extends Stores {
  /** Sets the clock that judges expiry. */
  setNow(now: number): void;
}

const ids = (items: readonly ListedConversation[]) => items.map(({ conversation }) => conversation.id);

/** The list of a client's conversations, and what changed in it. */
export function describeLists(name: string, open: () => Promise<ListStores>, runs = 10): void {
  describe(`lists: ${name}`, () => {
    let store: ListStores;
    beforeAll(async () => {
      store = await open();
      store.setNow(T0);
    });
    afterAll(() => store.close());

    describe('list', () => {
      it('shows all there is to a row, as of one moment', async () => {
        const made = await make(store, { members: ['ann', 'bob'], document: { name: 'n' } });
        await append(
          store,
          made,
          [message('bob', 'hi', { mentions: [ann] }), message('bob', 'there')],
          T0 + 5,
        );
        await store.members.advanceRead(made.app, made.id, bob, 3);
        await store.members.setOwn(made.app, made.id, ann, { muteUntil: null });
        const { items, totals } = await listAll(store, made.app, ann);
        expect(items).toMatchObject([
          {
            conversation: { id: made.id, name: 'n', kind: 'ordinary' },
            head: { last: 3, count: 2 },
            memberCount: 2,
            own: { client: ann, role: 'owner', readSeq: 0, muteUntil: null },
            unread: 2,
            mentionUnread: 1,
            peer: { client: bob, readSeq: 3, deliveredSeq: 3 },
            lastMessage: { seq: 3, payload: { body: 'there' } },
          },
        ]);
        expect(totals).toEqual({ unread: 2, mentionUnread: 1, unmutedUnread: 0 });
        expect(await store.members.totals(made.app, ann)).toEqual(totals);
        expect((await listAll(store, newApp(), ann)).items).toEqual([]);
      });

      it('gives a peer to conversations of two only, and no last message that was cleared', async () => {
        const made = await make(store, { members: ['ann', 'bob', 'cid'] });
        await append(store, made, [message('bob', 'hi')]);
        await store.members.setOwn(made.app, made.id, ann, { clearedSeq: 2 });
        const [row] = (await listAll(store, made.app, ann)).items;
        expect(row).not.toHaveProperty('peer');
        expect(row).not.toHaveProperty('lastMessage');
        await append(store, made, [change('cid', { kind: 'left', member: cid })]);
        expect((await listAll(store, made.app, ann)).items[0]?.peer?.client).toBe(bob);
      });

      it('puts pinned ones first, then the newest activity, in pages', async () => {
        const app = newApp();
        const made: Made[] = [];
        for (let n = 0; n < 6; n += 1) made.push(await make(store, { app, now: T0 + n }));
        const at = (n: number) => made[n] as Made;
        await append(store, at(1), [message('bob', 'newest')], T0 + 100);
        await append(store, at(4), [change('ann', { kind: 'updated', name: 'no activity' })], T0 + 200);
        await store.members.setOwn(app, at(0).id, ann, { pinnedAt: T0 });
        await store.members.setOwn(app, at(2).id, ann, { pinnedAt: T0 });
        const expected = [2, 0, 1, 5, 4, 3].map((n) => at(n).id);
        expect(ids((await listAll(store, app, ann)).items)).toEqual(expected);
        expect(ids((await listAll(store, app, ann, 4)).items)).toEqual(expected);
        expect(ids((await listAll(store, app, ann, 1)).items)).toEqual(expected);
      });

      it('leaves out what is hidden until the next message, and what is gone', async () => {
        const app = newApp();
        const [hidden, left, deleted, brief] = [
          await make(store, { app }), await make(store, { app }), await make(store, { app }),
          await make(store, { app, document: { kind: 'temporary', expiresAt: T0 + 50 } }),
        ]; // prettier-ignore
        await store.members.setOwn(app, hidden.id, ann, { hidden: true });
        await append(store, left, [change('ann', { kind: 'left', member: ann })]);
        await append(store, deleted, [change('', { kind: 'deleted' })]);
        expect(ids((await listAll(store, app, ann)).items)).toEqual([brief.id]);
        store.setNow(T0 + 50);
        expect(ids((await listAll(store, app, ann)).items)).toEqual([]);
        store.setNow(T0);
        expect(ids((await listAll(store, app, ann, 100, true)).items).sort()).toEqual(
          [hidden.id, brief.id].sort(),
        );
        await append(store, hidden, [change('ann', { kind: 'updated', name: 'still hidden' })]);
        expect(ids((await listAll(store, app, ann)).items)).toEqual([brief.id]);
        await append(store, hidden, [message('bob', 'here again')], T0 + 10);
        expect(ids((await listAll(store, app, ann)).items)).toEqual([hidden.id, brief.id]);
      });

      it('merges a thread into the row of its system conversation', async () => {
        const app = newApp();
        const system = await make(store, { app, members: [], document: { kind: 'system' } });
        await append(store, system, [change('ann', { kind: 'joined', member: ann }), message('', 'to all')]);
        const thread = await make(store, {
          app,
          members: ['ann'],
          document: { kind: 'thread', parent: system.id },
        });
        await append(
          store,
          thread,
          [message('', 'to you', { mentions: [ann] }), message('', 'again')],
          T0 + 10,
        );
        const { items, totals } = await listAll(store, app, ann);
        expect(items).toMatchObject([
          {
            conversation: { id: system.id }, unread: 1, mentionUnread: 0, lastMessage: { payload: { body: 'to all' } },
            thread: { conversation: thread.id, head: { last: 3 }, unread: 2, mentionUnread: 1, lastMessage: { payload: { body: 'again' } }, own: { client: ann, readSeq: 0 } },
          },
        ]); // prettier-ignore
        expect(totals).toEqual({ unread: 3, mentionUnread: 1, unmutedUnread: 3 });
        await store.members.setOwn(app, system.id, ann, { hidden: true, muteUntil: T0 + 1 });
        const hidden = await listAll(store, app, ann);
        expect(hidden.items).toEqual([]);
        expect(hidden.totals).toEqual({ unread: 3, mentionUnread: 1, unmutedUnread: 0 });
        await append(store, thread, [message('', 'shows it')], T0 + 20);
        expect((await listAll(store, app, ann)).items).toHaveLength(1);
      });

      it('shows guests of a system conversation their thread, not the broadcasts', async () => {
        const app = newApp();
        const system = await make(store, { app, members: [], document: { kind: 'system' } });
        await append(store, system, [message('', 'to subscribers', { mentionAll: true })]);
        await store.members.ensure(app, system.id, ann, 'guest', 0);
        const thread = await make(store, {
          app,
          members: ['ann'],
          document: { kind: 'thread', parent: system.id },
        });
        await append(store, thread, [message('', 'to you')]);
        const { items, totals } = await listAll(store, app, ann);
        expect(items).toMatchObject([
          {
            own: { role: 'guest' },
            unread: 0,
            mentionUnread: 0,
            thread: { conversation: thread.id, unread: 1 },
          },
        ]);
        expect(items[0]).not.toHaveProperty('lastMessage');
        expect(totals).toEqual({ unread: 1, mentionUnread: 0, unmutedUnread: 1 });
      });

      it('leaves out rooms that a client has muted and has no role in', async () => {
        const room = await make(store, { members: ['bob'], document: { kind: 'room' } });
        const { token } = await listAll(store, room.app, ann);
        await store.members.ensure(room.app, room.id, ann, 'guest', 0);
        await store.members.setOwn(room.app, room.id, ann, { muteUntil: null });
        expect((await listAll(store, room.app, ann)).items).toEqual([]);
        expect(await syncAll(store, room.app, ann, token)).toMatchObject({ items: [], gone: [] });
        expect(await store.members.row(room.app, ann, room.id)).toMatchObject({ own: { role: 'guest' } });
        await append(store, room, [change('bob', { kind: 'role', member: ann, role: 'manager', row: 'in' })]);
        expect(ids((await syncAll(store, room.app, ann, token)).items)).toEqual([room.id]);
      });
    });

    describe('sync', () => {
      it('gives the whole list, as a reset, to those without a token of this store', async () => {
        const made = await make(store);
        for (const token of [undefined, '', 'garbage', 'x.1.2', `${'a'.repeat(300)}`]) {
          const answer = await syncAll(store, made.app, ann, token);
          expect(answer).toMatchObject({ reset: true, gone: [] });
          expect(ids(answer.items)).toEqual([made.id]);
        }
        expect(await syncAll(store, newApp(), ann)).toMatchObject({ reset: true, items: [], gone: [] });
      });

      it('tells nothing when nothing changed, with the token of a list too', async () => {
        const made = await make(store);
        const { token } = await listAll(store, made.app, ann);
        const first = await syncAll(store, made.app, ann, token);
        expect(first).toMatchObject({ items: [], gone: [], reset: false });
        expect(await syncAll(store, made.app, ann, first.token)).toMatchObject({
          items: [],
          gone: [],
          reset: false,
        });
      });

      it.each<[string, (made: Made) => Promise<unknown>]>([
        ['a message', (made) => append(store, made, [message('bob', 'x')])],
        ['an own message', (made) => append(store, made, [message('ann', 'x')])],
        ['a recall', (made) => append(store, made, [change('bob', { kind: 'recall', target: 2 })])],
        ['a delete', (made) => append(store, made, [change('', { kind: 'delete', target: 2 })])],
        [
          'an edit',
          (made) =>
            append(store, made, [change('bob', { kind: 'edit', target: 2, format: 'text', body: 'y' })]),
        ],
        ['a new name', (made) => append(store, made, [change('bob', { kind: 'updated', name: 'y' })])],
        ['a new member', (made) => append(store, made, [change('bob', { kind: 'added', members: [cid] })])],
        [
          'a role',
          (made) => append(store, made, [change('', { kind: 'role', member: ann, role: 'manager' })]),
        ],
        ['reading', (made) => store.members.advanceRead(made.app, made.id, ann, 2)],
        ['the peer’s reading', (made) => store.members.advanceRead(made.app, made.id, bob, 2)],
        [
          'the peer’s receiving',
          (made) =>
            store.members.advanceDelivered(made.app, [{ conversation: made.id, client: bob, seq: 2 }]),
        ],
        ['a pin', (made) => store.members.setOwn(made.app, made.id, ann, { pinnedAt: T0 })],
      ])('tells of %s', async (_, happen) => {
        const made = await make(store);
        const quiet = await make(store, { app: made.app });
        await append(store, made, [message('bob', 'first')]);
        const { token } = await syncAll(store, made.app, ann);
        await happen(made);
        const answer = await syncAll(store, made.app, ann, token);
        expect(ids(answer.items)).toEqual([made.id]);
        expect(ids(answer.items)).not.toContain(quiet.id);
        expect(answer).toMatchObject({ reset: false, gone: [] });
      });

      it('shows the message before the one that was deleted', async () => {
        const made = await make(store);
        await append(store, made, [message('bob', 'first'), message('bob', 'second')]);
        const row = async () => {
          const [{ head, lastMessage, unread } = {}] = (await listAll(store, made.app, ann)).items;
          return [lastMessage?.payload.body, head?.lastMessageTime === lastMessage?.time, unread];
        };
        expect(await row()).toEqual(['second', true, 2]);
        await append(store, made, [change('', { kind: 'delete', target: 3 })]);
        expect(await row()).toEqual(['first', true, 1]);
        const [found] = await store.conversations.find(made.app, [made.id]);
        expect(found?.lastMessage?.seq).toBe(2);
        await append(store, made, [change('', { kind: 'delete', target: 2 })]);
        expect(await row()).toEqual([undefined, false, 0]);
      });

      it('tells of what a thread got, in its parent’s row', async () => {
        const app = newApp();
        const system = await make(store, { app, members: [], document: { kind: 'system' } });
        await store.members.ensure(app, system.id, ann, 'guest', 0);
        const { token } = await syncAll(store, app, ann);
        const thread = await make(store, {
          app,
          members: ['ann'],
          document: { kind: 'thread', parent: system.id },
        });
        const first = await syncAll(store, app, ann, token);
        expect(first.items).toMatchObject([
          { conversation: { id: system.id }, thread: { conversation: thread.id } },
        ]);
        await append(store, thread, [message('', 'x')]);
        const second = await syncAll(store, app, ann, first.token);
        expect(second.items).toMatchObject([{ thread: { unread: 1 } }]);
      });

      it('tells what is gone: left, removed, deleted, expired; and what came back', async () => {
        const app = newApp();
        const [left, deleted, brief, stays] = [
          await make(store, { app }), await make(store, { app }),
          await make(store, { app, document: { kind: 'temporary', expiresAt: T0 + 500_000 } }), await make(store, { app }),
        ]; // prettier-ignore
        const before = await syncAll(store, app, ann);
        expect(before.items).toHaveLength(4);
        await append(store, left, [change('ann', { kind: 'left', member: ann })]);
        await append(store, deleted, [change('', { kind: 'deleted' })]);
        store.setNow(T0 + 500_000);
        const after = await syncAll(store, app, ann, before.token);
        store.setNow(T0);
        expect([...after.gone].sort()).toEqual([left.id, deleted.id, brief.id].sort());
        expect(ids(after.items)).toEqual([]);
        await append(store, left, [change('bob', { kind: 'added', members: [ann] })]);
        const back = await syncAll(store, app, ann, after.token);
        expect(ids(back.items)).toContain(left.id);
        expect(ids(back.items)).not.toContain(stays.id);
      });

      it('tells of what moved ahead between two pages of a list', async () => {
        const app = newApp();
        const older = await make(store, { app, now: T0 });
        const newer = await make(store, { app, now: T0 + 1 });
        const first = await store.members.list(app, ann, { limit: 1, hidden: false });
        expect(ids(first.items)).toEqual([newer.id]);
        await append(store, older, [message('bob', 'ahead')], T0 + 10);
        const cursor = first.cursor ?? '';
        const second = await store.members.list(app, ann, { limit: 1, hidden: false, cursor });
        expect(ids(second.items)).toEqual([]);
        expect(ids((await syncAll(store, app, ann, second.token)).items)).toEqual([older.id]);
      });

      it('tells of what changed between two of its own pages', async () => {
        const app = newApp();
        for (let n = 0; n < 3; n += 1) await make(store, { app });
        const first = await store.members.sync(app, ann, { limit: 1 });
        const [row] = first.items;
        await append(store, { app, id: row?.conversation.id as ConversationId }, [message('bob', 'x')]);
        const cursor = first.cursor ?? '';
        const rest = await store.members.sync(app, ann, { limit: 10, cursor });
        expect(rest).toMatchObject({ reset: true, items: [{}, {}] });
        expect(ids((await syncAll(store, app, ann, rest.token)).items)).toEqual(ids(first.items));
      });

      it('never tells too little, with pages read while everything changes', async () => {
        await fc.assert(
          fc.asyncProperty(
            fc.array(change$, { minLength: 20, maxLength: 60 }),
            fc.integer({ min: 1, max: 4 }),
            async (changes, limit) => {
              const world = new World(store, newApp());
              await world.begin();
              // One side changes, the other follows with list and sync; neither waits for the other.
              const follower = new Follower(store, world.app, limit);
              let changing = true;
              const follow = (async () => {
                await follower.start();
                while (changing) await follower.sync();
              })();
              for (const next of changes) await world.apply(next);
              changing = false;
              await follow;
              await follower.sync();
              expect(follower.known()).toEqual(await world.truth());
            },
          ),
          { numRuns: runs },
        );
      });
    });
  });
}
