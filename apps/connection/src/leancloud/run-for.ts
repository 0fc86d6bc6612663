import type { Caller, OperationName, Result } from '@hongyan/protocol';
import type { ConnectionParts } from '../connection-parts.js';
import type { Given } from './given.js';

const deadlineMs = 10_000;

/** Runs an operation for whoever made a REST call. Throws AppError. */
export function runFor<N extends OperationName>(
  { commands }: ConnectionParts,
  caller: Caller,
  name: N,
  args: Given<N>,
): Promise<Result<N>> {
  return commands.execute(caller, name, args as never, { deadline: Date.now() + deadlineMs });
}
