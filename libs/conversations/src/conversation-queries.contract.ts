import { parseFilter, parseSort } from '@hongyan/filter';
import type { SortKey } from '@hongyan/filter';
import { append, change, client, make, message, newApp, T0 } from './fixtures.contract.js';
import type { Stores } from './fixtures.contract.js';
import type { ConversationQuery } from './ports.js';

/** What every query promises besides the meaning of filters, which the filter library's own suite holds it to. */
export function describeConversationQueries(name: string, open: () => Promise<Stores>): void {
  describe(`ConversationStore.query: ${name}`, () => {
    let store: Stores;
    beforeAll(async () => {
      store = await open();
    });
    afterAll(() => store.close());

    const all = { filter: parseFilter({}), sort: [] as SortKey[], limit: 100 };
    const names = async (
      app: Parameters<Stores['conversations']['query']>[0],
      query: Partial<ConversationQuery>,
    ) => {
      const { items } = await store.conversations.query(app, { ...all, ...query });
      return items.map(({ conversation }) => conversation.name);
    };

    it('leaves out threads, temporary, expired, deleted and other apps’ conversations', async () => {
      const app = newApp();
      for (const kind of ['ordinary', 'room', 'system', 'temporary', 'thread'] as const)
        await make(store, { app, document: { kind, name: kind } });
      const deleted = await make(store, { app, document: { name: 'deleted' } });
      await append(store, deleted, [change('', { kind: 'deleted' })]);
      await make(store, { document: { name: 'elsewhere' } });
      expect(await names(app, { sort: parseSort('name') })).toEqual(['ordinary', 'room', 'system']);
    });

    it('finds where a client may have written: it is or was in, or wrote without being in', async () => {
      const app = newApp();
      const eve = client('eve');
      const named = (name: string, members: string[], more: object = {}) =>
        make(store, { app, members, document: { name, ...more } });
      await named('in', ['ann', 'eve']);
      const [left, removed] = [await named('left', ['ann', 'eve']), await named('removed', ['ann', 'eve'])];
      await append(store, left, [message('eve', 'x'), change('eve', { kind: 'left', member: eve })]);
      await append(store, removed, [change('ann', { kind: 'removed', members: [eve] })]);
      const silent = { silent: true };
      await append(store, await named('outside', ['ann']), [message('ann', 'x'), message('eve', 'y')]);
      await append(store, await named('silent', ['ann']), [message('eve', 'x', silent)]);
      const later = await named('later', ['ann']);
      await append(store, later, [
        message('eve', 'x', silent),
        message('eve', 'y'),
        change('', { kind: 'added', members: [eve] }),
      ]);
      expect(await store.members.own(app, later.id, eve)).toMatchObject({ unread: 0 });
      await append(store, await named('mentioned', ['ann']), [message('ann', 'x', { mentions: [eve] })]);
      await append(store, await named('room', ['eve'], { kind: 'room' }), [message('eve', 'x', silent)]);
      await make(store, { members: ['eve'], document: { name: 'elsewhere' } });
      const ask = { sort: parseSort('name') };
      const found = ['in', 'later', 'left', 'outside', 'removed', 'silent'];
      expect(await names(app, { ...ask, writtenBy: eve })).toEqual(found);
      expect(await names(app, { ...ask, writtenBy: client('zoe') })).toEqual([]);
      // Nobody is told of a conversation for having written there.
      const { items } = await store.members.list(app, eve, { limit: 10, hidden: true });
      expect(items.map(({ conversation }) => conversation.name).sort()).toEqual(['in', 'later', 'room']);
      const { gone } = await store.members.sync(app, eve, { limit: 10 });
      expect(gone).toEqual([]);
    });

    it('tells a client’s rows and the members with what it finds, if asked', async () => {
      const app = newApp();
      const named = (name: string, members: string[], more: object = {}) =>
        make(store, { app, members, document: { name, ...more } });
      const mine = await named('mine', ['bob', 'ann']);
      await append(store, mine, [message('bob', 'a'), message('bob', 'b'), message('ann', 'c')]);
      const left = await named('left', ['bob', 'ann']);
      await append(store, left, [change('ann', { kind: 'left', member: client('ann') })]);
      await named('large', ['bob', 'ann', 'cid', 'dan']);
      await named('room', ['ann'], { kind: 'room' });
      const service = await named('service', [], { kind: 'system' });
      await store.members.ensure(app, service.id, client('ann'), 'member', 1);
      const thread = await make(store, {
        app,
        members: ['ann'],
        document: { kind: 'thread', parent: service.id },
      });
      await append(store, thread, [message('', 'to you')]);
      const ask = async (more: Partial<ConversationQuery>) =>
        (await store.conversations.query(app, { ...all, sort: parseSort('name'), ...more })).items.map(
          ({ conversation, row, members }) => [conversation.name, row?.own.role, row?.unread, members],
        );
      const rowsOf = client('ann');
      expect(await ask({ rowsOf, membersUpTo: 3 })).toEqual([
        ['large', 'member', 0, undefined],
        ['left', undefined, undefined, ['bob']],
        ['mine', 'member', 2, ['bob', 'ann']],
        ['room', 'owner', 0, undefined],
        ['service', 'member', 0, undefined],
      ]);
      const { items } = await store.conversations.query(app, { ...all, rowsOf });
      for (const { conversation, row } of items)
        expect(row).toEqual(await store.members.row(app, rowsOf, conversation.id));
      expect(items.find(({ row }) => row?.thread !== undefined)?.row?.thread).toMatchObject({ unread: 1 });
      const nobody = await ask({ rowsOf: client('nobody'), limit: 2 });
      expect(nobody).toEqual([
        ['large', undefined, undefined, undefined],
        ['left', undefined, undefined, undefined],
      ]);
    });

    it('tells who of the members muted what it finds, if asked', async () => {
      const app = newApp();
      const members = ['cid', 'bob:manager', 'ann', 'dan', 'eve'];
      const made = await make(store, { app, members, document: { name: 'muted' } });
      await make(store, { app, members: ['ann', 'bob'], document: { name: 'open' } });
      await make(store, { app, members: ['ann'], document: { name: 'room', kind: 'room' } });
      const set = (name: string, muteUntil: number | null | 'off') =>
        store.members.setOwn(app, made.id, client(name), { muteUntil });
      await set('ann', null);
      await set('bob', T0 + 5);
      await set('dan', null);
      await set('dan', 'off');
      await set('eve', null);
      await append(store, made, [change('eve', { kind: 'left', member: client('eve') })]);
      const ask = async (more: Partial<ConversationQuery>) =>
        (await store.conversations.query(app, { ...all, sort: parseSort('name'), ...more })).items.map(
          ({ mutes }) => mutes,
        );
      const mutes = [
        { client: 'bob', until: T0 + 5 },
        { client: 'ann', until: null },
      ];
      expect(await ask({ membersUpTo: 5, withMutes: true })).toEqual([mutes, [], undefined]);
      expect(await ask({ membersUpTo: 3, withMutes: true })).toEqual([undefined, [], undefined]);
      expect(await ask({ membersUpTo: 5 })).toEqual([undefined, undefined, undefined]);
    });

    it('sorts and pages, each once, and restricts to a client’s own', async () => {
      const app = newApp();
      for (let n = 0; n < 7; n += 1)
        await make(store, {
          app,
          members: n % 2 === 0 ? ['ann', 'bob'] : ['bob', 'cid'],
          document: { name: `n${n}`, attributes: { rank: n % 3 }, columns: { rank: n } },
          now: T0 + n,
        });
      const query = { sort: parseSort('-createdAt'), limit: 3 };
      const seen: unknown[] = [];
      for (let cursor: string | undefined; ;) {
        const page = await store.conversations.query(app, {
          ...all,
          ...query,
          ...(cursor === undefined ? {} : { cursor }),
        });
        seen.push(...page.items.map(({ conversation }) => conversation.name));
        cursor = page.cursor;
        if (cursor === undefined) break;
        expect(page.items).toHaveLength(3);
      }
      expect(seen).toEqual(['n6', 'n5', 'n4', 'n3', 'n2', 'n1', 'n0']);
      expect(await names(app, { sort: parseSort('name'), memberOf: client('ann') })).toEqual([
        'n0',
        'n2',
        'n4',
        'n6',
      ]);
      expect(await names(app, { sort: parseSort('name'), memberOf: client('zoe') })).toEqual([]);
      expect(await names(app, { sort: parseSort('name'), filter: parseFilter({ rank: 0 }) })).toEqual([
        'n0',
        'n3',
        'n6',
      ]);
      const byColumn = {
        sort: parseSort('-columns.rank'),
        filter: parseFilter({ 'columns.rank': { $gt: 4 } }),
      };
      expect(await names(app, byColumn)).toEqual(['n6', 'n5']);
    });
  });
}
