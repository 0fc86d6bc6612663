import type { ConversationView, Json, JsonObject } from '@hongyan/protocol';
import { LeanCloudError } from './errors.js';
import { isObject } from './values.js';

/**
 * Conversations in these clients' words are rows with columns: `name`, `attr` (our attributes) and columns of the
 * app's own beside them (our `columns`).
 */

/** Columns that the server fills; what a client writes into them is refused or ignored by its own rules. */
const reserved = new Set([
  ...['objectId', 'c', 'm', 'mu', 'lm', 'tr', 'sys', 'unique', 'uniqueId', 'createdAt', 'updatedAt'],
  ...['conv_type', 'muted', 'temp', 'ttl', 'joined', 'joinedAt', 'ACL'],
]);

export interface NamedAttributes {
  readonly name?: string;
  readonly attributes?: JsonObject;
  readonly columns?: JsonObject;
}

/** The columns that a new conversation is given. */
export function fromColumns(columns: Readonly<Record<string, unknown>>): NamedAttributes {
  const { name, attr, ...rest } = columns;
  const own = Object.entries(rest).filter(([key]) => !reserved.has(key));
  return {
    ...(typeof name === 'string' ? { name } : {}),
    ...(isObject(attr) && Object.keys(attr).length > 0 ? { attributes: attr as JsonObject } : {}),
    ...(own.length === 0 ? {} : { columns: Object.fromEntries(own) as JsonObject }),
  };
}

/** `attr` and the own columns of a conversation. */
export const columnsOf = ({
  attributes: attr,
  columns: own = {},
}: Pick<ConversationView, 'attributes' | 'columns'>): { attr: JsonObject; own: JsonObject } => ({
  attr,
  own,
});

/** A path of these clients (`attr.x.y`, `colour`) as ours. Throws for columns that only the server fills. */
export function placeOf(path: string): { readonly of: 'attributes' | 'columns'; readonly path: string } {
  const [first, ...rest] = path.split('.');
  if (first === 'attr') return { of: 'attributes', path: rest.join('.') };
  if (reserved.has(first!) || path === 'name')
    throw new LeanCloudError('CONVERSATION_UPDATE_REJECTED', `"${first!.slice(0, 64)}" cannot be changed`);
  return { of: 'columns', path };
}

/** The complete value of each top-level column that `paths` touch; what is not there is left out. */
export function touchedColumns(view: ConversationView, paths: readonly string[]): JsonObject {
  const { attr, own } = columnsOf(view);
  const values: Record<string, Json> = {
    ...own,
    attr,
    ...(view.name === undefined ? {} : { name: view.name }),
  };
  const touched = new Set(paths.map((path) => path.split('.')[0]!));
  return Object.fromEntries(
    [...touched].filter((key) => Object.hasOwn(values, key)).map((key) => [key, values[key]!]),
  );
}
