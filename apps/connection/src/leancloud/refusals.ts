import { randomBytes } from 'node:crypto';
import { CommandType, leanCloudError, LeanCloudError, type GenericCommand } from '@hongyan/leancloud';
import { AppError, type ErrorName } from '@hongyan/protocol';
import type { Logger } from 'pino';
import { refusedMessage } from './direct-messages.js';
import { contextOf, routeOf } from './dispatch.js';

/** The answer to a command that failed; what somebody should look at is logged, and its reference told. */
export function refusal(logger: Logger, command: GenericCommand, error: unknown): GenericCommand {
  const reference = report(logger, command, error);
  if (command.cmd === CommandType.direct) return refusedMessage(command, error, reference);
  const context = routeOf(command)?.context ?? contextOf(command);
  return { cmd: CommandType.error, errorMessage: leanCloudError(error, context, reference) };
}

/** Logs errors that somebody should look at, and answers the reference under which; the others are answers: ''. */
export function report(logger: Logger, { cmd, op }: GenericCommand, error: unknown): string {
  if (error instanceof LeanCloudError || (error instanceof AppError && !worthLogging.has(error.error)))
    return '';
  const reference = randomBytes(6).toString('hex');
  logger.error({ what: 'leancloud_request_failed', reference, cmd, op, err: error });
  return reference;
}

/** Why a login was refused, as it is counted. */
export function loginRefusal(error: unknown): ErrorName {
  if (error instanceof AppError) return error.error;
  return error instanceof LeanCloudError ? 'signature_invalid' : 'internal';
}

const worthLogging: ReadonlySet<ErrorName> = new Set([
  'internal',
  'unavailable',
  'storage_full',
  'hook_failed',
]);
