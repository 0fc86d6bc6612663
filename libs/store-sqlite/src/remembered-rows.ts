import type { ChangeMarks } from './change-marks.js';
import type { Database } from './database.js';
import { readNarrowRow, readNarrowRows } from './narrow-rows.js';
import type { NarrowRow } from './narrow-rows.js';

export interface RememberLimits {
  /** Clients with fewer rows are not remembered: reading those takes no longer than all the rest of a list. */
  readonly from: number;
  /** Rows of all clients together; who was not asked about for longest is forgotten. A row takes about 200 bytes. */
  readonly rows: number;
  /** Milliseconds after which rows that nobody asked about are not believed: long before numbers of marks wrap around. */
  readonly age: number;
}

export const defaultLimits: RememberLimits = { from: 128, rows: 100_000, age: 3_600_000 };

/** Where more than this part changed, reading all is cheaper than one by one. */
const allFrom = 0.2;

interface Remembered {
  /** The rows are as they were in a state of the store that had at least this transaction. */
  seen: number;
  /** When that was, by a clock that only goes forward. */
  at: number;
  readonly rows: NarrowRow[];
}

/**
 * Narrow rows of clients in many conversations, from one call to the next: only those whose conversation is marked as
 * changed are read again. So an answer is what reading everything would have given.
 */
export class RememberedRows {
  /** In the order of last use. */
  private readonly byClient = new Map<number, Remembered>();
  private held = 0;
  /** See {@link begin}. */
  private seen = 0;

  constructor(
    private readonly marks: ChangeMarks,
    private readonly limits: RememberLimits = defaultLimits,
  ) {}

  /** Before the transaction begins in which {@link of} is called. */
  begin(): void {
    this.seen = this.marks.committed();
  }

  /** What readNarrowRows gives in this transaction. Not to be changed, nor kept. */
  of(db: Database, client: number): readonly NarrowRow[] {
    const at = performance.now();
    const known = this.take(client);
    const current = known !== undefined && at - known.at < this.limits.age && this.refresh(db, client, known);
    const rows = current ? known.rows : readNarrowRows(db, client);
    this.put(client, { seen: this.seen, at, rows });
    return rows;
  }

  /** False: better read everything. */
  private refresh(db: Database, client: number, { seen, rows }: Remembered): boolean {
    if (this.marks.clientChanged(client, seen)) return false;
    const changed: number[] = [];
    for (let at = 0; at < rows.length; at += 1)
      if (this.marks.conversationChanged(rows[at]!.conv, seen)) changed.push(at);
    if (changed.length > allFrom * rows.length) return false;
    for (const at of changed) {
      const row = readNarrowRow(db, client, rows[at]!.conv);
      if (row === undefined) return false;
      rows[at] = row;
    }
    return true;
  }

  private take(client: number): Remembered | undefined {
    const known = this.byClient.get(client);
    if (known === undefined) return undefined;
    this.byClient.delete(client);
    this.held -= known.rows.length;
    return known;
  }

  private put(client: number, known: Remembered): void {
    const { length } = known.rows;
    if (length < this.limits.from || length > this.limits.rows) return;
    this.byClient.set(client, known);
    this.held += length;
    for (const oldest of this.byClient.keys()) {
      if (this.held <= this.limits.rows) return;
      this.take(oldest);
    }
  }
}

const ofConnection = new WeakMap<Database, RememberedRows>();

/** From now on lists read through this connection remember. */
export const rememberRows = (db: Database, rows: RememberedRows): void => void ofConnection.set(db, rows);

export const narrowRows = (db: Database, client: number): readonly NarrowRow[] =>
  ofConnection.get(db)?.of(db, client) ?? readNarrowRows(db, client);
