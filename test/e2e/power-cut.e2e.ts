import { randomBytes } from 'node:crypto';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WireClient } from '../load/wire-client.js';
import { pause, type TestApp, TestServer, until } from './server.js';

/**
 * A power cut takes what was not synced yet: the end of the write-ahead log is missing, or holds anything. The folder
 * is copied while the server is stopped in the middle of traffic, and the log's end is damaged behind the point up to
 * which everything had been acknowledged.
 */

jest.setTimeout(90_000);

/** Five seconds on a machine of its own; this leaves room for a busy one. */
const startWithinMs = 20_000;
const talk = 'talk';
const walHeaderBytes = 32;

let folder: string;
let app: TestApp;
const acknowledged = new Map<string, number>();
/** Of the write-ahead log, when everything sent until then had been acknowledged and nothing was under way. */
let calm: { readonly bytes: number; readonly acknowledged: ReadonlyMap<string, number> };
let cut: {
  readonly folder: string;
  readonly wal: Buffer;
  readonly acknowledged: ReadonlyMap<string, number>;
};

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hongyan-power-'));
  const data = join(folder, 'data');
  const server = await TestServer.start({ folder: data });
  try {
    app = await server.createApp({ 'limits.commandsPerSecond': 10_000 });
    await server.rest(app, 'POST', '/conversations', { id: talk, members: ['ann', 'bob'] });
    const auth = { v: 1, appId: app.id, clientId: 'ann' };
    const ann = await WireClient.connect({ port: server.port, auth, onEvent: () => undefined });
    const wal = join(data, 'hongyan.db-wal');
    for (let at = 0; at < 50; at += 1) await send(ann, `calm ${at}`);
    await pause(300);
    calm = { bytes: statSync(wal).size, acknowledged: new Map(acknowledged) };
    const salt = readFileSync(wal).subarray(0, walHeaderBytes);

    let going = true;
    const senders = Array.from({ length: 8 }, async (_, sender) => {
      for (let turn = 0; going; turn += 1) await send(ann, `busy ${sender} ${turn}`);
    });
    // Few enough that the log does not begin anew meanwhile.
    const enough = acknowledged.size + 30 + Math.random() * 100;
    while (acknowledged.size < enough) await pause(1);
    await stopThreads(server.pid);
    cut = { folder: join(folder, 'cut'), wal: readFileSync(wal), acknowledged: new Map(acknowledged) };
    // The shared-memory index is not on the disk in any meaningful way, and no process holds the copy.
    const kept = (name: string) => !/-shm$|^lock\.|^server\.json$/.test(name);
    for (const name of readdirSync(data).filter(kept)) cpSync(join(data, name), join(cut.folder, name));
    process.kill(server.pid, 'SIGCONT');
    going = false;
    await Promise.all(senders);
    ann.close();
    // It grew from the point of calm on; had it begun anew, that point would mean nothing.
    expect(cut.wal.subarray(0, walHeaderBytes)).toEqual(salt);
    expect(cut.wal.length).toBeGreaterThan(calm.bytes);
    expect(cut.acknowledged.size).toBeGreaterThan(calm.acknowledged.size);
  } finally {
    await server.end('SIGKILL');
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function send(client: WireClient, body: string): Promise<void> {
  const args = { op: body.replaceAll(' ', '-'), conversation: talk, body };
  const { seq } = (await client.call('message.send', args)) as { seq: number };
  acknowledged.set(body, seq);
}

/** Stops a process and waits until none of its threads runs any more. */
async function stopThreads(pid: number): Promise<void> {
  process.kill(pid, 'SIGSTOP');
  const stateOf = (thread: string) => {
    const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8');
    return stat[stat.lastIndexOf(')') + 2];
  };
  await until(
    () => readdirSync(`/proc/${pid}/task`).every((thread) => stateOf(thread) === 'T'),
    'it stands still',
  );
}

/** Somewhere behind the point of calm. */
const somewhere = () => calm.bytes + Math.floor(Math.random() * (cut.wal.length - calm.bytes));
const replaced = (from: number, bytes: Buffer) => Buffer.concat([cut.wal.subarray(0, from), bytes]);

it.each<[string, () => Buffer, () => ReadonlyMap<string, number>]>([
  ['nothing', () => cut.wal, () => cut.acknowledged],
  // The next commit had begun: a frame with the right salts, of which half a page arrived.
  [
    'half of the next frame',
    () => Buffer.concat([cut.wal, cut.wal.subarray(walHeaderBytes, walHeaderBytes + 2_000)]),
    () => cut.acknowledged,
  ],
  ['the end is missing', () => cut.wal.subarray(0, somewhere()), () => calm.acknowledged],
  ['all behind the calm is missing', () => cut.wal.subarray(0, calm.bytes), () => calm.acknowledged],
  [
    'the end is garbled',
    () => {
      const from = somewhere();
      return replaced(from, randomBytes(cut.wal.length - from));
    },
    () => calm.acknowledged,
  ],
  [
    'the end is zeros',
    () => {
      const from = somewhere();
      return replaced(from, Buffer.alloc(cut.wal.length - from));
    },
    () => calm.acknowledged,
  ],
  [
    'one page inside is of another time',
    () => {
      const wal = Buffer.from(cut.wal);
      wal.fill(0xa5, calm.bytes + 24, calm.bytes + 24 + 512);
      return wal;
    },
    () => calm.acknowledged,
  ],
])('starts with everything acknowledged when the disk lost: %s', async (_, damage, promised) => {
  const copy = join(folder, 'copy');
  cpSync(cut.folder, copy, { recursive: true });
  writeFileSync(join(copy, 'hongyan.db-wal'), damage());
  const began = performance.now();
  const server = await TestServer.start({ folder: copy });
  try {
    expect(performance.now() - began).toBeLessThan(startWithinMs);
    const entries = await server.entries(app, talk);
    expect(entries.map(({ seq }) => seq)).toEqual(entries.map((_, at) => at + 1));
    const bodies = entries.map((entry) => (entry.kind === 'message' ? entry.message.body : ''));
    for (const [body, seq] of promised()) expect([seq, bodies[seq - 1]]).toEqual([seq, body]);
    expect(await server.findings()).toEqual([]);
    const { status } = await server.rest(app, 'POST', `/conversations/${talk}/messages`, {
      body: 'light again',
    });
    expect(status).toBe(200);
    expect((await server.entries(app, talk)).at(-1)?.seq).toBe(entries.length + 1);
  } finally {
    await server.end('SIGKILL');
    rmSync(copy, { recursive: true });
  }
});
