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

/** A connection that copies and nothing else. It never waits for another. */
export function openCheckpointConnection(path: string): DatabaseSync {
  const connection = new DatabaseSync(path, { timeout: 0, enableForeignKeyConstraints: false });
  connection.exec('PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0;');
  return connection;
}

/**
 * Copies what waits in the write-ahead log into the file, if it is worth it, beside the writer and the readers. Answers
 * whether it did. What it could not do the writer's own checkpoint does later: a failing disk is found there.
 */
export function moveBacklog(connection: DatabaseSync): boolean {
  try {
    const { log, checkpointed } = checkpoint(connection, 'NOOP');
    if (log - checkpointed < backlog) return false;
    return checkpoint(connection, 'PASSIVE').busy === 0;
  } catch (error) {
    if ((error as { errcode?: number }).errcode === undefined) throw error; // not SQLite's
    return false;
  }
}

const checkpoint = (connection: DatabaseSync, mode: 'NOOP' | 'PASSIVE') =>
  connection.prepare(`PRAGMA wal_checkpoint(${mode})`).get() as unknown as Progress;
