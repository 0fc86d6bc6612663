import type { FilterValue, LinearPattern } from '@hongyan/filter';
import { isArrayIndex } from '@hongyan/filter';
import { anyOf, never, raw, sql } from './sql-fragment.js';
import type { Fragment } from './sql-fragment.js';

/**
 * Conditions on a JSON text. `json_type(doc, path)` is NULL for what is missing; `json_each` gives the elements of an
 * array with their types. Paths and values are always bound.
 */

/** A condition on the value at one place of a document. */
type Leaf = (doc: Fragment, path: string) => Fragment;
export type Operator = '=' | '<' | '<=' | '>' | '>=';

const segmentPath = (segment: string): string => `.${JSON.stringify(segment)}`;
export const jsonPath = (segments: readonly string[]): string => `$${segments.map(segmentPath).join('')}`;

/** How one type of value is recognised and read, at a place and as an element of an array. */
interface ValueType {
  readonly types: string;
  readonly read: (doc: Fragment, path: string) => Fragment;
  readonly element: Fragment;
}

const isoShape =
  '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z';

/** The ISO text of a date, NULL for other objects. */
export const isoOf = (json: Fragment): Fragment =>
  sql`CASE WHEN json_extract(${json}, '$.__type') = 'Date' AND json_extract(${json}, '$.iso') GLOB ${raw(`'${isoShape}'`)}
      THEN json_extract(${json}, '$.iso') END`;

const text: ValueType = {
  types: `'text'`,
  read: (doc, path) => sql`json_extract(${doc}, ${path})`,
  element: raw('e.atom'),
};
/** Numbers are doubles, as in JavaScript, though SQLite would keep some as 64-bit integers. */
const number: ValueType = {
  types: `'integer', 'real'`,
  read: (doc, path) => sql`CAST(json_extract(${doc}, ${path}) AS REAL)`,
  element: raw('CAST(e.atom AS REAL)'),
};
const boolean: ValueType = { types: `'true', 'false'`, read: text.read, element: raw('e.atom') };
const object: ValueType = {
  types: `'object'`,
  read: (doc, path) => sql`(${doc} -> ${path})`,
  element: raw('e.value'),
};
const date: ValueType = {
  types: `'object'`,
  read: (doc, path) => isoOf(object.read(doc, path)),
  element: isoOf(raw('e.value')),
};

/** The value, or any element if it is an array, is of this type and passes the test. */
const check =
  ({ types, read, element }: ValueType, test: (value: Fragment) => Fragment): Leaf =>
  (doc, path) => sql`CASE WHEN json_type(${doc}, ${path}) IN (${raw(types)}) THEN ${test(read(doc, path))}
    WHEN json_type(${doc}, ${path}) = 'array' THEN EXISTS (
      SELECT 1 FROM json_each(${doc}, ${path}) e WHERE e.type IN (${raw(types)}) AND ${test(element)}) END`;

const isNull: Leaf = (doc, path) => sql`CASE coalesce(json_type(${doc}, ${path}), 'null') WHEN 'null' THEN 1
    WHEN 'array' THEN EXISTS (SELECT 1 FROM json_each(${doc}, ${path}) e WHERE e.type = 'null') END`;

const isArray =
  (json: string): Leaf =>
  (doc, path) => sql`CASE json_type(${doc}, ${path}) WHEN 'array' THEN (${doc} -> ${path}) = ${json}
    OR EXISTS (SELECT 1 FROM json_each(${doc}, ${path}) e WHERE e.type = 'array' AND e.value = ${json}) END`;

const isoText = (time: number): string => new Date(time).toISOString();

/** `field <operator> value`, with null and missing being equal. */
export function compareAttribute(
  doc: Fragment,
  segments: readonly string[],
  operator: Operator,
  value: FilterValue,
): Fragment {
  const compare = (bound: string | number) => (found: Fragment) => sql`${found} ${raw(operator)} ${bound}`;
  if (value === null) {
    return operator === '<' || operator === '>' ? never : reach(doc, segments, isNull, true);
  }
  switch (typeof value) {
    case 'string':
      return reach(doc, segments, check(text, compare(value)));
    case 'number':
      return reach(doc, segments, check(number, compare(value)));
    case 'boolean':
      return reach(doc, segments, check(boolean, compare(value ? 1 : 0)));
    default: {
      if ('date' in value) return reach(doc, segments, check(date, compare(isoText(value.date))));
      if (operator !== '=') return never;
      const json = JSON.stringify(value.json);
      return reach(doc, segments, Array.isArray(value.json) ? isArray(json) : check(object, compare(json)));
    }
  }
}

/** Equal to one of the values; those of a type are bound as one list, so that the SQL stays the same. */
export function attributeIn(
  doc: Fragment,
  segments: readonly string[],
  values: readonly FilterValue[],
): Fragment {
  const texts: string[] = [];
  const numbers: number[] = [];
  const dates: string[] = [];
  const others: FilterValue[] = [];
  for (const value of values) {
    if (typeof value === 'string') texts.push(value);
    else if (typeof value === 'number') numbers.push(value);
    else if (typeof value === 'object' && value !== null && 'date' in value) dates.push(isoText(value.date));
    else others.push(value);
  }
  const among = (list: readonly unknown[]) => (found: Fragment) =>
    sql`${found} IN (SELECT value FROM json_each(${JSON.stringify(list)}))`;
  const amongNumbers = (found: Fragment) =>
    sql`${found} IN (SELECT CAST(value AS REAL) FROM json_each(${JSON.stringify(numbers)}))`;
  return anyOf([
    ...(texts.length > 0 ? [reach(doc, segments, check(text, among(texts)))] : []),
    ...(numbers.length > 0 ? [reach(doc, segments, check(number, amongNumbers))] : []),
    ...(dates.length > 0 ? [reach(doc, segments, check(date, among(dates)))] : []),
    ...others.map((value) => compareAttribute(doc, segments, '=', value)),
  ]);
}

export const attributeExists = (doc: Fragment, segments: readonly string[]): Fragment =>
  reach(doc, segments, (found, path) => sql`json_type(${found}, ${path}) IS NOT NULL`);

export const attributeHasSize = (doc: Fragment, segments: readonly string[], size: number): Fragment =>
  reach(
    doc,
    segments,
    (found, path) =>
      sql`CASE json_type(${found}, ${path}) WHEN 'array' THEN json_array_length(${found}, ${path}) = ${size} END`,
  );

/** Calls the function that {@link registerFilterFunctions} adds to a connection. */
export const matchesRegex = ({ source, ignoreCase, multiline }: LinearPattern, found: Fragment): Fragment =>
  sql`hongyan_regex(${source}, ${(ignoreCase ? 'i' : '') + (multiline ? 'm' : '')}, ${found})`;

export const attributeMatches = (
  doc: Fragment,
  segments: readonly string[],
  pattern: LinearPattern,
): Fragment =>
  reach(
    doc,
    segments,
    check(text, (found) => matchesRegex(pattern, found)),
  );

/**
 * Applies a condition to everything the path leads to. Only if there is an array on the way its elements are gone
 * through, which needs a join per segment. `missing`: what is missing passes.
 */
function reach(doc: Fragment, segments: readonly string[], leaf: Leaf, missing = false): Fragment {
  const direct = leaf(doc, jsonPath(segments));
  if (segments.length === 1) return direct;
  const prefixes = segments
    .slice(1)
    .map((_, index) => sql`json_type(${doc}, ${jsonPath(segments.slice(0, index + 1))})`);
  const arrayOnTheWay = prefixes.map((type) => sql`${type} = 'array'`);
  return sql`CASE WHEN ${anyOf(arrayOnTheWay)} THEN ${goThrough(doc, jsonPath(segments.slice(0, 1)), segments.slice(1), leaf, missing)} ELSE ${direct} END`;
}

function goThrough(
  doc: Fragment,
  path: string,
  segments: readonly string[],
  leaf: Leaf,
  missing: boolean,
  level = 1,
): Fragment {
  const [segment, ...rest] = segments;
  if (segment === undefined) return leaf(doc, path);
  const here = sql`(${doc} -> ${path})`;
  // What an index leads to is looked at as if it were the field of one more element.
  const indexed = `${path}[${segment}]`;
  const elements = isArrayIndex(segment)
    ? sql`CASE WHEN json_type(${doc}, ${indexed}) IS NULL THEN ${here}
        ELSE json_insert(${here}, '$[#]', json_object(${segment}, ${doc} -> ${indexed})) END`
    : here;
  const each = `e${level}`;
  const inside = goThrough(raw(`${each}.value`), jsonPath([segment]), rest, leaf, missing, level + 1);
  const found = sql`EXISTS (SELECT 1 FROM json_each(CASE json_type(${doc}, ${path})
      WHEN 'array' THEN ${elements} WHEN 'object' THEN json_array(${here}) END) ${raw(each)}
    WHERE ${raw(each)}.type = 'object' AND ${inside})`;
  return missing
    ? sql`(coalesce(json_type(${doc}, ${path}), 'null') NOT IN ('array', 'object') OR ${found})`
    : found;
}
