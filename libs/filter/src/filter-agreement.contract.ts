import fc from 'fast-check';
import { AppError } from '@hongyan/protocol';
import type { Json, JsonObject } from '@hongyan/protocol';
import type { FilterDocument } from './evaluate.js';
import { runByEvaluation } from './filter.contract.js';
import { parseFilter } from './parse-filter.js';
import { parseSort } from './parse-sort.js';
import type { Filter, SortKey } from './types.js';

/** Few different values, so that they meet; and some that engines like to get wrong. */
const scalar = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom<Json[]>(
      null,
      true,
      false,
      0,
      1,
      1.5,
      -1,
      '',
      'a',
      'b',
      'A',
      '1',
      'é',
      '🍺',
      '\uffee',
      'true',
    ),
  },
  {
    weight: 1,
    arbitrary: fc
      .double({ noNaN: true, noDefaultInfinity: true })
      .map((number) => (number === 0 ? 0 : number)),
  },
  { weight: 1, arbitrary: fc.integer({ min: -(2 ** 53), max: 2 ** 53 }).map((number) => number * 1024) },
  { weight: 1, arbitrary: fc.string({ unit: 'grapheme', maxLength: 4 }) },
);
const isoTimes = [
  '2024-01-01T00:00:00.000Z',
  '2024-06-30T12:30:00.123Z',
  '1969-12-31T23:59:59.999Z',
] as const;
const date = fc.constantFrom(...isoTimes).map((iso): JsonObject => ({ __type: 'Date', iso }));
const oddDate = fc.constantFrom<JsonObject[]>(
  { __type: 'Date' },
  { __type: 'Date', iso: 7 },
  { iso: isoTimes[0] },
  { __type: 'Date', iso: '2024-01-01' },
);
const key = fc.constantFrom('a', 'b', '0', '1', 'k"\\');
const { value: json } = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    { weight: 5, arbitrary: scalar },
    { weight: 1, arbitrary: date },
    { weight: 1, arbitrary: oddDate },
    { weight: 2, arbitrary: fc.array(tie('value'), { maxLength: 3 }) },
    { weight: 2, arbitrary: fc.dictionary(key, tie('value'), { maxKeys: 3, noNullPrototype: true }) },
  ),
}));

const clients = ['ann', 'bob', 'cyd', '李'] as const;
const name = fc.constantFrom('a', 'A', 'b', '', 'é', '🍺 x');
const time = fc.constantFrom(...isoTimes.map((iso) => Math.abs(Date.parse(iso))));
const document = fc.record(
  {
    id: fc.constant(''),
    kind: fc.constantFrom('ordinary', 'room', 'system'),
    name,
    creator: fc.constantFrom(...clients),
    unique: fc.boolean(),
    frozen: fc.boolean(),
    createdAt: time,
    updatedAt: time,
    lastMessageAt: time,
    attributes: fc.dictionary(key, json, { maxKeys: 4, noNullPrototype: true }),
    members: fc.subarray([...clients]),
  },
  { requiredKeys: ['id', 'kind', 'unique', 'frozen', 'createdAt', 'updatedAt', 'attributes', 'members'] },
);
const documents = fc
  .array(document, { minLength: 1, maxLength: 8 })
  .map((list): FilterDocument[] => list.map((one, index) => ({ ...one, id: `c${index}` })));

const path = fc.array(key, { minLength: 1, maxLength: 4 }).map((keys) => `attributes.${keys.join('.')}`);
const shortPath = key.map((one) => `attributes.${one}`);
const column = fc.constantFrom(
  'id',
  'name',
  'creator',
  'kind',
  'unique',
  'frozen',
  'createdAt',
  'updatedAt',
  'lastMessageAt',
);
const field = fc.oneof(
  { weight: 3, arbitrary: shortPath },
  { weight: 3, arbitrary: path },
  { weight: 2, arbitrary: column },
);

const value = fc.oneof(
  { weight: 4, arbitrary: scalar },
  { weight: 1, arbitrary: date },
  { weight: 2, arbitrary: json },
);
const bound = fc.oneof(
  { weight: 4, arbitrary: scalar },
  { weight: 1, arbitrary: date },
  { weight: 1, arbitrary: name },
);
const pattern = fc.constantFrom(
  'a',
  '^a',
  'b$',
  '^$',
  '.',
  '^.$',
  '[a-z]',
  '[^a]',
  '\\QÉ\\E',
  'a.*b',
  '',
  '^(a|É)',
  'a+b?$',
  '(^|b)a',
);
const operators = fc.oneof(
  fc.record({ op: fc.constantFrom('$eq', '$ne'), to: value }),
  fc.record({ op: fc.constantFrom('$gt', '$gte', '$lt', '$lte'), to: bound }),
  fc.record({ op: fc.constantFrom('$in', '$nin', '$all'), to: fc.array(value, { maxLength: 4 }) }),
  fc.record({ op: fc.constant('$exists'), to: fc.boolean() }),
  fc.record({ op: fc.constant('$size'), to: fc.integer({ min: 0, max: 3 }) }),
  fc.record({ op: fc.constant('$regex'), to: pattern }),
);
const condition = fc
  .tuple(field, operators, fc.boolean())
  .map(([name_, { op, to }, ignoreCase]): JsonObject => ({
    [name_]: op === '$regex' && ignoreCase ? { $regex: to, $options: 'i' } : { [op]: to },
  }));
const memberCondition = fc
  .oneof(
    fc.record({ op: fc.constantFrom('$in', '$all'), to: fc.subarray([...clients], { minLength: 1 }) }),
    fc.record({ op: fc.constant('$size'), to: fc.integer({ min: 0, max: 4 }) }),
  )
  .map(({ op, to }): JsonObject => ({ members: { [op]: to } }));

const { where: logical } = fc.letrec<{ where: JsonObject }>((tie) => ({
  where: fc.oneof(
    { maxDepth: 3 },
    { weight: 4, arbitrary: condition },
    {
      weight: 1,
      arbitrary: fc.array(tie('where'), { minLength: 1, maxLength: 3 }).map((list) => ({ $and: list })),
    },
    {
      weight: 2,
      arbitrary: fc.array(tie('where'), { minLength: 1, maxLength: 3 }).map((list) => ({ $or: list })),
    },
  ),
}));
const where = fc
  .oneof(
    { weight: 8, arbitrary: logical },
    { weight: 1, arbitrary: fc.tuple(logical, memberCondition).map((list) => ({ $and: list })) },
  )
  .filter(isFilter);
const sort = fc
  .uniqueArray(fc.tuple(field, fc.boolean()), { maxLength: 3, selector: ([one]) => one })
  .map((keys) => keys.map(([one, descending]) => (descending ? '-' : '') + one).join(','));

/** False for what is refused: badly written dates, texts for columns of times, too many conditions. */
function isFilter(candidate: unknown): boolean {
  try {
    parseFilter(candidate);
    return true;
  } catch (error) {
    if (error instanceof AppError) return false;
    throw error;
  }
}

export type FillAndRun = (
  documents: readonly FilterDocument[],
) => (filter: Filter, sort: readonly SortKey[]) => Promise<string[]>;

/** Random documents and filters: an engine finds what the reference finds, in the same order. */
export function describeFilterAgreement(
  engine: string,
  fill: FillAndRun,
  runs = 300,
  filtersPerRun = 10,
): void {
  it(`${engine} agrees with the reference on random filters`, async () => {
    const query = fc.tuple(where, sort);
    await fc.assert(
      fc.asyncProperty(
        documents,
        fc.array(query, { minLength: filtersPerRun, maxLength: filtersPerRun }),
        async (docs, queries) => {
          const run = fill(docs);
          for (const [filterText, sortText] of queries) {
            const [filter, keys] = [parseFilter(filterText), parseSort(sortText)];
            expect({ filterText, sortText, found: await run(filter, keys) }).toEqual({
              filterText,
              sortText,
              found: await runByEvaluation(docs, filter, keys),
            });
          }
        },
      ),
      { numRuns: runs },
    );
  }, 60_000);
}
