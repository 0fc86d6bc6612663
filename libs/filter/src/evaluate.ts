import type { Json, JsonObject } from '@hongyan/protocol';
import { compareKeys, keyOf, keyOfValue } from './compare.js';
import type { ColumnName } from './fields.js';
import { columns, isColumn } from './fields.js';
import { matchesPattern } from './regex.js';
import type { FieldPath, Filter, FilterValue } from './types.js';

/** A conversation as filters see it. What is absent is missing. */
export interface FilterDocument {
  readonly id: string;
  readonly kind: string;
  readonly name?: string;
  readonly creator?: string;
  readonly unique: boolean;
  readonly frozen: boolean;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly lastMessageAt?: number;
  readonly attributes: JsonObject;
  /** Columns of the app's own, beside the attributes. */
  readonly columns?: JsonObject;
  readonly members: readonly string[];
}

/**
 * Says whether a document matches: the definition of what a filter means. Engines translate filters; the contract in
 * filter.contract.ts holds them to this.
 */
export function evaluate(filter: Filter, document: FilterDocument): boolean {
  switch (filter.op) {
    case 'and':
      return filter.filters.every((part) => evaluate(part, document));
    case 'or':
      return filter.filters.some((part) => evaluate(part, document));
    case 'members':
      return filter.test === 'any'
        ? filter.clients.some((client) => document.members.includes(client))
        : filter.clients.every((client) => document.members.includes(client));
    case 'memberCount':
      return document.members.length === filter.size;
    default:
      return evaluateField(filter, valuesAt(document, filter.field));
  }
}

function evaluateField(
  filter: Extract<Filter, { field: FieldPath }>,
  values: readonly (Json | undefined)[],
): boolean {
  switch (filter.op) {
    case 'eq':
      return isEqual(values, filter.value);
    case 'ne':
      return !isEqual(values, filter.value);
    case 'in':
      return filter.values.some((value) => isEqual(values, value));
    case 'nin':
      return !filter.values.some((value) => isEqual(values, value));
    case 'all':
      return filter.values.length > 0 && filter.values.every((value) => isEqual(values, value));
    case 'gt':
    case 'gte':
    case 'lt':
    case 'lte':
      return isInRange(filter.op, values, filter.value);
    case 'exists':
      return values.some((value) => value !== undefined) === filter.exists;
    case 'size':
      return values.some((value) => isArray(value) && value.length === filter.size);
    case 'regex':
      return withElements(values).some(
        (value) => typeof value === 'string' && matchesPattern(filter.pattern, value),
      );
  }
}

/** A value itself, or, of an array, any element. null is equal to what is missing. */
function isEqual(values: readonly (Json | undefined)[], wanted: FilterValue): boolean {
  const candidates = withElements(values);
  if (wanted === null) return candidates.some((value) => value === undefined || value === null);
  if (typeof wanted === 'object' && 'json' in wanted) {
    const text = JSON.stringify(wanted.json);
    return candidates.some(
      (value) => typeof value === 'object' && value !== null && JSON.stringify(value) === text,
    );
  }
  const key = keyOfValue(wanted);
  return candidates.some((value) => {
    const candidate = keyOf(value);
    return candidate.rank === key.rank && compareKeys(candidate, key) === 0;
  });
}

/** Only values of the same type are compared. */
function isInRange(
  op: 'gt' | 'gte' | 'lt' | 'lte',
  values: readonly (Json | undefined)[],
  bound: FilterValue,
): boolean {
  if (bound === null) return (op === 'gte' || op === 'lte') && isEqual(values, null);
  if (typeof bound === 'object' && 'json' in bound) return false;
  const key = keyOfValue(bound);
  return withElements(values).some((value) => {
    const candidate = keyOf(value);
    if (candidate.rank !== key.rank) return false;
    const order = compareKeys(candidate, key);
    if (order === 0) return op === 'gte' || op === 'lte';
    return order > 0 ? op === 'gt' || op === 'gte' : op === 'lt' || op === 'lte';
  });
}

const isArray = (value: Json | undefined): value is readonly Json[] => Array.isArray(value);
const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const withElements = (values: readonly (Json | undefined)[]): (Json | undefined)[] =>
  values.flatMap((value) => (isArray(value) ? [value, ...value] : [value]));

/** Everything that a path leads to; undefined stands for "missing". Arrays on the way are gone through. */
function valuesAt(document: FilterDocument, field: FieldPath): (Json | undefined)[] {
  const [first, ...segments] = field;
  if (isColumn(first)) return [columnValue(document, first)];
  const found: (Json | undefined)[] = [];
  walk(objectOf(document, first), segments, found);
  return found;
}

const indexPattern = /^(?:0|[1-9]\d{0,5})$/;
/** True for a segment that may also mean a place in an array. */
export const isArrayIndex = (segment: string): boolean => indexPattern.test(segment);

function walk(value: Json | undefined, segments: readonly string[], found: (Json | undefined)[]): void {
  const [segment, ...rest] = segments;
  if (segment === undefined) {
    found.push(value);
  } else if (isArray(value)) {
    for (const element of value) if (isObject(element)) walk(element, segments, found);
    if (isArrayIndex(segment) && Number(segment) < value.length) walk(value[Number(segment)], rest, found);
  } else {
    walk(childOf(value, segment), rest, found);
  }
}

const childOf = (value: Json | undefined, key: string): Json | undefined =>
  isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;

/** The one value a document is sorted by: arrays are not gone through. */
export function sortValue(document: FilterDocument, field: FieldPath): Json | undefined {
  const [first, ...segments] = field;
  if (isColumn(first)) return columnValue(document, first);
  return segments.reduce<Json | undefined>(childOf, objectOf(document, first));
}

/** What a path that is no column's leads into. */
const objectOf = ({ attributes, columns: own = {} }: FilterDocument, first: string): JsonObject =>
  first === 'columns' ? own : attributes;

/** Times become dates as attributes write them. */
function columnValue(document: FilterDocument, column: ColumnName): Json | undefined {
  const value = document[column];
  if (columns[column] !== 'date' || typeof value !== 'number') return value;
  return { __type: 'Date', iso: new Date(value).toISOString() };
}
