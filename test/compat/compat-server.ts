import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Obstacle } from '../obstacles.js';
import { TestServer } from '../e2e/server.js';

export { describeUnless, itUnless } from '../obstacles.js';

const callMs = 15_000;
export const masterKey = 'compat-master-key';
export const appKey = 'compat-app-key';

export interface CompatApp {
  readonly id: string;
}

/**
 * The server that the clients are held to: a real standalone process with a folder of its own, or the one at
 * HONGYAN_COMPAT_URL (with its operator token in HONGYAN_COMPAT_TOKEN). Scenarios that end that one, or need one set up in
 * another way, are skipped by {@link itUnless}.
 */
export interface CompatServer {
  readonly url: string;
  /** Of a process of ours: for the command line. */
  readonly folder?: string;
  /** A new app that starts from the preset `leancloud`. */
  app(settings?: Record<string, unknown>): Promise<CompatApp>;
  /** Changes settings of an app. */
  set(app: CompatApp, settings: Record<string, unknown>): Promise<void>;
  /** The app's own server calls. */
  rest(app: CompatApp, method: string, path: string, body?: unknown): Promise<Record<string, unknown>>;
  /** The app's own server calls, by LeanCloud's REST API; throws for another status than 200. */
  leanCloudRest(
    app: CompatApp,
    method: string,
    path: string,
    body?: unknown,
  ): Promise<Record<string, unknown>>;
  /** `signal` ends the process as it is; afterwards the same folder and port are served again. */
  restart(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>;
  stop(): Promise<void>;
}

const givenUrl = process.env['HONGYAN_COMPAT_URL'];

/** For scenarios that end the server, start it otherwise, or use its folder. */
export const notOurs: Obstacle =
  givenUrl === undefined ? undefined : 'the server at HONGYAN_COMPAT_URL is not ours to end or to set up';

/** Version 4 asks by REST over https, whatever the address says. A server of ours has a certificate for it. */
export const withoutHttps = (version: number): Obstacle =>
  version === 4 && givenUrl?.startsWith('http:') === true
    ? 'version 4 asks for roles over https, which the server at HONGYAN_COMPAT_URL has not'
    : undefined;

/** `settings`: further environment of the process. One with a certificate is spoken to by https. */
export async function startCompatServer(settings: Record<string, string> = {}): Promise<CompatServer> {
  if (givenUrl !== undefined) {
    const url = givenUrl.replace(/\/+$/, '');
    const calls = callsOf(url, process.env['HONGYAN_COMPAT_TOKEN'] ?? '');
    const restart = () => Promise.reject(new Error(notOurs));
    return { ...calls, url, restart, stop: () => Promise.resolve() };
  }
  const server = await TestServer.start({ env: { HONGYAN_DRAIN_SECONDS: '1', ...settings } });
  const { url, folder } = server;
  return {
    ...callsOf(url, readFileSync(join(folder, 'operator.token'), 'utf8').trim()),
    url,
    folder,
    async restart(signal) {
      await server.end(signal);
      await server.startAgain();
    },
    stop: () => server.close(),
  };
}

/** Scenarios are faster than people. */
const unhurried = {
  'limits.commandsPerSecond': 10_000,
  'limits.messagesPerMinute': 0,
  'limits.historyPerMinute': 0,
};

function callsOf(
  url: string,
  operatorToken: string,
): Pick<CompatServer, 'app' | 'set' | 'rest' | 'leanCloudRest'> {
  const call = async (
    method: string,
    path: string,
    headers: Record<string, string>,
    body?: unknown,
    fits = ({ ok }: Response) => ok,
  ) => {
    const response = await fetch(`${url}/${path}`, {
      method,
      headers: { ...headers, 'content-type': 'application/json' },
      signal: AbortSignal.timeout(callMs),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!fits(response)) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>;
  };
  const operator = { authorization: `Bearer ${operatorToken}` };
  let tenant: Promise<string> | undefined;
  return {
    async app(settings = {}) {
      tenant ??= call('POST', 'admin/v1/tenants', operator, { name: 'compat' }).then(({ id }) => String(id));
      // Ids of this ending make the clients ask for nothing but the URL.
      const id = `${Math.random().toString(36).slice(2, 12)}-MdYXbMMI`;
      const app = { tenant: await tenant, name: id, id, key: appKey, masterKey, preset: 'leancloud' };
      await call('POST', 'admin/v1/apps', operator, {
        ...app,
        settings: { ...unhurried, ...settings },
      });
      return { id };
    },
    async set({ id }, settings) {
      await call('PATCH', `admin/v1/apps/${id}`, operator, { settings });
    },
    rest: ({ id }, method, path, body) =>
      call(method, path, { 'x-hongyan-app': id, authorization: `Bearer ${masterKey}` }, body),
    leanCloudRest({ id }, method, path, body) {
      const headers = { 'x-lc-id': id, 'x-lc-key': `${masterKey},master` };
      return call(method, path, headers, body, ({ status }) => status === 200);
    },
  };
}
