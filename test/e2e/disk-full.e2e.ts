import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HongyanClient } from '@hongyan/sdk';
import type * as StoreModule from '@hongyan/store-sqlite';
import type { SqliteStore } from '@hongyan/store-sqlite';
import { asAppId, asClientId, asConversationId, asOperationId } from '@hongyan/protocol';
import { WireClient } from '../load/wire-client.js';
import { itUnless } from '../obstacles.js';
import { pause, type TestApp, TestServer } from './server.js';
import { mountSmallDisk } from './small-disk.js';

jest.setTimeout(90_000);

const disk = mountSmallDisk(24);
const folder = join(disk.folder, 'data');
const filler = join(disk.folder, 'filler');

let server: TestServer | undefined;
let app: TestApp;
afterAll(async () => {
  await server?.close();
  disk.remove();
});

const login = ({ port }: TestServer, clientId: string) =>
  WireClient.connect({
    port,
    auth: { v: 1, appId: app.id, clientId },
    onEvent: () => undefined,
  });

itUnless(
  disk.obstacle,
  'refuses clearly when the disk is full, loses nothing acknowledged, goes on when there is space',
  async () => {
    server = await TestServer.start({ folder });
    app = await server.createApp();
    const client = new HongyanClient({ url: server.url, appId: app.id, credentials: { clientId: 'sdk' } });
    const ann = await login(server, 'ann');
    try {
      await client.connect({ timeoutMs: 10_000 });
      await server.rest(app, 'POST', '/conversations', { id: 'talk', members: ['ann', 'sdk', 'bob'] });
      const acknowledged = new Map<string, number>();
      let sent = 0;
      const send = async () => {
        const body = `message ${(sent += 1)} ${'x'.repeat(8_000)}`;
        const args = { op: `op-${sent}`, conversation: 'talk', body };
        const { seq } = (await ann.call('message.send', args)) as { seq: number };
        acknowledged.set(body, seq);
      };
      for (let at = 0; at < 20; at += 1) await send();

      const { bavail, bsize } = statfsSync(disk.folder);
      writeFileSync(filler, Buffer.alloc(Math.max(0, bavail * bsize - 512 * 1024)));
      const refusals: string[] = [];
      while (refusals.length < 5 && sent < 5_000)
        await send().catch((error: Error) => refusals.push(error.message));
      expect(refusals).toHaveLength(5);
      for (const refusal of refusals)
        expect(refusal).toMatch(/"code":1009,"name":"storage_full".*"temporary":true/);
      const path = '/conversations/talk/messages';
      const byRest = await server.rest(app, 'POST', path, { from: 'ann', body: 'x'.repeat(50_000) });
      expect([byRest.status, byRest.text]).toEqual([
        507,
        expect.stringMatching(/"code":1009,"name":"storage_full"/),
      ]);

      // Reading goes on, and the server is up.
      const { messages } = (await ann.call('message.history', { conversation: 'talk' })) as {
        messages: object[];
      };
      expect(messages.length).toBeGreaterThan(0);
      expect((await server.request('GET', '/health/live', undefined)).status).toBe(200);

      // What the SDK cannot send now it tries again, in order, until there is space.
      const talk = await client.conversations.get('talk');
      const waiting = Array.from({ length: 30 }, (_, at) => talk.send(`waited ${at} ${'y'.repeat(8_000)}`));
      await pause(1_000);
      expect(talk.pending.length).toBeGreaterThan(20);
      rmSync(filler);
      const late = await Promise.all(waiting);
      for (const { body, seq } of late) acknowledged.set(body, seq!);
      expect(late.map(({ seq }) => seq)).toEqual(late.map(({ seq }) => seq).sort((a, b) => a! - b!));
      for (let at = 0; at < 20; at += 1) await send();
      expect(server.alive).toBe(true);

      await server.end('SIGKILL');
      await server.startAgain();
      const stored = (await server.entries(app, 'talk')).map((entry) =>
        entry.kind === 'message' ? entry.message.body : '',
      );
      for (const [body, seq] of acknowledged)
        expect([seq, stored[seq - 1]?.slice(0, 20)]).toEqual([seq, body.slice(0, 20)]);
      expect(new Set(stored).size).toBe(stored.length);
      expect(await server.findings()).toEqual([]);
    } finally {
      ann.close();
      await client.close();
    }
  },
);

/** The same of the store alone, which every machine can show: a file that may not grow. */
it('keeps what was appended when the file may not grow, and goes on when it may', async () => {
  const built = join(process.cwd(), 'dist', 'libs', 'store-sqlite', 'src', 'index.js');
  const path = mkdtempSync(join(tmpdir(), 'hongyan-pages-'));
  const { openSqliteStore } = (await import(built)) as typeof StoreModule;
  const id = asConversationId('talk');
  const author = asClientId('ann');
  const of = asAppId('full');
  const op = (at: number) => asOperationId(`op-${at}`);
  const members = [{ client: author, role: 'owner' }] as const;
  const conversation = {
    id,
    kind: 'ordinary',
    attributes: {},
    frozen: false,
    createdAt: 1,
    updatedAt: 1,
  } as const;
  const append = (store: SqliteStore, last: number) => {
    const payload = { kind: 'message', format: 'text', body: 'x'.repeat(8_000) } as const;
    const entries = [{ author, op: op(last), payload }];
    return store.log.append(of, { conversation: id, expected: last, now: Date.now(), entries });
  };
  try {
    const small = await openSqliteStore({ folder: path, maxPages: 200 });
    await small.conversations.create(
      of,
      { author, op: op(0), payload: { kind: 'created', conversation, members } },
      1,
    );
    let last = 1;
    let refusal: unknown;
    while (refusal === undefined && last < 1_000) {
      await append(small, last).then(
        () => (last += 1),
        (error: unknown) => (refusal = error),
      );
    }
    expect(refusal).toMatchObject({ name: 'AppError', error: 'storage_full' });
    expect((await small.log.head(of, id))?.last).toBe(last);
    await small.close();
    const grown = await openSqliteStore({ folder: path });
    expect(await grown.log.entries(of, id, { after: 0, limit: 1_000 })).toHaveLength(last);
    await append(grown, last);
    await grown.close();
  } finally {
    rmSync(path, { recursive: true, force: true });
  }
});
