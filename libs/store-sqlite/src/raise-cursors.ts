import { messageCode } from './schema.js';
import { countAt } from './unread.js';
import type { HeadState, WriteContext } from './write-context.js';

export interface CursorRow {
  readonly client: number;
  readonly readSeq: number;
  readonly lastOwnSeq: number;
}

/** What is at or below the floor counts as read: moves the cursors of these members, so far as they are below it. */
export function raiseCursors(w: WriteContext, head: HeadState, rows: readonly CursorRow[]): void {
  const behind = rows.filter(({ readSeq }) => readSeq < head.floor);
  if (behind.length === 0) return;
  const count = countAt(w.db, head.key, head.floor);
  const own = behind.some(({ lastOwnSeq, readSeq }) => lastOwnSeq > readSeq)
    ? ownUpToFloor(w, head)
    : undefined;
  for (const { client, readSeq } of behind) {
    const passed = own?.get(client)?.filter((seq) => seq > readSeq).length ?? 0;
    w.db.run(
      `UPDATE member SET readSeq = ?, readCount = ?, readOwn = readOwn + ?, deliveredSeq = max(deliveredSeq, ?), rev = ?
       WHERE client = ? AND conv = ?`,
      head.floor, count, passed, head.floor, w.nextRev(head.key), client, head.key,
    ); // prettier-ignore
  }
}

/** The same for one client, who leaves the place among the members at which retention would come upon it. */
export function raiseCursor(w: WriteContext, head: HeadState, client: number): void {
  if (head.floor === 0) return;
  w.flushOwn(head);
  const sql =
    'SELECT client, readSeq, lastOwnSeq FROM member WHERE client = ? AND conv = ? AND role IS NOT NULL';
  raiseCursors(w, head, w.db.all<CursorRow>(sql, client, head.key));
}

/** Sequences of counting messages that are still there, up to the floor, by author. */
function ownUpToFloor(w: WriteContext, head: HeadState): Map<number, number[]> {
  const sql = `SELECT seq, author FROM entry WHERE conv = ? AND seq <= ? AND kind = ${messageCode} AND silent = 0 ORDER BY seq`;
  const byAuthor = new Map<number, number[]>();
  for (const { seq, author } of w.db.all<{ seq: number; author: number }>(sql, head.key, head.floor)) {
    const seqs = byAuthor.get(author);
    if (seqs === undefined) byAuthor.set(author, [seq]);
    else seqs.push(seq);
  }
  return byAuthor;
}
