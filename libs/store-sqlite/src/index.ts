export { openSqliteStore } from './open-store.js';
export type { SqliteStore, SqliteStoreOptions } from './open-store.js';
export { StoreVersionError } from './migrations.js';
