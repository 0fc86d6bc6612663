import { codes, leanCloudError, LeanCloudError, type Context } from '@hongyan/leancloud';
import { AppError, type ErrorName } from '@hongyan/protocol';
import { problemOf } from '@hongyan/rest';
import { RestRefusal } from './rest-refusal.js';

export interface RestError {
  readonly status: number;
  readonly retryAfterMs?: number;
  readonly body: {
    readonly code: number;
    readonly error: string;
    readonly appCode?: number;
    readonly appMsg?: string;
  };
}

/** Errors of this API's own range: they mean the same whatever the caller was doing. */
const general: Partial<Record<ErrorName, readonly [code: number, error: string]>> = {
  unauthenticated: [401, 'Unauthorized.'],
  app_unavailable: [401, 'Unauthorized.'],
  rate_limited: [429, 'Too many requests.'],
  too_large: [413, 'The request is too large.'],
  bad_request: [1, 'The request is not valid.'],
};

/** LeanCloud's `{code, error}` for an error of a use case, of this door, or of the framework. */
export function restErrorOf(error: unknown, context: Context | 'class', reference: string): RestError {
  if (error instanceof RestRefusal)
    return { status: error.status, body: { code: error.code, error: error.message } };
  if (error instanceof LeanCloudError)
    return { status: 400, body: { code: codes[error.reason], error: error.message } };
  const { status, name, message, retryAfterMs, hook } = problemOf(error, reference);
  const later = retryAfterMs === undefined ? {} : { retryAfterMs };
  const own = general[name];
  if (own !== undefined) {
    const detail = error instanceof AppError ? error.message : message;
    return { status, ...later, body: { code: own[0], error: name === 'unauthenticated' ? own[1] : detail } };
  }
  if (!(error instanceof AppError) && name === 'not_found')
    return { status, body: { code: 1, error: 'There is no such endpoint here.' } };
  if (name === 'not_found' && context === 'class')
    return { status, body: { code: 101, error: 'Object not found.' } };
  const known = leanCloudError(error, context === 'class' ? 'conv' : context, reference);
  const { code = codes.INTERNAL_ERROR, reason = '', detail } = known;
  return {
    status,
    ...later,
    body: {
      code,
      error: detail ?? reason,
      ...(hook?.code === undefined ? {} : { appCode: hook.code }),
      ...(hook?.text === undefined ? {} : { appMsg: hook.text }),
    },
  };
}
