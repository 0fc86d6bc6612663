import type { IMClient } from './devices.js';
import { describeSdk } from './suite.js';

/** Each operator alone, and together with others. */

interface Found {
  id: string;
}
/** Version 4 types none of the values. */
type Query = Record<string, (...args: unknown[]) => Query> & {
  find(): Promise<Found[]>;
  first?(): Promise<Found>;
};

describeSdk('queries', (suite) => {
  /** Conversations `a` … `d` of one client, and a query that sees nothing else. */
  async function seeded() {
    const [person] = await suite.clients('ann');
    const ann = person!.client;
    const make = async (name: string, columns: object) =>
      (await ann.createConversation({ members: [], name, unique: false, ...columns })).id;
    const a = await make('alpha', { size: 1, tags: ['x', 'y'], attr: { colour: 'red' } as never });
    const b = await make('beta', { size: 2, tags: ['x'], attr: { colour: 'blue' } as never });
    const c = await make('gamma', { size: 3, tags: ['y', 'z'] });
    const d = await make('delta', { flag: true });
    const names = new Map([[a, 'a'], [b, 'b'], [c, 'c'], [d, 'd']]); // prettier-ignore
    const q = () => (ann.getQuery() as unknown as Query)['containsMembers']!([ann.id]);
    const find = async (query: Query) =>
      (await query.find())
        .map(({ id }) => names.get(id))
        .sort()
        .join('');
    return { ann, sdk: person!.sdk, q, find, names, ids: { a, b, c, d } };
  }

  it('compares: equal, not equal, less, greater, in, not in, all, exists', async () => {
    const { q, find, ids } = await seeded();
    expect(await find(q())).toBe('abcd');
    const cases: readonly (readonly [string, string, unknown, string])[] = [
      ['equalTo', 'size', 2, 'b'],
      ['equalTo', 'attr.colour', 'red', 'a'],
      ['equalTo', 'objectId', ids.c, 'c'],
      ['notEqualTo', 'name', 'alpha', 'bcd'],
      ['lessThan', 'size', 2, 'a'],
      ['lessThanOrEqualTo', 'size', 2, 'ab'],
      ['greaterThan', 'size', 2, 'c'],
      ['greaterThanOrEqualTo', 'size', 2, 'bc'],
      ['lessThan', 'createdAt', new Date(0), ''],
      ['containedIn', 'size', [1, 3, 9], 'ac'],
      ['notContainsIn', 'name', ['alpha', 'beta'], 'cd'],
      ['containsAll', 'tags', ['x', 'y'], 'a'],
      ['equalTo', 'tags', 'y', 'ac'],
      ['sizeEqualTo', 'tags', 2, 'ac'],
      ['startsWith', 'name', 'al', 'a'],
      ['endsWith', 'name', 'ta', 'bd'],
      ['contains', 'name', 'lph', 'a'],
      ['contains', 'name', '.*', ''],
      ['matches', 'name', /^AL.*a$/i, 'a'],
      ['matches', 'name', /^(AL|ga)/i, 'ac'],
      ['matches', 'name', /^\w+[lt]a$/, 'bd'],
    ];
    const found: unknown[] = [];
    for (const [operator, key, value] of cases)
      found.push([operator, key, value, await find(q()[operator]!(key, value)).catch(String)]);
    expect(found).toEqual(cases);
    expect(await find(q()['exists']!('size'))).toBe('abc');
    expect(await find(q()['doesNotExist']!('attr.colour'))).toBe('cd');
    expect(await find(q()['greaterThan']!('size', 1)['lessThan']!('size', 3))).toBe('b');
    expect(await find(q()['withMembers']!([], true))).toBe('abcd');
  });

  it('sorts, skips, limits and leaves members out', async () => {
    const { q, names } = await seeded();
    const list = async (query: Query) => (await query.find()).map(({ id }) => names.get(id)).join('');
    expect(await list(q()['ascending']!('name'))).toBe('abdc');
    expect(await list(q()['descending']!('name'))).toBe('cdba');
    expect(await list(q()['ascending']!('flag')['addDescending']!('name'))).toHaveLength(4);
    expect(await list(q()['descending']!('createdAt')['addAscending']!('name'))).toBe('dcba');
    expect(await list(q()['ascending']!('createdAt')['skip']!(1)['limit']!(2))).toBe('bc');
    const [compact] = (await q()['compact']!(true).find()) as unknown as { members: string[] }[];
    expect(compact!.members).toEqual([]);
  });

  it('finds by either and by both', async () => {
    const { ann, sdk, q, find } = await seeded();
    const { ConversationQuery } = sdk;
    if (suite.version === 4) return expect(ConversationQuery).toBeUndefined(); // of version 5 only
    const plain = () => ann.getQuery() as unknown as Query;
    const both = (name: 'or' | 'and', ...queries: Query[]) =>
      ConversationQuery[name](...(queries as never[])) as unknown as Query;
    const either = both('or', plain()['equalTo']!('size', 1), plain()['equalTo']!('flag', true));
    expect(await find(both('and', q(), either))).toBe('ad');
    const [first] = [await q()['ascending']!('name').first!()];
    expect((first as unknown as { name: string }).name).toBe('alpha');
    expect((q() as unknown as { toJSON(): object }).toJSON()).toHaveProperty('where');
  });

  it('keeps rooms, services and conversations apart', async () => {
    const [person] = await suite.clients('ann');
    const ann: IMClient = person!.client;
    const room = await ann.createChatRoom({ name: 'kinds' });
    const conversation = await ann.createConversation({ members: [], name: 'kinds', unique: false });
    const made = (await suite.server.rest(suite.app, 'POST', 'api/v1/conversations', {
      op: `kinds-${ann.id}`,
      kind: 'system',
      name: 'kinds',
    })) as { conversation: { id: string } };
    const ids = async (query: { equalTo(key: string, value: unknown): { find(): Promise<Found[]> } }) =>
      (await query.equalTo('name', 'kinds').find()).map(({ id }) => id);
    expect(await ids(ann.getChatRoomQuery())).toEqual([room.id]);
    expect(await ids(ann.getServiceConversationQuery())).toEqual([made.conversation.id]);
    // A room has no list of members.
    const found = await ids(ann.getQuery().containsMembers([ann.id]));
    expect([
      found.includes(room.id),
      found.includes(made.conversation.id),
      found.includes(conversation.id),
    ]).toEqual([false, false, true]);
  });
});
