import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { type Server, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApp, createTenant, newSecretKey } from '@hongyan/apps';
import { loadConfig, standaloneSchema } from '@hongyan/config';
import { asAppId, asTenantId } from '@hongyan/protocol';
import { createLogger, silentLogger } from '@hongyan/telemetry';
import { DataFolder } from './data-folder.js';
import { type RunningServer, serve } from './serve.js';

const folders: string[] = [];
const running: RunningServer[] = [];

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'hongyan-standalone-'));
  folders.push(folder);
  return folder;
}

async function start(
  data: string,
  more: Record<string, unknown> = {},
  logger = silentLogger,
): Promise<RunningServer> {
  const { config } = loadConfig(standaloneSchema, {}, { data, port: 0, drainSeconds: 1, ...more });
  const server = await serve(config, logger, { threads: false });
  running.push(server);
  return server;
}

afterEach(async () => {
  for (const server of running.splice(0)) await server.stop();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

const status = async (url: string): Promise<number> => (await fetch(url)).status;

describe('a standalone server', () => {
  it('boots with every door, and says how it is found', async () => {
    const data = newFolder();
    const { url, operatorToken } = await start(data);
    expect(await status(`${url}/health/live`)).toBe(200);
    expect(await status(`${url}/health/ready`)).toBe(200);
    expect(await status(`${url}/api/v1/openapi.json`)).toBe(200);
    expect(await status(`${url}/api/v1/conversations`)).toBe(401);
    expect(await status(`${url}/admin/v1/apps`)).toBe(401);
    const { status: admin } = await fetch(`${url}/admin/v1/apps`, {
      headers: { authorization: `Bearer ${operatorToken}` },
    });
    expect(admin).toBe(200);
    const folder = DataFolder.at(data);
    expect(folder.readServer()).toMatchObject({ url, pid: process.pid });
    for (const file of ['server.json', 'operator.token', 'secret.key'])
      expect(statSync(join(data, file)).mode & 0o777).toBe(0o600);
  });

  it('lets the folder go and finds yesterday’s data', async () => {
    const data = newFolder();
    const first = await start(data);
    await createTenant(first.parts.administration, { id: asTenantId('t'), name: 'T' });
    await createApp(first.parts.administration, {
      tenant: asTenantId('t'),
      id: asAppId('a'),
      name: 'A',
      masterKey: 'kept-key',
    });
    await first.stop();
    expect(DataFolder.at(data).readServer()).toBeUndefined();
    await expect(fetch(first.url)).rejects.toThrow();
    const second = await start(data);
    expect(await second.parts.directory.find(asAppId('a'))).toMatchObject({
      masterKey: { current: 'kept-key' },
    });
    expect(second.operatorToken).toBe(first.operatorToken);
  });

  it('takes large bodies of an import from an operator only', async () => {
    const { url, operatorToken } = await start(newFolder());
    const post = async (path: string, token: string, bytes: number) =>
      (
        await fetch(`${url}/admin/v1${path}`, {
          method: 'POST',
          headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
          body: JSON.stringify({ conversations: [], padding: 'x'.repeat(bytes) }),
        })
      ).status;
    const path = '/apps/none/import/digests';
    expect(await post(path, operatorToken, 5_000_000)).toBe(404); // read, and then there is no such app
    expect(await post(path, operatorToken, 20_000_000)).toBe(413);
    expect(await post(path, 'another', 5_000_000)).toBe(413);
    expect(await post('/apps', operatorToken, 5_000_000)).toBe(413);
  });

  it('warns of apps that let anybody in', async () => {
    const data = newFolder();
    const { parts, stop } = await start(data);
    await createTenant(parts.administration, { id: asTenantId('t'), name: 'T' });
    await createApp(parts.administration, {
      tenant: asTenantId('t'),
      name: 'Open',
      settings: { 'login.unsigned': true },
    });
    await createApp(parts.administration, { tenant: asTenantId('t'), name: 'Closed' });
    await stop();
    const lines: string[] = [];
    await start(data, {}, createLogger({ level: 'warn', output: { write: (line) => lines.push(line) } }));
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/unsigned_login_allowed.*Open/);
  });
});

describe('what prevents a start is one clear line', () => {
  const refusal = async (starting: Promise<unknown>): Promise<string> => {
    const error = await starting.then(
      () => new Error('it started'),
      (thrown: Error) => thrown,
    );
    expect(error.name).toBe('StartError');
    expect(error.message).not.toContain('\n');
    return error.message;
  };

  it('a port in use; the folder is free again afterwards', async () => {
    const taken: Server = await new Promise((resolve) => {
      const server = createServer().listen(0, '127.0.0.1', () => resolve(server));
    });
    const { port } = taken.address() as { port: number };
    const data = newFolder();
    const line = await refusal(start(data, { port })).finally(
      () => new Promise((resolve) => taken.close(resolve)),
    );
    expect(line).toContain(`port ${port} is in use`);
    await start(data, { port });
  });

  it('a folder that another server holds', async () => {
    const data = newFolder();
    await start(data);
    expect(await refusal(start(data))).toContain('in use by another process');
  });

  it('a folder that is a file, or below one', async () => {
    const file = join(newFolder(), 'file');
    writeFileSync(file, '');
    expect(await refusal(start(file))).toContain('cannot be written');
    expect(await refusal(start(join(file, 'below')))).toContain('cannot be written');
  });

  it('the wrong secret key', async () => {
    const data = newFolder();
    const { parts, stop } = await start(data);
    await createTenant(parts.administration, { id: asTenantId('t'), name: 'T' });
    await createApp(parts.administration, { tenant: asTenantId('t'), name: 'A' });
    await stop();
    expect(await refusal(start(data, { secretKey: newSecretKey() }))).toContain('secret key is not the one');
    chmodSync(join(data, 'secret.key'), 0o644);
    expect(await refusal(start(data))).toContain('can be read by others');
  });
});
