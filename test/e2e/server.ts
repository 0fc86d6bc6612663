import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EntryView } from '@hongyan/protocol';
import { nodeFlags } from '../../tools/node-flags.mjs';

/** The built standalone server as a process of its own, as operators run it. */

const root = process.cwd();
export const mainScript = join(root, 'dist', 'apps', 'cli', 'src', 'main.js');
const startMs = 30_000;

export interface ServerOptions {
  /** Default: a new one, removed in the end. */
  readonly folder?: string;
  readonly port?: number;
  readonly env?: Record<string, string>;
}

export interface TestApp {
  readonly id: string;
  readonly masterKey: string;
}

export interface RestAnswer {
  readonly status: number;
  readonly body: unknown;
  readonly text: string;
}

const unlimitedRates = { 'limits.messagesPerMinute': 0, 'limits.historyPerMinute': 0 };

export class TestServer {
  output = '';
  private child: ChildProcess;
  private ended!: Promise<number | string>;

  private constructor(
    readonly folder: string,
    readonly port: number,
    private readonly ownsFolder: boolean,
    private readonly env: Record<string, string>,
  ) {
    this.child = this.launch();
  }

  /** Resolves when it takes work. */
  static async start({ folder, port, env = {} }: ServerOptions = {}): Promise<TestServer> {
    const made = folder ?? mkdtempSync(join(tmpdir(), 'hongyan-e2e-'));
    const server = new TestServer(made, port ?? (await freePort()), folder === undefined, env);
    await server.ready();
    return server;
  }

  get url(): string {
    return `${this.env['HONGYAN_TLS_CERT'] === undefined ? 'http' : 'https'}://127.0.0.1:${this.port}`;
  }

  get pid(): number {
    return this.child.pid!;
  }

  get alive(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Ends it with a signal; answers the exit status or the signal that ended it. */
  end(signal: NodeJS.Signals): Promise<number | string> {
    if (this.alive) this.child.kill(signal);
    return this.ended;
  }

  /** Another process on the same folder and port. Resolves when it takes work, with the ms that this took. */
  async startAgain(): Promise<number> {
    const began = performance.now();
    this.child = this.launch();
    await this.ready();
    return performance.now() - began;
  }

  /** Ends it and removes the folder if it was made here. */
  async close(): Promise<void> {
    const force = setTimeout(() => this.child.kill('SIGKILL'), 20_000);
    await this.end('SIGINT');
    clearTimeout(force);
    if (this.ownsFolder) rmSync(this.folder, { recursive: true, force: true });
  }

  /** The administration API. */
  async admin(path: string, body?: object): Promise<RestAnswer> {
    const token = readFileSync(join(this.folder, 'operator.token'), 'utf8').trim();
    return this.request(body === undefined ? 'GET' : 'POST', `/admin/v1/${path}`, token, body);
  }

  /**
   * A new app; unless `settings` say otherwise, unsigned logins are allowed and the rates of the preset `leancloud` are
   * not there: tests are faster than people.
   */
  async createApp(settings: object = {}, given: object = {}): Promise<TestApp> {
    const tenant = await this.admin('tenants', { name: 'tenant' });
    const { status, body, text } = await this.admin('apps', {
      tenant: (tenant.body as { id: string }).id,
      name: 'app',
      settings: { 'login.unsigned': true, ...unlimitedRates, ...settings },
      ...given,
    });
    if (status >= 300) throw new Error(text);
    const { id, masterKey } = body as { id: string; masterKey: { current: string } };
    return { id, masterKey: masterKey.current };
  }

  /** Changes settings of an app. */
  async setApp({ id }: TestApp, settings: object): Promise<void> {
    const token = readFileSync(join(this.folder, 'operator.token'), 'utf8').trim();
    const { status, text } = await this.request('PATCH', `/admin/v1/apps/${id}`, token, { settings });
    if (status !== 200) throw new Error(text);
  }

  /** The API of tenants' servers. */
  rest(app: TestApp, method: string, path: string, body?: object): Promise<RestAnswer> {
    return this.request(method, `/api/v1${path}`, app.masterKey, body, { 'x-hongyan-app': app.id });
  }

  /** All of a conversation's log as it is now. */
  async entries(app: TestApp, conversation: string): Promise<EntryView[]> {
    const entries: EntryView[] = [];
    for (;;) {
      const path = `/conversations/${conversation}/entries?after=${entries.at(-1)?.seq ?? 0}&limit=100`;
      const { body, text } = await this.rest(app, 'GET', path);
      const page = (body as { entries?: EntryView[] } | undefined)?.entries;
      if (page === undefined) throw new Error(text);
      if (page.length === 0) return entries;
      entries.push(...page);
    }
  }

  /** What the integrity check of the store finds. */
  async findings(): Promise<string[]> {
    const { body, text } = await this.admin('check', {});
    const { problems } = (body ?? {}) as { problems?: string[] };
    if (problems === undefined) throw new Error(text);
    return problems;
  }

  async request(
    method: string,
    path: string,
    credential: string | undefined,
    body?: object | string,
    headers: Record<string, string> = {},
  ): Promise<RestAnswer> {
    const response = await fetch(this.url + path, {
      method,
      headers: {
        ...(credential === undefined ? {} : { authorization: `Bearer ${credential}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, text, body: parse(text) };
  }

  private launch(): ChildProcess {
    const args = [...nodeFlags, mainScript, 'serve', '--data', this.folder, '--port', String(this.port)];
    const child = spawn(process.execPath, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: process.env.PATH ?? '',
        HONGYAN_LOG_LEVEL: 'warn',
        HONGYAN_DRAIN_SECONDS: '2',
        ...this.env,
      },
    });
    const collect = (chunk: Buffer) => (this.output = (this.output + chunk.toString()).slice(-100_000));
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    this.ended = new Promise((resolve) =>
      child.once('exit', (code, signal) => resolve(code ?? signal ?? '')),
    );
    return child;
  }

  private async ready(): Promise<void> {
    const end = Date.now() + startMs;
    while (Date.now() < end) {
      if (!this.alive) throw new Error(`the server ended: ${this.output}`);
      try {
        if ((await fetch(`${this.url}/health/ready`)).ok) return;
      } catch {
        // not listening yet
      }
      await pause(20);
    }
    throw new Error(`the server was not ready in time: ${this.output}`);
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Runs the command line to its end; `variables` are added to the environment. */
export function runCli(
  args: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): Promise<{ status: number | string; output: string }> {
  return new Promise((resolve) => {
    const env = { ...process.env, ...variables };
    const child = spawn(process.execPath, [mainScript, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.once('close', (code, signal) => resolve({ status: code ?? signal ?? '', output }));
  });
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

export const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** Waits until `holds`; throws `what` after `ms`. */
export async function until(
  holds: () => boolean | Promise<boolean>,
  what: string,
  ms = 15_000,
): Promise<void> {
  const end = Date.now() + ms;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`not in ${ms} ms: ${what}`);
    await pause(20);
  }
}
