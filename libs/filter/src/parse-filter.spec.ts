import fc from 'fast-check';
import { AppError } from '@hongyan/protocol';
import { bounds } from './fields.js';
import { parseFilter } from './parse-filter.js';
import { parseSort } from './parse-sort.js';

const leancloud = {
  aliases: { objectId: 'id', c: 'creator', lm: 'lastMessageAt' },
  attributePrefixes: ['attr'],
  kindFlags: { tr: 'room', sys: 'system' },
};
const refusal = (run: () => unknown): AppError => {
  try {
    run();
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error('was not refused');
};
const nested = (depth: number): unknown => (depth === 0 ? { a: 1 } : { $and: [nested(depth - 1), { b: 1 }] });

describe('fields', () => {
  it('knows columns and takes everything else for attributes', () => {
    expect(parseFilter({ name: 'x' })).toEqual({ op: 'eq', field: ['name'], value: 'x' });
    expect(parseFilter({ topic: 'x' })).toEqual({ op: 'eq', field: ['attributes', 'topic'], value: 'x' });
    expect(parseFilter({ 'a.b.0': 1 })).toEqual({ op: 'eq', field: ['attributes', 'a', 'b', '0'], value: 1 });
    expect(parseFilter({ 'attributes.name': 1 })).toEqual({
      op: 'eq',
      field: ['attributes', 'name'],
      value: 1,
    });
    expect(parseFilter({ 'attr.x': 1 })).toEqual({ op: 'eq', field: ['attributes', 'attr', 'x'], value: 1 });
  });

  it('takes other names by option', () => {
    const parse = (where: unknown) => parseFilter(where, leancloud);
    expect(parse({ 'attr.x': 1 })).toEqual({ op: 'eq', field: ['attributes', 'x'], value: 1 });
    expect(parse({ objectId: 'x' })).toEqual({ op: 'eq', field: ['id'], value: 'x' });
    expect(parse({ lm: { $gt: { __type: 'Date', iso: '2024-01-01T00:00:00.000Z' } } })).toEqual({
      op: 'gt',
      field: ['lastMessageAt'],
      value: { date: Date.UTC(2024, 0, 1) },
    });
    const room = { op: 'eq', field: ['kind'], value: 'room' };
    for (const where of [{ tr: true }, { tr: { $exists: true } }, { tr: { $ne: false } }])
      expect(parse(where)).toEqual(room);
    for (const where of [{ tr: false }, { tr: { $exists: false } }, { tr: { $ne: true } }])
      expect(parse(where)).toEqual({ ...room, op: 'ne' });
    expect(refusal(() => parse({ sys: { $in: [true] } })).error).toBe('filter_invalid');
    expect(parseSort('-lm,attr.x,objectId', leancloud)).toEqual([
      { field: ['lastMessageAt'], descending: true },
      { field: ['attributes', 'x'], descending: false },
      { field: ['id'], descending: false },
    ]);
  });

  it.each([
    '__proto__',
    'a.__proto__.b',
    'constructor',
    'a.prototype',
    'a..b',
    '',
    '.a',
    'a.',
    'a.$b',
    'a\0',
    'a$',
    '\ud800',
    'attributes',
    'name.x',
    'm.0',
  ])('refuses %j', (key) => {
    const where: unknown = JSON.parse(`{${JSON.stringify(key)}: 1}`);
    expect(refusal(() => parseFilter(where)).error).toBe('filter_invalid');
    expect(refusal(() => parseSort(`${key},name`)).error).toBe('filter_invalid');
  });
});

describe('conditions', () => {
  it('joins several', () => {
    expect(parseFilter(undefined)).toEqual({ op: 'and', filters: [] });
    expect(parseFilter({ a: { $gt: 1, $lt: 2 } })).toEqual({
      op: 'and',
      filters: [
        { op: 'gt', field: ['attributes', 'a'], value: 1 },
        { op: 'lt', field: ['attributes', 'a'], value: 2 },
      ],
    });
  });

  it('reads members', () => {
    expect(parseFilter({ m: 'a' })).toEqual({ op: 'members', test: 'all', clients: ['a'] });
    expect(parseFilter({ $or: [{ members: { $in: ['a', 'b', 'a'] } }] })).toEqual({
      op: 'members',
      test: 'any',
      clients: ['a', 'b'],
    });
    expect(parseFilter({ m: { $all: ['a'], $size: 1 } })).toEqual(parseFilter({ m: ['a'] }));
  });

  it('reads times', () => {
    const value = { date: 1_704_067_200_000 };
    const times = [
      1_704_067_200_000,
      '2024-01-01T08:00:00+08:00',
      { $date: '2024-01-01T00:00Z' },
      { __type: 'Date', iso: '2024-01-01T00:00:00.000Z' },
    ];
    for (const time of times)
      expect(parseFilter({ createdAt: time })).toEqual({ op: 'eq', field: ['createdAt'], value });
  });

  it.each<[unknown, string]>([
    [{ $nor: [{ a: 1 }] }, '$nor'],
    [{ $where: '1' }, '$where'],
    [{ a: { $not: { $gt: 1 } } }, '$not'],
    [{ a: { $elemMatch: {} } }, '$elemMatch'],
    [{ a: { $and: [] } }, '$and'],
    [{ a: { $gt: 1, b: 2 } }, '"b"'],
    [{ a: { b: { $gt: 1 } } }, '$gt'],
    [{ a: { $in: 1 } }, '$in'],
    [{ a: { $in: [{ $regex: 'x' }] } }, '$regex'],
    [{ a: { $gt: { b: 1 } } }, '$gt'],
    [{ a: { $lte: [1] } }, '$lte'],
    [{ a: { $exists: 1 } }, '$exists'],
    [{ a: { $size: -1 } }, '$size'],
    [{ a: { $size: 1.5 } }, '$size'],
    [{ a: { $options: 'i' } }, '$options'],
    [{ a: { $regex: 1 } }, '$regex'],
    [{ a: { $regex: 'a', $options: 'x' } }, '$options'],
    [{ $or: [] }, '$or'],
    [{ $and: {} }, '$and'],
    [{ $or: [1] }, 'object'],
    [{ $or: [{ m: 'a' }, { b: 1 }] }, '"m"'],
    [{ $or: [{ $and: [{ members: { $size: 1 } }] }, { b: 1 }] }, '"members"'],
    [{ m: { $ne: 'a' } }, '$ne'],
    [{ m: 1 }, '"m"'],
    [{ m: { $in: [] } }, '"m"'],
    [{ createdAt: 'yesterday' }, 'yesterday'],
    [{ createdAt: 1.5 }, '1.5'],
    [{ a: { $date: '2024-13-01T00:00:00Z' } }, '2024-13'],
    [{ a: { __type: 'Date', iso: 'x' } }, '"x"'],
    [{ a: { __type: 'Date', iso: '2024-01-01T00:00:00Z', b: 1 } }, 'beside'],
    [{ a: { $date: 8.64e15 } }, '8640000000000000'],
    [{ a: Number.NaN }, 'NaN'],
    [{ a: undefined }, 'undefined'],
    [{ a: '\ud800' }, 'Unicode'],
    [{ a: JSON.parse('{"__proto__": 1}') as unknown }, '__proto__'],
    [[], 'object'],
    ['x', 'object'],
  ])('refuses %j', (where, word) => {
    const error = refusal(() => parseFilter(where));
    expect(error.error).toBe('filter_invalid');
    expect(error.detail).toContain(word);
  });

  it('is bounded', () => {
    const list = (length: number): unknown[] => Array.from({ length }, (_, index) => index);
    const tooMuch: unknown[] = [
      nested(bounds.depth),
      { $and: list(bounds.conditions + 1).map(() => ({ a: 1 })) },
      { $or: list(30).map(() => ({ $or: list(30).map(() => ({})) })) },
      Object.fromEntries(list(bounds.conditions + 1).map((index) => [`k${String(index)}`, 1])),
      { a: { $in: list(bounds.values + 1) } },
      { m: { $in: list(bounds.values + 1).map(String) } },
      { a: list(bounds.values) },
      { a: 'x'.repeat(bounds.textLength + 1) },
      { a: { $regex: 'x'.repeat(bounds.patternLength + 1) } },
      { [`a.${'x'.repeat(bounds.segmentLength + 1)}`]: 1 },
      { ['a.'.repeat(bounds.pathDepth) + 'a']: 1 },
      { a: JSON.parse('['.repeat(9) + ']'.repeat(9)) as unknown },
    ];
    for (const where of tooMuch) expect(refusal(() => parseFilter(where)).error).toBe('filter_too_complex');
    expect(parseFilter(nested(bounds.depth - 1))).toBeDefined();
    expect(parseFilter({ a: { $in: list(bounds.values) } })).toBeDefined();
    expect(parseFilter({ id: { $in: list(1000).map(String) } }, { maxValues: 1000 })).toBeDefined();
  });

  it('gives AppErrors for whatever it cannot read', () => {
    const words = fc.constantFrom(
      '$and',
      '$or',
      '$in',
      '$regex',
      '$options',
      '$date',
      '$exists',
      '$size',
      '$all',
      'm',
      'name',
      'createdAt',
      '__type',
      'iso',
      'a.b',
    );
    const junk = fc.letrec<{ any: unknown }>((tie) => ({
      any: fc.oneof(
        { maxDepth: 6 },
        {
          weight: 3,
          arbitrary: fc.oneof(
            fc.anything({ withDate: true, withBigInt: true }),
            fc.string(),
            fc.constantFrom('Date', 'i', '.*', 1),
          ),
        },
        { weight: 1, arbitrary: fc.array(tie('any'), { maxLength: 4 }) },
        { weight: 3, arbitrary: fc.dictionary(fc.oneof(words, fc.string()), tie('any'), { maxKeys: 4 }) },
      ),
    })).any;
    fc.assert(
      fc.property(junk, fc.string(), (where, sort) => {
        for (const run of [
          () => parseFilter(where),
          () => parseFilter(where, leancloud),
          () => parseSort(sort),
        ]) {
          try {
            run();
          } catch (error) {
            expect(error).toBeInstanceOf(AppError);
            expect((error as AppError).error).toMatch(/^filter_/);
          }
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('sort', () => {
  it('reads keys', () => {
    expect(parseSort('')).toEqual([]);
    expect(parseSort(' -name, a.b ')).toEqual([
      { field: ['name'], descending: true },
      { field: ['attributes', 'a', 'b'], descending: false },
    ]);
  });

  it('refuses what cannot be', () => {
    for (const text of ['m', 'members', 'a,a', 'a,', '-', '--a$'])
      expect(refusal(() => parseSort(text)).error).toBe('filter_invalid');
    expect(refusal(() => parseSort('a,b,c,d')).error).toBe('filter_too_complex');
    expect(refusal(() => parseSort('a'.repeat(3000))).error).toBe('filter_too_complex');
  });
});
