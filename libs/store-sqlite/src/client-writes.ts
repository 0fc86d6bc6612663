import type { ClientPatch, ClientRecord } from '@hongyan/conversations';
import { AppError, type ClientId, type JsonObject } from '@hongyan/protocol';
import type { WriteContext } from './write-context.js';

export interface ClientColumns {
  readonly id: string;
  readonly name: string | null;
  readonly avatarUrl: string | null;
  readonly locale: string | null;
  readonly timeZone: string | null;
  readonly custom: string | null;
  readonly firstSeen: number;
  readonly firstLogin: number | null;
  readonly lastSeen: number | null;
  readonly bannedUntil: number | null;
  readonly banReason: string | null;
}

export const clientColumns =
  'id, name, avatarUrl, locale, timeZone, custom, firstSeen, firstLogin, lastSeen, bannedUntil, banReason';

export function toClientRecord(row: ClientColumns): ClientRecord {
  const present = Object.entries(row).filter(([, value]) => value !== null);
  const { custom, ...rest } = Object.fromEntries(present) as { custom?: string } & Omit<
    ClientRecord,
    'custom'
  >;
  return { ...rest, ...(custom === undefined ? {} : { custom: JSON.parse(custom) as JsonObject }) };
}

export function upsertClient(
  w: WriteContext,
  app: string,
  client: string,
  patch: ClientPatch,
  now: number,
): { record: ClientRecord; created: boolean } {
  const created = w.knownClient(app, client) === undefined;
  const key = w.client(app, client, now);
  const select = `SELECT ${clientColumns} FROM client WHERE key = ?`;
  const before = w.db.get<ClientColumns>(select, key);
  if (before === undefined) throw new Error('a client key without a row');
  const pick = <T>(value: T | null | undefined, old: T | null): T | null =>
    value === undefined ? old : value;
  w.db.run(
    `UPDATE client SET name = ?, avatarUrl = ?, locale = ?, timeZone = ?, custom = ?, firstLogin = ?, lastSeen = ?, bannedUntil = ?,
     banReason = ? WHERE key = ?`,
    pick(patch.name, before.name),
    pick(patch.avatarUrl, before.avatarUrl),
    pick(patch.locale, before.locale),
    pick(patch.timeZone, before.timeZone),
    patch.custom === undefined ? before.custom : patch.custom === null ? null : JSON.stringify(patch.custom),
    before.firstLogin ?? patch.lastSeen ?? null,
    patch.lastSeen === undefined ? before.lastSeen : Math.max(before.lastSeen ?? 0, patch.lastSeen),
    pick(patch.bannedUntil, before.bannedUntil),
    pick(patch.banReason, before.banReason),
    key,
  );
  const row = w.db.get<ClientColumns>(select, key);
  if (row === undefined) throw new Error('a client vanished');
  return { record: toClientRecord(row), created };
}

export function refuse(
  w: WriteContext,
  app: string,
  client: string,
  others: readonly string[],
  now: number,
): void {
  const key = w.client(app, client, now);
  for (const other of others)
    w.db.run('INSERT OR IGNORE INTO refusal VALUES (?,?,?,?)', key, w.client(app, other, now), other, now);
}

export function unrefuse(w: WriteContext, app: string, client: string, others: readonly ClientId[]): void {
  const key = w.knownClient(app, client);
  if (key === undefined) return;
  for (const other of others)
    w.db.run('DELETE FROM refusal WHERE client = ? AND other = ?', key, w.knownClient(app, other) ?? -1);
}

export function refuseConversation(
  w: WriteContext,
  app: string,
  client: string,
  conversation: string,
  most: number,
  now: number,
): boolean {
  const head = w.conversation(app, conversation);
  if (head === undefined) throw new AppError('not_found');
  const key = w.client(app, client, now);
  const others = w.db.get<{ n: number }>(
    'SELECT count(*) AS n FROM conversation_refusal WHERE client = ? AND conv <> ?',
    key,
    head.key,
  )!.n;
  if (others >= most) return false;
  w.db.run('INSERT OR IGNORE INTO conversation_refusal VALUES (?,?,?)', key, head.key, conversation);
  return true;
}

export function unrefuseConversation(
  w: WriteContext,
  app: string,
  client: string,
  conversation: string,
): void {
  const head = w.conversation(app, conversation);
  const key = w.knownClient(app, client);
  if (head === undefined || key === undefined) return;
  w.db.run('DELETE FROM conversation_refusal WHERE client = ? AND conv = ?', key, head.key);
}
