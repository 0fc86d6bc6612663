import { AppError } from '@hongyan/protocol';
import { mongo } from 'mongoose';

const DUPLICATE_KEY = 11_000;
const OUT_OF_DISK_SPACE = 14_031;
/** The server gave up because of a time limit of ours. */
const TIME_LIMITS = new Set([50, 262]);

/**
 * True if the server may or may not have done what was asked, or may yet do it: no answer came, or an answer without
 * the majority. The caller has to look.
 */
export function isOutcomeUnknown(error: unknown): boolean {
  return (
    error instanceof mongo.MongoNetworkError ||
    error instanceof mongo.MongoServerSelectionError ||
    error instanceof mongo.MongoWriteConcernError ||
    error instanceof mongo.MongoOperationTimeoutError ||
    (error instanceof mongo.MongoBulkWriteError && isBulkUnknown(error)) ||
    (error instanceof mongo.MongoError && error.hasErrorLabel(mongo.MongoErrorLabel.RetryableWriteError))
  );
}

/** The driver wraps what happened on the way to the server in this error too; it has no code then. */
const isBulkUnknown = (error: mongo.MongoBulkWriteError): boolean =>
  error.result.getWriteConcernError() !== undefined || error.code === undefined;

/** The name of the index that an insert or upsert ran into; undefined: it was something else. */
export function duplicateIndexOf(error: unknown): string | undefined {
  if (!(error instanceof mongo.MongoServerError) || error.code !== DUPLICATE_KEY) return undefined;
  // keyPattern would say it too, but not every server sends it.
  return /index: (?:\S+\.\$)?(\S+)/.exec(error.message)?.[1] ?? '';
}

/** True if every write of an unordered bulk that failed did so because its document exists. */
export function isOnlyDuplicates(error: unknown): boolean {
  if (!(error instanceof mongo.MongoBulkWriteError)) return duplicateIndexOf(error) !== undefined;
  const failed = Array.isArray(error.writeErrors) ? error.writeErrors : [error.writeErrors];
  return (
    error.result.getWriteConcernError() === undefined && failed.every(({ code }) => code === DUPLICATE_KEY)
  );
}

/** What the ports promise for what the driver throws. Errors of the program stay what they are. */
export function asAppError(error: unknown): unknown {
  if (error instanceof AppError) return error;
  if (error instanceof mongo.MongoServerError) {
    if (error.code === OUT_OF_DISK_SPACE || /no space left/i.test(error.message))
      return new AppError('storage_full', { cause: error });
    if (TIME_LIMITS.has(Number(error.code))) return new AppError('deadline_exceeded', { cause: error });
  }
  return isOutcomeUnknown(error) ? new AppError('unavailable', { cause: error }) : error;
}

/** Runs the work of a port's method. */
export async function translated<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw asAppError(error);
  }
}
