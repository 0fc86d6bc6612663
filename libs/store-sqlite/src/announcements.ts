import type { ConversationId } from '@hongyan/protocol';
import type { Database } from './database.js';
import { messageCode, systemCode } from './schema.js';
import type { HeadState, WriteContext } from './write-context.js';

/**
 * Messages of services that are for everyone, and not for the subscribers only. A guest sees and counts nothing else of such a
 * log, so they are found and counted apart from it: few, where the log may have many. There is one row for each that is above
 * the floor and not deleted, recalled ones too.
 */

export function announced(w: WriteContext, app: string, head: HeadState, seq: number, time: number): void {
  w.db.run('INSERT INTO announcement (conv, seq, time, app) VALUES (?,?,?,?)', head.key, seq, time, app);
}

/** Those from one sequence to another are gone. */
export function unannounced(w: WriteContext, head: HeadState, from: number, to: number): void {
  if (head.kind !== systemCode) return;
  const remove = 'DELETE FROM announcement WHERE conv = ? AND seq BETWEEN ? AND ?';
  const { changes } = w.db.run(remove, head.key, from, to);
  if (Number(changes) > 0) w.touch(head);
}

/** Sequence and time of the last one of `m`'s conversation. */
export const lastAnnouncedSql =
  '(SELECT n.seq FROM announcement n WHERE n.conv = m.conv ORDER BY n.seq DESC LIMIT 1)';
export const lastAnnouncedTimeSql =
  '(SELECT n.time FROM announcement n WHERE n.conv = m.conv ORDER BY n.seq DESC LIMIT 1)';

/** Those that count after `m`'s cursor, of others. */
export const announcedUnreadSql = `(SELECT count(*) FROM announcement n CROSS JOIN entry e ON e.conv = n.conv AND e.seq = n.seq
  WHERE n.conv = m.conv AND n.seq > m.readSeq AND e.recalled = 0 AND e.silent = 0 AND e.author <> m.client)`;

/** Sequence of the last one; 0: none. */
export const lastAnnounced = (db: Database, conv: number): number =>
  db.get<{ seq: number | null }>('SELECT max(seq) AS seq FROM announcement WHERE conv = ?', conv)?.seq ?? 0;

/** From one service to the next: an app has few that announce, and they may have announced much. */
const announcingSql = `WITH RECURSIVE service(conv) AS (
    SELECT min(conv) FROM announcement WHERE app = ?1
    UNION ALL SELECT (SELECT min(n.conv) FROM announcement n WHERE n.app = ?1 AND n.conv > service.conv) FROM service WHERE service.conv IS NOT NULL)
  SELECT c.id FROM service CROSS JOIN conversation c ON c.key = service.conv WHERE c.deletedAt IS NULL`;

/** Services that have announced something. */
export const announcing = (db: Database, app: string): ConversationId[] =>
  db.all<{ id: string }>(announcingSql, app).map(({ id }) => id as ConversationId);

/** Rows that are missing or too many: for the check. */
export const wrongAnnouncementsSql = `SELECT c.app, c.id, 'message ' || e.seq || ' is for everyone, or is not, and cannot be told by it' AS detail
  FROM conversation c JOIN head h ON h.conv = c.key JOIN entry e ON e.conv = c.key
  LEFT JOIN announcement n ON n.conv = e.conv AND n.seq = e.seq AND n.time = e.time AND n.app = c.app
  WHERE c.kind = ${systemCode} AND e.kind = ${messageCode} AND e.seq > h.floor
    AND (e.deleted = 0 AND coalesce(json_extract(e.extra, '$.everyone'), 0) = 1) <> (n.seq IS NOT NULL)
  UNION ALL SELECT n.app, n.conv, 'nothing is at ' || n.seq FROM announcement n LEFT JOIN entry e ON e.conv = n.conv AND e.seq = n.seq
  WHERE e.seq IS NULL OR e.kind <> ${messageCode}`;
