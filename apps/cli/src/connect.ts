import { resolve } from 'node:path';
import { type StandaloneConfig, loadConfig, standaloneSchema } from '@hongyan/config';
import { silentLogger } from '@hongyan/telemetry';
import { type Fetch, fetchTrusting, Http } from './http.js';
import { UsageError } from './failure.js';

export interface Target {
  readonly data?: string;
}

export interface ServerOptions {
  /** A folder without an installation is made one; else it is refused. */
  readonly makesFolder?: boolean;
}

/** A server to speak to, with the operator's token. */
export interface Connection {
  readonly admin: Http;
  /** The server API of an app, with its master key. */
  app(id: string): Promise<Http>;
}

/** How long another command or a server that is just starting may hold the folder. */
const PATIENCE_MS = 10_000;
const PAUSE_MS = 150;

/**
 * Runs `work` against the server that holds the folder; if none does, against one that lives in this process for as
 * long as the command, on a free port of this machine only. Either way the command speaks HTTP. Throws {@link UsageError}
 * when there is no installation in the folder.
 */
export async function withServer<T>(
  target: Target,
  work: (connection: Connection) => Promise<T>,
  { makesFolder = false }: ServerOptions = {},
): Promise<T> {
  const { config } = loadConfig(standaloneSchema, process.env, { data: target.data });
  const giveUpAt = Date.now() + PATIENCE_MS;
  for (;;) {
    const running = await runningServer(config);
    if (running !== undefined) return work(running);
    if (!makesFolder) await requireInstallation(config);
    const own = await ownServer(config, Date.now() < giveUpAt);
    if (own !== undefined) {
      try {
        return await work(own.connection);
      } finally {
        await own.stop();
      }
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

/** A wrong folder must not become an empty installation, whose backup is empty and whose check finds nothing. */
async function requireInstallation({ data }: StandaloneConfig): Promise<void> {
  const { holdsStore } = await import('../../standalone/src/index.js');
  const folder = resolve(data);
  if (!holdsStore(folder))
    throw new UsageError(
      `there is no installation in ${folder}: say where it is with --data or HONGYAN_DATA`,
    );
}

async function runningServer(config: StandaloneConfig): Promise<Connection | undefined> {
  const { DataFolder } = await import('../../standalone/src/data-folder.js');
  const folder = DataFolder.at(config.data);
  const server = folder.readServer();
  if (server === undefined) return undefined;
  let trusting: Fetch | undefined;
  try {
    trusting = server.certificate === undefined ? undefined : await fetchTrusting(server.certificate);
    const live = await new Http(`${server.url}/health`, {}, trusting).get<{ instance: string }>('/live');
    if (live.instance !== server.instance) return undefined; // a stranger on the port of a server that died
  } catch {
    return undefined;
  }
  const token = config.operatorToken ?? folder.readToken();
  if (token === undefined)
    throw new UsageError(
      'a server runs on this folder, but its operator token is not known here: set HONGYAN_OPERATOR_TOKEN',
    );
  return connectionTo(server.url, token, trusting);
}

/** Undefined: somebody else holds the folder, and may be asked in a moment. */
async function ownServer(
  config: StandaloneConfig,
  wait: boolean,
): Promise<{ connection: Connection; stop: () => Promise<void> } | undefined> {
  const { serve, heldByOther } = await import('../../standalone/src/index.js');
  try {
    const { tlsCert: _cert, tlsKey: _key, ...plain } = config;
    const quiet = { ...plain, host: '127.0.0.1', port: 0, drainSeconds: 0, metricsPort: 0, traces: false };
    const server = await serve(quiet, silentLogger, { announce: false, scant: true });
    return { connection: connectionTo(server.url, server.operatorToken), stop: () => server.stop() };
  } catch (error) {
    if (wait && heldByOther(error)) return undefined;
    throw error;
  }
}

function connectionTo(url: string, token: string, trusting?: Fetch): Connection {
  const admin = new Http(`${url}/admin/v1`, { authorization: `Bearer ${token}` }, trusting);
  return {
    admin,
    async app(id) {
      const { masterKey } = await admin.post<{ masterKey: { current: string } }>(
        `/apps/${encodeURIComponent(id)}/reveal`,
        {},
      );
      const headers = { 'x-hongyan-app': id, authorization: `Bearer ${masterKey.current}` };
      return new Http(`${url}/api/v1`, headers, trusting);
    },
  };
}
