import type { AppId, ConversationId } from '@hongyan/protocol';
import {
  ann,
  append,
  bob,
  change,
  cid,
  client,
  type Made,
  make,
  message,
  newApp,
  type Stores,
  T0,
} from './fixtures.contract.js';
import { Retention } from './retention.js';
import type { RetentionStore } from './retention-ports.js';

export interface RetentionStoreUnderTest extends Stores {
  readonly retention: RetentionStore;
  /** What an integrity check finds. */
  findings(): Promise<readonly unknown[]>;
}

const day = 86_400_000;

/** What every {@link RetentionStore} promises. */
export function describeRetention(name: string, open: () => Promise<RetentionStoreUnderTest>): void {
  describe(`RetentionStore: ${name}`, () => {
    let store: RetentionStoreUnderTest;
    beforeAll(async () => {
      store = await open();
    });
    afterAll(() => store.close());

    /** Takes out everything older than `before`; answers how much that was. */
    const retire = (app: AppId, before: number): Promise<number> =>
      new Retention({
        store: store.retention,
        apps: () => Promise.resolve([{ id: app, days: 1 }]),
        clock: () => before + day,
        options: { pauseMs: 0 },
        onError: (error) => {
          throw error;
        },
      }).runOnce();

    const bodies = async ({ app, id }: Made): Promise<unknown[]> => {
      const query = { direction: 'forward', after: 0, before: 1e9, limit: 1_000 } as const;
      const { messages } = await store.log.history(app, id, query);
      return messages.map(({ payload }) => payload.body);
    };
    const unreadOf = async ({ app, id }: Made, who = bob) => {
      const { readSeq, unread, mentionUnread } = (await store.members.own(app, id, who))!;
      return { readSeq, unread, mentionUnread };
    };

    it('takes out from the low end, says where the log begins, and counts what went as read', async () => {
      const made = await make(store, { members: ['ann', 'bob', 'cid'] });
      for (let n = 2; n <= 5; n += 1)
        await append(
          store,
          made,
          [message(n === 4 ? 'bob' : 'ann', `old ${n}`, { mentions: [bob] })],
          T0 + n,
        );
      for (let n = 6; n <= 8; n += 1)
        await append(
          store,
          made,
          [message(n === 7 ? 'bob' : 'ann', `new ${n}`, { mentions: [bob] })],
          T0 + day + n,
        );
      await store.members.advanceRead(made.app, made.id, cid, 7);
      expect(await unreadOf(made)).toEqual({ readSeq: 0, unread: 5, mentionUnread: 5 });
      const { token } = await store.members.list(made.app, bob, { limit: 9, hidden: true });

      expect(await retire(made.app, T0 + day)).toBe(5);
      expect(await store.log.head(made.app, made.id)).toMatchObject({ floor: 5, last: 8, count: 7 });
      expect(await bodies(made)).toEqual(['new 6', 'new 7', 'new 8']);
      expect((await store.log.entries(made.app, made.id, { after: 0, limit: 9 })).map(({ seq }) => seq)).toEqual([6, 7, 8]); // prettier-ignore
      expect(await store.log.messages(made.app, made.id, [3, 6])).toHaveLength(1);
      expect(await store.log.seqAt(made.app, made.id, T0 + 3)).toBe(5);
      expect(await store.log.seqAt(made.app, made.id, T0 + day + 6)).toBe(6);
      expect(await unreadOf(made)).toEqual({ readSeq: 5, unread: 2, mentionUnread: 2 });
      expect(await unreadOf(made, ann)).toEqual({ readSeq: 5, unread: 1, mentionUnread: 0 });
      expect(await unreadOf(made, cid)).toEqual({ readSeq: 7, unread: 1, mentionUnread: 0 });
      // Whose unread changed hears of it; the list and the totals say the same.
      const synced = await store.members.sync(made.app, bob, { token, limit: 9 });
      expect(synced).toMatchObject({ reset: false, items: [{ unread: 2 }], totals: { unread: 2 } });
      expect((await store.members.advanceRead(made.app, made.id, bob, 3))!).toMatchObject({
        readSeq: 5,
        unread: 2,
      });
      // Sequences go on, and a cursor moves as ever.
      expect(await append(store, made, [message('cid', 'and on')], T0 + day + 9)).toEqual([9]);
      expect(await store.members.advanceRead(made.app, made.id, bob, 6)).toMatchObject({ unread: 2 });
      expect(await retire(made.app, T0 + day)).toBe(0);
      expect(await store.findings()).toEqual([]);
    });

    it('keeps the newest row without its content, shown to nobody', async () => {
      const made = await make(store);
      await append(store, made, [
        message('ann', 'one', { mentions: [bob] }),
        message('ann', 'two', { mentionAll: true }),
      ]);
      await store.members.setOwn(made.app, made.id, bob, { hidden: true });
      expect(await retire(made.app, T0 + day)).toBe(2);
      expect(await store.log.head(made.app, made.id)).toMatchObject({
        floor: 3,
        last: 3,
        lastMessageTime: T0 + 2,
      });
      expect([await bodies(made), await unreadOf(made)]).toEqual([
        [],
        { readSeq: 3, unread: 0, mentionUnread: 0 },
      ]);
      const { items } = await store.members.list(made.app, bob, { limit: 9, hidden: true });
      expect(items).toMatchObject([{ unread: 0 }]);
      expect(items[0]).not.toHaveProperty('lastMessage');
      expect(await retire(made.app, T0 + day)).toBe(0);
      expect(await store.findings()).toEqual([]);
      expect(await append(store, made, [message('ann', 'three')], T0 + 2 * day)).toEqual([4]);
      expect([await bodies(made), await unreadOf(made)]).toEqual([
        ['three'],
        { readSeq: 3, unread: 1, mentionUnread: 0 },
      ]);
      // The row that had to stay goes with the next run.
      expect(await retire(made.app, T0 + day)).toBe(1);
      expect(await store.findings()).toEqual([]);
    });

    it('leaves what later entries say about members, roles and discipline', async () => {
      const made = await make(store, { members: ['ann', 'bob', 'cid'] });
      await append(store, made, [
        message('ann', 'old'),
        change('ann', { kind: 'silenced', members: [bob] }),
        change('ann', { kind: 'blocked', members: [client('eve')], removed: [] }),
        change('cid', { kind: 'left', member: cid }),
      ]); // prettier-ignore
      await append(store, made, [
        change('ann', { kind: 'role', member: bob, role: 'manager' }),
        change('ann', { kind: 'added', members: [cid] }),
        change('ann', { kind: 'edit', target: 2, format: 'text', body: 'edited' }),
        message('cid', 'new'),
      ], T0 + day); // prettier-ignore
      const before = await store.conversations.load(made.app, made.id);
      expect(await retire(made.app, T0 + day)).toBe(5);
      const { members, silences, blocked, conversation } = (await store.conversations.load(
        made.app,
        made.id,
      ))!;
      expect({ silences, blocked, conversation }).toEqual({
        silences: before!.silences,
        blocked: before!.blocked,
        conversation: before!.conversation,
      });
      expect(members.map(({ client: id, role, joinedSeq }) => [id, role, joinedSeq])).toEqual([
        ['ann', 'owner', 1],
        ['bob', 'manager', 1],
        ['cid', 'member', 7],
      ]);
      expect(await store.findings()).toEqual([]);
    });

    it('works in steps that are short, goes on after a stop, and beside senders', async () => {
      const members = Array.from({ length: 450 }, (_, n) => `member-${String(n).padStart(3, '0')}`);
      const made = await make(store, { members });
      for (let n = 0; n < 9; n += 1) {
        const some = Array.from({ length: 100 }, (_, m) => message(members[(n * 100 + m) % 450]!, 'old'));
        await append(store, made, some, T0 + n);
      }
      const steps: number[] = [];
      let next: string | undefined;
      for (let n = 0; n < 2; n += 1) {
        const step = await store.retention.retire(made.app, made.id, T0 + day, next);
        steps.push(step.removed);
        next = step.next;
      }
      expect(next).toBeDefined();
      // Somebody moves from where no step was yet to where all have been: owners and managers come first.
      await append(store, made, [change('', { kind: 'role', member: client(members[440]!), role: 'manager' })], T0 + 2 * day); // prettier-ignore
      for (let n = 0; n < 8 && next !== undefined; n += 1) {
        const step = await store.retention.retire(made.app, made.id, T0 + day, next);
        steps.push(step.removed);
        next = step.next;
      }
      expect(Math.max(...steps)).toBe(200);
      expect(await unreadOf(made, client(members[440]!))).toMatchObject({ unread: 0 });
      expect(await store.findings()).toEqual([]);
      // Whoever did that died here: another begins anew, while people write and read.
      const sending = (async () => {
        for (let n = 0; n < 20; n += 1) {
          await append(store, made, [message(members[n]!, 'new')], T0 + 2 * day);
          await store.members.advanceRead(made.app, made.id, client(members[449 - n]!), 895 + n);
        }
      })();
      await retire(made.app, T0 + day);
      await sending;
      await retire(made.app, T0 + day);
      expect(await bodies(made)).toEqual(Array.from({ length: 20 }, () => 'new'));
      expect(await unreadOf(made, client(members[3]!))).toMatchObject({ unread: 19 });
      expect(await unreadOf(made, client(members[300]!))).toMatchObject({ unread: 20 });
      expect(await store.findings()).toEqual([]);
    });

    it('looks at all conversations of the app in pages, and at no other app', async () => {
      const [app, other] = [newApp(), newApp()];
      const made: ConversationId[] = [];
      for (let n = 0; n < 250; n += 1) made.push((await make(store, { app, now: T0 + (n % 2) * day })).id);
      const foreign = await make(store, { app: other });
      await append(store, foreign, [message('ann', 'of another app')]);
      const found: ConversationId[] = [];
      let cursor: string | undefined;
      do {
        const page = await store.retention.expired(app, T0 + day, cursor);
        found.push(...page.items);
        cursor = page.cursor;
      } while (cursor !== undefined);
      expect(found).toHaveLength(125);
      expect(found.every((id) => made.indexOf(id) % 2 === 0)).toBe(true);
      await retire(app, T0 + day);
      expect(await bodies(foreign)).toEqual(['of another app']);
      expect(await store.retention.retire(app, foreign.id, T0 + day)).toEqual({ removed: 0, floor: 0 });
    });
  });
}
