import type { Database } from './database.js';
import { announcedUnreadSql } from './announcements.js';
import { guestCode, messageCode } from './schema.js';

/**
 * Unread without counting: the head carries how many counting messages there are, the member row how many there were
 * at the cursor and how many of either were the client's own; what was recalled since is subtracted. Guests are counted what
 * is for everyone, one by one.
 * docs/model.md has the definition.
 */

/** Counting messages of others after `m`'s cursor that were recalled. `h` is the head. */
const recalledSql = `CASE WHEN h.lastRecalledSeq > m.readSeq THEN
  (SELECT count(*) FROM entry e WHERE e.conv = m.conv AND e.seq > m.readSeq AND e.recalled = 1 AND e.silent = 0 AND e.author <> m.client)
  ELSE 0 END`;

/** Of a row `m` of member and its head `h`. */
export const unreadSql = `CASE WHEN m.role = ${guestCode} THEN ${announcedUnreadSql} ELSE
  h.count - m.readCount - (m.own - m.readOwn) - ${recalledSql} END`;

export const mentionUnreadSql = `CASE WHEN m.lastMentionSeq <= m.readSeq AND h.lastMentionAllSeq <= m.readSeq THEN 0 ELSE
  (SELECT count(DISTINCT x.seq) FROM mention x WHERE x.conv = m.conv AND x.client IN (0, m.client) AND x.seq > m.readSeq AND x.author <> m.client
    AND (m.role IS NOT ${guestCode} OR EXISTS (SELECT 1 FROM announcement n WHERE n.conv = x.conv AND n.seq = x.seq)))
  END`;

/** Counting messages up to the sequence `seq` of the log of `conv` (SQL terms). Below all that is left: those that are gone. */
export const countAtSql = (conv: string, seq: string): string => `coalesce(
  (SELECT e.count FROM entry e WHERE e.conv = ${conv} AND e.seq <= ${seq} ORDER BY e.seq DESC LIMIT 1),
  (SELECT e.count - (e.kind = ${messageCode} AND e.silent = 0) FROM entry e WHERE e.conv = ${conv} AND e.seq > ${seq} ORDER BY e.seq LIMIT 1),
  0)`;

const countAtQuery = `SELECT ${countAtSql('?1', '?2')} AS count`;
export const countAt = (db: Database, conv: number, seq: number): number =>
  db.get<{ count: number }>(countAtQuery, conv, seq)?.count ?? 0;

/** Counting messages of `author` with after < seq <= until. */
export function ownBetween(
  db: Database,
  conv: number,
  author: number,
  after: number,
  until: number,
): { n: number; last: number } {
  const sql = `SELECT count(*) AS n, coalesce(max(seq), 0) AS last FROM entry
    WHERE conv = ? AND seq > ? AND seq <= ? AND author = ? AND kind = 0 AND silent = 0`;
  return db.get<{ n: number; last: number }>(sql, conv, after, until, author) ?? { n: 0, last: 0 };
}
