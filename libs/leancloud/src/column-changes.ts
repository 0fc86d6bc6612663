import { AppError, type ConversationView, type Json, type JsonObject } from '@hongyan/protocol';
import { applyOperation, isColumnOperation } from './column-operations.js';
import { columnsOf, placeOf, type NamedAttributes } from './columns.js';
import { isObject } from './values.js';

/**
 * What an update of columns (by name or dotted path; values, or operations on values) changes. Throws `bad_request`, or
 * LeanCloudError for columns that only the server fills.
 */
export function changeOf(
  columns: Readonly<Record<string, unknown>>,
  before: ConversationView,
): NamedAttributes {
  const attributes: Record<string, Json> = {};
  const own: Record<string, Json> = {};
  let name: string | undefined;
  for (const [path, given] of Object.entries(columns)) {
    if (path === 'name') name = nameFrom(given, before.name);
    else if (path === 'attr') Object.assign(attributes, replaced(given, before));
    else {
      const place = placeOf(path);
      (place.of === 'attributes' ? attributes : own)[place.path] = valueFrom(path, given, before);
    }
  }
  return {
    ...(name === undefined ? {} : { name }),
    ...(Object.keys(attributes).length === 0 ? {} : { attributes }),
    ...(Object.keys(own).length === 0 ? {} : { columns: own }),
  };
}

function nameFrom(given: unknown, before: string | undefined): string {
  const value = isColumnOperation(given) ? applyOperation(given, before) : given;
  if (value === null) return '';
  if (typeof value !== 'string') throw new AppError('bad_request', { detail: 'a name is a text' });
  return value;
}

/** `attr` as a whole: what it does not name any longer goes. */
function replaced(given: unknown, before: ConversationView): JsonObject {
  if (isColumnOperation(given) && given.__op === 'Delete') return replaced(null, before);
  if (given !== null && !isObject(given)) throw new AppError('bad_request', { detail: 'attr is an object' });
  const gone = Object.keys(columnsOf(before).attr).map((key) => [key, null] as const);
  return { ...Object.fromEntries(gone), ...((given ?? {}) as JsonObject) };
}

function valueFrom(path: string, given: unknown, before: ConversationView): Json {
  if (!isColumnOperation(given)) return given as Json;
  const { attr, own } = columnsOf(before);
  let at: Json | undefined = { ...own, attr };
  for (const key of path.split('.')) at = isObject(at) ? at[key] : undefined;
  return applyOperation(given, at);
}
