import { AppError } from '@hongyan/protocol';
import type { Collection, mongo } from 'mongoose';
import type { MongoDatabase, WriteStep } from './database.js';
import { isOnlyDuplicates } from './failures.js';
import type { Documents } from './schema.js';

const ATTEMPTS = 5;

interface Row {
  readonly _id: string;
  readonly reflects: number;
}

/** Collections whose documents have a key of ours. */
export type RowsName = Exclude<keyof Documents, 'entries'>;

const rowsOf = (db: MongoDatabase, name: RowsName) => db.collections[name] as unknown as Collection<Row>;

export interface RowChange {
  readonly key: string;
  /** Fields of the row if it has to be made; absent: it exists. */
  readonly base?: object;
  readonly set: object;
  /** Names of fields to remove. */
  readonly unset?: readonly string[];
  /** Fields to count up, which is idempotent too: a row is brought to a sequence once. */
  readonly increment?: readonly string[];
}

/**
 * Brings rows to sequence `seq`: those that reflect less are changed, the others are left alone. Each row is changed by
 * one update that also says what it reflects, so doing it twice, or late, or from two processes at once, ends the same.
 *
 * A row that did not match was brought there by somebody else, or is missing because the server that made it lost its
 * place: a majority read tells which, never the error or the count.
 */
export async function bringRows(
  db: MongoDatabase,
  name: RowsName,
  seq: number,
  changes: readonly RowChange[],
): Promise<void> {
  if (changes.length === 0) return;
  const rows = rowsOf(db, name);
  const updates = changes.map(({ key, set, unset = [], increment = [] }) => ({
    updateOne: {
      filter: { _id: key, reflects: { $lt: seq } },
      update: {
        $set: { ...set, reflects: seq },
        ...(unset.length === 0 ? {} : { $unset: Object.fromEntries(unset.map((field) => [field, ''])) }),
        ...(increment.length === 0 ? {} : { $inc: Object.fromEntries(increment.map((field) => [field, 1])) }),
      },
    },
  }));
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    await makeRows(db, name, changes);
    const { matchedCount } = await db.write('changes', () =>
      rows.bulkWrite(updates as never, { ordered: false }),
    );
    if (matchedCount === changes.length) return;
    const behind = { _id: { $in: changes.map(({ key }) => key) }, reflects: { $gte: seq } };
    if ((await rows.countDocuments(behind)) === changes.length) return;
  }
  throw new AppError('unavailable', { detail: `projections of entry ${seq} could not be confirmed` });
}

async function makeRows(db: MongoDatabase, name: RowsName, changes: readonly RowChange[]): Promise<void> {
  const upserts = changes.flatMap(({ key, base }) => (base === undefined ? [] : [upsertOf(key, base)]));
  if (upserts.length > 0) await upsertAll(db, 'rows', name, upserts);
}

const upsertOf = (key: string, base: object) => ({
  updateOne: { filter: { _id: key }, update: { $setOnInsert: { ...base, reflects: 0 } }, upsert: true },
});

/** Upserts by key. Two at once may both try to insert a row; false: one of ours failed so, and its row exists now. */
export async function upsertAll(
  db: MongoDatabase,
  step: WriteStep,
  name: RowsName,
  upserts: readonly object[],
): Promise<boolean> {
  try {
    await db.write(step, () =>
      rowsOf(db, name).bulkWrite(upserts as unknown as mongo.AnyBulkWriteOperation<Row>[], {
        ordered: false,
      }),
    );
    return true;
  } catch (error) {
    if (!isOnlyDuplicates(error)) throw error;
    return false;
  }
}
