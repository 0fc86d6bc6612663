import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { closeCheckpointer, type Checkpointer, moveBacklog, openCheckpointer } from './checkpoint.js';
import { openReadConnection, openWriteConnection } from './database.js';
import type { Database } from './database.js';

describe('moveBacklog', () => {
  let folder: string;
  let writer: Database;
  let beside: Checkpointer;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'hongyan-checkpoint-'));
    const path = join(folder, 'x.db');
    writer = openWriteConnection(path);
    writer.exec('CREATE TABLE t (id INTEGER PRIMARY KEY, body BLOB) STRICT');
    beside = openCheckpointer(path);
  });
  afterEach(() => {
    closeCheckpointer(beside);
    writer.close();
    rmSync(folder, { recursive: true });
  });

  const write = (pages: number) => {
    writer.exec('SAVEPOINT written');
    for (let at = 0; at < pages; at += 1) writer.run('INSERT INTO t (body) VALUES (zeroblob(3500))');
    writer.exec('RELEASE written');
  };
  const waiting = () => {
    const { log, checkpointed } = writer.get<{ log: number; checkpointed: number }>(
      'PRAGMA wal_checkpoint(NOOP)',
    )!;
    return log - checkpointed;
  };

  it('leaves a short log alone, and copies a long one', () => {
    write(20);
    expect(moveBacklog(beside)).toBe(false);
    expect(waiting()).toBeGreaterThanOrEqual(20);
    write(600);
    expect(moveBacklog(beside)).toBe(true);
    expect(waiting()).toBe(0);
    expect(moveBacklog(beside)).toBe(false);
  });

  it('works while a transaction is being written, and takes nothing of it', () => {
    write(600);
    writer.exec('BEGIN IMMEDIATE');
    write(5);
    expect(moveBacklog(beside)).toBe(true);
    writer.exec('ROLLBACK');
    expect(writer.get<{ n: number }>('SELECT count(*) AS n FROM t')!.n).toBe(600);
  });

  it('leaves to a reader what it reads', () => {
    const reader = openReadConnection(join(folder, 'x.db'));
    write(10);
    reader.exec('BEGIN');
    reader.get('SELECT count(*) AS n FROM t');
    write(600);
    moveBacklog(beside);
    expect(waiting()).toBeGreaterThanOrEqual(600);
    expect(reader.get<{ n: number }>('SELECT count(*) AS n FROM t')!.n).toBe(10);
    reader.exec('COMMIT');
    reader.close();
    expect(moveBacklog(beside)).toBe(true);
    expect(waiting()).toBe(0);
  });
});
