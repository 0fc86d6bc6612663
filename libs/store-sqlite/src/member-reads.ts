import type { MemberItem, OwnRow } from '@hongyan/conversations';
import type { ClientId, Role } from '@hongyan/protocol';
import type { Database } from './database.js';
import { clientKey, conversationKey, decodeCursor, encodeCursor } from './keys.js';
import { muteOf, ownColumns, toOwnRow } from './own-row.js';
import type { OwnColumns } from './own-row.js';
import { guestCode, roleCodes, threadCode } from './schema.js';
import { mentionUnreadSql, unreadSql } from './unread.js';

/** Reads of MemberStore, but for lists. */

export interface OwnCounts extends OwnColumns {
  readonly unread: number;
  readonly mentionUnread: number;
}

const ownSql = `SELECT ${ownColumns}, ${unreadSql} AS unread, ${mentionUnreadSql} AS mentionUnread
  FROM member m JOIN head h ON h.conv = m.conv WHERE m.client = ? AND m.conv = ? AND m.role IS NOT NULL`;

export const ownByKey = (db: Database, client: number, conv: number): OwnCounts | undefined =>
  db.get<OwnCounts>(ownSql, client, conv);

export function own(
  db: Database,
  app: string,
  conversation: string,
  client: string,
): (OwnRow & { unread: number; mentionUnread: number }) | undefined {
  const conv = conversationKey(db, app, conversation);
  const key = clientKey(db, app, client);
  const row = conv === undefined || key === undefined ? undefined : ownByKey(db, key, conv);
  return row === undefined
    ? undefined
    : { ...toOwnRow(row), unread: row.unread, mentionUnread: row.mentionUnread };
}

type WithRow = (db: Database, app: string, conversation: string, clients: readonly ClientId[]) => ClientId[];

const withRow =
  (which: string): WithRow =>
  (db, app, conversation, clients) => {
    const conv = conversationKey(db, app, conversation);
    if (conv === undefined) return [];
    return clients.filter((client) => {
      const key = clientKey(db, app, client);
      return (
        key !== undefined &&
        db.get(`SELECT 1 FROM member WHERE client = ? AND conv = ? ${which}`, key, conv) !== undefined
      );
    });
  };

const members = withRow(`AND role < ${guestCode}`);
const membersAndGuests = withRow('AND role IS NOT NULL');

export const among = (
  db: Database,
  app: string,
  conversation: string,
  clients: readonly ClientId[],
  guests: boolean,
): ClientId[] => (guests ? membersAndGuests : members)(db, app, conversation, clients);

/** Rows of former members stay. */
export const everAmong = withRow('');

export interface MemberPage {
  readonly role?: Role;
  readonly limit: number;
  readonly cursor?: string;
  readonly after?: ClientId;
}

export function memberPage(
  db: Database,
  app: string,
  conversation: string,
  page: MemberPage,
): { items: MemberItem[]; cursor?: string } {
  const conv = conversationKey(db, app, conversation);
  if (conv === undefined) return { items: [] };
  const only = page.role === undefined ? undefined : roleCodes.code(page.role);
  const start = page.after !== undefined && only !== undefined ? [only, page.after] : undefined;
  const [role = -1, id = ''] = (start ?? decodeCursor(db, page.cursor) ?? []) as [number?, string?];
  const rows = db.all<{ id: string; role: number; joinedAt: number; muteUntil: number | null }>(
    `SELECT id, role, joinedAt, muteUntil FROM member WHERE conv = ? AND role IS NOT NULL AND (role, id) > (?, ?) AND role BETWEEN ? AND ?
     ORDER BY role, id LIMIT ?`,
    conv, role, id, only ?? 0, only ?? guestCode - 1, page.limit + 1,
  ); // prettier-ignore
  const items = rows.slice(0, page.limit);
  const last = items.at(-1);
  return {
    items: items.map((row) => ({
      client: row.id as ClientId,
      role: roleCodes.word(row.role) as Role,
      joinedAt: row.joinedAt,
      ...muteOf(row.muteUntil),
    })),
    ...(rows.length > page.limit && last !== undefined
      ? { cursor: encodeCursor(db, [last.role, last.id]) }
      : {}),
  };
}

export interface ReceiptPage {
  readonly kind: 'delivered' | 'read';
  readonly limit: number;
  readonly cursor?: string;
}

export interface Receipts {
  readonly items: { client: ClientId; time: number }[];
  readonly cursor?: string;
  readonly delivered: number;
  readonly read: number;
  readonly of: number;
}

/** Who joined after the message could not receive it and is not counted, though the cursor began above it. */
export function receipts(
  db: Database,
  app: string,
  conversation: string,
  seq: number,
  author: ClientId | '',
  page: ReceiptPage,
): Receipts {
  const conv = conversationKey(db, app, conversation);
  if (conv === undefined) return { items: [], delivered: 0, read: 0, of: 0 };
  // Imported messages are below everybody's joining: they were received by who came over with the conversation.
  const origin = db.get<{ origin: number }>('SELECT origin FROM head WHERE conv = ?', conv)?.origin ?? 0;
  const joinedBy = Math.max(seq, origin + 1);
  const who = `FROM member m WHERE m.conv = ? AND m.role IS NOT NULL AND m.role < ${guestCode} AND m.joinedSeq <= ? AND m.id <> ?`;
  const counts = db.get<{ delivered: number; read: number; of: number }>(
    `SELECT count(*) AS "of", coalesce(sum(m.deliveredSeq >= ?), 0) AS delivered, coalesce(sum(m.readSeq >= ?), 0) AS read ${who}`,
    seq, seq, conv, joinedBy, author,
  ) ?? { delivered: 0, read: 0, of: 0 }; // prettier-ignore
  const column = page.kind === 'read' ? 'readSeq' : 'deliveredSeq';
  const [after = ''] = (decodeCursor(db, page.cursor) ?? []) as [string?];
  const rows = db.all<{ id: string; time: number | null }>(
    `SELECT m.id, (SELECT e.time FROM entry e WHERE e.conv = m.conv AND e.seq <= m.${column} ORDER BY e.seq DESC LIMIT 1) AS time
     ${who} AND m.${column} >= ? AND m.id > ? ORDER BY m.id LIMIT ?`,
    conv, joinedBy, author, seq, after, page.limit + 1,
  ); // prettier-ignore
  const items = rows.slice(0, page.limit);
  const last = items.at(-1);
  return {
    items: items.map(({ id, time }) => ({ client: id as ClientId, time: time ?? 0 })),
    ...(rows.length > page.limit && last !== undefined ? { cursor: encodeCursor(db, [last.id]) } : {}),
    ...counts,
  };
}

/** Threads are part of their parent's row and not counted. */
export function count(db: Database, app: string, client: string, now: number): number {
  const key = clientKey(db, app, client);
  if (key === undefined) return 0;
  const sql = `SELECT count(*) AS n FROM member m JOIN head h ON h.conv = m.conv WHERE m.client = ? AND m.role < ${guestCode}
    AND h.kind <> ${threadCode} AND h.deletedAt IS NULL AND (h.expiresAt IS NULL OR h.expiresAt > ?)`;
  return db.get<{ n: number }>(sql, key, now)?.n ?? 0;
}
