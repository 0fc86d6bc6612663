import { AppError } from '@hongyan/protocol';
import type { SortKey } from '@hongyan/filter';
import { bounds, isColumn, ranks } from '@hongyan/filter';
import { isoOf, jsonPath } from './filter-attributes.js';
import { documentOf } from './filter-columns.js';
import type { FilterColumns } from './filter-columns.js';
import { allOf, anyOf, join, never, raw, sql } from './sql-fragment.js';
import type { Fragment, SqlValue } from './sql-fragment.js';

export interface TranslatedSort {
  /** Expressions to select: their values in the last row of a page, in order, are what {@link translateAfter} takes. */
  readonly select: Fragment;
  readonly orderBy: Fragment;
  /** How many expressions. */
  readonly length: number;
}

interface Expression {
  readonly value: Fragment;
  readonly descending: boolean;
}

/** ORDER BY for a sort, ended by the id: no two rows are equal. */
export function translateSort(sort: readonly SortKey[], columns: FilterColumns): TranslatedSort {
  const expressions = expressionsOf(sort, columns);
  return {
    select: join(
      expressions.map(({ value }) => value),
      ', ',
    ),
    orderBy: join(
      expressions.map(({ value, descending }) => (descending ? sql`${value} DESC` : value)),
      ', ',
    ),
    length: expressions.length,
  };
}

/**
 * The condition that a row comes after the one whose selected sort values are given. Throws AppError `bad_request`
 * when they cannot be of this sort.
 */
export function translateAfter(
  sort: readonly SortKey[],
  values: readonly SqlValue[],
  columns: FilterColumns,
): Fragment {
  const expressions = expressionsOf(sort, columns);
  const scalars = values.every(
    (value) => value === null || typeof value === 'string' || Number.isFinite(value),
  );
  if (values.length !== expressions.length || !scalars)
    throw new AppError('bad_request', { detail: 'the cursor is not one of this query' });
  return expressions.reduceRight<Fragment>((later, { value, descending }, index) => {
    const last = values[index] as SqlValue;
    return anyOf([comesAfter(value, last, descending), allOf([sql`${value} IS ${last}`, later])]);
  }, never);
}

/** NULL is below everything. */
function comesAfter(value: Fragment, last: SqlValue, descending: boolean): Fragment {
  if (last === null) return descending ? never : sql`${value} IS NOT NULL`;
  return descending ? sql`(${value} < ${last} OR ${value} IS NULL)` : sql`${value} > ${last}`;
}

function expressionsOf(sort: readonly SortKey[], columns: FilterColumns): Expression[] {
  const keys = sort.flatMap(({ field: [first, ...segments], descending }): Expression[] => {
    const values = isColumn(first)
      ? [columns.columns[first]]
      : attributeKeys(documentOf(first, columns), jsonPath(segments));
    return values.map((value) => ({ value, descending }));
  });
  return [...keys, { value: columns.columns.id, descending: false }];
}

/** An attribute may be of any type: the rank of its type, then its value. */
function attributeKeys(doc: Fragment, path: string): Fragment[] {
  const type = sql`json_type(${doc}, ${path})`;
  const value = sql`json_extract(${doc}, ${path})`;
  const iso = isoOf(sql`(${doc} -> ${path})`);
  const { missing, number, text, structure, boolean, date } = ranks;
  return [
    sql`CASE coalesce(${type}, 'null') WHEN 'null' THEN ${raw(`${missing}`)}
      WHEN 'integer' THEN ${raw(`${number}`)} WHEN 'real' THEN ${raw(`${number}`)} WHEN 'text' THEN ${raw(`${text}`)}
      WHEN 'true' THEN ${raw(`${boolean}`)} WHEN 'false' THEN ${raw(`${boolean}`)}
      WHEN 'object' THEN iif(${iso} IS NULL, ${raw(`${structure}, ${date}`)}) ELSE ${raw(`${structure}`)} END`,
    sql`CASE ${type} WHEN 'text' THEN substr(${value}, 1, ${raw(`${bounds.sortTextLength}`)})
      WHEN 'integer' THEN CAST(${value} AS REAL) WHEN 'real' THEN CAST(${value} AS REAL)
      WHEN 'true' THEN 1 WHEN 'false' THEN 0 WHEN 'object' THEN ${iso} END`,
  ];
}
