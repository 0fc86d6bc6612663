import type { Json } from '@hongyan/protocol';
import type { FilterValue } from './types.js';

/**
 * Types in the order in which they are sorted. Values of one rank are compared with each other, of different ranks
 * never but for sorting.
 */
export const ranks = Object.freeze({ missing: 0, number: 1, text: 2, structure: 3, boolean: 4, date: 5 });

/** What a value is compared by; objects and arrays have no order among themselves. */
export interface ComparisonKey {
  readonly rank: number;
  readonly value: number | string | undefined;
}

const missing: ComparisonKey = { rank: ranks.missing, value: undefined };
const structure: ComparisonKey = { rank: ranks.structure, value: undefined };

export function keyOf(value: Json | undefined): ComparisonKey {
  switch (typeof value) {
    case 'number':
      return { rank: ranks.number, value };
    case 'string':
      return { rank: ranks.text, value };
    case 'boolean':
      return { rank: ranks.boolean, value: value ? 1 : 0 };
    case 'object': {
      if (value === null) return missing;
      const iso = isoOf(value);
      return iso === undefined ? structure : { rank: ranks.date, value: iso };
    }
    default:
      return missing;
  }
}

/** The same for a value of a filter. */
export function keyOfValue(value: Exclude<FilterValue, null | { readonly json: Json }>): ComparisonKey {
  return typeof value === 'object'
    ? { rank: ranks.date, value: new Date(value.date).toISOString() }
    : keyOf(value);
}

const isoPattern = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** A date in attributes is `{"__type":"Date","iso":"2024-05-01T08:00:00.000Z"}`, exactly so: such texts sort as times do. */
function isoOf(value: Json): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const { __type: type, iso } = value as { readonly __type?: Json; readonly iso?: Json };
  return type === 'Date' && typeof iso === 'string' && isoPattern.test(iso) ? iso : undefined;
}

/** By rank, then by value; 0 means equal, or not to be ordered. */
export function compareKeys(a: ComparisonKey, b: ComparisonKey): number {
  if (a.rank !== b.rank) return a.rank - b.rank;
  if (typeof a.value === 'number' && typeof b.value === 'number') return a.value - b.value;
  if (typeof a.value === 'string' && typeof b.value === 'string') return compareText(a.value, b.value);
  return 0;
}

/** By code points, which is also the order of UTF-8 bytes. */
export function compareText(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at += 1) {
    const x = a.charCodeAt(at);
    const y = b.charCodeAt(at);
    if (x !== y) return codePointOrder(x) - codePointOrder(y);
  }
  return a.length - b.length;
}

/** Surrogates stand for code points above all others, though their own numbers are lower than U+E000–U+FFFF. */
const codePointOrder = (unit: number): number =>
  unit < 0xd800 ? unit : unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
