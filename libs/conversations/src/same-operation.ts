import { type Content, type Entry, type EntryPayload, targetOf } from './types.js';

/**
 * Is this the operation that made `entry`? A retry repeats the content; another content under the same operation id
 * is a mistake of the caller, unless it says that the first one counts (`firstWins`, for messages). Content that was
 * edited or recalled since can no longer be compared and counts as equal.
 */
export function sameOperation(payload: EntryPayload, entry: Entry, firstWins = false): boolean {
  const made = entry.payload;
  if (payload.kind !== made.kind) return false;
  if (payload.kind === 'message' && made.kind === 'message') {
    return firstWins || entry.editedAt !== undefined || entry.recalled === true || sameContent(payload, made);
  }
  return targetOf(payload) === targetOf(made);
}

function sameContent(a: Content, b: Content): boolean {
  return a.format === b.format && (a.type ?? '') === (b.type ?? '') && sameBody(a.body, b.body);
}

function sameBody(a: string | Uint8Array, b: string | Uint8Array): boolean {
  if (typeof a === 'string' || typeof b === 'string') return a === b;
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
