import type { Installation, TakenInstallation } from '@hongyan/apps';
import type { Database } from './database.js';
import type { WriteContext } from './write-context.js';

/** Reads and writes of InstallationStore. */

interface Row {
  readonly id: string;
  readonly deviceType: string | null;
  readonly deviceToken: string | null;
  readonly installationId: string | null;
  readonly channels: string;
  readonly timeZone: string | null;
  readonly isValid: number;
  readonly updatedAt: number;
  readonly record: string;
}

const columns = 'id, deviceType, deviceToken, installationId, channels, timeZone, isValid, updatedAt, record';
const selectOne = 'SELECT updatedAt, record FROM installation WHERE app = ? AND id = ?';
const upsert = `INSERT OR REPLACE INTO installation (app, ${columns}) VALUES (?,?,?,?,?,?,?,?,?,?)`;
const selectPage = `SELECT ${columns} FROM installation WHERE app = ? AND id > ? ORDER BY id LIMIT ?`;

/** See InstallationStore.take. */
export const takeInstallations = (
  w: WriteContext,
  app: string,
  installations: readonly Installation[],
): TakenInstallation[] =>
  installations.map((given) => {
    const known = w.db.get<Pick<Row, 'updatedAt' | 'record'>>(selectOne, app, given.id);
    if (known !== undefined && known.updatedAt > given.updatedAt) return 'kept';
    if (known?.record === given.record && known.updatedAt === given.updatedAt) return 'same';
    const { id, deviceType, deviceToken, installationId, channels, timeZone, isValid, updatedAt, record } =
      given;
    w.db.run(
      upsert, app, id, deviceType ?? null, deviceToken ?? null, installationId ?? null, JSON.stringify(channels),
      timeZone ?? null, Number(isValid), updatedAt, record,
    ); // prettier-ignore
    return known === undefined ? 'added' : 'changed';
  });

export const installationPage = (db: Database, app: string, after: string, limit: number): Installation[] =>
  db.all<Row>(selectPage, app, after, limit).map(toInstallation);

const toInstallation = ({ id, channels, isValid, updatedAt, record, ...rest }: Row): Installation => ({
  id,
  ...(Object.fromEntries(
    Object.entries(rest).filter(([, value]) => value !== null),
  ) as Partial<Installation>),
  channels: JSON.parse(channels) as string[],
  isValid: isValid === 1,
  updatedAt,
  record,
});
