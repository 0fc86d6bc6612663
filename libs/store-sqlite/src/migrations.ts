import { randomBytes } from 'node:crypto';
import type { Database } from './database.js';
import {
  schemaSql,
  schemaVersion,
  version2Sql,
  version3Sql,
  version4Sql,
  version5Sql,
  version6Sql,
  version7Sql,
  version8Sql,
  version9Sql,
  version10Sql,
  version11Sql,
  version12Sql,
} from './schema.js';

/** The folder was written by a newer version of this software. */
export class StoreVersionError extends Error {
  override readonly name = 'StoreVersionError';

  constructor(
    readonly found: number,
    readonly known: number,
  ) {
    super(
      `The data folder has store version ${found}, this software knows versions up to ${known}. Use a newer release.`,
    );
  }
}

/** migrations[n] leads from version n to n + 1. Never changed once released; new ones are added at the end. */
const migrations: readonly ((db: Database) => void)[] = [
  (db) => db.exec(schemaSql),
  (db) => db.exec(version2Sql),
  (db) => db.exec(version3Sql),
  (db) => db.exec(version4Sql),
  (db) => db.exec(version5Sql),
  (db) => db.exec(version6Sql),
  (db) => db.exec(version7Sql),
  (db) => db.exec(version8Sql),
  (db) => db.exec(version9Sql),
  (db) => db.exec(version10Sql),
  (db) => db.exec(version11Sql),
  (db) => db.exec(version12Sql),
];

/** Brings the store to this software's version, each step in a transaction of its own. */
export function migrate(db: Database, steps: readonly ((db: Database) => void)[] = migrations): void {
  const { user_version: found = 0 } = db.get<{ user_version: number }>('PRAGMA user_version') ?? {};
  if (found > steps.length) throw new StoreVersionError(found, steps.length);
  for (const [from, step] of steps.entries()) {
    if (from < found) continue;
    db.exec('BEGIN IMMEDIATE');
    try {
      step(db);
      db.exec(`PRAGMA user_version = ${from + 1}`);
      if (from === 0) {
        db.run(`INSERT INTO store VALUES ('id', ?), ('rev', 0)`, newStoreId());
      }
      db.exec('COMMIT');
    } catch (error) {
      if (db.connection.isTransaction) db.exec('ROLLBACK');
      throw error;
    }
  }
}

/** Sync tokens are sealed with it: a token of another store, or of one that was restored, is known as foreign. */
export const newStoreId = (): string => randomBytes(9).toString('base64url');

if (migrations.length !== schemaVersion) throw new Error('schemaVersion and migrations disagree');
