import { AppError } from '@hongyan/protocol';
import type { FieldPath } from './types.js';

/** Names and types of the fields that are not attributes. */
export const columns = Object.freeze({
  id: 'text',
  name: 'text',
  creator: 'text',
  kind: 'text',
  unique: 'boolean',
  frozen: 'boolean',
  createdAt: 'date',
  updatedAt: 'date',
  lastMessageAt: 'date',
} as const);

export type ColumnName = keyof typeof columns;

export const bounds = Object.freeze({
  /** Nesting of `$and` and `$or`. */
  depth: 6,
  conditions: 30,
  values: 500,
  /** UTF-16 units of one text value. */
  textLength: 1024,
  patternLength: 256,
  /** Steps of a pattern when its repetitions are written out. */
  patternSteps: 400,
  /** UTF-16 units of one segment of a path. */
  segmentLength: 128,
  /** Segments below `attributes`; also nesting of an object or array given as a value. */
  pathDepth: 8,
  sortKeys: 3,
  /** Code points by which texts of attributes are sorted, so that a cursor is never large. */
  sortTextLength: 255,
});

export interface FilterOptions {
  /** Further names of fields, for other doors: `{ objectId: 'id', lm: 'lastMessageAt' }`. */
  readonly aliases?: Readonly<Record<string, string>>;
  /** Names that lead into the attributes besides `attributes`: `['attr']`. */
  readonly attributePrefixes?: readonly string[];
  /** Fields that are true for one kind of conversation: `{ tr: 'room' }`. */
  readonly kindFlags?: Readonly<Record<string, string>>;
  /** Instead of {@link bounds}.values. */
  readonly maxValues?: number;
}

export type Field =
  | { readonly type: 'members' }
  | { readonly type: 'flag'; readonly kind: string }
  | { readonly type: 'column' | 'attribute'; readonly path: FieldPath };

export const invalid = (detail: string): AppError => new AppError('filter_invalid', { detail });
export const tooComplex = (detail: string): AppError => new AppError('filter_too_complex', { detail });

/** A user's text as it may be repeated in an error. */
export const shown = (text: string): string =>
  JSON.stringify(text.length > 64 ? `${text.slice(0, 64)}…` : text);

export function isColumn(name: string): name is ColumnName {
  return Object.hasOwn(columns, name);
}

/** What a name in a filter or sort stands for; everything that is not known otherwise is an attribute. */
export function resolveField(name: string, options: FilterOptions): Field {
  const { aliases = {}, attributePrefixes = [], kindFlags = {} } = options;
  const text = Object.hasOwn(aliases, name) ? (aliases[name] as string) : name;
  if (text === 'members' || text === 'm') return { type: 'members' };
  if (Object.hasOwn(kindFlags, text)) return { type: 'flag', kind: kindFlags[text] as string };
  if (isColumn(text)) return { type: 'column', path: [text] };

  if (text.length > bounds.pathDepth * (bounds.segmentLength + 1))
    throw tooComplex(`the field ${shown(text)} is too long`);
  const segments = text.split('.');
  const first = segments[0] as string;
  const own = first === 'columns';
  const prefixed = own || first === 'attributes' || attributePrefixes.includes(first);
  if (prefixed) segments.shift();
  else if (segments.length > 1 && (isColumn(first) || first === 'members' || first === 'm'))
    throw invalid(`${shown(first)} has no fields inside`);
  if (segments.length === 0) throw invalid(`${shown(text)} needs the name of something in it: "${first}.x"`);
  if (segments.length > bounds.pathDepth) throw tooComplex(`the field ${shown(text)} is too deep`);
  for (const segment of segments) checkKey(segment, text);
  return { type: 'attribute', path: [own ? 'columns' : 'attributes', ...segments] };
}

const forbiddenKeys = new Set(['__proto__', 'constructor', 'prototype']);

/** Refuses names that no attribute can have, and such that would do harm somewhere. */
export function checkKey(key: string, within: string): void {
  if (key === '') throw invalid(`the field ${shown(within)} has an empty part`);
  if (key.length > bounds.segmentLength) throw tooComplex(`a part of the field ${shown(within)} is too long`);
  if (forbiddenKeys.has(key) || key.includes('$') || key.includes('\0') || !key.isWellFormed())
    throw invalid(`${shown(key)} cannot be part of a field`);
}
