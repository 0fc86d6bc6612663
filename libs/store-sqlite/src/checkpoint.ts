import { closeSync, fdatasyncSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

// Nothing else of this library is imported: the thread that runs this starts in milliseconds and stays small.

/** Frames (4 KB pages) of the write-ahead log that may wait to be copied into the file. */
const backlog = 500;

interface Progress {
  /** 1 if another connection was copying. */
  readonly busy: number;
  /** Frames in the write-ahead log. */
  readonly log: number;
  /** Of these, copied. */
  readonly checkpointed: number;
}

/** What copies and does nothing else. */
export interface Checkpointer {
  readonly connection: DatabaseSync;
  /** The database's file. */
  readonly file: number;
}

/** It never waits for another connection. */
export function openCheckpointer(path: string): Checkpointer {
  const connection = new DatabaseSync(path, { timeout: 0, enableForeignKeyConstraints: false });
  connection.exec('PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0;');
  return { connection, file: openSync(path, 'r') };
}

export function closeCheckpointer({ connection, file }: Checkpointer): void {
  connection.close();
  closeSync(file);
}

/**
 * Copies what waits in the write-ahead log into the file, if it is worth it, beside the writer and the readers. Answers
 * whether it did. SQLite syncs the file only when nothing is left to copy, which under traffic is in a commit of the writer:
 * synced here, little is left for that. What it could not do the writer's own checkpoint does later: a failing disk is found there.
 */
export function moveBacklog({ connection, file }: Checkpointer): boolean {
  try {
    const { log, checkpointed } = checkpoint(connection, 'NOOP');
    if (log - checkpointed < backlog) return false;
    if (checkpoint(connection, 'PASSIVE').busy !== 0) return false;
    fdatasyncSync(file);
    return true;
  } catch (error) {
    const { errcode, syscall } = error as { errcode?: number; syscall?: string };
    if (errcode === undefined && syscall === undefined) throw error; // a bug, not the disk
    return false;
  }
}

const checkpoint = (connection: DatabaseSync, mode: 'NOOP' | 'PASSIVE') =>
  connection.prepare(`PRAGMA wal_checkpoint(${mode})`).get() as unknown as Progress;
