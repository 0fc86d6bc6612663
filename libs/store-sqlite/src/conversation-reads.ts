import type { Conversation, Found, Loaded, Member } from '@hongyan/conversations';
import type { ClientId, ConversationId, JsonObject } from '@hongyan/protocol';
import { announcing } from './announcements.js';
import type { Database } from './database.js';
import { conversationKey } from './keys.js';
import { headColumns, messageAt, toHead } from './log-reads.js';
import type { HeadColumns } from './log-reads.js';
import {
  audienceCodes,
  conversationKindCodes,
  guestCode,
  roleCodes,
  roomCode,
  systemCode,
} from './schema.js';

/** Reads of ConversationStore, but for queries. */

interface ConversationColumns {
  readonly key: number;
  readonly id: string;
  readonly kind: number;
  readonly name: string | null;
  readonly attributes: string;
  readonly columns: string | null;
  readonly creator: string | null;
  readonly frozen: number;
  readonly audience: number | null;
  readonly parentId: string | null;
  readonly uniqueKey: string | null;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly expiresAt: number | null;
  readonly deletedAt: number | null;
}

const conversationColumns = `c.key, c.id, c.kind, c.name, c.attributes, c.creator, c.frozen, c.audience, c.parentId, c.uniqueKey,
  c.createdAt, c.updatedAt, c.expiresAt, c.deletedAt, c.columns`;

export const foundColumns = `${conversationColumns}, ${headColumns}, h.memberCount`;
export type FoundColumns = ConversationColumns & HeadColumns & { readonly memberCount: number };

export function toConversation(row: ConversationColumns): Conversation {
  return {
    id: row.id as ConversationId,
    kind: conversationKindCodes.word(row.kind),
    ...(row.name === null ? {} : { name: row.name }),
    attributes: JSON.parse(row.attributes) as JsonObject,
    ...(row.columns === null ? {} : { columns: JSON.parse(row.columns) as JsonObject }),
    ...(row.creator === null ? {} : { creator: row.creator as ClientId }),
    frozen: row.frozen === 1,
    ...(row.audience === null ? {} : { audience: audienceCodes.word(row.audience) }),
    ...(row.parentId === null ? {} : { parent: row.parentId as ConversationId }),
    ...(row.uniqueKey === null ? {} : { uniqueKey: row.uniqueKey }),
    createdAt: row.createdAt,
    updatedAt: row.updatedAt,
    ...(row.expiresAt === null ? {} : { expiresAt: row.expiresAt }),
    ...(row.deletedAt === null ? {} : { deletedAt: row.deletedAt }),
  };
}

export function toFound(db: Database, row: FoundColumns): Found {
  const lastMessage = row.lastMessageSeq > row.floor ? messageAt(db, row.key, row.lastMessageSeq) : undefined;
  return {
    conversation: toConversation(row),
    head: toHead(row),
    memberCount: row.memberCount,
    ...(lastMessage === undefined ? {} : { lastMessage }),
  };
}

const foundByKeySql = `SELECT ${foundColumns} FROM conversation c JOIN head h ON h.conv = c.key WHERE c.key = ?`;
export const foundByKey = (db: Database, key: number): FoundColumns | undefined =>
  db.get<FoundColumns>(foundByKeySql, key);

export function load(db: Database, app: string, conversation: string): Loaded | undefined {
  const key = conversationKey(db, app, conversation);
  const row = key === undefined ? undefined : foundByKey(db, key);
  if (row === undefined) return undefined;
  return {
    conversation: toConversation(row),
    head: toHead(row),
    members: row.kind === systemCode ? [] : membersOf(db, row.key, row.kind === roomCode),
    silences: db
      .all<{ id: string; until: number | null }>('SELECT id, until FROM silence WHERE conv = ?', row.key)
      .map(({ id, until }) => ({ client: id as ClientId, ...(until === null ? {} : { until }) })),
    blocked: db
      .all<{ id: string }>('SELECT id FROM block WHERE conv = ?', row.key)
      .map(({ id }) => id as ClientId),
  };
}

/** Guests of a room have muted it, which no rule asks for. */
function membersOf(db: Database, key: number, isRoom: boolean): Member[] {
  const rows = db.rows<[string, number, number, number, number, number]>(
    `SELECT id, role, joinedSeq, joinedAt, readSeq, deliveredSeq FROM member WHERE conv = ? AND role IS NOT NULL AND role <= ?
     ORDER BY role, id`,
    key,
    isRoom ? guestCode - 1 : guestCode,
  );
  return rows.map(([id, role, joinedSeq, joinedAt, readSeq, deliveredSeq]) => ({
    client: id as ClientId,
    role: roleCodes.word(role),
    joinedSeq,
    joinedAt,
    readSeq,
    deliveredSeq,
  }));
}

export function find(db: Database, app: string, conversations: readonly string[]): Found[] {
  const found: Found[] = [];
  for (const id of conversations) {
    const key = conversationKey(db, app, id);
    const row = key === undefined ? undefined : foundByKey(db, key);
    if (row !== undefined && row.deletedAt === null) found.push(toFound(db, row));
  }
  return found;
}

export function byUniqueKey(
  db: Database,
  app: string,
  uniqueKey: string,
  now: number,
): ConversationId | undefined {
  const sql =
    'SELECT id FROM conversation WHERE app = ? AND uniqueKey = ? AND (expiresAt IS NULL OR expiresAt > ?)';
  return db.get<{ id: string }>(sql, app, uniqueKey, now)?.id as ConversationId | undefined;
}

export function everyone(db: Database, app: string): ConversationId[] {
  const sql = 'SELECT id FROM conversation WHERE app = ? AND audience = 1 AND deletedAt IS NULL';
  const forEveryone = db.all<{ id: string }>(sql, app).map(({ id }) => id as ConversationId);
  return [...new Set([...forEveryone, ...announcing(db, app)])];
}
