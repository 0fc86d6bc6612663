import { createCipheriv, createDecipheriv, createHash, createHmac } from 'node:crypto';
import type { Database } from './database.js';

/** Integer keys of ids, for readers. */
export const conversationKey = (db: Database, app: string, id: string): number | undefined =>
  db.get<{ key: number }>('SELECT key FROM conversation WHERE app = ? AND id = ?', app, id)?.key;

export const clientKey = (db: Database, app: string, id: string): number | undefined =>
  db.get<{ key: number }>('SELECT key FROM client WHERE app = ? AND id = ?', app, id)?.key;

const sealingKeys = new WeakMap<Database, Buffer>();

/** Drawn from the store's id, which is never shown: a copy has another one, and does not open what this one sealed. */
function sealingKey(db: Database): Buffer {
  let key = sealingKeys.get(db);
  if (key === undefined) {
    const id = db.get<{ value: string }>(`SELECT value FROM store WHERE name = 'id'`)?.value ?? '';
    key = createHash('sha256').update(`page cursors of ${id}`).digest();
    sealingKeys.set(db, key);
  }
  return key;
}

const cipher = 'aes-256-gcm';
const ivBytes = 12;
const tagBytes = 16;

/**
 * Page cursors and sync tokens tell their holder nothing: integer keys and revisions count what all apps of the store
 * do. The same parts give the same text.
 */
export function encodeCursor(db: Database, parts: readonly unknown[]): string {
  const key = sealingKey(db);
  const text = JSON.stringify(parts);
  const iv = createHmac('sha256', key).update(text).digest().subarray(0, ivBytes);
  const sealing = createCipheriv(cipher, key, iv);
  return Buffer.concat([iv, sealing.update(text), sealing.final(), sealing.getAuthTag()]).toString(
    'base64url',
  );
}

/** Undefined: garbled, or of another store. */
export function decodeCursor(db: Database, cursor: string | undefined): readonly unknown[] | undefined {
  if (cursor === undefined) return undefined;
  const bytes = Buffer.from(cursor, 'base64url');
  if (bytes.length <= ivBytes + tagBytes) return undefined;
  try {
    const opening = createDecipheriv(cipher, sealingKey(db), bytes.subarray(0, ivBytes));
    opening.setAuthTag(bytes.subarray(-tagBytes));
    const text = Buffer.concat([
      opening.update(bytes.subarray(ivBytes, -tagBytes)),
      opening.final(),
    ]).toString();
    return JSON.parse(text) as unknown[];
  } catch {
    return undefined;
  }
}
