// Appends per second and CPU of the SQLite store alone, with its threads, on a folder of its own.
//   node test/load/store-append.mjs --help
// CPU is user + system time of the whole process: the asking thread, the writer and the readers.
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteStore } from '../../dist/libs/store-sqlite/src/index.js';
import { program, readOptions, seconds, whole } from './options.ts';

const numbers = (text) => text.split(',').map(whole(1, 100_000));
const options = readOptions(
  program('node test/load/store-append.mjs', 'Appends per second and CPU of the SQLite store alone.')
    .option(
      '--in-flight <list>',
      'appends that are under way at a time, one run for each',
      numbers,
      [1, 200, 1600],
    )
    .option('--seconds <n>', 'of each run', seconds, 3)
    .option('--conversations <n>', 'over which they are spread', whole(1), 200)
    .option('--receipts', 'store receipts, too')
    .option('--folder <folder>', 'in which the store is made and removed', tmpdir()),
);

const app = 'bench';
const body = 'x'.repeat(100);
const folder = mkdtempSync(join(options.folder, 'hongyan-bench-'));
const store = await openSqliteStore({ folder });
let ops = 0;
const nextOp = () => `${Date.now().toString(36)}${(ops += 1).toString(36).padStart(7, '0')}`;

async function conversations(count) {
  return Promise.all(
    Array.from({ length: count }, async (_, n) => {
      const [a, b] = [`client-${2 * n}`, `client-${2 * n + 1}`];
      const id = n.toString(16).padStart(24, '0');
      const members = [
        { client: a, role: 'owner' },
        { client: b, role: 'member' },
      ];
      const now = Date.now();
      const conversation = {
        id,
        kind: 'ordinary',
        attributes: {},
        frozen: false,
        createdAt: now,
        updatedAt: now,
      };
      const payload = { kind: 'created', conversation, members };
      const { head } = await store.conversations.create(app, { author: a, op: nextOp(), payload }, now);
      return { id, members: [a, b], last: head.last };
    }),
  );
}

const percentile = (sorted, p) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * p))] ?? 0;

/** `inFlight` appends of one message each are always under way, spread over the conversations. */
async function run(all, inFlight, seconds) {
  const latencies = [];
  const end = performance.now() + seconds * 1000;
  const sender = async (n) => {
    const conversation = all[n % all.length];
    for (let turn = n; performance.now() < end; turn += 1) {
      const author = conversation.members[turn % 2];
      const expected = conversation.last;
      conversation.last += 1;
      const entry = { author, op: nextOp(), payload: { kind: 'message', format: 'text', body } };
      const started = performance.now();
      const { head, results } = await store.log.append(app, {
        conversation: conversation.id,
        expected,
        now: Date.now(),
        entries: [entry],
      });
      if (results.length !== 1) throw new Error('a race was lost that nobody ran');
      latencies.push(performance.now() - started);
      if (options.receipts)
        await store.members.advanceRead(
          app,
          conversation.id,
          conversation.members[(turn + 1) % 2],
          head.last,
        );
    }
  };
  const cpu = process.cpuUsage();
  const started = performance.now();
  await Promise.all(Array.from({ length: inFlight }, (_, n) => sender(n)));
  const elapsed = performance.now() - started;
  const { user, system } = process.cpuUsage(cpu);
  latencies.sort((a, b) => a - b);
  return {
    inFlight,
    perSecond: Math.round((latencies.length / elapsed) * 1000),
    cpuUsEach: Number(((user + system) / latencies.length).toFixed(1)),
    p50Ms: Number(percentile(latencies, 0.5).toFixed(2)),
    p99Ms: Number(percentile(latencies, 0.99).toFixed(2)),
    messages: latencies.length,
  };
}

try {
  const all = await conversations(options.conversations);
  await run(all, 200, 1);
  let messages = 0;
  for (const inFlight of options.inFlight) {
    const result = await run(all, inFlight, options.seconds);
    messages += result.messages;
    process.stdout.write(`${JSON.stringify(result)}\n`);
  }
  const last = all.reduce((sum, { last }) => sum + last, 0);
  await store.close();
  const bytes = statSync(join(folder, 'hongyan.db')).size;
  process.stdout.write(`${JSON.stringify({ messages, bytes, bytesPerEntry: Math.round(bytes / last) })}\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
