import { ann, append, bob, change, cid, make, message, newApp, T0 } from './fixtures.contract.js';
import type { CoreStores, Made, Stores } from './fixtures.contract.js';
import type { RetentionStore } from './retention-ports.js';

type StoresUnderTest = CoreStores & { readonly retention?: RetentionStore };

const bodies = ({ messages }: { messages: readonly { payload: { body: unknown } }[] }) =>
  messages.map(({ payload }) => payload.body);

/** Messages of a service for subscribers that are for everyone: guests see and count them, and nothing else. */
export function describeEveryone(name: string, open: () => Promise<StoresUnderTest>): void {
  describe(`messages to everyone: ${name}`, () => {
    let store: StoresUnderTest;
    beforeAll(async () => {
      store = await open();
    });
    afterAll(() => store.close());

    const service = (app = newApp()) => make(store, { app, members: [], document: { kind: 'system' } });
    const toEveryone = (body: string, more: object = {}, author = '') =>
      message(author, body, { everyone: true, ...more });
    const ensure = ({ app, id }: Made, who = ann, role: 'guest' | 'member' = 'guest', readSeq = 0) =>
      store.members.ensure(app, id, who, role, readSeq);
    const own = ({ app, id }: Made, who = ann) => store.members.own(app, id, who);
    const history = ({ app, id }: Made, more: object = {}) =>
      store.log.history(app, id, {
        ...{ direction: 'forward', after: 0, before: Number.MAX_SAFE_INTEGER, limit: 10 },
        everyone: true,
        ...more,
      });

    it('are kept as such, and read apart from the rest in pages, both ways', async () => {
      const made = await service();
      await append(store, made, [
        toEveryone('2'), message('', '3'), toEveryone('4', { type: 't' }), message('', '5'), toEveryone('6', { silent: true }),
      ]); // prettier-ignore
      const all = await store.log.entries(made.app, made.id, { after: 1, limit: 10 });
      expect(all.map(({ payload }) => payload.kind === 'message' && payload.everyone)).toEqual([
        true, undefined, true, undefined, true,
      ]); // prettier-ignore
      expect(bodies(await history(made))).toEqual(['2', '4', '6']);
      const first = await history(made, { limit: 2 });
      expect([bodies(first), first.more]).toEqual([['2', '4'], true]);
      const last = await history(made, { direction: 'backward', before: 6, limit: 1 });
      expect([bodies(last), last.more]).toEqual([['4'], true]);
      expect(bodies(await history(made, { types: ['t'] }))).toEqual(['4']);
      expect(bodies(await history(made, { everyone: false }))).toEqual(['2', '3', '4', '5', '6']);
      expect(bodies(await history(await service()))).toEqual([]);
    });

    it('stay so when edited and recalled', async () => {
      const made = await service();
      await append(store, made, [toEveryone('2'), toEveryone('3')]);
      await append(store, made, [
        change('', { kind: 'edit', target: 2, format: 'text', body: 'two' }),
        change('', { kind: 'recall', target: 3 }),
      ]);
      const { messages } = await history(made);
      expect(messages).toMatchObject([
        { payload: { body: 'two', everyone: true }, editedSeq: 4 },
        { payload: { body: '', everyone: true }, recalled: true },
      ]);
    });

    it('are gone when they are deleted', async () => {
      const made = await service();
      await ensure(made);
      await append(store, made, [toEveryone('2'), toEveryone('3')]);
      await append(store, made, [change('', { kind: 'delete', target: 3 })]);
      expect(bodies(await history(made))).toEqual(['2']);
      expect(await own(made)).toMatchObject({ unread: 1 });
      await append(store, made, [change('', { kind: 'delete', target: 2 })]);
      expect(bodies(await history(made))).toEqual([]);
      expect(await own(made)).toMatchObject({ unread: 0 });
    });

    it('count for guests, not others’ nor recalled nor silent ones, and with their mentions', async () => {
      const made = await service();
      await ensure(made);
      await ensure(made, bob);
      await append(store, made, [
        toEveryone('2'), message('', '3', { mentionAll: true }), toEveryone('4', { mentions: [ann] }),
        toEveryone('5', { silent: true }), toEveryone('6', {}, 'bob'), toEveryone('7'),
      ]); // prettier-ignore
      await append(store, made, [change('', { kind: 'recall', target: 7 })]);
      expect(await own(made)).toMatchObject({ role: 'guest', unread: 3, mentionUnread: 1 });
      expect(await own(made, bob)).toMatchObject({ unread: 2, mentionUnread: 0 });
      const read = (seq: number) => store.members.advanceRead(made.app, made.id, ann, seq);
      expect(await read(3)).toMatchObject({ readSeq: 3, unread: 2, mentionUnread: 1 });
      expect(await read(4)).toMatchObject({ unread: 1, mentionUnread: 0 });
      expect(await read(99)).toMatchObject({ readSeq: 8, unread: 0 });
      expect(await own(made)).toMatchObject({ unread: 0, mentionUnread: 0 });
    });

    it('name guests among the others only when asked for', async () => {
      const made = await service();
      await ensure(made);
      await append(store, made, [change('bob', { kind: 'joined', member: bob })]);
      const among = (guests?: boolean) => store.members.among(made.app, made.id, [cid, bob, ann], guests);
      expect(await among()).toEqual([bob]);
      expect(await among(true)).toEqual([bob, ann]);
    });

    it('make a guest of a former member at its cursor, and a member of a guest', async () => {
      const made = await service();
      await append(store, made, [
        change('ann', { kind: 'joined', member: ann }), toEveryone('3'), message('', '4'),
        change('ann', { kind: 'left', member: ann }), toEveryone('6'),
      ]); // prettier-ignore
      await ensure(made);
      expect(await own(made)).toMatchObject({ role: 'guest', readSeq: 2, unread: 2 });
      await ensure(made, ann, 'guest', 6);
      expect(await own(made)).toMatchObject({ readSeq: 2, unread: 2 });
      await ensure(made, ann, 'member', 3);
      expect(await own(made)).toMatchObject({ role: 'member', readSeq: 3, unread: 2 });
      expect((await store.conversations.find(made.app, [made.id]))[0]).toMatchObject({ memberCount: 1 });
    });

    it('put their service among those for everyone, while it lives', async () => {
      const app = newApp();
      const [quiet, one, two] = [await service(app), await service(app), await service(app)];
      const { id } = await make(store, {
        app,
        members: [],
        document: { kind: 'system', audience: 'everyone' },
      });
      await append(store, quiet, [message('', 'to subscribers')]);
      await append(store, one, [toEveryone('a'), toEveryone('b')]);
      await append(store, two, [toEveryone('a')]);
      const everyone = async () => (await store.conversations.everyone(app)).sort();
      expect(await everyone()).toEqual([one.id, two.id, id].sort());
      await append(store, one, [change('', { kind: 'deleted' })]);
      expect(await everyone()).toEqual([two.id, id].sort());
      expect(await store.conversations.everyone(newApp())).toEqual([]);
    });

    it('go with what retention takes out', async () => {
      const { retention } = store;
      if (retention === undefined) return;
      const made = await service();
      await ensure(made);
      await append(store, made, [toEveryone('2'), toEveryone('3'), message('', '4')]);
      const retire = async (before: number) => {
        let next: string | undefined;
        do ({ next } = await retention.retire(made.app, made.id, before, next));
        while (next !== undefined);
      };
      await retire(T0 + 2);
      expect(bodies(await history(made))).toEqual(['3']);
      expect(await own(made)).toMatchObject({ readSeq: 2, unread: 1 });
      await retire(T0 + 100);
      expect(bodies(await history(made))).toEqual([]);
      expect(await own(made)).toMatchObject({ unread: 0 });
      await append(store, made, [toEveryone('5')]);
      expect(bodies(await history(made))).toEqual(['5']);
      expect(await own(made)).toMatchObject({ unread: 1 });
    });
  });
}

/** The same in a guest's row. */
export function describeEveryoneInLists(name: string, open: () => Promise<Stores>): void {
  describe(`messages to everyone in lists: ${name}`, () => {
    let store: Stores;
    beforeAll(async () => {
      store = await open();
    });
    afterAll(() => store.close());

    it('are what a guest’s row shows, with its thread; of a subscriber’s they are a part', async () => {
      const app = newApp();
      const made = await make(store, { app, members: [], document: { kind: 'system' } });
      const thread = await make(store, {
        app,
        members: ['ann'],
        document: { kind: 'thread', parent: made.id },
      });
      for (const who of [ann, bob]) await store.members.ensure(app, made.id, who, 'guest', 0);
      await append(store, made, [change('cid', { kind: 'joined', member: cid })], T0 + 1_000);
      await append(store, made, [message('', 'to all', { everyone: true })], T0 + 2_000);
      await append(store, made, [message('', 'to subscribers')], T0 + 3_000);
      const row = async (who = ann) =>
        (await store.members.list(app, who, { limit: 9, hidden: false })).items[0];
      expect(await row()).toMatchObject({
        unread: 1,
        lastMessage: { payload: { body: 'to all' } },
        thread: { conversation: thread.id, unread: 0 },
      });
      expect(await row(cid)).toMatchObject({
        unread: 2,
        lastMessage: { payload: { body: 'to subscribers' } },
      });
      expect(await store.members.totals(app, bob)).toEqual({ unread: 1, mentionUnread: 0, unmutedUnread: 1 });
      expect(await store.members.row(app, bob, made.id)).toMatchObject({ unread: 1 });
      await append(store, made, [message('', 'again', { everyone: true })], T0 + 4_000);
      expect(await row(bob)).toMatchObject({ unread: 2, lastMessage: { payload: { body: 'again' } } });
      await append(store, made, [change('', { kind: 'delete', target: 5 })], T0 + 5_000);
      expect(await row(bob)).toMatchObject({ unread: 1, lastMessage: { payload: { body: 'to all' } } });
      await store.members.setOwn(app, made.id, bob, { clearedSeq: 3 });
      expect(await row(bob)).not.toHaveProperty('lastMessage');
    });

    it('bring the row to its place, out of hiding, and into the next sync', async () => {
      const app = newApp();
      const made = await make(store, { app, members: [], document: { kind: 'system' } });
      await store.members.ensure(app, made.id, ann, 'guest', 0);
      const other = await make(store, { app, now: Date.now() + 1_000 });
      await store.members.setOwn(app, made.id, ann, { hidden: true });
      const list = async () =>
        (await store.members.list(app, ann, { limit: 9, hidden: false })).items.map(
          (one) => one.conversation.id,
        );
      expect(await list()).toEqual([other.id]);
      const { token = '' } = await store.members.sync(app, ann, { limit: 9 });
      await append(store, made, [message('', 'to subscribers')], Date.now() + 2_000);
      expect(await list()).toEqual([other.id]);
      await append(store, made, [message('', 'to all', { everyone: true })], Date.now() + 3_000);
      expect(await list()).toEqual([made.id, other.id]);
      const { items } = await store.members.sync(app, ann, { limit: 9, token });
      expect(items).toMatchObject([{ conversation: { id: made.id }, unread: 1 }]);
    });
  });
}
