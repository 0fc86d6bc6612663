import type { Entry, NotificationStore } from '@hongyan/conversations';
import type { Database } from './database.js';
import { foundByKey, toConversation } from './conversation-reads.js';
import { entryColumns, entryFrom, toEntry } from './entry-codec.js';
import type { EntryRow } from './entry-codec.js';
import { clientKey } from './keys.js';
import { conversationKindCodes, recallCode } from './schema.js';

export type MissedChange = Awaited<ReturnType<NotificationStore['since']>>[number];

const kinds = `${conversationKindCodes.code('ordinary')}, ${conversationKindCodes.code('temporary')}`;

/** Places first, by index alone; what the entries say only of those that are told. */
export const placesSql = `SELECT e.conv, e.seq, m.role, m.joinedSeq FROM member m CROSS JOIN head h ON h.conv = m.conv
    CROSS JOIN entry e INDEXED BY entry_change ON e.conv = m.conv AND e.kind > ${recallCode} AND e.time > ?2
  WHERE m.client = ?1 AND h.lastTime > ?2 AND h.kind IN (${kinds}) ORDER BY e.time, e.conv, e.seq LIMIT ?3`;
const entrySql = `SELECT ${entryColumns} FROM ${entryFrom} WHERE e.conv = ? AND e.seq = ?`;

/** NotificationStore.since. */
export function changesSince(
  db: Database,
  app: string,
  client: string,
  time: number,
  limit: number,
): MissedChange[] {
  const key = clientKey(db, app, client);
  if (key === undefined) return [];
  const documents = new Map<number, MissedChange['conversation'] | undefined>();
  const places = db.rows<[number, number, number | null, number]>(placesSql, key, time, limit);
  return places.flatMap(([conv, seq, role, joinedSeq]) => {
    if (!documents.has(conv)) {
      const found = foundByKey(db, conv);
      documents.set(conv, found && toConversation(found));
    }
    const conversation = documents.get(conv);
    const [row] = db.rows<EntryRow>(entrySql, conv, seq);
    if (conversation === undefined || row === undefined) return [];
    const entry: Entry = toEntry(row);
    return [{ conversation, entry, ...(role === null ? {} : { own: { joinedSeq } }) }];
  });
}
