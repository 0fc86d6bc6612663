import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AppDirectory } from '@hongyan/apps';
import { allowCrossOrigin, codes, type CodeName } from '@hongyan/leancloud';
import { asAppId } from '@hongyan/protocol';
import { sendJson, urlOf } from './http.js';
import type { PodDirectory, Reached, Route } from './pod-directory.js';

type Next = (error?: unknown) => void;

/**
 * `GET /v1/route` (where to connect) and `GET /2/route` (which hosts serve what), for any web page. A configured server
 * URL that ends in a slash makes clients ask for `//v1/route`.
 */
export const routeEndpoint =
  (apps: AppDirectory, pods: PodDirectory, door: { readonly isDraining: boolean }) =>
  (request: IncomingMessage, response: ServerResponse, next: Next): void => {
    const url = urlOf(request);
    const path = url.pathname;
    if (path !== '/v1/route' && path !== '/2/route') return next();
    if (allowCrossOrigin(request, response)) return;
    if (request.method !== 'GET' && request.method !== 'HEAD') return next();
    if (door.isDraining && url.searchParams.has(onlyOfJava))
      return sendJson(response, 503, failure('INTERNAL_ERROR', 'The server is going away.'));
    answer(apps, pods, request, url, path === '/2/route').then(
      ([status, body]) => sendJson(response, status, body),
      (error: unknown) => next(error),
    );
  };

/**
 * Java clients ask again after an error of the route, but never after a connection was refused. JavaScript ones do it the other
 * way round: they are always told of a server.
 */
const onlyOfJava = 'installationId';

async function answer(
  apps: AppDirectory,
  pods: PodDirectory,
  request: IncomingMessage,
  url: URL,
  hosts: boolean,
): Promise<[number, object]> {
  const appId = url.searchParams.get('appId') ?? '';
  const app = appId === '' || appId.length > 64 ? undefined : await apps.find(asAppId(appId));
  if (app === undefined) return [404, failure('APP_NOT_AVAILABLE', 'There is no such app.')];
  const route = await pods.route(app.id, reachedOf(request));
  if (route === undefined) return [503, failure('INTERNAL_ERROR', 'No server takes clients now.')];
  const { first, second, ttl } = route;
  if (hosts) {
    const { host } = first;
    return [
      200,
      {
        ttl,
        api_server: host,
        engine_server: host,
        push_server: host,
        rtm_router_server: host,
        stats_server: host,
      },
    ];
  }
  const server = socketUrl(first);
  return [200, { groupId: 'g0', groupUrl: server, server, secondary: socketUrl(second), ttl }];
}

const socketUrl = ({ host, secure }: Route): string => `${secure ? 'wss' : 'ws'}://${host}/`;

const failure = (name: CodeName, error: string) => ({ code: codes[name], error });

/** Proxies say how the client came; `X-Forwarded-Host` where they rewrite `Host`. */
export function reachedOf(request: IncomingMessage): Reached {
  const first = (name: string) =>
    String(request.headers[name] ?? '')
      .split(',')[0]!
      .trim();
  const host = first('x-forwarded-host') || first('host') || 'localhost';
  const proto = first('x-forwarded-proto').toLowerCase();
  const encrypted = (request.socket as { encrypted?: boolean }).encrypted === true;
  return { host, secure: proto === '' ? encrypted : proto === 'https' || proto === 'wss' };
}

/** Where the page is from that asks; undefined: it is none. Older Swift and Objective-C clients give the server's own address. */
export function originOf(request: IncomingMessage): string | undefined {
  const { origin } = request.headers;
  return origin === undefined || URL.parse(origin)?.host === reachedOf(request).host ? undefined : origin;
}
