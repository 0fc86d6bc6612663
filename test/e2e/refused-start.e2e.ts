import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { freePort, runCli, TestServer } from './server.js';

/** A start that cannot be says why: one clear line and exit status 1, without a stack. */

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hongyan-refused-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function refusal(
  data: string,
  port?: number,
  variables: Readonly<Record<string, string>> = {},
): Promise<string> {
  const args = ['serve', '--data', data, '--port', String(port ?? (await freePort()))];
  const { status, output } = await runCli(args, variables);
  const lines = output.trim().split('\n');
  expect(lines).toHaveLength(1);
  expect(status).toBe(1);
  return lines[0]!;
}

it('the port is in use', async () => {
  const server = await TestServer.start();
  try {
    expect(await refusal(folder, server.port)).toBe(
      `hongyan: port ${server.port} is in use: stop what uses it, or choose another with --port`,
    );
    // The folder is free again: nothing of the attempt holds it.
    await (await TestServer.start({ folder })).close();
  } finally {
    await server.close();
  }
});

it('the folder is held by another server, which does not notice', async () => {
  const server = await TestServer.start({ folder });
  try {
    expect(await refusal(folder)).toMatch(/the data folder .* is in use by another process/);
    expect((await server.request('GET', '/health/ready', undefined)).status).toBe(200);
  } finally {
    await server.close();
  }
});

it('the folder cannot be written', async () => {
  const file = join(folder, 'a-file');
  writeFileSync(file, '');
  const paths = [join(file, 'data'), '/proc/hongyan'];
  if (process.getuid?.() !== 0) {
    chmodSync(folder, 0o500); // root may write anywhere
    paths.push(folder);
  }
  for (const path of paths) expect(await refusal(path)).toMatch(/the data folder .* cannot be written/);
});

it('the folder is of a newer version, and stays as it is', async () => {
  const db = new DatabaseSync(join(folder, 'hongyan.db'));
  db.exec('PRAGMA user_version = 99; CREATE TABLE future (a)');
  db.close();
  expect(await refusal(folder)).toMatch(
    /the data folder .* cannot be used: .*version 99.*Use a newer release/,
  );
  const again = new DatabaseSync(join(folder, 'hongyan.db'), { readOnly: true });
  expect(again.prepare('PRAGMA user_version').get()).toEqual({ user_version: 99 });
  again.close();
});

it('the database is no database', async () => {
  writeFileSync(join(folder, 'hongyan.db'), 'not a database, but long enough to look like one '.repeat(100));
  expect(await refusal(folder)).toMatch(/the data folder .* cannot be opened: file is not a database/);
});

it('the configuration is wrong', async () => {
  expect(await refusal(folder, undefined, { HONGYAN_METRICS_PORT: '70000' })).toMatch(
    /^hongyan: HONGYAN_METRICS_PORT: .*\(allowed: integer 0–65535\)$/,
  );
});
