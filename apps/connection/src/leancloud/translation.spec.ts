import {
  applyOperation,
  type ColumnOperation,
  changeOf,
  columnsOf,
  fromColumns,
  placeOf,
  touchedColumns,
  conversationRow,
  uniqueIdOf,
  nativeSort,
  nativeWhere,
} from '@hongyan/leancloud';
import { parseFilter, parseSort } from '@hongyan/filter';
import {
  asClientId,
  asConversationId,
  type ConversationView,
  type EntryView,
  type MessageView,
} from '@hongyan/protocol';
import { membershipPushes } from './membership-pushes.js';

const view: ConversationView = {
  id: asConversationId('c1'),
  kind: 'ordinary',
  name: 'n',
  attributes: { a: 1, deep: { x: 2 } },
  columns: { size: 3, tags: ['t'] },
  creator: asClientId('ann'),
  createdAt: 0,
  updatedAt: 1,
  lastMessageAt: 2,
  memberCount: 2,
  seq: 5,
};

describe('columns', () => {
  it('are a name, attributes and the app’s own; what the server fills is not taken', () => {
    const columns = { name: 'n', attr: { a: 1 }, size: 3, m: ['eve'], objectId: 'x', createdAt: 'x' };
    expect(fromColumns(columns)).toEqual({ name: 'n', attributes: { a: 1 }, columns: { size: 3 } });
    expect(fromColumns({})).toEqual({});
    expect(columnsOf(view)).toEqual({ attr: { a: 1, deep: { x: 2 } }, own: { size: 3, tags: ['t'] } });
  });

  it('have places among ours', () => {
    expect(['attr.a', 'attr.deep.x', 'size.inner'].map(placeOf)).toEqual([
      { of: 'attributes', path: 'a' },
      { of: 'attributes', path: 'deep.x' },
      { of: 'columns', path: 'size.inner' },
    ]);
    expect(() => placeOf('m')).toThrow('cannot be changed');
  });

  it('change where they are kept', () => {
    const change = { 'attr.a': 2, size: { __op: 'Increment', amount: 2 }, 'deep.x': 1, attr2: null };
    expect(changeOf(change, view)).toEqual({
      attributes: { a: 2 },
      columns: { size: 5, 'deep.x': 1, attr2: null },
    });
    expect(changeOf({ attr: { b: 1 }, name: 'm' }, view)).toEqual({
      name: 'm',
      attributes: { a: null, deep: null, b: 1 },
    });
  });

  it('are told completely when something inside was touched', () => {
    expect(touchedColumns(view, ['attr.deep.x', 'size', 'gone', 'name'])).toEqual({
      attr: { a: 1, deep: { x: 2 } },
      size: 3,
      name: 'n',
    });
  });

  it.each<[ColumnOperation, unknown, unknown]>([
    [{ __op: 'Delete' }, 1, null],
    [{ __op: 'Increment', amount: 2 }, 3, 5],
    [{ __op: 'Increment' }, undefined, 1],
    [{ __op: 'Decrement', amount: 2 }, 3, 1],
    [{ __op: 'Add', objects: [1] }, [1], [1, 1]],
    [{ __op: 'AddUnique', objects: [1, { a: 1 }, 2] }, [1, { a: 1 }], [1, { a: 1 }, 2]],
    [{ __op: 'AddUnique', objects: [2, 2] }, [1], [1, 2]],
    [{ __op: 'Remove', objects: [1] }, [1, 2, 1], [2]],
    [{ __op: 'BitOr', value: 4 }, 3, 7],
  ])('know the operation %j', (operation, before, after) => {
    expect(applyOperation(operation, before as never)).toEqual(after);
  });

  it('refuse operations that nobody knows', () => {
    expect(() => applyOperation({ __op: 'Explode' }, 1)).toThrow('no operation');
    expect(() => applyOperation({ __op: 'Increment', amount: 'x' }, 1)).toThrow('a number');
  });
});

describe('where', () => {
  it.each([
    [{ m: 'ann' }, { $and: [{ members: 'ann' }, { kind: { $ne: 'room' } }] }],
    [{ objectId: { $in: ['a'] } }, { id: { $in: ['a'] } }],
    [
      { 'attr.a.b': 1, size: 2 },
      { 'attributes.a.b': 1, 'columns.size': 2 },
    ],
    [{ tr: true }, { kind: { $eq: 'room' } }],
    [{ sys: false, name: 'x' }, { $and: [{ name: 'x' }, { kind: { $ne: 'system' } }] }],
    [{ tr: { $ne: true } }, { kind: { $ne: 'room' } }],
    [
      { $or: [{ c: 'ann' }, { lm: { $gt: { __type: 'Date', iso: '2020-01-01T00:00:00.000Z' } } }] },
      {
        $or: [
          { creator: 'ann' },
          { lastMessageAt: { $gt: { __type: 'Date', iso: '2020-01-01T00:00:00.000Z' } } },
        ],
      },
    ],
    [{}, {}],
  ])('%j is our own filter', (where, native) => {
    expect(nativeWhere(where)).toEqual(native);
    expect(() => parseFilter(nativeWhere(where))).not.toThrow();
  });

  it('is refused when it is none', () => {
    for (const bad of [1, [], 'x', { $or: 1 }]) expect(() => nativeWhere(bad)).toThrow();
  });

  it.each([
    [undefined, '-lastMessageAt'],
    ['-lm,createdAt', '-lastMessageAt,createdAt'],
    ['attr.n,-size', 'attributes.n,-columns.size'],
    ['m', '-lastMessageAt'],
  ])('sort %j is %j', (sort, native) => {
    expect(nativeSort(sort)).toBe(native);
    expect(() => parseSort(native)).not.toThrow();
  });
});

describe('rows', () => {
  it('say everything in columns', () => {
    expect(conversationRow({ conversation: view, members: ['ann', 'bob'] }, 10)).toEqual({
      objectId: 'c1',
      name: 'n',
      c: 'ann',
      m: ['ann', 'bob'],
      attr: { a: 1, deep: { x: 2 } },
      size: 3,
      tags: ['t'],
      lm: { __type: 'Date', iso: '1970-01-01T00:00:00.002Z' },
      createdAt: '1970-01-01T00:00:00.000Z',
      updatedAt: '1970-01-01T00:00:00.001Z',
      conv_type: 1,
      muted: false,
    });
    expect(uniqueIdOf(['b', 'a', 'b'])).toBe(uniqueIdOf(['a', 'b']));
  });

  it('say of unique ones by which key, which is how Java knows them; an imported one keeps its own', () => {
    const conversation = { ...view, unique: true };
    const members = ['bob', 'ann'];
    expect(conversationRow({ conversation, members }, 10)).toMatchObject({
      unique: true,
      uniqueId: uniqueIdOf(['ann', 'bob']),
    });
    expect(conversationRow({ conversation }, 10)).not.toHaveProperty('uniqueId');
    const imported = { ...conversation, columns: { uniqueId: 'before' } };
    expect(conversationRow({ conversation: imported, members }, 10)).toMatchObject({ uniqueId: 'before' });
    expect(conversationRow({ conversation: view, members }, 10)).not.toHaveProperty('uniqueId');
  });

  it('say of a last message whether it is bytes, in so many words: C# fails without', () => {
    const message = { id: 'm1', conversation: 'c1', time: 3, from: 'ann' };
    const text = { ...message, format: 'text', body: 'hello' } as unknown as MessageView;
    const bytes = { ...message, format: 'binary', body: 'AAE=' } as unknown as MessageView;
    expect(conversationRow({ conversation: view, lastMessage: text }, 10)).toMatchObject({ bin: false });
    expect(conversationRow({ conversation: view, lastMessage: bytes }, 10)).toMatchObject({
      bin: true,
      msg: 'AAE=',
    });
  });

  it('say of temporary ones how long they live', () => {
    const conversation = { ...view, kind: 'temporary', expiresAt: 5_000 } as const;
    expect(conversationRow({ conversation }, 1_000)).toMatchObject({ conv_type: 4, temp: true, ttl: 4 });
  });
});

describe('pushes about members', () => {
  const ops = (entry: object, reader: string) =>
    membershipPushes(
      { conversation: 'c1', seq: 1, time: 0, by: 'ann', ...entry } as EntryView,
      asClientId(reader),
      false,
    )?.map(({ op }) => op);

  it.each([
    [{ kind: 'created', members: ['ann', 'bob'] }, 'bob', [32, 33]],
    [{ kind: 'added', members: ['bob'] }, 'bob', [32, 33]],
    [{ kind: 'added', members: ['bob'] }, 'ann', [33]],
    [{ kind: 'joined' }, 'ann', [32, 33]],
    [{ kind: 'joined' }, 'bob', [33]],
    [{ kind: 'left' }, 'ann', [39]],
    [{ kind: 'left' }, 'bob', [40]],
    [{ kind: 'removed', members: ['bob'] }, 'bob', [39]],
    [{ kind: 'removed', members: ['bob'] }, 'ann', [40]],
    [{ kind: 'role', member: 'bob', role: 'manager' }, 'bob', [55]],
    [{ kind: 'silenced', members: ['bob'] }, 'bob', [186, 188]],
    [{ kind: 'unsilenced', members: ['bob'] }, 'ann', [189]],
    [{ kind: 'blocked', members: ['bob'] }, 'bob', [172, 39]],
    [{ kind: 'blocked', members: ['bob'] }, 'ann', [174, 40]],
    [{ kind: 'unblocked', members: ['bob'] }, 'bob', [173]],
    [{ kind: 'unblocked', members: ['bob'] }, 'ann', [175]],
    [{ kind: 'deleted' }, 'ann', undefined],
  ])('%j to %s', (entry, reader, wanted) => expect(ops(entry, reader)).toEqual(wanted));
});
