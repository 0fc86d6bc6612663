import type { Totals } from '@hongyan/conversations';
import { lastAnnouncedSql, lastAnnouncedTimeSql } from './announcements.js';
import type { Database } from './database.js';
import { guestCode, mutedForGood, roomCode, threadCode } from './schema.js';
import { mentionUnreadSql, unreadSql } from './unread.js';

/**
 * A client's conversations in two steps: a narrow row of each, to choose, sort and add up, and the whole of those that a
 * page shows (list-rows.ts). Nothing in a narrow row depends on the time at which it was read.
 */
export interface NarrowRow {
  readonly conv: number;
  /** Left, or deleted. See {@link isGone}. */
  readonly ended: boolean;
  readonly expiresAt: number | null;
  /** Revision of the last change that this client sees here. */
  readonly rev: number;
  readonly unread: number;
  readonly mentionUnread: number;
  readonly muteUntil: number | null;
  readonly pinned: boolean;
  readonly activity: number;
  readonly hidden: boolean;
  /** A room that the client has muted without having a part in it: none of its conversations. */
  readonly isOutside: boolean;
  readonly isThread: boolean;
  /** Of a thread: key of its system conversation. */
  readonly parent: number | null;
  /** Of a system conversation, when merged: key of this client's thread with it. */
  readonly thread?: number;
}

const narrowSql = `SELECT m.conv, m.role, h.kind, h.parent, m.rev, h.rev, h.expiresAt, h.deletedAt,
  ${unreadSql}, ${mentionUnreadSql}, m.muteUntil, m.pinnedAt, h.lastMessageTime, h.lastMessageSeq, m.hiddenSeq, m.joinedAt,
  CASE WHEN m.role = ${guestCode} THEN ${lastAnnouncedSql} END, CASE WHEN m.role = ${guestCode} THEN ${lastAnnouncedTimeSql} END
  FROM member m JOIN head h ON h.conv = m.conv WHERE m.client = ?`;

type Columns = readonly [
  conv: number, role: number | null, kind: number, parent: number | null, ownRev: number, rev: number, expiresAt: number | null,
  deletedAt: number | null, unread: number, mentionUnread: number, muteUntil: number | null, pinnedAt: number | null,
  lastMessageTime: number, lastMessageSeq: number, hiddenSeq: number | null, joinedAt: number,
  announcedSeq: number | null, announcedAt: number | null,
]; // prettier-ignore

/** Every row that the client has or had, threads among them, by key of the conversation. About 1 µs each. */
export const readNarrowRows = (db: Database, client: number): NarrowRow[] =>
  db.rows<Columns>(`${narrowSql} ORDER BY m.conv`, client).map(narrow);

/** The row of one conversation; undefined when there never was one. */
export function readNarrowRow(db: Database, client: number, conv: number): NarrowRow | undefined {
  const [columns] = db.rows<Columns>(`${narrowSql} AND m.conv = ?`, client, conv);
  return columns === undefined ? undefined : narrow(columns);
}

function narrow([
  conv,
  role,
  kind,
  parent,
  ownRev,
  rev,
  expiresAt,
  deletedAt,
  unread,
  mentionUnread,
  muteUntil,
  pinnedAt,
  time,
  seq,
  hiddenSeq,
  joinedAt,
  announcedSeq,
  announcedAt,
]: Columns): NarrowRow {
  // prettier-ignore
  return {
    conv,
    ended: role === null || deletedAt !== null,
    expiresAt,
    // What happens after somebody left is not his to see.
    rev: role === null ? ownRev : Math.max(ownRev, rev),
    unread,
    mentionUnread,
    muteUntil,
    pinned: pinnedAt !== null,
    activity: role === guestCode ? (announcedAt ?? joinedAt) : time === 0 ? joinedAt : time,
    hidden: hiddenSeq !== null && hiddenSeq >= (role === guestCode ? (announcedSeq ?? 0) : seq),
    isOutside: kind === roomCode && role === guestCode,
    isThread: kind === threadCode,
    parent,
  };
}

export const isGone = (row: NarrowRow, now: number): boolean =>
  row.ended || (row.expiresAt !== null && row.expiresAt <= now);

/** Threads merged into their parents. */
export function mergeThreads(rows: readonly NarrowRow[], now: number): readonly NarrowRow[] {
  const threads = rows.filter(({ isThread }) => isThread);
  if (threads.length === 0) return rows;
  const byParent = new Map(
    threads.filter((thread) => !isGone(thread, now)).map((thread) => [thread.parent, thread]),
  );
  return rows
    .filter(({ isThread }) => !isThread)
    .map((row) => {
      const thread = byParent.get(row.conv);
      return thread === undefined ? row : merged(row, thread);
    });
}

function merged(parent: NarrowRow, thread: NarrowRow): NarrowRow {
  return {
    ...parent,
    rev: Math.max(parent.rev, thread.rev),
    activity: Math.max(parent.activity, thread.activity),
    hidden: parent.hidden && thread.hidden,
    unread: parent.unread + thread.unread,
    mentionUnread: parent.mentionUnread + thread.mentionUnread,
    thread: thread.conv,
  };
}

export function addUp(rows: readonly NarrowRow[], now: number): Totals {
  let unread = 0;
  let mentionUnread = 0;
  let unmutedUnread = 0;
  for (const row of rows) {
    if (isGone(row, now)) continue;
    unread += row.unread;
    mentionUnread += row.mentionUnread;
    if (row.muteUntil === null || (row.muteUntil !== mutedForGood && row.muteUntil <= now))
      unmutedUnread += row.unread;
  }
  return { unread, mentionUnread, unmutedUnread };
}

/** What the order of a list goes by. */
export type Position = Pick<NarrowRow, 'pinned' | 'activity' | 'conv'>;

/** Pinned first, then the newest activity. Negative: `a` comes before `b`. */
export function compare(a: Position, b: Position): number {
  if (a.pinned !== b.pinned) return a.pinned ? -1 : 1;
  return b.activity - a.activity || b.conv - a.conv;
}

/** The first `count` rows of a list, in order. `rows` are by key; young conversations, likely the first, are tried first. */
export function firstOf(rows: readonly NarrowRow[], count: number): NarrowRow[] {
  const first: NarrowRow[] = [];
  for (let at = rows.length - 1; at >= 0; at -= 1) {
    const row = rows[at]!;
    const last = first[first.length - 1];
    if (first.length === count) {
      if (last === undefined || compare(row, last) > 0) continue;
      first.pop();
    }
    let place = first.length;
    while (place > 0 && compare(row, first[place - 1]!) < 0) place -= 1;
    first.splice(place, 0, row);
  }
  return first;
}
