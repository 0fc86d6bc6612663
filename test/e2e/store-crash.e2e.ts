import { spawn, spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type * as StoreModule from '@hongyan/store-sqlite';
import { asAppId, asConversationId } from '@hongyan/protocol';

/** The built store with its real threads: killed at any moment, and with the end of its write-ahead log cut off. */

const root = join(__dirname, '..', '..');
const built = join(root, 'dist', 'libs', 'store-sqlite', 'src', 'index.js');
const app = asAppId('crash');
const conversations = ['c1', 'c2', 'c3', 'c4'].map(asConversationId);

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hongyan-crash-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Lets a process write for some milliseconds, kills it, and gives what it had acknowledged. */
async function writeAndKill(run: string, milliseconds: number): Promise<string[]> {
  const child = spawn(process.execPath, [join(__dirname, 'store-writer.mjs'), folder, run], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  const ready = new Promise<void>((resolve, reject) => {
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      if (output.includes('ready')) resolve();
    });
    child.once('exit', (code) => reject(new Error(`the writer ended with ${code}`)));
  });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  try {
    await ready;
    await new Promise((resolve) => setTimeout(resolve, milliseconds));
  } finally {
    child.kill('SIGKILL');
    await ended;
  }
  // The last line may be cut: it was acknowledged all the same, but cannot be told.
  return output
    .split('\n')
    .slice(0, -1)
    .filter((line) => line !== 'ready');
}

type Report = { findings: unknown[]; logs: Record<string, [number, string][]> };

/** Opens the store in a process of its own (its locks must not meet those of this one) and reads everything. */
function inspect(at: string): Report {
  const script = `
    const { openSqliteStore } = await import(${JSON.stringify(pathToFileURL(built).href)});
    const store = await openSqliteStore({ folder: ${JSON.stringify(at)} });
    const logs = {};
    for (const id of ${JSON.stringify(conversations)}) {
      const entries = await store.log.entries('crash', id, { after: 0, limit: 1e6 });
      logs[id] = entries.map(({ seq, op }) => [seq, op]);
    }
    const { findings } = await store.check();
    await store.close();
    process.stdout.write(JSON.stringify({ findings, logs }));`;
  const { stdout, stderr, status } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    timeout: 60_000,
  });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Report;
}

function expectWhole({ findings, logs }: Report): void {
  expect(findings).toEqual([]);
  for (const log of Object.values(logs)) {
    expect(log.map(([seq]) => seq)).toEqual(log.map((_, at) => at + 1));
    expect(new Set(log.map(([, op]) => op)).size).toBe(log.length);
  }
}

it('loses nothing acknowledged when it is killed, ten times over', async () => {
  const acknowledged: string[] = [];
  for (let run = 0; run < 10; run += 1) {
    acknowledged.push(...(await writeAndKill(`run${run}`, 20 + Math.random() * 250)));
    const report = inspect(folder);
    expectWhole(report);
    const stored = new Set(
      Object.entries(report.logs).flatMap(([id, log]) => log.map(([seq, op]) => `${id} ${seq} ${op}`)),
    );
    expect(acknowledged.filter((line) => !stored.has(line))).toEqual([]);
  }
  expect(acknowledged.length).toBeGreaterThan(100);
}, 120_000);

/**
 * How much of the write-ahead log has been copied into the file, or was being copied when the process died: all that was on
 * the disk before the first page of it was copied, so a power cut cannot take it. SQLite counts it in the shared-memory index.
 */
function copiedBytes(): number {
  const index = readFileSync(join(folder, 'hongyan.db-shm'));
  const attempted = new Uint32Array(index.buffer, index.byteOffset + 128, 1)[0]!;
  return attempted === 0 ? 0 : 32 + attempted * (24 + 4096);
}

it.each([100, 1_500])(
  'is whole wherever the write-ahead log of %i ms was cut',
  async (milliseconds) => {
    await writeAndKill('cut', milliseconds);
    const wal = statSync(join(folder, 'hongyan.db-wal')).size;
    const copied = copiedBytes();
    expect(wal).toBeGreaterThanOrEqual(copied);
    const lengths: number[] = [];
    for (const part of [0.99, 0.9, 0.63, 0.37, 0.1]) {
      const copy = join(folder, `copy-${part}`);
      mkdirSync(copy);
      // The shared-memory index is not copied: after a power cut it is gone.
      for (const file of ['hongyan.db', 'hongyan.db-wal'])
        if (existsSync(join(folder, file))) copyFileSync(join(folder, file), join(copy, file));
      truncateSync(join(copy, 'hongyan.db-wal'), copied + Math.floor((wal - copied) * part));
      const report = inspect(copy);
      expectWhole(report);
      lengths.push(Object.values(report.logs).reduce((sum, log) => sum + log.length, 0));
    }
    expect(lengths).toEqual([...lengths].sort((a, b) => b - a));
  },
  60_000,
);

it('is held by one process at a time, and free after it was killed', async () => {
  const child = spawn(process.execPath, [join(__dirname, 'store-writer.mjs'), folder, 'held'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise((resolve) => child.once('close', resolve));
  try {
    await new Promise<void>((resolve) => {
      child.stdout.on('data', (chunk: Buffer) => chunk.toString().includes('ready') && resolve());
    });
    expect(() => inspect(folder)).toThrow(new RegExp(`in use by process ${child.pid}`));
  } finally {
    child.kill('SIGKILL');
    await ended;
  }
  expectWhole(inspect(folder));
});

it('answers from its threads while it writes', async () => {
  const { openSqliteStore } = (await import(built)) as typeof StoreModule;
  const store = await openSqliteStore({ folder, readers: 2 });
  const [id] = conversations as [(typeof conversations)[number]];
  const conversation = {
    id,
    kind: 'ordinary',
    attributes: {},
    frozen: false,
    createdAt: 1,
    updatedAt: 1,
  } as const;
  const op = (text: string) => text as never;
  const payload = {
    kind: 'created',
    conversation,
    members: [{ client: 'ann' as never, role: 'owner' }],
  } as const;
  await store.conversations.create(app, { author: '', op: op('create'), payload }, 1);
  const body = Uint8Array.of(1, 2, 3);
  const appends = Array.from({ length: 500 }, (_, at) =>
    store.log.append(app, {
      conversation: id,
      expected: 1 + at,
      now: 1,
      entries: [{ author: '', op: op(`o${at}`), payload: { kind: 'message', format: 'binary', body } }],
    }),
  );
  const heads = await Promise.all(Array.from({ length: 20 }, () => store.log.head(app, id)));
  expect(heads.every((head) => head !== undefined)).toBe(true);
  expect((await Promise.all(appends)).at(-1)?.head.last).toBe(501);
  const { messages } = await store.log.history(app, id, {
    direction: 'backward',
    after: 0,
    before: 1e9,
    limit: 1,
  });
  expect(messages[0]?.payload.body).toEqual(body);
  expect((await store.check()).findings).toEqual([]);
  await store.close();
  await expect(store.log.head(app, id)).rejects.toMatchObject({ error: 'unavailable' });
});
