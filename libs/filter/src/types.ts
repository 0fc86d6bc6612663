import type { Json } from '@hongyan/protocol';

/**
 * A tenant's or client's `where`, parsed once. Each engine translates it; {@link evaluate} says what it means.
 * Dates are values of their own: `{ date: milliseconds }`.
 */
export type FilterValue =
  string | number | boolean | null | { readonly date: number } | { readonly json: Json };

/** Path inside a conversation document: a known column, or into `attributes` or `columns`. Always as segments, never as text. */
export type FieldPath = readonly [string, ...string[]];

export type Comparison = 'eq' | 'ne' | 'gt' | 'gte' | 'lt' | 'lte';

/** A regular expression that any engine runs in linear time: see regex.ts. */
export interface LinearPattern {
  readonly source: string;
  readonly ignoreCase: boolean;
  readonly multiline: boolean;
}

export type Filter =
  | { readonly op: 'and' | 'or'; readonly filters: readonly Filter[] }
  | { readonly op: Comparison; readonly field: FieldPath; readonly value: FilterValue }
  | { readonly op: 'in' | 'nin' | 'all'; readonly field: FieldPath; readonly values: readonly FilterValue[] }
  | { readonly op: 'exists'; readonly field: FieldPath; readonly exists: boolean }
  | { readonly op: 'size'; readonly field: FieldPath; readonly size: number }
  | { readonly op: 'regex'; readonly field: FieldPath; readonly pattern: LinearPattern }
  /** On the member set, through the member index; allowed as a conjunct only. */
  | { readonly op: 'members'; readonly test: 'any' | 'all'; readonly clients: readonly string[] }
  | { readonly op: 'memberCount'; readonly size: number };

export interface SortKey {
  readonly field: FieldPath;
  readonly descending: boolean;
}
