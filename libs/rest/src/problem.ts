import { AppError, type ErrorName, type WireError, errorTable, toWireError } from '@hongyan/protocol';
import { z } from 'zod';

/** Body of a refused REST call, in the spirit of RFC 9457: the error of the one table, with its HTTP status. */
export interface Problem extends WireError {
  readonly status: number;
}

export const problemSchema = z
  .object({
    status: z.int().describe('The HTTP status.'),
    code: z.int().describe('Number of the error; see the error reference.'),
    name: z.enum(Object.keys(errorTable) as [ErrorName, ...ErrorName[]]),
    message: z.string().describe('For developers; not for users.'),
    temporary: z.boolean().describe('The same call may succeed later.'),
    retryAfterMs: z.int().optional(),
    reference: z.string().optional().describe('Of an internal error: finds the log line.'),
    hook: z.object({ code: z.int().optional(), text: z.string().optional() }).optional(),
  })
  .meta({ id: 'Problem' });

/** The REST answer to an error of a use case or of the framework. `reference` is for errors nobody foresaw. */
export function problemOf(error: unknown, reference: string): Problem {
  const known = error instanceof AppError ? error : fromFramework(error);
  const wire = toWireError(known ?? error, reference);
  return { status: errorTable[wire.name].httpStatus, ...wire };
}

/** Errors of the HTTP framework (routing, body parser) that are the caller's fault. */
function fromFramework(error: unknown): AppError | undefined {
  if (!(error instanceof Error)) return undefined;
  const { type, status, getStatus } = error as { type?: string; status?: number; getStatus?: () => number };
  const httpStatus = typeof getStatus === 'function' ? getStatus.call(error) : status;
  if (type === 'entity.too.large' || httpStatus === 413) return new AppError('too_large');
  if (httpStatus === 404) return new AppError('not_found', { detail: 'there is no such path' });
  if (httpStatus === 401) return new AppError('unauthenticated');
  if (typeof httpStatus === 'number' && httpStatus >= 400 && httpStatus < 500) {
    return new AppError('bad_request', { detail: error.message });
  }
  return undefined;
}
