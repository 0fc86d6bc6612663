import { AppError, type Json, type JsonObject } from '@hongyan/protocol';

const maxDepth = 8;

/** Attributes (and columns) are plain JSON: at most `bytes` of it, eight levels deep, with keys that every engine can hold. */
export function checkAttributes(
  attributes: unknown,
  bytes: number,
  what: 'attributes' | 'columns' = 'attributes',
): void {
  if (attributes === undefined) return;
  checkLevel(attributes as Json, 1, what);
  if (Buffer.byteLength(JSON.stringify(attributes)) > bytes)
    throw new AppError('too_large', { detail: `${what} are larger than ${bytes} bytes` });
}

function checkLevel(value: Json, depth: number, what: string): void {
  if (value === null || typeof value !== 'object') return;
  if (depth > maxDepth)
    throw new AppError('bad_request', { detail: `${what} are nested deeper than ${maxDepth}` });
  if (Array.isArray(value)) {
    for (const item of value) checkLevel(item as Json, depth + 1, what);
    return;
  }
  for (const [key, item] of Object.entries(value)) {
    checkKey(key);
    checkLevel(item, depth + 1, what);
  }
}

function checkKey(key: string): void {
  if (
    key.length === 0 ||
    key.startsWith('$') ||
    key.includes('.') ||
    key.includes('\0') ||
    key === '__proto__'
  ) {
    throw new AppError('bad_request', { detail: `"${key.slice(0, 64)}" cannot be an attribute's key` });
  }
}

/** `change` applied to `before`: keys are paths with dots, null removes. Never changes its arguments. */
export function mergeAttributes(before: JsonObject, change: JsonObject): JsonObject {
  const merged: Record<string, Json> = structuredClone(before);
  for (const [path, value] of Object.entries(change)) {
    const keys = path.split('.');
    for (const key of keys) checkKey(key);
    let at: Record<string, Json> = merged;
    for (const key of keys.slice(0, -1)) {
      const inner = Object.hasOwn(at, key) ? at[key] : undefined;
      if (inner === null || typeof inner !== 'object' || Array.isArray(inner)) {
        if (value === null) break;
        at[key] = {};
      }
      at = at[key] as Record<string, Json>;
    }
    const last = keys.at(-1) as string;
    if (value === null) delete at[last];
    else at[last] = value;
  }
  return merged;
}
