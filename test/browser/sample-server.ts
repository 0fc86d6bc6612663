import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { until } from './until.js';

const root = resolve(__dirname, '../..');
const masterKey = 'browser-master-key';
const main = join(root, 'dist/apps/cli/src/main.js');

/** A real server process on a folder of its own, with the demo app; it can be killed and started again. */
export class SampleServer {
  private readonly folder = mkdtempSync(join(tmpdir(), 'hongyan-browser-'));
  private process: ChildProcess | undefined;
  private output = '';
  url = '';

  static async start(): Promise<SampleServer> {
    const server = new SampleServer();
    await server.start();
    await server.createDemoApp();
    return server;
  }

  /** On the same port as before, if there was a before. */
  async start(): Promise<void> {
    const port = this.url === '' ? '0' : new URL(this.url).port;
    const file = join(this.folder, 'server.json');
    rmSync(file, { force: true }); // a killed server leaves its own
    this.process = spawn(process.execPath, [main, 'serve', '--data', this.folder, '--port', port], {
      cwd: this.folder,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.process.stdout?.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    this.process.stderr?.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    await until('the server starts', async () => {
      if (this.process?.exitCode !== null) throw new Error(`the server ended: ${this.output}`);
      if (!existsSync(file)) return false;
      this.url = (JSON.parse(readFileSync(file, 'utf8')) as { url: string }).url;
      return (await fetch(`${this.url}/health/ready`)).ok;
    });
  }

  /** As `kill -9` does. */
  async kill(): Promise<void> {
    const { process } = this;
    if (process === undefined || process.exitCode !== null) return;
    const ended = once(process, 'exit');
    process.kill('SIGKILL');
    await ended;
  }

  async remove(): Promise<void> {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** What the app's own server asks. */
  async rest(method: string, path: string): Promise<Record<string, unknown>> {
    const headers = { 'x-hongyan-app': 'demo', authorization: `Bearer ${masterKey}` };
    const answer = await fetch(`${this.url}/api/v1${path}`, { method, headers });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as Record<string, unknown>;
  }

  private async createDemoApp(): Promise<void> {
    const token = readFileSync(join(this.folder, 'operator.token'), 'utf8').trim();
    const post = async (path: string, body: object): Promise<void> => {
      const answer = await fetch(`${this.url}/admin/v1${path}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    };
    await post('/tenants', { id: 'demo', name: 'Demo' });
    const settings = { 'login.unsigned': true };
    await post('/apps', { tenant: 'demo', id: 'demo', name: 'Demo', masterKey, settings });
  }
}
