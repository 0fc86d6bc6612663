import { app, apps, revocationsSince, tenants } from './administration-reads.js';
import type { Answers, Batch, Executor } from './batch.js';
import { check } from './check.js';
import { blockedBy, clients, clientPage, refusedBy, refusers, refusing, seenSince } from './client-reads.js';
import { byUniqueKey, everyone, find, load } from './conversation-reads.js';
import { query } from './conversation-query.js';
import type { Database } from './database.js';
import { toFailure } from './failures.js';
import { installationPage } from './installations.js';
import { changedHere, digestPage, findImported } from './import-reads.js';
import { list, row, sync, totals } from './list-reads.js';
import { byOperation, entries, head, history, messages, seqAt } from './log-reads.js';
import { among, count, everAmong, memberPage, own, receipts } from './member-reads.js';
import { expired } from './retention-reads.js';
import { changes, edits } from './notification-reads.js';
import { timelinePart } from './timeline-reads.js';
import { rememberRows } from './remembered-rows.js';
import type { RememberedRows } from './remembered-rows.js';
import { rowCounts } from './stats.js';

/** Everything that can be asked of a reader. */
export const reads = {
  head, entries, history, messages, byOperation, seqAt,
  load, find, query, byUniqueKey, everyone,
  own, among, everAmong, memberPage, receipts, count, list, row, sync, totals,
  clients, clientPage, blockedBy, refusing, refusedBy, refusers, seenSince,
  changes, edits, timelinePart,
  changedHere, digestPage, findImported, installationPage,
  tenants, app, apps, revocationsSince,
  expired, check, rowCounts,
}; // prettier-ignore
export type Reads = typeof reads;

type Run = (db: Database, ...values: unknown[]) => unknown;

/** Each batch sees one moment of the store, which is later than everything acknowledged before it was posted. */
export class Reader implements Executor {
  constructor(
    private readonly db: Database,
    private readonly now: () => number = Date.now,
    private readonly remembered?: RememberedRows,
  ) {
    if (remembered !== undefined) rememberRows(db, remembered);
  }

  run(batches: readonly Batch[]): Answers[] {
    const now = this.now();
    this.remembered?.begin();
    this.db.exec('BEGIN');
    try {
      return batches.map(({ id, deadline, requests }) => ({
        id,
        results: this.runAll(requests, deadline < now),
      }));
    } finally {
      if (this.db.connection.isTransaction) this.db.exec('COMMIT');
    }
  }

  close(): void {
    this.db.close();
  }

  private runAll(requests: readonly unknown[], late: boolean): unknown[] {
    const results: unknown[] = [];
    for (let at = 0; at < requests.length; at += 2) {
      if (late) {
        results.push(0, ['deadline_exceeded', undefined]);
        continue;
      }
      try {
        const run = reads[requests[at] as keyof Reads] as Run;
        results.push(1, run(this.db, ...(requests[at + 1] as unknown[])));
      } catch (error) {
        results.push(0, toFailure(error));
      }
    }
    return results;
  }
}
