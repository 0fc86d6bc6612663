import { DatabaseSync } from 'node:sqlite';
import type { SQLInputValue, StatementSync } from 'node:sqlite';
import { registerFilterFunctions } from './filter-sql.js';

export type Value = SQLInputValue;
export interface Counted {
  readonly changes: number | bigint;
  readonly lastInsertRowid: number | bigint;
}

/**
 * A connection with its prepared statements: each SQL text is prepared once, when it is first used. Rows are typed by
 * the caller, who wrote the SQL.
 */
export class Database {
  private readonly objects = new Map<string, StatementSync>();
  private readonly arrays = new Map<string, StatementSync>();

  constructor(readonly connection: DatabaseSync) {
    registerFilterFunctions(connection);
  }

  run(sql: string, ...values: Value[]): Counted {
    return this.statement(sql).run(...values);
  }

  get<R>(sql: string, ...values: Value[]): R | undefined {
    return this.statement(sql).get(...values) as R | undefined;
  }

  all<R>(sql: string, ...values: Value[]): R[] {
    return this.statement(sql).all(...values) as R[];
  }

  /** Rows as arrays of columns: a third cheaper where there are many. */
  rows<R extends readonly unknown[]>(sql: string, ...values: Value[]): R[] {
    return this.arrayStatement(sql).all(...values) as unknown as R[];
  }

  /** The same one by one, for who may not want all of them: two thirds dearer each. */
  each<R extends readonly unknown[]>(sql: string, ...values: Value[]): Iterable<R> {
    return this.arrayStatement(sql).iterate(...values) as unknown as Iterable<R>;
  }

  exec(sql: string): void {
    this.connection.exec(sql);
  }

  private arrayStatement(sql: string): StatementSync {
    let statement = this.arrays.get(sql);
    if (statement === undefined) {
      statement = this.connection.prepare(sql, { returnArrays: true });
      this.arrays.set(sql, statement);
    }
    return statement;
  }

  statement(sql: string): StatementSync {
    let statement = this.objects.get(sql);
    if (statement === undefined) {
      statement = this.connection.prepare(sql);
      this.objects.set(sql, statement);
    }
    return statement;
  }

  close(): void {
    this.objects.clear();
    this.arrays.clear();
    if (this.connection.isOpen) this.connection.close();
  }
}

/** What a store may keep in memory: pages of the file in bytes per connection, and what the writer knows without reading. */
export interface StoreMemory {
  readonly writer: number;
  readonly reader: number;
  /** Of the file, mapped by a reader: it counts as the process's memory, but the system takes it back when it is short of it. */
  readonly mapped: number;
  /** The writer's keys and heads: up to twice as many. */
  readonly known: { readonly conversations: number; readonly clients: number; readonly apps: number };
}

/** For a server. */
const ampleMemory: StoreMemory = {
  writer: 64 << 20,
  reader: 32 << 20,
  mapped: 256 << 20,
  known: { conversations: 50_000, clients: 100_000, apps: 10_000 },
};
/** For a command that runs beside other programs, and reads most rows once. */
export const scantMemory: StoreMemory = {
  writer: 16 << 20,
  reader: 8 << 20,
  mapped: 0,
  known: { conversations: 5_000, clients: 20_000, apps: 100 },
};

const kibibytes = (bytes: number): number => Math.floor(bytes / 1024);

export interface WriteConnectionOptions {
  readonly memory?: StoreMemory | undefined;
  /** For tests of a full disk. */
  readonly maxPages?: number;
}

/**
 * The one connection that writes. A commit is on the disk when it returns. The commit that makes the write-ahead log
 * longer than 32 MB copies what is left of it into the file: little, where a checkpointer works beside it.
 */
export function openWriteConnection(path: string, options: WriteConnectionOptions = {}): Database {
  const connection = new DatabaseSync(path, { timeout: 5_000, enableForeignKeyConstraints: false });
  connection.exec(`
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA wal_autocheckpoint = 8000;
    PRAGMA journal_size_limit = 67108864;
    PRAGMA cache_size = -${kibibytes((options.memory ?? ampleMemory).writer)};
    PRAGMA secure_delete = FAST;
    PRAGMA temp_store = MEMORY;
  `);
  if (options.maxPages !== undefined) connection.exec(`PRAGMA max_page_count = ${options.maxPages}`);
  return new Database(connection);
}

/** A connection that cannot write and never waits for the one that does. */
export function openReadConnection(path: string, { reader, mapped }: StoreMemory = ampleMemory): Database {
  const connection = new DatabaseSync(path, {
    timeout: 5_000,
    readOnly: true,
    enableForeignKeyConstraints: false,
  });
  connection.exec(
    `PRAGMA cache_size = -${kibibytes(reader)}; PRAGMA mmap_size = ${mapped}; PRAGMA temp_store = MEMORY;`,
  );
  return new Database(connection);
}
