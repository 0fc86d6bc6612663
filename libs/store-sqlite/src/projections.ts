import type { Change, Entry } from '@hongyan/conversations';
import type { ClientId } from '@hongyan/protocol';
import { unannounced } from './announcements.js';
import { blankedExtra, blankFormat, editedExtra, mentionsOf } from './entry-codec.js';
import type { Slot } from './entry-codec.js';
import { raiseCursor } from './raise-cursors.js';
import { guestCode, messageCode, roleCodes } from './schema.js';
import type { HeadState, WriteContext } from './write-context.js';

/** What changesOf says, carried out in the tables, in the transaction of the entry. */

/** The content of an edit as the writer got it, which spares decoding and encoding it. */
export interface RawContent {
  readonly format: number | null;
  readonly type: string | null;
  readonly body: Slot;
  readonly extra: string | null;
}

export function applyChanges(
  w: WriteContext,
  app: string,
  head: HeadState,
  entry: Entry,
  changes: readonly Change[],
  raw?: RawContent,
): void {
  for (const change of changes) {
    switch (change.on) {
      case 'conversation': {
        const { name, attributes, columns, frozen, updatedAt, deletedAt } = change.set;
        w.db.run(
          `UPDATE conversation SET name = coalesce(?, name), attributes = coalesce(?, attributes),
           columns = coalesce(?, columns), frozen = coalesce(?, frozen),
           updatedAt = coalesce(?, updatedAt), deletedAt = coalesce(?, deletedAt) WHERE key = ?`,
          name ?? null,
          attributes === undefined ? null : JSON.stringify(attributes),
          columns === undefined ? null : JSON.stringify(columns),
          frozen === undefined ? null : Number(frozen),
          updatedAt ?? null,
          deletedAt ?? null,
          head.key,
        );
        if (deletedAt !== undefined) {
          head.deletedAt = deletedAt;
          w.touchCold(head);
        }
        break;
      }
      case 'detach':
        w.db.run('UPDATE conversation SET uniqueKey = NULL WHERE key = ?', head.key);
        break;
      case 'member-in':
        memberIn(w, app, head, change.client, {
          role: roleCodes.code(change.role),
          joinedSeq: entry.seq,
          joinedAt: entry.time,
          readSeq: change.readSeq,
          readCount: change.readSeq === 0 ? 0 : head.count,
        });
        break;
      case 'member-out':
        memberOut(w, app, head, change.client, entry.time);
        break;
      case 'member-role':
        raiseCursor(w, head, w.client(app, change.client, entry.time));
        w.db.run(
          'UPDATE member SET role = ?, rev = ? WHERE client = ? AND conv = ? AND role IS NOT NULL',
          roleCodes.code(change.role),
          w.nextRev(head.key),
          w.client(app, change.client, entry.time),
          head.key,
        );
        break;
      case 'silence':
        w.db.run(
          'INSERT INTO silence VALUES (?,?,?,?) ON CONFLICT DO UPDATE SET until = excluded.until',
          head.key,
          w.client(app, change.client, entry.time),
          change.client,
          change.until ?? null,
        );
        break;
      case 'unsilence':
        w.db.run(
          'DELETE FROM silence WHERE conv = ? AND client = ?',
          head.key,
          w.client(app, change.client, entry.time),
        );
        break;
      case 'block':
        w.db.run(
          'INSERT OR IGNORE INTO block VALUES (?,?,?)',
          head.key,
          w.client(app, change.client, entry.time),
          change.client,
        );
        break;
      case 'unblock':
        w.db.run(
          'DELETE FROM block WHERE conv = ? AND client = ?',
          head.key,
          w.client(app, change.client, entry.time),
        );
        break;
      case 'content':
        if (raw !== undefined) replaceContent(w, app, head, entry, change.target, raw);
        break;
      case 'blank':
        blank(w, app, head, change);
        break;
    }
  }
}

export interface Joining {
  readonly role: number;
  readonly joinedSeq: number;
  readonly joinedAt: number;
  readonly readSeq: number;
  readonly readCount: number;
  /** Own messages after the cursor, of one who wrote before being a member. */
  readonly ownAfter?: { readonly n: number; readonly last: number };
  readonly lastMentionSeq?: number;
}

const upsertMember = `INSERT INTO member (client, conv, id, role, joinedSeq, joinedAt, readSeq, readCount, readOwn, deliveredSeq,
    own, lastOwnSeq, lastMentionSeq, clearedSeq, markedUnread, rev)
  VALUES (?,?,?,?,?,?,?,?,0,?,?,?,?,0,0,?)
  ON CONFLICT (client, conv) DO UPDATE SET role = excluded.role, joinedSeq = excluded.joinedSeq, joinedAt = excluded.joinedAt,
    readSeq = excluded.readSeq, readCount = excluded.readCount, readOwn = own - excluded.own, deliveredSeq = excluded.deliveredSeq,
    lastMentionSeq = excluded.lastMentionSeq, clearedSeq = 0, muteUntil = NULL, pinnedAt = NULL, hiddenSeq = NULL, markedUnread = 0,
    custom = NULL, rev = excluded.rev`;

/** Begins a membership: personal state of an earlier one is dropped. */
export function memberIn(
  w: WriteContext,
  app: string,
  head: HeadState,
  client: ClientId,
  joining: Joining,
): void {
  const key = w.client(app, client, joining.joinedAt);
  const before = w.db.get<{ role: number | null }>(
    'SELECT role FROM member WHERE client = ? AND conv = ?',
    key,
    head.key,
  );
  const counted = (role: number | null | undefined) =>
    Number(role !== null && role !== undefined && role !== guestCode);
  const { role, joinedSeq, joinedAt, readSeq, readCount, ownAfter, lastMentionSeq = 0 } = joining;
  const rev = w.nextRev(head.key);
  w.db.run(
    upsertMember, key, head.key, client, role, joinedSeq, joinedAt, readSeq, readCount, readSeq,
    ownAfter?.n ?? 0, ownAfter?.last ?? 0, lastMentionSeq, rev,
  ); // prettier-ignore
  if (before === undefined) w.marks.client(key);
  head.memberCount += counted(role) - counted(before?.role);
  w.touchCold(head);
}

function memberOut(w: WriteContext, app: string, head: HeadState, client: ClientId, at: number): void {
  const key = w.client(app, client, at);
  const before = w.db.get<{ role: number | null }>(
    'SELECT role FROM member WHERE client = ? AND conv = ?',
    key,
    head.key,
  );
  if (before === undefined || before.role === null) return;
  w.db.run(
    'UPDATE member SET role = NULL, rev = ? WHERE client = ? AND conv = ?',
    w.nextRev(head.key),
    key,
    head.key,
  );
  if (before.role !== guestCode) head.memberCount -= 1;
  w.touchCold(head);
}

interface Target {
  readonly author: number;
  readonly silent: number;
  readonly recalled: number;
  readonly extra: string | null;
}

/** The message that an edit or a recall is about; undefined: there is none, or it is recalled already. */
function liveTarget(w: WriteContext, head: HeadState, target: number): Target | undefined {
  const row = w.db.get<Target>(
    `SELECT author, silent, recalled, extra FROM entry WHERE conv = ? AND seq = ? AND kind = ${messageCode}`,
    head.key,
    target,
  );
  return row === undefined || row.recalled === 1 ? undefined : row;
}

function replaceContent(
  w: WriteContext,
  app: string,
  head: HeadState,
  entry: Entry,
  target: number,
  raw: RawContent,
): void {
  const message = liveTarget(w, head, target);
  if (message === undefined) return;
  w.db.run(
    'UPDATE entry SET format = ?, type = ?, body = ?, extra = ?, editedAt = ?, editedSeq = ? WHERE conv = ? AND seq = ?',
    raw.format, raw.type, raw.body, editedExtra(message.extra, raw.extra), entry.time, entry.seq, head.key, target,
  ); // prettier-ignore
  if (message.silent !== 0) return;
  dropMentions(w, app, head, target, message.extra);
  addMentions(w, app, head, target, message.author, mentionsOf(raw.extra), entry.time);
}

function blank(
  w: WriteContext,
  app: string,
  head: HeadState,
  { target, deleted }: Change & { on: 'blank' },
): void {
  if (deleted) hide(w, head, target);
  const message = liveTarget(w, head, target);
  if (message === undefined) return;
  w.db.run(
    `UPDATE entry SET format = ${blankFormat}, type = NULL, body = '', extra = ?, recalled = 1 WHERE conv = ? AND seq = ?`,
    blankedExtra(message.extra),
    head.key,
    target,
  );
  dropMentions(w, app, head, target, message.extra);
  head.lastRecalledSeq = Math.max(head.lastRecalledSeq, target);
  w.touchCold(head);
}

/** The message shows nowhere any longer. If it was the last, the one before it is. */
function hide(w: WriteContext, head: HeadState, target: number): void {
  w.db.run(
    `UPDATE entry SET deleted = 1 WHERE conv = ? AND seq = ? AND kind = ${messageCode}`,
    head.key,
    target,
  );
  unannounced(w, head, target, target);
  if (head.lastMessageSeq !== target) return;
  const { seq, time } = lastShown(w, head);
  head.lastMessageSeq = seq;
  head.lastMessageTime = time;
  w.touch(head);
}

const selectLastShown = `SELECT seq, time FROM entry WHERE conv = ? AND seq > ? AND kind = ${messageCode} AND deleted = 0
  ORDER BY seq DESC LIMIT 1`;

/** The last message of the log that was not deleted; zeros: there is none. */
export const lastShown = (w: WriteContext, { key, floor }: HeadState): { seq: number; time: number } =>
  w.db.get<{ seq: number; time: number }>(selectLastShown, key, floor) ?? { seq: 0, time: 0 };

type Mentions = ReturnType<typeof mentionsOf>;

export function addMentions(
  w: WriteContext,
  app: string,
  head: HeadState,
  seq: number,
  author: number,
  { clients, all }: Mentions,
  at: number,
): void {
  const insert = 'INSERT OR IGNORE INTO mention VALUES (?,?,?,?)';
  if (all) {
    w.db.run(insert, head.key, 0, seq, author);
    head.lastMentionAllSeq = Math.max(head.lastMentionAllSeq, seq);
    w.touchCold(head);
  }
  for (const client of clients) {
    const key = w.client(app, client, at);
    if (key === author) continue;
    w.db.run(insert, head.key, key, seq, author);
    w.db.run(
      'UPDATE member SET lastMentionSeq = max(lastMentionSeq, ?) WHERE client = ? AND conv = ?',
      seq,
      key,
      head.key,
    );
  }
}

export function dropMentions(
  w: WriteContext,
  app: string,
  head: HeadState,
  seq: number,
  extra: string | null,
): void {
  const { clients, all } = mentionsOf(extra);
  const remove = 'DELETE FROM mention WHERE conv = ? AND client = ? AND seq = ?';
  if (all) w.db.run(remove, head.key, 0, seq);
  for (const client of clients) w.db.run(remove, head.key, w.knownClient(app, client) ?? 0, seq);
}
