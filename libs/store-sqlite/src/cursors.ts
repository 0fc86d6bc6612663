import type { OwnPatch, OwnRow } from '@hongyan/conversations';
import type { ClientId } from '@hongyan/protocol';
import { ownColumns, toOwnRow } from './own-row.js';
import type { OwnColumns } from './own-row.js';
import { memberIn } from './projections.js';
import { guestCode, mutedForGood, ordinaryCode, roleCodes, systemCode } from './schema.js';
import { countAt, mentionUnreadSql, ownBetween, unreadSql } from './unread.js';
import type { HeadState, WriteContext } from './write-context.js';

/** Writes of MemberStore: cursors, personal state, subscriptions. */

interface CursorRow {
  readonly readSeq: number;
  readonly readCount: number;
  readonly readOwn: number;
  readonly deliveredSeq: number;
  readonly own: number;
  readonly lastOwnSeq: number;
  readonly lastMentionSeq: number;
  readonly markedUnread: number;
  readonly rev: number;
}

const selectCursor = `SELECT readSeq, readCount, readOwn, deliveredSeq, own, lastOwnSeq, lastMentionSeq, markedUnread, rev
  FROM member WHERE client = ? AND conv = ? AND role IS NOT NULL`;
const updateCursor = `UPDATE member SET readSeq = ?, readCount = ?, readOwn = ?, deliveredSeq = ?, markedUnread = 0, rev = ?
  WHERE client = ? AND conv = ?`;

export interface ReadAnswer {
  readonly readSeq: number;
  readonly unread: number;
  readonly mentionUnread: number;
  readonly moved: boolean;
  readonly revision: number;
}

export function advanceRead(
  w: WriteContext,
  app: string,
  conversation: string,
  client: string,
  seq: number,
): ReadAnswer | undefined {
  const head = w.conversation(app, conversation);
  const key = w.knownClient(app, client);
  if (head === undefined || key === undefined) return undefined;
  w.flushOwn(head);
  const row = w.db.get<CursorRow>(selectCursor, key, head.key);
  if (row === undefined) return undefined;
  const target = Math.min(seq, head.last);
  const moved = target > row.readSeq;
  const readSeq = moved ? target : row.readSeq;
  let { rev } = row;
  if (moved || row.markedUnread === 1) {
    rev = w.nextRev(head.key);
    const readCount = moved
      ? target === head.last
        ? head.count
        : countAt(w.db, head.key, target)
      : row.readCount;
    const readOwn = moved ? ownAt(w, head, key, row, target) : row.readOwn;
    w.db.run(
      updateCursor,
      readSeq,
      readCount,
      readOwn,
      Math.max(row.deliveredSeq, readSeq),
      rev,
      key,
      head.key,
    );
    if (moved) tellPeer(w, head);
  }
  return { readSeq, ...unreadNow(w, head, key, row, readSeq), moved, revision: rev };
}

/** Own counting messages up to `seq`, which lies above the row's cursor. Scans the shorter side of the log. */
function ownAt(w: WriteContext, head: HeadState, key: number, row: CursorRow, seq: number): number {
  if (seq >= row.lastOwnSeq) return row.own;
  if (row.own === row.readOwn) return row.own;
  return seq - row.readSeq <= row.lastOwnSeq - seq
    ? row.readOwn + ownBetween(w.db, head.key, key, row.readSeq, seq).n
    : row.own - ownBetween(w.db, head.key, key, seq, row.lastOwnSeq).n;
}

/** Nothing is left to look up when the cursor reached the last message. */
function unreadNow(w: WriteContext, head: HeadState, key: number, row: CursorRow, readSeq: number) {
  if (readSeq >= head.lastMessageSeq) return { unread: 0, mentionUnread: 0 };
  // The head in the table may be behind the running transaction: its four numbers are handed in.
  const found = w.db.get<{ unread: number; mentionUnread: number }>(
    `SELECT ${unreadSql} AS unread, ${mentionUnreadSql} AS mentionUnread
     FROM member m, (SELECT ? AS count, ? AS lastRecalledSeq, ? AS lastMentionAllSeq) h WHERE m.client = ? AND m.conv = ?`,
    head.count,
    head.lastRecalledSeq,
    head.lastMentionAllSeq,
    key,
    head.key,
  );
  return { unread: found?.unread ?? 0, mentionUnread: found?.mentionUnread ?? 0 };
}

/** In one-to-one conversations the other's list shows this cursor: it counts as a change of the conversation. */
function tellPeer(w: WriteContext, head: HeadState): void {
  if (head.kind === ordinaryCode && head.memberCount === 2) w.touch(head);
}

/** conversation, client, seq, conversation, client, seq … */
export function advanceDelivered(w: WriteContext, app: string, rows: readonly (string | number)[]): void {
  for (let at = 0; at + 2 < rows.length; at += 3) {
    const head = w.conversation(app, rows[at] as string);
    const key = w.knownClient(app, rows[at + 1] as string);
    if (head === undefined || key === undefined) continue;
    const seq = Math.min(rows[at + 2] as number, head.last);
    const { changes } = w.db.run(
      'UPDATE member SET deliveredSeq = ? WHERE client = ? AND conv = ? AND role IS NOT NULL AND deliveredSeq < ?',
      seq, key, head.key, seq,
    ); // prettier-ignore
    if (Number(changes) > 0) tellPeer(w, head);
  }
}

export function setOwn(
  w: WriteContext,
  app: string,
  conversation: string,
  client: string,
  patch: OwnPatch,
): OwnRow | undefined {
  const head = w.conversation(app, conversation);
  const key = w.knownClient(app, client);
  if (head === undefined || key === undefined) return undefined;
  const select = `SELECT ${ownColumns} FROM member m WHERE m.client = ? AND m.conv = ? AND m.role IS NOT NULL`;
  const row = w.db.get<OwnColumns>(select, key, head.key);
  if (row === undefined) return undefined;
  const { muteUntil, pinnedAt, hidden, markedUnread, custom, clearedSeq } = patch;
  const off = <T>(value: T | 'off' | undefined, now: T | null): T | null =>
    value === undefined ? now : value === 'off' ? null : value;
  w.db.run(
    `UPDATE member SET muteUntil = ?, pinnedAt = ?, hiddenSeq = ?, markedUnread = ?, custom = ?, clearedSeq = ?, rev = ?
     WHERE client = ? AND conv = ?`,
    muteUntil === null ? mutedForGood : off<number>(muteUntil, row.muteUntil),
    off(pinnedAt, row.pinnedAt),
    hidden === undefined ? row.hiddenSeq : hidden ? head.lastMessageSeq : null,
    markedUnread === undefined ? row.markedUnread : Number(markedUnread),
    custom === undefined ? row.custom : JSON.stringify(custom),
    Math.max(row.clearedSeq, Math.min(clearedSeq ?? 0, head.last)),
    w.nextRev(head.key),
    key,
    head.key,
  );
  if (hidden !== undefined && head.kind === systemCode) hideThread(w, head, key, hidden);
  const changed = w.db.get<OwnColumns>(select, key, head.key);
  return changed === undefined ? undefined : toOwnRow(changed);
}

/** A client sees a system conversation and its thread as one row: they are hidden and shown together. */
function hideThread(w: WriteContext, head: HeadState, key: number, hidden: boolean): void {
  const threads = w.db.all<{ app: string; id: string; conv: number }>(
    `SELECT c.app, c.id, m.conv FROM member m JOIN head h ON h.conv = m.conv JOIN conversation c ON c.key = m.conv
     WHERE m.client = ? AND h.parent = ?`,
    key,
    head.key,
  );
  for (const { app, id, conv } of threads) {
    const last = w.conversation(app, id)?.lastMessageSeq ?? 0;
    w.db.run(
      'UPDATE member SET hiddenSeq = ?, rev = ? WHERE client = ? AND conv = ?',
      hidden ? last : null,
      w.nextRev(conv),
      key,
      conv,
    );
  }
}

export function ensure(
  w: WriteContext,
  app: string,
  conversation: string,
  client: string,
  role: 'member' | 'guest',
  readSeq: number,
  now: number,
): void {
  const head = w.conversation(app, conversation);
  if (head === undefined) return;
  const key = w.client(app, client, now);
  w.flushOwn(head);
  const row = w.db.get<{ role: number | null; readSeq: number }>(
    'SELECT role, readSeq FROM member WHERE client = ? AND conv = ?',
    key,
    head.key,
  );
  const isIn = row !== undefined && row.role !== null;
  if (isIn && (row.role !== guestCode || role === 'guest')) return;
  const former = row === undefined || isIn ? 0 : row.readSeq;
  const cursor = Math.max(Math.min(readSeq, head.last), head.floor, former);
  const mention = w.db.get<{ last: number | null }>(
    'SELECT max(seq) AS last FROM mention WHERE conv = ? AND client = ?',
    head.key,
    key,
  );
  memberIn(w, app, head, client as ClientId, {
    role: roleCodes.code(role),
    joinedSeq: cursor,
    joinedAt: now,
    readSeq: cursor,
    readCount: cursor === head.last ? head.count : countAt(w.db, head.key, cursor),
    ownAfter: ownBetween(w.db, head.key, key, cursor, head.last),
    lastMentionSeq: mention?.last ?? 0,
  });
}
