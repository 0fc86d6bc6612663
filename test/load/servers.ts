import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer as createCollector } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeFlags } from '../../tools/node-flags.mjs';
import { cpuMicros, rssBytes } from './process-figures.js';

const root = join(import.meta.dirname, '..', '..');
const startMs = 30_000;

/** `telemetry`: Hongyan that sends traces to a collector and counts metrics. `leancloud`: by its LeanCloud door. */
export type ServerName = 'hongyan' | 'telemetry' | 'leancloud' | 'socketio';

export interface StartOptions {
  /** The core that all threads of the server run on. */
  readonly core: number;
  /** Where V8 writes a CPU profile of each thread when the server ends. */
  readonly profileFolder?: string;
}

/** A server process with what clients need to log in to it. */
export interface BenchServer {
  readonly name: ServerName;
  readonly port: number;
  /** What a client hands in with CONNECT. */
  auth(client: string): object;
  cpuMicros(): number;
  rssBytes(): number;
  stop(): Promise<void>;
}

export function startServer(name: ServerName, options: StartOptions): Promise<BenchServer> {
  if (name === 'socketio') return startBaseline(options);
  if (name === 'leancloud') return startHongyan(options).then((server) => ({ ...server, name }));
  return name === 'telemetry' ? startObserved(options) : startHongyan(options);
}

/** The settings of the app that is measured: nothing of what it measures is limited. */
const benchSettings = {
  'login.unsigned': true,
  'limits.commandsPerSecond': 100_000,
  'limits.restPerSecond': 100_000,
  'limits.messagesPerMinute': 0,
  'limits.historyPerMinute': 0,
  'limits.page': 1000,
};

async function startHongyan(
  options: StartOptions,
  environment: Record<string, string> = {},
): Promise<BenchServer> {
  const folder = mkdtempSync(join(tmpdir(), 'hongyan-bench-'));
  const port = await freePort();
  const main = join(root, 'dist', 'apps', 'cli', 'src', 'main.js');
  const child = launch(
    [...nodeFlags, main, 'serve', '--data', folder, '--port', String(port)],
    options.core,
    { HONGYAN_LOG_LEVEL: 'warn', HONGYAN_DRAIN_SECONDS: '1', ...profiling(options), ...environment },
  );
  try {
    await ready(child, port);
    const token = readFileSync(join(folder, 'operator.token'), 'utf8').trim();
    const admin = adminOf(port, token);
    const tenant = await admin('tenants', { name: 'bench' });
    const app = await admin('apps', { tenant: tenant.id, name: 'bench', settings: benchSettings });
    return {
      ...figuresOf(child),
      name: 'hongyan',
      port,
      auth: (client) => ({ v: 1, appId: app.id, clientId: client }),
      async stop() {
        await end(child);
        rmSync(folder, { recursive: true, force: true });
      },
    };
  } catch (error) {
    await end(child);
    throw error;
  }
}

/** The collector is of the load generator's process, so that it costs the server nothing. */
async function startObserved(options: StartOptions): Promise<BenchServer> {
  let exports = 0;
  const collector = createCollector((request, response) => {
    exports += 1;
    request
      .resume()
      .on('end', () => response.writeHead(200, { 'content-type': 'application/json' }).end('{}'));
  });
  await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
  const { port } = collector.address() as AddressInfo;
  const server = await startHongyan(options, {
    HONGYAN_METRICS_PORT: String(await freePort()),
    HONGYAN_TRACES: 'true',
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
  });
  return {
    ...server,
    name: 'telemetry',
    async stop() {
      await server.stop();
      collector.close();
      if (exports === 0) throw new Error('the server exported no traces');
    },
  };
}

async function startBaseline(options: StartOptions): Promise<BenchServer> {
  // Node strips the types by itself: nothing else is loaded.
  const child = launch([join(import.meta.dirname, 'baseline-server.ts')], options.core, {});
  const port = await new Promise<number>((resolve, reject) => {
    child.stdout!.on('data', (chunk: Buffer) => {
      const found = /port (\d+)/.exec(chunk.toString());
      if (found !== null) resolve(Number(found[1]));
    });
    child.once('exit', (code) => reject(new Error(`the baseline server ended with ${code}`)));
  });
  return {
    ...figuresOf(child),
    name: 'socketio',
    port,
    auth: (client) => ({ clientId: client }),
    stop: () => end(child),
  };
}

/** By the environment, as threads of the server inherit that. */
function profiling({ profileFolder }: StartOptions): Record<string, string> {
  if (profileFolder === undefined) return {};
  mkdirSync(profileFolder, { recursive: true });
  return { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${profileFolder} --cpu-prof-interval=500` };
}

export const canPin = (): boolean => spawnSync('taskset', ['-V']).status === 0;

function launch(args: string[], core: number, env: Record<string, string>): ChildProcess {
  const [command, ...rest] = canPin()
    ? ['taskset', '-c', String(core), process.execPath, ...args]
    : [process.execPath, ...args];
  return spawn(command, rest, {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...env },
  });
}

const figuresOf = (child: ChildProcess) => ({
  cpuMicros: () => cpuMicros(child.pid!),
  rssBytes: () => rssBytes(child.pid!),
});

async function ready(child: ChildProcess, port: number): Promise<void> {
  child.stdout!.resume();
  const end = Date.now() + startMs;
  while (Date.now() < end) {
    if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}`);
    try {
      if ((await fetch(`http://127.0.0.1:${port}/health/ready`)).ok) return;
    } catch {
      // not listening yet
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('the server was not ready in time');
}

function adminOf(port: number, token: string) {
  return async (path: string, body: object): Promise<{ id: string }> => {
    const response = await fetch(`http://127.0.0.1:${port}/admin/v1/${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as { id: string };
  };
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

/** Ctrl-C, and SIGKILL when that takes too long. */
function end(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    const timer = setTimeout(() => child.kill('SIGKILL'), 20_000);
    child.once('exit', () => {
      clearTimeout(timer);
      resolve();
    });
    child.kill('SIGINT');
  });
}
