import { AppError } from '@hongyan/protocol';
import type { ErrorName } from '@hongyan/protocol';

/** An error as it crosses from a store thread: name of the error table, or undefined for a bug, and the text. */
export type Failure = readonly [name: ErrorName | undefined, text: string | undefined];

/** Result codes of SQLite that say something about the machine, not about the request. */
const FULL = 13;
const outage = new Set([
  5 /* BUSY */, 6 /* LOCKED */, 8 /* READONLY */, 10 /* IOERR */, 11 /* CORRUPT */, 14 /* CANTOPEN */,
  26 /* NOTADB */,
]);

/** What a failure of SQLite means to the caller; undefined: it is no failure of the disk or of the file. */
export function diskFailure(error: unknown): AppError | undefined {
  const code = (error as { errcode?: number } | undefined)?.errcode;
  if (typeof code !== 'number') return undefined;
  const primary = code & 0xff;
  if (primary === FULL) return new AppError('storage_full', { cause: error });
  if (outage.has(primary)) {
    return new AppError('unavailable', {
      detail: `The store failed: ${(error as Error).message}`,
      cause: error,
    });
  }
  return undefined;
}

export function toFailure(error: unknown): Failure {
  const known = error instanceof AppError ? error : diskFailure(error);
  if (known !== undefined) return [known.error, known.detail];
  return [undefined, error instanceof Error ? (error.stack ?? error.message) : String(error)];
}

export function fromFailure([name, text]: Failure): Error {
  return name === undefined
    ? new Error(`store: ${text}`)
    : new AppError(name, text === undefined ? {} : { detail: text });
}
