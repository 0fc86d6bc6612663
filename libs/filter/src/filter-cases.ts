import type { JsonObject } from '@hongyan/protocol';
import type { FilterDocument } from './evaluate.js';
import { moreFilterCases } from './filter-cases-fields.js';
import { sample } from './filter-sample.js';
import type { FilterCases } from './filter-sample.js';

/** One document per value of the attribute `x`; undefined leaves it out. */
const values = (byId: Readonly<Record<string, JsonObject[string] | undefined>>): FilterDocument[] =>
  Object.entries(byId).map(([id, x]) => sample(id, x === undefined ? {} : { x }));

const day = (text: string): JsonObject => ({ __type: 'Date', iso: `${text}T00:00:00.000Z` });
const everything = { $and: [{ x: { $exists: true } }, { x: { $ne: 'no such value' } }] };

const mixed = values({
  arr: [1, 'a', null], bare: undefined, date: day('2024-05-01'), empty: '', f: false, nest: [[1, 2], [3]], nil: null,
  none: [], obj: { a: 1 }, one: 1, text: 'a', t: true, two: 2.5, zero: 0, zzz: '1',
}); // prettier-ignore

const numbers = values({
  big: 9_007_199_254_740_992, exp: 1e300, hlist: [1_234_567_890_123_456_768], huge: 1_234_567_890_123_456_768,
  int: 1, less: 0.1, neg: -5, real: 1.5, sum: 0.1 + 0.2, tiny: 5e-324, zero: -0,
}); // prettier-ignore

const texts = values({
  beer: '🍺 beer', bmp: '\uffee', cafe: 'café', cap: 'Apple', de: 'Straße', han: '群聊-鸿雁', line: 'one\ntwo',
  low: 'apple', nul: 'a\u0000b', quote: `it's "so" \\ 100%_`, space: ' apple ',
}); // prettier-ignore

const lists = values({
  ab: ['a', 'b'], abc: ['a', 'b', 'c'], ba: ['b', 'a'], deep: [['a', 'b']], empty: [], nul: [null], num: [1, 5, 9],
  objs: [{ k: 1 }, { k: 2 }], str: 'a', when: [day('2024-01-01'), day('2024-03-01')], yes: [true],
}); // prettier-ignore

const dates = values({
  d1: day('2024-01-01'), d2: day('2024-02-29'), d3: day('2025-01-01'), ms: 1_704_067_200_000,
  noon: { __type: 'Date', iso: '2024-01-01T12:00:00.000Z' }, short: { __type: 'Date', iso: '2024-01-01T00:00:00Z' }, text: '2024-01-01T00:00:00.000Z', type: { __type: 'Date' },
}); // prettier-ignore

/** Every engine answers each of these as written here. */
export const filterCases: readonly FilterCases[] = [
  {
    title: 'equality, types, null and missing',
    documents: mixed,
    cases: [
      [{}, 'arr bare date empty f nest nil none obj one t text two zero zzz'],
      [undefined, 'arr bare date empty f nest nil none obj one t text two zero zzz'],
      [{ x: 1 }, 'arr one'],
      [{ x: { $eq: 1.0 } }, 'arr one'],
      [{ x: '1' }, 'zzz'],
      [{ x: 'a' }, 'arr text'],
      [{ x: '' }, 'empty'],
      [{ x: true }, 't'],
      [{ x: false }, 'f'],
      [{ x: 0 }, 'zero'],
      [{ x: null }, 'arr bare nil'],
      [{ x: { $eq: null } }, 'arr bare nil'],
      [{ x: { $ne: null } }, 'date empty f nest none obj one t text two zero zzz'],
      [{ x: { $exists: true } }, 'arr date empty f nest nil none obj one t text two zero zzz'],
      [{ x: { $exists: false } }, 'bare'],
      [{ x: { $ne: 1 } }, 'bare date empty f nest nil none obj t text two zero zzz'],
      [{ x: { $ne: 'a' } }, 'bare date empty f nest nil none obj one t two zero zzz'],
      [{ x: { a: 1 } }, 'obj'],
      [{ x: { a: 1.0 } }, 'obj'],
      [{ x: {} }, ''],
      [{ x: [] }, 'none'],
      [{ x: [1, 'a', null] }, 'arr'],
      [{ x: [1, 2] }, 'nest'],
      [{ x: [[1, 2], [3]] }, 'nest'],
      [{ x: { $ne: [] } }, 'arr bare date empty f nest nil obj one t text two zero zzz'],
      [{ x: { $date: '2024-05-01T00:00:00Z' } }, 'date'],
      [{ x: { $date: 1_714_521_600_000 } }, 'date'],
      [{ y: null }, 'arr bare date empty f nest nil none obj one t text two zero zzz'],
      [{ y: { $exists: true } }, ''],
      [{ 'attributes.x': 1 }, 'arr one'],
    ],
  },
  {
    title: '$in, $nin and $all',
    documents: mixed,
    cases: [
      [{ x: { $in: [1, 'a', true] } }, 'arr one t text'],
      [{ x: { $in: [] } }, ''],
      [{ x: { $nin: [] } }, 'arr bare date empty f nest nil none obj one t text two zero zzz'],
      [{ x: { $in: [null, 0] } }, 'arr bare nil zero'],
      [{ x: { $nin: [null] } }, 'date empty f nest none obj one t text two zero zzz'],
      [{ x: { $nin: [1, 'a'] } }, 'bare date empty f nest nil none obj t two zero zzz'],
      [{ x: { $in: [[3], { a: 1 }, false, day('2024-05-01')] } }, 'date f nest obj'],
      [{ x: { $all: [1, 'a'] } }, 'arr'],
      [{ x: { $all: [1] } }, 'arr one'],
      [{ x: { $all: [1, 1.0] } }, 'arr one'],
      [{ x: { $all: [] } }, ''],
      [{ x: { $all: [null, 1] } }, 'arr'],
      [{ x: { $all: [[3], [1, 2]] } }, 'nest'],
    ],
  },
  {
    title: 'ranges compare within one type',
    documents: mixed,
    cases: [
      [{ x: { $gt: 0 } }, 'arr one two'],
      [{ x: { $gte: 0 } }, 'arr one two zero'],
      [{ x: { $lt: 1 } }, 'zero'],
      [{ x: { $lte: 1 } }, 'arr one zero'],
      [{ x: { $gt: 1, $lt: 3 } }, 'two'],
      [{ x: { $gt: '' } }, 'arr text zzz'],
      [{ x: { $gte: '' } }, 'arr empty text zzz'],
      [{ x: { $lt: 'a' } }, 'empty zzz'],
      [{ x: { $gte: false } }, 'f t'],
      [{ x: { $gt: false } }, 't'],
      [{ x: { $lt: true } }, 'f'],
      [{ x: { $gte: null } }, 'arr bare nil'],
      [{ x: { $lte: null } }, 'arr bare nil'],
      [{ x: { $gt: null } }, ''],
      [{ x: { $lt: { $date: 4_000_000_000_000 } } }, 'date'],
    ],
  },
  {
    title: 'numbers are doubles',
    documents: numbers,
    cases: [
      [{ x: 0 }, 'zero'],
      [{ x: -0 }, 'zero'],
      [{ x: 0.3 }, ''],
      [{ x: 0.1 + 0.2 }, 'sum'],
      [{ x: 1_234_567_890_123_456_768 }, 'hlist huge'],
      [{ x: { $in: [1_234_567_890_123_456_768, 5e-324] } }, 'hlist huge tiny'],
      [{ x: 9_007_199_254_740_992 }, 'big'],
      [{ x: { $gt: 9_007_199_254_740_991 } }, 'big exp hlist huge'],
      [{ x: { $gte: 1e300 } }, 'exp'],
      [{ x: { $lt: 0 } }, 'neg'],
      [{ x: { $gt: 0, $lt: 0.2 } }, 'less tiny'],
      [everything, 'neg zero tiny less sum int real big huge exp hlist', 'x'],
      [everything, 'hlist exp huge big real int sum less tiny zero neg', '-x'],
    ],
  },
  {
    title: 'texts',
    documents: texts,
    cases: [
      [{ x: 'apple' }, 'low'],
      [{ x: 'café' }, 'cafe'],
      [{ x: 'cafe\u0301' }, ''],
      [{ x: '🍺 beer' }, 'beer'],
      [{ x: `it's "so" \\ 100%_` }, 'quote'],
      [{ x: 'a\u0000b' }, 'nul'],
      [{ x: 'a' }, ''],
      [{ x: { $gt: '\uffee' } }, 'beer'],
      [{ x: { $lt: 'a' } }, 'cap de space'],
      [{ x: { $regex: 'apple' } }, 'low space'],
      [{ x: { $regex: '^apple$' } }, 'low'],
      [{ x: { $regex: '^APPLE$', $options: 'i' } }, 'cap low'],
      [{ x: { $regex: 'É$', $options: 'i' } }, 'cafe'],
      [{ x: { $regex: '\\Q群聊-\\E' } }, 'han'],
      [{ x: { $regex: '^\\Qit\'s "so" \\\\E.\\Q100%_\\E$' } }, 'quote'],
      [{ x: { $regex: '\\Q \\ 100%_\\E$' } }, 'quote'],
      [{ x: { $regex: '^. b.*r$' } }, 'beer'],
      [{ x: { $regex: '^[A-Z]' } }, 'cap de'],
      [{ x: { $regex: '^[^a-zA-Z]' } }, 'beer bmp han space'],
      [{ x: { $regex: '^(AP|ca)', $options: 'i' } }, 'cafe cap low'],
      [{ x: { $regex: '^(?:\\Q群聊\\E|🍺).+$' } }, 'beer han'],
      [{ x: { $regex: '\\d{3}%' } }, 'quote'],
      [{ x: { $regex: '^two$' } }, ''],
      [{ x: { $regex: '^two$', $options: 'm' } }, 'line'],
      [{ x: { $regex: 'one.*two' } }, ''],
      [{ x: { $regex: 'one[^x]two' } }, 'line'],
      [{ x: { $regex: '' } }, 'beer bmp cafe cap de han line low nul quote space'],
      [{ x: { $exists: true } }, 'space cap de nul low cafe quote line han bmp beer', 'x'],
    ],
  },
  {
    title: 'arrays',
    documents: lists,
    cases: [
      [{ x: 'a' }, 'ab abc ba str'],
      [{ x: { $all: ['a', 'b'] } }, 'ab abc ba'],
      [{ x: ['a', 'b'] }, 'ab deep'],
      [{ x: { $in: ['c', 9] } }, 'abc num'],
      [{ x: { $nin: ['a', 'c'] } }, 'deep empty nul num objs when yes'],
      [{ x: { $size: 0 } }, 'empty'],
      [{ x: { $size: 2 } }, 'ab ba objs when'],
      [{ x: { $size: 1 } }, 'deep nul yes'],
      [{ x: { $gt: 8 } }, 'num'],
      [{ x: { $gt: 2, $lt: 4 } }, 'num'],
      [{ x: { $gt: 5, $lt: 5 } }, 'num'],
      [{ x: { $regex: '^c' } }, 'abc'],
      [{ x: { k: 2 } }, 'objs'],
      [{ x: null }, 'nul'],
      [{ x: true }, 'yes'],
      [{ x: { $gte: { $date: '2024-02-01T00:00:00Z' } } }, 'when'],
      [{ x: { $ne: 'a' } }, 'deep empty nul num objs when yes'],
      [{ x: { $exists: true } }, 'str ab abc ba deep empty nul num objs when yes', 'x'],
    ],
  },
  {
    title: 'dates in attributes',
    documents: dates,
    cases: [
      [{ x: day('2024-01-01') }, 'd1'],
      [{ x: { $date: '2024-01-01T08:00:00+08:00' } }, 'd1'],
      [{ x: { $ne: { $date: 1_704_067_200_000 } } }, 'd2 d3 ms noon short text type'],
      [{ x: { $gt: day('2024-01-01') } }, 'd2 d3 noon'],
      [{ x: { $gte: day('2024-01-01'), $lt: day('2025-01-01') } }, 'd1 d2 noon'],
      [{ x: { $in: [day('2025-01-01'), { $date: '2024-02-29T00:00Z' }] } }, 'd2 d3'],
      [{ x: 1_704_067_200_000 }, 'ms'],
      [{ x: '2024-01-01T00:00:00.000Z' }, 'text'],
      [{ x: { __type: 'Date' } }, 'type'],
      [{ 'x.iso': { $regex: 'T00:00:00Z$' } }, 'short'],
      [{}, 'ms text short type d1 noon d2 d3', 'x'],
      [{}, 'd3 d2 noon d1 short type text ms', '-x'],
    ],
  },
  ...moreFilterCases,
];
