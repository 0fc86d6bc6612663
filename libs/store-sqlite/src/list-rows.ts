import type { ListedConversation, Totals } from '@hongyan/conversations';
import type { ClientId } from '@hongyan/protocol';
import { foundByKey, toFound } from './conversation-reads.js';
import type { Database } from './database.js';
import { ownByKey } from './member-reads.js';
import { toOwnRow } from './own-row.js';
import { guestCode, mutedForGood, ordinaryCode, systemCode, threadCode } from './schema.js';
import { mentionUnreadSql, unreadSql } from './unread.js';

/**
 * A client's conversations in two steps: a narrow row of each, to choose, sort and add up (2,000 in a few ms), and the
 * whole of those that a page shows.
 */
export interface NarrowRow {
  readonly conv: number;
  readonly gone: boolean;
  /** Revision of the last change that this client sees here. */
  readonly rev: number;
  readonly expiresAt: number | null;
  readonly unread: number;
  readonly mentionUnread: number;
  readonly muted: boolean;
  readonly pinned: boolean;
  readonly activity: number;
  readonly hidden: boolean;
  /** Key of this client's thread with a system conversation. */
  readonly thread?: number;
}

const narrowSql = `SELECT m.conv, m.role, h.kind, h.parent, m.rev, h.rev, h.expiresAt, h.deletedAt,
  ${unreadSql}, ${mentionUnreadSql}, m.muteUntil, m.pinnedAt, h.lastMessageTime, h.lastMessageSeq, m.hiddenSeq, m.joinedAt
  FROM member m JOIN head h ON h.conv = m.conv WHERE m.client = ?`;

type Columns = readonly [
  conv: number, role: number | null, kind: number, parent: number | null, ownRev: number, rev: number, expiresAt: number | null,
  deletedAt: number | null, unread: number, mentionUnread: number, muteUntil: number | null, pinnedAt: number | null,
  lastMessageTime: number, lastMessageSeq: number, hiddenSeq: number | null, joinedAt: number,
]; // prettier-ignore

/** Every row that the client has or had, threads merged into their parents. */
export function narrowRows(db: Database, client: number, now: number): NarrowRow[] {
  const rows: NarrowRow[] = [];
  const threads: Columns[] = [];
  const byKey = new Map<number, number>();
  for (const columns of db.rows<Columns>(narrowSql, client)) {
    if (columns[2] === threadCode) threads.push(columns);
    else {
      byKey.set(columns[0], rows.length);
      rows.push(narrow(columns, now));
    }
  }
  for (const columns of threads) {
    const at = columns[3] === null ? undefined : byKey.get(columns[3]);
    const parent = at === undefined ? undefined : rows[at];
    const thread = narrow(columns, now);
    if (at !== undefined && parent !== undefined && !thread.gone) rows[at] = merged(parent, thread);
  }
  return rows;
}

/** The row of one conversation; undefined when there never was one. */
export function narrowRow(db: Database, client: number, conv: number, now: number): NarrowRow | undefined {
  const columns = db.rows<Columns>(`${narrowSql} AND m.conv = ?`, client, conv)[0];
  if (columns === undefined) return undefined;
  // Only a service may have a thread, and clients have few services: look through all rows for it.
  return columns[2] === systemCode
    ? narrowRows(db, client, now).find((row) => row.conv === conv)
    : narrow(columns, now);
}

function narrow(columns: Columns, now: number): NarrowRow {
  const [
    conv,
    role,
    ,
    ,
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
  ] = columns;
  const gone = role === null || deletedAt !== null || (expiresAt !== null && expiresAt <= now);
  return {
    conv,
    gone,
    // What happens after somebody left is not his to see.
    rev: role === null ? ownRev : Math.max(ownRev, rev),
    expiresAt,
    unread,
    mentionUnread,
    muted: muteUntil === mutedForGood || (muteUntil !== null && muteUntil > now),
    pinned: pinnedAt !== null,
    activity: time === 0 || role === guestCode ? joinedAt : time,
    hidden: hiddenSeq !== null && (hiddenSeq >= seq || role === guestCode),
  };
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

export function addUp(rows: readonly NarrowRow[]): Totals {
  let unread = 0;
  let mentionUnread = 0;
  let unmutedUnread = 0;
  for (const row of rows) {
    if (row.gone) continue;
    unread += row.unread;
    mentionUnread += row.mentionUnread;
    if (!row.muted) unmutedUnread += row.unread;
  }
  return { unread, mentionUnread, unmutedUnread };
}

/** The whole row, as of the same moment. */
export function listed(db: Database, client: number, { conv, thread }: NarrowRow): ListedConversation {
  const found = foundByKey(db, conv);
  const own = ownByKey(db, client, conv);
  if (found === undefined || own === undefined) throw new Error('a listed conversation without its row');
  const { lastMessage, ...rest } = toFound(db, found);
  const shown = own.role !== guestCode && found.lastMessageSeq > own.clearedSeq;
  const peer = found.kind === ordinaryCode && found.memberCount === 2 ? peerOf(db, client, conv) : undefined;
  return {
    ...rest,
    ...(shown && lastMessage !== undefined ? { lastMessage } : {}),
    own: toOwnRow(own),
    unread: own.unread,
    mentionUnread: own.mentionUnread,
    ...(peer === undefined ? {} : { peer }),
    ...(thread === undefined ? {} : { thread: threadOf(db, client, thread) }),
  };
}

function threadOf(db: Database, client: number, conv: number): NonNullable<ListedConversation['thread']> {
  const found = foundByKey(db, conv);
  const own = ownByKey(db, client, conv);
  if (found === undefined || own === undefined) throw new Error('a thread without its row');
  const { conversation, head, lastMessage } = toFound(db, found);
  return {
    conversation: conversation.id,
    head,
    own: toOwnRow(own),
    unread: own.unread,
    mentionUnread: own.mentionUnread,
    ...(lastMessage !== undefined && found.lastMessageSeq > own.clearedSeq ? { lastMessage } : {}),
  };
}

function peerOf(db: Database, client: number, conv: number): ListedConversation['peer'] {
  const row = db.get<{ id: string; readSeq: number; deliveredSeq: number }>(
    'SELECT id, readSeq, deliveredSeq FROM member WHERE conv = ? AND role IS NOT NULL AND client <> ? LIMIT 1',
    conv,
    client,
  );
  return row === undefined
    ? undefined
    : { client: row.id as ClientId, readSeq: row.readSeq, deliveredSeq: row.deliveredSeq };
}
