import { randomBytes } from 'node:crypto';
import { AppError, type CallOptions, type ClientId, isClientId, operations } from '@hongyan/protocol';
import { type JsonSchema, decodeQuery, inputSchemaOf, parseInput } from '@hongyan/rest';
import type { Request, Response } from 'express';
import type { ServerRequest } from './nest-server-guard.js';
import { type Call, type Route, pathNames } from './route.js';

/** How long a call may take. */
const DEADLINE_MS = 15_000;
const KEY_HEADER = 'Idempotency-Key';

const inputSchemas = new WeakMap<Route, JsonSchema>();

/** Decodes a request of a route: path, query or body, idempotency key, in whose name. Throws `bad_request`. */
export function callOf(route: Route, request: ServerRequest, response: Response, now: number): Call {
  const given = argumentsOf(route, request);
  const client = clientOf(route, request, given);
  if (route.idempotent) given['op'] = operationIdOf(request, response, now);
  const schema = route.operation === undefined ? route.input : operations[route.operation];
  return {
    app: request.user,
    ...(client === undefined ? {} : { client }),
    args: parseInput(schema, given),
    options: callOptions(request, response, now),
  };
}

/** How long the caller waits, and how it is noticed that it went away. */
export function callOptions(request: Request, response: Response, now: number): CallOptions {
  const ended = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) ended.abort();
  });
  const traceparent = request.headers['traceparent'];
  return {
    deadline: now + DEADLINE_MS,
    signal: ended.signal,
    ...(typeof traceparent === 'string' ? { traceparent } : {}),
  };
}

const inQuery = ({ method }: Route): boolean => method === 'get' || method === 'delete';

function argumentsOf(route: Route, request: Request): Record<string, unknown> {
  const named = Object.fromEntries(
    pathNames(route.path)
      .filter((name) => name in route.input.shape)
      .map((name) => [name, request.params[name]]),
  );
  if (inQuery(route)) {
    let schema = inputSchemas.get(route);
    if (schema === undefined) inputSchemas.set(route, (schema = inputSchemaOf(route.input)));
    return { ...decodeQuery(schema, request.query), ...named };
  }
  const body: unknown = request.body ?? {};
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new AppError('bad_request', { detail: 'the body must be a JSON object' });
  }
  return { ...body, ...named };
}

function clientOf(route: Route, request: Request, given: Record<string, unknown>): ClientId | undefined {
  const fromPath = pathNames(route.path).includes('client') ? request.params['client'] : undefined;
  const from = inQuery(route) ? request.query['from'] : given['from'];
  const client = fromPath ?? (route.onBehalf ? from : undefined);
  if (client === undefined) return undefined;
  if (typeof client !== 'string' || !isClientId(client)) {
    throw new AppError('bad_request', {
      detail: `${fromPath === undefined ? 'from' : 'the client in the path'} is not a client id`,
    });
  }
  return client;
}

/** The caller's key, or one made here; either way the answer carries it, so that the caller can retry with it. */
export function operationIdOf(request: Request, response: Response, now: number): string {
  const given = request.headers[KEY_HEADER.toLowerCase()];
  const key = typeof given === 'string' ? given : newOperationId(now);
  if (/^[\x21-\x7e]{1,64}$/.test(key)) response.setHeader(KEY_HEADER, key);
  return key;
}

/** Time-ordered, so that the store's index stays hot. */
export function newOperationId(now: number): string {
  return now.toString(36).padStart(9, '0') + randomBytes(10).toString('hex');
}
