import { compareKeys, compareText, keyOf } from './compare.js';
import { sortValue } from './evaluate.js';
import type { FilterDocument } from './evaluate.js';
import { bounds, isColumn } from './fields.js';
import type { SortKey } from './types.js';

/**
 * The order of a query's answer: by each key (missing and null, numbers, texts, objects and arrays, booleans, dates;
 * `descending` turns all of that around), then by id, always ascending. Texts of attributes count up to
 * {@link bounds}.sortTextLength code points.
 */
export function compareDocuments(sort: readonly SortKey[]): (a: FilterDocument, b: FilterDocument) => number {
  return (a, b) => {
    for (const { field, descending } of sort) {
      const order = compareKeys(sortKeyOf(a, field), sortKeyOf(b, field));
      if (order !== 0) return descending ? -order : order;
    }
    return compareText(a.id, b.id);
  };
}

function sortKeyOf(document: FilterDocument, field: SortKey['field']): ReturnType<typeof keyOf> {
  const value = sortValue(document, field);
  return keyOf(!isColumn(field[0]) && typeof value === 'string' ? firstCharacters(value) : value);
}

function firstCharacters(text: string): string {
  if (text.length <= bounds.sortTextLength) return text;
  return [...text.slice(0, 2 * bounds.sortTextLength)].slice(0, bounds.sortTextLength).join('');
}
