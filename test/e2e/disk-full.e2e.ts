import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WireClient } from '../load/wire-client.js';
import { type TestApp, TestServer, until } from './server.js';

jest.setTimeout(90_000);

/** A file system of 24 MB of its own; needs root. */
const mountPoint = mkdtempSync(join(tmpdir(), 'hongyan-small-'));
const folder = join(mountPoint, 'data');
const filler = join(mountPoint, 'filler');

function run(command: string, ...args: string[]): void {
  const { status, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`this test needs root and the right to mount: ${command}: ${stderr}`);
}

let server: TestServer;
let app: TestApp;
beforeAll(async () => {
  run('mount', '-t', 'tmpfs', '-o', 'size=24m', 'tmpfs', mountPoint);
  server = await TestServer.start({ folder });
  app = await server.createApp();
});
afterAll(async () => {
  await server?.close();
  run('umount', mountPoint);
  rmSync(mountPoint, { recursive: true });
});

const login = (clientId: string) =>
  WireClient.connect({
    port: server.port,
    auth: { v: 1, appId: app.id, clientId },
    onEvent: () => undefined,
  });

it('refuses clearly when the disk is full, loses nothing acknowledged, and goes on when there is space', async () => {
  const ann = await login('ann');
  const { conversation } = (await ann.call('conversation.create', { op: 'create', members: ['bob'] })) as {
    conversation: { id: string };
  };
  const acknowledged = new Map<string, number>();
  let sent = 0;
  const send = async () => {
    const body = `message ${(sent += 1)} ${'x'.repeat(8_000)}`;
    const { seq } = (await ann.call('message.send', {
      op: `op-${sent}`,
      conversation: conversation.id,
      body,
    })) as { seq: number };
    acknowledged.set(body, seq);
  };
  for (let at = 0; at < 20; at += 1) await send();

  const { bavail, bsize } = statfsSync(mountPoint);
  writeFileSync(filler, Buffer.alloc(Math.max(0, bavail * bsize - 512 * 1024)));
  const refusals: string[] = [];
  while (refusals.length < 5 && sent < 5_000)
    await send().catch((error: Error) => refusals.push(error.message));
  expect(refusals).toHaveLength(5);
  for (const refusal of refusals)
    expect(refusal).toMatch(/"code":1009,"name":"storage_full".*"temporary":true/);

  // Reading goes on, and the server is up.
  const { messages } = (await ann.call('message.history', { conversation: conversation.id })) as {
    messages: object[];
  };
  expect(messages.length).toBeGreaterThan(0);
  expect((await server.request('GET', '/health/live', undefined)).status).toBe(200);

  rmSync(filler);
  await until(
    () =>
      send().then(
        () => true,
        () => false,
      ),
    'sending works again',
  );
  for (let at = 0; at < 20; at += 1) await send();

  await server.end('SIGKILL');
  await server.startAgain();
  const stored: { seq: number; body: string }[] = [];
  for (let after = 0; ; after = stored.at(-1)!.seq) {
    const { body } = await server.rest(
      app,
      'GET',
      `/conversations/${conversation.id}/entries?after=${after}&limit=100`,
    );
    const { entries } = body as { entries: { seq: number; kind: string; message: { body: string } }[] };
    if (entries.length === 0) break;
    stored.push(
      ...entries.map(({ seq, kind, message }) => ({ seq, body: kind === 'message' ? message.body : '' })),
    );
  }
  expect(stored.map(({ seq }) => seq)).toEqual(stored.map((_, at) => at + 1));
  const seqOf = new Map(stored.map(({ seq, body }) => [body, seq]));
  for (const [body, seq] of acknowledged)
    expect([body.slice(0, 20), seqOf.get(body)]).toEqual([body.slice(0, 20), seq]);
  ann.close();
});
