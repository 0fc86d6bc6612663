import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { acceptedSecrets, type App, type AppDirectory } from '@hongyan/apps';
import {
  allowCrossOrigin,
  isObject,
  LeanCloudError,
  provesKey,
  requestCredentialOf,
  signLeanCloud,
} from '@hongyan/leancloud';
import { asAppId, AppError } from '@hongyan/protocol';
import type { ConnectionParts } from '../connection-parts.js';
import { jsonBody, sendJson, sendRefusal, urlOf } from './http.js';

type Next = (error?: unknown) => void;

/** Where the token is, in the two versions of the call. */
const methods: Readonly<Record<string, 'GET' | 'POST'>> = {
  '/1.1/rtm/sign': 'POST',
  '/1.2/rtm/clients/sign': 'GET',
};

/**
 * A login signature for whoever holds a token of the tenant's own user system: the tenant's server says which client
 * that is, and the signature is made here with the app's master key.
 */
export const signEndpoint =
  (parts: ConnectionParts) =>
  (request: IncomingMessage, response: ServerResponse, next: Next): void => {
    const url = urlOf(request);
    const method = Object.hasOwn(methods, url.pathname) ? methods[url.pathname] : undefined;
    if (method === undefined) return next();
    if (allowCrossOrigin(request, response)) return;
    if (request.method !== method) return next();
    sign(parts, request, url).then(
      (body) => sendJson(response, 200, body),
      (error: unknown) => {
        if (!sendRefusal(response, error, 'session')) next(error);
      },
    );
  };

async function sign(parts: ConnectionParts, request: IncomingMessage, url: URL): Promise<object> {
  const app = await appByKey(parts.apps, request);
  const client = await parts.verifier.verify(app, await tokenOf(request, url));
  if (client.includes(':'))
    throw new LeanCloudError('INVALID_LOGIN', 'An id that is signed must not hold a colon.');
  const [timestamp, nonce] = [Date.now(), randomBytes(12).toString('hex')];
  const signature = signLeanCloud(app.masterKey.current, app.id, { kind: 'login', client }, timestamp, nonce);
  return { client_id: client, signature, timestamp, nonce };
}

const longestToken = 4096;

async function tokenOf(request: IncomingMessage, url: URL): Promise<string> {
  const body = request.method === 'POST' ? await jsonBody(request) : undefined;
  const token = isObject(body) ? body['session_token'] : url.searchParams.get('session_token');
  if (typeof token !== 'string' || token === '' || token.length > longestToken)
    throw new LeanCloudError('SIGNATURE_FAILED', 'session_token is missing.');
  return token;
}

/** The app of a request that shows its key. Throws `app_unavailable`. */
async function appByKey(apps: AppDirectory, { headers }: IncomingMessage): Promise<App> {
  const credential = requestCredentialOf(headers);
  const app = credential === undefined ? undefined : await apps.find(asAppId(credential.app));
  if (credential === undefined || app === undefined) throw new AppError('app_unavailable');
  const now = Date.now();
  const keys = acceptedSecrets(credential.master ? app.masterKey : app.appKey, now);
  if (!provesKey(credential, keys, now)) throw new AppError('app_unavailable');
  return app;
}
