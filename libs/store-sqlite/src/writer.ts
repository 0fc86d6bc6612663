import { AppError } from '@hongyan/protocol';
import {
  addRevocation,
  createApp,
  createTenant,
  purgeRevocations,
  saveApp,
} from './administration-writes.js';
import { append } from './append.js';
import type { Answers, Batch, Executor } from './batch.js';
import { ChangeMarks } from './change-marks.js';
import { refuse, refuseConversation, unrefuse, unrefuseConversation, upsertClient } from './client-writes.js';
import { create } from './create.js';
import { advanceDelivered, advanceRead, ensure, setOwn } from './cursors.js';
import type { Database } from './database.js';
import { diskFailure, toFailure } from './failures.js';
import { takeConversation, takeSubscribers } from './import-conversations.js';
import { takeMessages } from './import-messages.js';
import { takeInstallations } from './installations.js';
import { takeUnread } from './import-unread.js';
import { retire } from './retention-writes.js';
import { type CacheSizes, WriteContext } from './write-context.js';

/** Everything that can be asked of the writer. */
export const writes = {
  append,
  create,
  advanceRead,
  advanceDelivered,
  setOwn,
  ensure,
  upsertClient,
  refuse,
  unrefuse,
  refuseConversation,
  unrefuseConversation,
  createTenant,
  createApp,
  saveApp,
  addRevocation,
  purgeRevocations,
  takeConversation,
  takeMessages,
  takeSubscribers,
  takeUnread,
  takeInstallations,
  retire,
};
export type Writes = typeof writes;

type Run = (w: WriteContext, ...values: unknown[]) => unknown;

/**
 * Group commit: all requests that wait are one transaction. A request that fails by its own fault throws an AppError
 * before it has written anything. Any other error rolls the whole transaction back; if it was not the disk's, each
 * request is then tried in a transaction of its own, so that the faulty one spoils nothing but itself.
 */
export class Writer implements Executor {
  private readonly context: WriteContext;

  constructor(
    private readonly db: Database,
    private readonly now: () => number = Date.now,
    private readonly marks = new ChangeMarks(),
    known?: CacheSizes,
  ) {
    this.context = new WriteContext(db, marks, known);
  }

  run(batches: readonly Batch[]): Answers[] {
    const now = this.now();
    const expired = batches.filter((batch) => batch.deadline < now);
    const live = batches.filter((batch) => batch.deadline >= now);
    return [
      ...expired.map((batch) => answerAll(batch, new AppError('deadline_exceeded'))),
      ...this.runLive(live),
    ];
  }

  close(): void {
    this.db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    this.db.close();
  }

  private runLive(batches: readonly Batch[]): Answers[] {
    try {
      return this.transaction(() =>
        batches.map(({ id, requests }) => ({ id, results: this.runAll(requests) })),
      );
    } catch (error) {
      const failure = diskFailure(error);
      if (failure !== undefined) return batches.map((batch) => answerAll(batch, failure));
      return batches.map(({ id, requests }) => ({ id, results: this.runApart(requests) }));
    }
  }

  private runAll(requests: readonly unknown[]): unknown[] {
    const results: unknown[] = [];
    for (let at = 0; at < requests.length; at += 2) {
      try {
        results.push(1, this.runOne(requests[at], requests[at + 1]));
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        results.push(0, toFailure(error));
      }
    }
    return results;
  }

  private runApart(requests: readonly unknown[]): unknown[] {
    const results: unknown[] = [];
    for (let at = 0; at < requests.length; at += 2) {
      try {
        const result = this.transaction(() => this.runOne(requests[at], requests[at + 1]));
        results.push(1, result);
      } catch (error) {
        results.push(0, toFailure(error));
      }
    }
    return results;
  }

  private runOne(name: unknown, values: unknown): unknown {
    const run = writes[name as keyof Writes] as Run;
    return run(this.context, ...(values as unknown[]));
  }

  private transaction<T>(body: () => T): T {
    if (this.db.connection.isTransaction) this.db.exec('ROLLBACK'); // one that could not be rolled back when it failed
    this.db.exec('BEGIN IMMEDIATE');
    try {
      const result = body();
      this.context.flush();
      this.db.exec('COMMIT');
      this.marks.commit();
      return result;
    } catch (error) {
      this.abandon();
      throw error;
    }
  }

  private abandon(): void {
    try {
      // SQLite has rolled back by itself after some errors of the disk.
      if (this.db.connection.isTransaction) this.db.exec('ROLLBACK');
    } finally {
      this.context.forget();
    }
  }
}

function answerAll({ id, requests }: Batch, error: AppError): Answers {
  const failure = toFailure(error);
  return { id, results: Array.from({ length: requests.length / 2 }, () => [0, failure]).flat() };
}
