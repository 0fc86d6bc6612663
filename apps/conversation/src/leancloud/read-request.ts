import type { App } from '@hongyan/apps';
import { AppError, asOperationId, nestsDeeper } from '@hongyan/protocol';
import { parseInput } from '@hongyan/rest';
import type { Response } from 'express';
import { callOptions, operationIdOf } from '../call.js';
import type { ConversationParts } from '../parts.js';
import { pathNames } from '../route.js';
import type { KindCache } from './kind-cache.js';
import type { LeanCloudRequest } from './nest-leancloud-guard.js';
import { RestCall } from './rest-call.js';
import { RestRefusal } from './rest-refusal.js';
import type { LeanCloudRoute } from './route.js';

/** A request of a route, decoded. Throws `bad_request`; 403 when the master key is needed and the app key was shown. */
export function restCallOf(
  route: LeanCloudRoute,
  door: ConversationParts,
  kinds: KindCache,
  request: LeanCloudRequest,
  response: Response,
  spend: (app: App) => void,
): RestCall {
  const { app, master } = request.user as { app: App; master: boolean };
  if (route.access === 'master' && !master) throw new RestRefusal(403, 403, 'The master key is needed.');
  const now = door.now();
  const body = bodyOf(request);
  const params = Object.fromEntries(
    pathNames(route.path).map((name) => [name, String(request.params[name] ?? '')]),
  );
  const args = parseInput(route.input, { ...request.query, ...body });
  const op = asOperationId(operationIdOf(request, response, now));
  const options = callOptions(request, response, now);
  const opGiven = request.headers['idempotency-key'] !== undefined;
  const parts = { door, kinds, app, master, params, body, options, op, opGiven, spend: () => spend(app) };
  return new RestCall(parts, args);
}

function bodyOf({ body }: LeanCloudRequest): Readonly<Record<string, unknown>> {
  const given: unknown = body ?? {};
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw new AppError('bad_request', { detail: 'the body must be a JSON object' });
  if (nestsDeeper(given)) throw new AppError('bad_request', { detail: 'nested too deeply' });
  return given as Readonly<Record<string, unknown>>;
}
