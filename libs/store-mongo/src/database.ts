import type { Connection } from 'mongoose';
import mongoose from 'mongoose';
import { asAppError } from './failures.js';
import type { Collections } from './schema.js';
import { collectionsOf, makeIndexes } from './schema.js';

/** Every write to the server, by name. An append is `entries`, then its projections, then `head`. */
export type WriteStep =
  | 'claim' | 'entries' | 'own' | 'rows' | 'changes' | 'content' | 'moved' | 'blank' | 'head' | 'opened'
  | 'cursor' | 'personal' | 'revision' | 'subscription' | 'expired-key'; // prettier-ignore

/** For tests: stands around every write and may fail before or after it. */
export type Faults = <T>(step: WriteStep, run: () => Promise<T>) => Promise<T>;

export interface MongoOptions {
  readonly uri: string;
  /** Default: the one in the URI. */
  readonly database?: string;
  readonly faults?: Faults;
  /** Lets the driver report its commands. */
  readonly monitorCommands?: boolean;
}

/**
 * Settings that the promises rest on. Acknowledged means: on the disks of a majority. Read means: acknowledged like
 * that, from the primary. They win over what the URI says.
 */
const concerns = {
  writeConcern: { w: 'majority', journal: true, wtimeoutMS: 10_000 },
  readConcern: { level: 'majority' },
  readPreference: 'primary',
} as const;

/** One connection pool to one database. */
export class MongoDatabase {
  readonly collections: Collections;

  private constructor(
    readonly connection: Connection,
    private readonly faults: Faults | undefined,
  ) {
    this.collections = collectionsOf(connection);
  }

  static async open({
    uri,
    database,
    faults,
    monitorCommands = false,
  }: MongoOptions): Promise<MongoDatabase> {
    const connection = mongoose.createConnection(uri, {
      ...concerns,
      ...(database === undefined ? {} : { dbName: database }),
      monitorCommands,
      ignoreUndefined: true,
      serverSelectionTimeoutMS: 5_000,
      socketTimeoutMS: 20_000,
      autoIndex: false,
      autoCreate: false,
    });
    try {
      await connection.asPromise();
      const opened = new MongoDatabase(connection, faults);
      await makeIndexes(connection);
      return opened;
    } catch (error) {
      await connection.close();
      throw asAppError(error);
    }
  }

  /** Does one write. Every write of this library goes through here. */
  write<T>(step: WriteStep, run: () => Promise<T>): Promise<T> {
    return this.faults === undefined ? run() : this.faults(step, run);
  }

  async close(): Promise<void> {
    await this.connection.close();
  }
}
