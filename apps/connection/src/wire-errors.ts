import { randomBytes } from 'node:crypto';
import { AppError, toWireError, type WireError } from '@hongyan/protocol';
import type { Logger } from 'pino';

/** Errors that somebody should look at; the others are answers. */
const worthLogging = new Set(['internal', 'unavailable', 'storage_full', 'hook_failed']);

/** The one mapper of this door. What is not the client's doing is logged with its stack and a reference. */
export function wireErrorOf(error: unknown, logger: Logger, context: Record<string, unknown>): WireError {
  if (error instanceof AppError && !worthLogging.has(error.error)) return toWireError(error, '');
  const reference = randomBytes(6).toString('hex');
  const degraded = error instanceof AppError && error.error !== 'internal';
  logger[degraded ? 'warn' : 'error']({ what: 'request failed', reference, ...context, err: error });
  return toWireError(error, reference);
}
