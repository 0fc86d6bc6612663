import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { AppError } from '@hongyan/protocol';

/**
 * One process per folder. The lock is one of the operating system, held by SQLite on a file of its own, so that it
 * ends with the process however that ends. The pid beside it is only for the message.
 */
export function lockFolder(folder: string): () => void {
  const pidFile = join(folder, 'lock.pid');
  const holder = new DatabaseSync(join(folder, 'lock.db'), { timeout: 0 });
  try {
    holder.exec('PRAGMA journal_mode = DELETE; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
  } catch (error) {
    holder.close();
    if (((error as { errcode?: number }).errcode ?? 0) % 256 !== 5) throw error;
    throw new AppError('in_use', {
      detail: `The data folder ${folder} is in use by process ${pidOf(pidFile)}.`,
      cause: error,
    });
  }
  writeFileSync(pidFile, `${process.pid}\n`);
  return () => {
    rmSync(pidFile, { force: true });
    holder.close();
  };
}

function pidOf(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return '(unknown)';
  }
}
