import type { Database } from './database.js';

/** Integer keys of ids, for readers. */
export const conversationKey = (db: Database, app: string, id: string): number | undefined =>
  db.get<{ key: number }>('SELECT key FROM conversation WHERE app = ? AND id = ?', app, id)?.key;

export const clientKey = (db: Database, app: string, id: string): number | undefined =>
  db.get<{ key: number }>('SELECT key FROM client WHERE app = ? AND id = ?', app, id)?.key;

/** Page cursors are opaque to everybody else; a garbled one begins anew. */
export const encodeCursor = (parts: readonly unknown[]): string =>
  Buffer.from(JSON.stringify(parts)).toString('base64url');

export function decodeCursor(cursor: string | undefined): readonly unknown[] | undefined {
  if (cursor === undefined) return undefined;
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    return Array.isArray(parts) ? (parts as unknown[]) : undefined;
  } catch {
    return undefined;
  }
}
