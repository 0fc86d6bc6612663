import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type * as StoreModule from '@hongyan/store-sqlite';
import type { SqliteStore } from '@hongyan/store-sqlite';
import { asAppId, asClientId, asConversationId, asOperationId } from '@hongyan/protocol';
import { WireClient } from '../load/wire-client.js';
import { type TestApp, TestServer, until } from './server.js';

jest.setTimeout(90_000);

/** A file system of 24 MB of its own: needs root and the right to mount. */
const mountPoint = mkdtempSync(join(tmpdir(), 'hongyan-small-'));
const folder = join(mountPoint, 'data');
const filler = join(mountPoint, 'filler');
const mounting = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'tmpfs', mountPoint], {
  encoding: 'utf8',
});
const mounted = mounting.status === 0;
if (!mounted)
  console.warn(`skipped, because nothing can be mounted here: a real full disk (${mounting.stderr})`);

let server: TestServer | undefined;
let app: TestApp;
afterAll(async () => {
  await server?.close();
  if (mounted) spawnSync('umount', [mountPoint]);
  rmSync(mountPoint, { recursive: true, force: true });
});

const login = ({ port }: TestServer, clientId: string) =>
  WireClient.connect({
    port,
    auth: { v: 1, appId: app.id, clientId },
    onEvent: () => undefined,
  });

const onRealDisk = mounted ? it : it.skip;

onRealDisk(
  'refuses clearly when the disk is full, loses nothing acknowledged, goes on when there is space',
  async () => {
    server = await TestServer.start({ folder });
    app = await server.createApp();
    const ann = await login(server, 'ann');
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
