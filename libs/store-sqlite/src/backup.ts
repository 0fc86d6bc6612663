import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { backup } from 'node:sqlite';
import { AppError } from '@hongyan/protocol';
import { openReadConnection, openWriteConnection } from './database.js';
import { newStoreId } from './migrations.js';
import { makePrivateFile } from './private-file.js';

export interface BackupProgress {
  readonly copiedPages: number;
  readonly totalPages: number;
}

/** 4 MB at a time: other work of the process goes on between the steps. */
const pagesPerStep = 1_000;

/**
 * Copies the store as of one moment into the file `to`, which must not exist, while it is used. The file appears when
 * it is whole. The copy is a store of its own: sync tokens of the original are unknown to it, because what it goes on
 * with is another history.
 */
export async function backupTo(
  from: string,
  to: string,
  onProgress?: (progress: BackupProgress) => void,
): Promise<void> {
  if (existsSync(to)) throw new AppError('already_exists', { detail: `${to} exists already.` });
  mkdirSync(dirname(to), { recursive: true });
  const unfinished = `${to}.unfinished`;
  rmSync(unfinished, { force: true });
  makePrivateFile(unfinished);
  const source = openReadConnection(from);
  try {
    // The open transaction holds the moment; without it each write to the store would make the copy begin anew.
    source.exec('BEGIN');
    source.get('SELECT 1 FROM store');
    const pages = await backup(source.connection, unfinished, {
      rate: pagesPerStep,
      progress: ({ totalPages, remainingPages }) =>
        onProgress?.({ copiedPages: totalPages - remainingPages, totalPages }),
    });
    onProgress?.({ copiedPages: pages, totalPages: pages });
  } finally {
    source.close();
  }
  const copy = openWriteConnection(unfinished);
  copy.run(`UPDATE store SET value = ? WHERE name = 'id'`, newStoreId());
  copy.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  copy.close();
  renameSync(unfinished, to);
}
