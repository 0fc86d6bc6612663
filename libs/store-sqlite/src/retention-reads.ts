import type { ConversationId } from '@hongyan/protocol';
import type { Database } from './database.js';
import { decodeCursor, encodeCursor } from './keys.js';

/** Conversations that one look goes through: two look-ups each. */
const look = 200;

interface Row {
  readonly key: number;
  readonly id: string;
  readonly floor: number;
  readonly last: number;
}

/** See RetentionStore.expired. By id, through the index of an app's conversations. */
export function expired(
  db: Database,
  app: string,
  before: number,
  cursor?: string,
): { items: ConversationId[]; cursor?: string } {
  const [after = ''] = (decodeCursor(db, cursor) ?? []) as [string?];
  const rows = db.all<Row>(
    `SELECT c.key, c.id, h.floor, h.last FROM conversation c JOIN head h ON h.conv = c.key
     WHERE c.app = ? AND c.id > ? ORDER BY c.id LIMIT ?`,
    app,
    after,
    look,
  );
  const oldest = 'SELECT seq, time FROM entry WHERE conv = ? ORDER BY seq LIMIT 1';
  const items = rows.filter(({ key, floor, last }) => {
    const entry = db.get<{ seq: number; time: number }>(oldest, key);
    if (entry === undefined) return false;
    return entry.seq <= floor ? entry.seq < last : entry.time < before;
  });
  const end = rows.at(-1);
  return {
    items: items.map(({ id }) => id as ConversationId),
    ...(rows.length === look && end !== undefined ? { cursor: encodeCursor(db, [end.id]) } : {}),
  };
}
