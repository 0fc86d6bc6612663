import type { StoredApp, Tenant } from '@hongyan/apps';
import type { AppId, ClientId, SessionId } from '@hongyan/protocol';
import type { Revocation } from '@hongyan/sessions';
import type { Database } from './database.js';

/** Reads of AppStore and RevocationStore. */

export const tenants = (db: Database): Tenant[] =>
  db.all<Tenant>('SELECT id, name, createdAt FROM tenant ORDER BY id').map((row) => ({ ...row }));

const appColumns = 'id, tenant, createdAt, settings, sealedMasterKey, revision';

export function app(db: Database, id: string): StoredApp | undefined {
  const row = db.get<StoredApp>(`SELECT ${appColumns} FROM app WHERE id = ?`, id);
  return row === undefined ? undefined : { ...row };
}

export const apps = (db: Database, tenant?: string): StoredApp[] =>
  db
    .all<StoredApp>(
      `SELECT ${appColumns} FROM app WHERE ? IS NULL OR tenant = ? ORDER BY id`,
      tenant ?? null,
      tenant ?? null,
    )
    .map((row) => ({ ...row }));

interface RevocationColumns {
  readonly key: number;
  readonly app: string;
  readonly client: string;
  readonly session: string | null;
  readonly tag: string | null;
  readonly exceptDevice: string | null;
  readonly loginBefore: number;
  readonly reason: Revocation['reason'];
  readonly message: string | null;
  readonly createdAt: number;
  readonly expiresAt: number;
}

/** One writer numbers them in the order of their commits, so a position can never skip one that comes later. */
export function revocationsSince(
  db: Database,
  position: string | undefined,
  now: number,
): { revocations: Revocation[]; position: string } {
  const after = position !== undefined && /^[0-9]{1,15}$/.test(position) ? Number(position) : 0;
  const rows = db.all<RevocationColumns>(
    'SELECT * FROM revocation WHERE key > ? AND expiresAt >= ? ORDER BY key',
    after,
    now,
  );
  const top = db.get<{ seq: number }>(`SELECT seq FROM sqlite_sequence WHERE name = 'revocation'`)?.seq ?? 0;
  return {
    revocations: rows.map(
      ({ app, client, session, tag, exceptDevice, loginBefore, reason, message, createdAt, expiresAt }) => ({
        app: app as AppId,
        client: client as ClientId,
        ...(session === null ? {} : { session: session as SessionId }),
        ...(tag === null ? {} : { tag }),
        ...(exceptDevice === null ? {} : { exceptDevice }),
        loginBefore,
        reason,
        ...(message === null ? {} : { message }),
        createdAt,
        expiresAt,
      }),
    ),
    position: String(Math.max(after, top)),
  };
}
