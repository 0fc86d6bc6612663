import type { DatabaseSync } from 'node:sqlite';
import type { ColumnName, Comparison, Filter, FilterValue } from '@hongyan/filter';
import { columns as columnTypes, isColumn, matchesPattern } from '@hongyan/filter';
import {
  attributeExists,
  attributeHasSize,
  attributeIn,
  attributeMatches,
  compareAttribute,
  matchesRegex,
} from './filter-attributes.js';
import type { Operator } from './filter-attributes.js';
import { documentOf } from './filter-columns.js';
import type { FilterColumns } from './filter-columns.js';
import { allOf, anyOf, never, not, raw, sql } from './sql-fragment.js';
import type { Fragment } from './sql-fragment.js';

export { conversationColumns } from './filter-columns.js';
export type { FilterColumns } from './filter-columns.js';
export { translateAfter, translateSort } from './filter-sort.js';
export type { TranslatedSort } from './filter-sort.js';
export type { Fragment, SqlValue } from './sql-fragment.js';

/** What the SQL of filters calls; once on every connection that runs them. */
export function registerFilterFunctions(connection: DatabaseSync): void {
  connection.function('hongyan_regex', { deterministic: true, directOnly: true }, (source, flags, text) => {
    if (typeof source !== 'string' || typeof flags !== 'string' || typeof text !== 'string') return 0;
    const pattern = { source, ignoreCase: flags.includes('i'), multiline: flags.includes('m') };
    return matchesPattern(pattern, text) ? 1 : 0;
  });
}

/**
 * True when only conversations with certain members can match: then `FROM conversation c NOT INDEXED` makes SQLite begin
 * with the members' rows (its own estimate would have it read all conversations of the app).
 */
export function hasMemberCondition(filter: Filter): boolean {
  return filter.op === 'members' || (filter.op === 'and' && filter.filters.some(hasMemberCondition));
}

type FieldFilter = Extract<Filter, { field: unknown }>;

/**
 * A filter as a condition of WHERE; NULL means false. It means what `evaluate` of the filter library says. Nothing that
 * a user wrote becomes part of the SQL: paths and values are bound.
 */
export function translateFilter(filter: Filter, columns: FilterColumns): Fragment {
  switch (filter.op) {
    case 'and':
      return allOf(filter.filters.map((part) => translateFilter(part, columns)));
    case 'or':
      return anyOf(filter.filters.map((part) => translateFilter(part, columns)));
    case 'members':
      return columns.hasMembers([...new Set(filter.clients)], filter.test);
    case 'memberCount':
      return sql`${columns.memberCount} = ${filter.size}`;
    default: {
      const [first, ...segments] = filter.field;
      return isColumn(first)
        ? onColumn(filter, first, columns)
        : onAttribute(filter, segments, documentOf(first, columns));
    }
  }
}

const operators: Readonly<Record<Exclude<Comparison, 'ne'>, Operator>> = {
  eq: '=',
  gt: '>',
  gte: '>=',
  lt: '<',
  lte: '<=',
};

function onAttribute(filter: FieldFilter, segments: readonly string[], doc: Fragment): Fragment {
  switch (filter.op) {
    case 'ne':
      return not(compareAttribute(doc, segments, '=', filter.value));
    case 'in':
      return attributeIn(doc, segments, filter.values);
    case 'nin':
      return not(attributeIn(doc, segments, filter.values));
    case 'all':
      if (filter.values.length === 0) return never;
      return allOf(filter.values.map((value) => compareAttribute(doc, segments, '=', value)));
    case 'exists':
      return filter.exists ? attributeExists(doc, segments) : not(attributeExists(doc, segments));
    case 'size':
      return attributeHasSize(doc, segments, filter.size);
    case 'regex':
      return attributeMatches(doc, segments, filter.pattern);
    case 'eq':
    case 'gt':
    case 'gte':
    case 'lt':
    case 'lte':
      return compareAttribute(doc, segments, operators[filter.op], filter.value);
  }
}

/** Columns hold one type each and no arrays, so that plain comparisons do, for which indexes can serve. */
function onColumn(filter: FieldFilter, name: ColumnName, columns: FilterColumns): Fragment {
  const column = columns.columns[name];
  const equals = (value: FilterValue): Fragment => {
    if (name === 'kind' && typeof value === 'string' && columns.isKind) return columns.isKind(value);
    return compareColumn(name, column, '=', value);
  };
  switch (filter.op) {
    case 'eq':
      return equals(filter.value);
    case 'ne':
      return not(equals(filter.value));
    case 'in':
      return columnIn(filter.values, name, column, equals);
    case 'nin':
      return not(columnIn(filter.values, name, column, equals));
    case 'all':
      return filter.values.length === 0 ? never : allOf(filter.values.map(equals));
    case 'exists':
      return filter.exists ? sql`${column} IS NOT NULL` : sql`${column} IS NULL`;
    case 'size':
      return never;
    case 'regex':
      return columnTypes[name] === 'text' ? matchesRegex(filter.pattern, column) : never;
    case 'gt':
    case 'gte':
    case 'lt':
    case 'lte':
      return compareColumn(name, column, operators[filter.op], filter.value);
  }
}

function compareColumn(name: ColumnName, column: Fragment, operator: Operator, value: FilterValue): Fragment {
  if (value === null) return operator === '<' || operator === '>' ? never : sql`${column} IS NULL`;
  const bound = columnValue(name, value);
  return bound === undefined ? never : sql`${column} ${raw(operator)} ${bound}`;
}

/** A value as the column holds it; undefined when the column never holds one of its type. */
function columnValue(name: ColumnName, value: FilterValue): string | number | undefined {
  switch (columnTypes[name]) {
    case 'text':
      return typeof value === 'string' ? value : undefined;
    case 'boolean':
      return typeof value === 'boolean' ? Number(value) : undefined;
    case 'date':
      return typeof value === 'object' && value !== null && 'date' in value ? value.date : undefined;
  }
}

function columnIn(
  values: readonly FilterValue[],
  name: ColumnName,
  column: Fragment,
  equals: (value: FilterValue) => Fragment,
): Fragment {
  if (columnTypes[name] !== 'text' || name === 'kind') return anyOf(values.map(equals));
  const texts = values.filter((value) => typeof value === 'string');
  return anyOf([
    ...(texts.length > 0 ? [sql`${column} IN (SELECT value FROM json_each(${JSON.stringify(texts)}))`] : []),
    ...(values.includes(null) ? [sql`${column} IS NULL`] : []),
  ]);
}
