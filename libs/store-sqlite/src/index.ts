export { databaseFile, openSqliteStore } from './open-store.js';
export type { SqliteStore, SqliteStoreOptions } from './open-store.js';
export { scantMemory, type StoreMemory } from './database.js';
export { StoreVersionError } from './migrations.js';
export type { CheckReport, Finding } from './check.js';
export type { BackupProgress } from './backup.js';
export type { StoreStats } from './stats.js';
