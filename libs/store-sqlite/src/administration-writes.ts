import type { StoredApp, Tenant } from '@hongyan/apps';
import type { Revocation } from '@hongyan/sessions';
import type { WriteContext } from './write-context.js';

export function createTenant(w: WriteContext, { id, name, createdAt }: Tenant): { created: boolean } {
  const { changes } = w.db.run('INSERT OR IGNORE INTO tenant VALUES (?,?,?)', id, name, createdAt);
  return { created: Number(changes) > 0 };
}

export function createApp(w: WriteContext, app: StoredApp): { created: boolean } {
  const { id, tenant, createdAt, settings, sealedMasterKey, revision } = app;
  const sql = 'INSERT OR IGNORE INTO app VALUES (?,?,?,?,?,?)';
  const { changes } = w.db.run(sql, id, tenant, createdAt, settings, sealedMasterKey, revision);
  return { created: Number(changes) > 0 };
}

export function saveApp(w: WriteContext, app: StoredApp): { saved: boolean } {
  const { changes } = w.db.run(
    'UPDATE app SET settings = ?, sealedMasterKey = ?, revision = ? WHERE id = ? AND revision = ?',
    app.settings,
    app.sealedMasterKey,
    app.revision,
    app.id,
    app.revision - 1,
  );
  return { saved: Number(changes) > 0 };
}

export function addRevocation(w: WriteContext, r: Revocation): void {
  w.db.run(
    `INSERT INTO revocation (app, client, session, tag, exceptDevice, loginBefore, reason, message, createdAt, expiresAt) VALUES (?,?,?,?,?,?,?,?,?,?)`,
    r.app, r.client, r.session ?? null, r.tag ?? null, r.exceptDevice ?? null, r.loginBefore, r.reason, r.message ?? null, r.createdAt, r.expiresAt,
  ); // prettier-ignore
}

export function purgeRevocations(w: WriteContext, now: number): void {
  w.db.run('DELETE FROM revocation WHERE expiresAt < ?', now);
}
