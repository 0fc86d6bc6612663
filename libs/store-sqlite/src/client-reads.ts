import type { ClientRecord } from '@hongyan/conversations';
import type { ClientId, ConversationId } from '@hongyan/protocol';
import { clientColumns, toClientRecord } from './client-writes.js';
import type { ClientColumns } from './client-writes.js';
import type { Database } from './database.js';
import { clientKey, conversationKey, decodeCursor, encodeCursor } from './keys.js';

/** Reads of ClientStore. */

export function clients(db: Database, app: string, ids: readonly string[]): ClientRecord[] {
  const sql = `SELECT ${clientColumns} FROM client WHERE app = ? AND id = ?`;
  return ids
    .map((id) => db.get<ClientColumns>(sql, app, id))
    .filter((row) => row !== undefined)
    .map(toClientRecord);
}

/** Goes through the app's clients: for an answer that is asked for now and then. */
export function seenSince(db: Database, app: string, time: number): number {
  const sql = 'SELECT count(*) AS n FROM client WHERE app = ? AND lastSeen >= ?';
  return db.get<{ n: number }>(sql, app, time)!.n;
}

interface Page {
  readonly limit: number;
  readonly cursor?: string;
}

/** A page of what was read with one row more than asked for. */
function paged<R, T>(
  db: Database,
  rows: readonly R[],
  limit: number,
  id: (row: R) => string,
  item: (row: R) => T,
): { items: T[]; cursor?: string } {
  const last = rows[limit - 1];
  return {
    items: rows.slice(0, limit).map(item),
    ...(rows.length > limit && last !== undefined ? { cursor: encodeCursor(db, [id(last)]) } : {}),
  };
}

const afterOf = (db: Database, cursor: string | undefined): string =>
  (decodeCursor(db, cursor) as [string] | undefined)?.[0] ?? '';

export function clientPage(
  db: Database,
  app: string,
  { limit, cursor }: Page,
): { items: ClientRecord[]; cursor?: string } {
  const rows = db.all<ClientColumns>(
    `SELECT ${clientColumns} FROM client WHERE app = ? AND id > ? ORDER BY id LIMIT ?`,
    app,
    afterOf(db, cursor),
    limit + 1,
  );
  return paged(db, rows, limit, ({ id }) => id, toClientRecord);
}

export function blockedBy(
  db: Database,
  app: string,
  client: string,
  { limit, cursor }: Page,
): { items: ClientId[]; cursor?: string } {
  const key = clientKey(db, app, client);
  if (key === undefined) return { items: [] };
  const rows = db.all<{ otherId: string }>(
    'SELECT otherId FROM refusal WHERE client = ? AND otherId > ? ORDER BY otherId LIMIT ?',
    key,
    afterOf(db, cursor),
    limit + 1,
  );
  return paged(db, rows, limit, ({ otherId }) => otherId, ({ otherId }) => otherId as ClientId); // prettier-ignore
}

export function refusing(db: Database, app: string, other: string, ids: readonly ClientId[]): ClientId[] {
  const otherKey = clientKey(db, app, other);
  if (otherKey === undefined) return [];
  return ids.filter((id) => {
    const key = clientKey(db, app, id);
    return (
      key !== undefined &&
      db.get('SELECT 1 FROM refusal WHERE client = ? AND other = ?', key, otherKey) !== undefined
    );
  });
}

export function refusedBy(
  db: Database,
  app: string,
  client: string,
  { limit, cursor }: Page,
): { items: ConversationId[]; cursor?: string } {
  const key = clientKey(db, app, client);
  if (key === undefined) return { items: [] };
  const rows = db.all<{ id: string }>(
    'SELECT id FROM conversation_refusal WHERE client = ? AND id > ? ORDER BY id LIMIT ?',
    key,
    afterOf(db, cursor),
    limit + 1,
  );
  return paged(db, rows, limit, ({ id }) => id, ({ id }) => id as ConversationId); // prettier-ignore
}

export function refusers(
  db: Database,
  app: string,
  conversation: string,
  ids: readonly ClientId[],
): ClientId[] {
  const conv = conversationKey(db, app, conversation);
  if (conv === undefined) return [];
  const sql = 'SELECT 1 FROM conversation_refusal WHERE client = ? AND conv = ?';
  return ids.filter((id) => {
    const key = clientKey(db, app, id);
    return key !== undefined && db.get(sql, key, conv) !== undefined;
  });
}
