import { statSync } from 'node:fs';
import type { Database } from './database.js';

export interface StoreStats {
  /** Of the file and its write-ahead log. */
  readonly bytes: number;
  readonly conversations: number;
  readonly clients: number;
  readonly entries: number;
  readonly apps: number;
}

/** Cheap: keys are given out in order and seldom removed, so the highest one is the count. */
export function rowCounts(db: Database): Omit<StoreStats, 'bytes'> {
  const highest = (table: string) =>
    db.get<{ n: number | null }>(`SELECT max(key) AS n FROM ${table}`)?.n ?? 0;
  return {
    conversations: highest('conversation'),
    clients: highest('client'),
    entries: highest('entry'),
    apps: db.get<{ n: number }>('SELECT count(*) AS n FROM app')?.n ?? 0,
  };
}

export function bytesOf(path: string): number {
  return [path, `${path}-wal`].reduce(
    (sum, file) => sum + (statSync(file, { throwIfNoEntry: false })?.size ?? 0),
    0,
  );
}
