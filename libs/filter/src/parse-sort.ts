import { bounds, invalid, resolveField, shown, tooComplex } from './fields.js';
import type { FilterOptions } from './fields.js';
import type { SortKey } from './types.js';

/** The order of a query that names none: newest activity first. */
export const defaultSort: readonly SortKey[] = Object.freeze([
  { field: ['lastMessageAt'], descending: true },
] as const);

/**
 * Parses `-lastMessageAt,name`: field names as in filters, `-` for descending, at most three; nothing gives no keys.
 * Throws AppError `filter_invalid` or `filter_too_complex`.
 */
export function parseSort(text: string, options: FilterOptions = {}): SortKey[] {
  if (text.trim() === '') return [];
  if (text.length > 2000) throw tooComplex('the sort is too long');
  const names = text.split(',');
  if (names.length > bounds.sortKeys) throw tooComplex(`more than ${bounds.sortKeys} sort keys`);
  const seen = new Set<string>();
  return names.map((part) => {
    const name = part.trim();
    const descending = name.startsWith('-');
    const field = resolveField(descending ? name.slice(1) : name, options);
    if (field.type === 'members' || field.type === 'flag')
      throw invalid(`${shown(name)} cannot be sorted by`);
    const key = field.path.join('.');
    if (seen.has(key)) throw invalid(`${shown(name)} is there twice`);
    seen.add(key);
    return { field: field.path, descending };
  });
}
