import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { asAppId } from '@hongyan/protocol';
import type * as StoreModule from '@hongyan/store-sqlite';
import type { SqliteStore } from '@hongyan/store-sqlite';
import { busy, conversationAt, fill, me, message, type Size } from './growth-data.js';
import { program, readOptions } from './options.js';
import { forEach, range } from './traffic.js';

/** `npm run bench:growth`: what list, sync, history, unread and append cost in a full store, next to two small ones. */

const options = readOptions<{ json?: boolean; quick?: boolean }>(
  program('npm run bench:growth --', 'What reads and appends cost in a full store, next to two small ones.')
    .option('--quick', 'a tenth of everything: for a first look')
    .option('--json', 'one JSON object on standard output'),
);

const scale = options.quick ? 0.1 : 1;
const large: Size = {
  conversations: 100_000 * scale,
  messages: 1_000_000 * scale,
  mine: 2_000 * scale,
  unread: 100_000 * scale,
};
/** Next to nothing in it, but the client is in as many conversations: what grows with everything else shows here. */
const small: Size = { conversations: large.mine + 40, messages: 4_200, mine: large.mine, unread: 100 };
/** A client in 60 conversations: what grows with a client's own conversations shows here. */
const few: Size = { conversations: 100, messages: 1_000, mine: 60, unread: 100 };
const app = asAppId('growth');
const allowedRatio = 2;
const say = (line: string) => process.stderr.write(`${line}\n`);

/** The built store, with its threads. */
const built = join(import.meta.dirname, '../../dist/libs/store-sqlite/src/index.js');
const { openSqliteStore } = (await import(built)) as typeof StoreModule;

interface Filled {
  readonly store: SqliteStore;
  readonly size: Size;
  readonly folder: string;
  token: string;
  turn: number;
}

type Work = (filled: Filled) => Promise<unknown>;

/** Appends to one of my conversations, so that there is something to sync. */
async function append(filled: Filled): Promise<void> {
  const { store, size } = filled;
  // Never the busy one: every conversation has its turn, as in real traffic.
  const at = 1 + ((filled.turn += 7) % (size.mine - 1));
  const conversation = conversationAt(at);
  const head = (await store.log.head(app, conversation))!;
  await store.log.append(app, { conversation, expected: head.last, now: Date.now(), entries: [message(me)] });
}

const everything = { after: 0, before: Number.MAX_SAFE_INTEGER, limit: 50 };

const works: Record<string, { readonly work: Work; readonly before?: Work; readonly times: number }> = {
  'list, first 50': {
    work: ({ store }) => store.members.list(app, me, { limit: 50, hidden: false }),
    times: 200,
  },
  'sync, one change': {
    before: append,
    work: async (filled) => {
      const { token } = await filled.store.members.sync(app, me, { token: filled.token, limit: 50 });
      filled.token = token!;
    },
    times: 200,
  },
  'history, newest 50': {
    work: ({ store }) => store.log.history(app, busy, { direction: 'backward', ...everything }),
    times: 300,
  },
  'history, from the middle': {
    work: ({ store, size }) =>
      store.log.history(app, busy, { direction: 'backward', ...everything, before: size.unread * 0.6 }),
    times: 300,
  },
  'unread of one conversation': { work: ({ store }) => store.members.own(app, busy, me), times: 500 },
  'unread, totals': { work: ({ store }) => store.members.totals(app, me), times: 300 },
  'append, one at a time': { work: append, times: 300 },
  'append, 50 at a time': { work: (filled) => forEach(range(50), 50, () => append(filled)), times: 20 },
};

async function openFilled(size: Size): Promise<Filled> {
  const folder = mkdtempSync(join(tmpdir(), 'hongyan-growth-'));
  const store = await openSqliteStore({ folder, timeout: 120_000 });
  await fill(store, app, size, say);
  const { token } = await store.members.list(app, me, { limit: 1, hidden: false });
  return { store, size, folder, token, turn: 0 };
}

interface Row {
  readonly fewUs: number;
  readonly smallUs: number;
  readonly largeUs: number;
  /** To the small store in which the client is in as many conversations. */
  readonly ratio: number;
  /** To the one in which it is in 60. */
  readonly ratioToFew: number;
}
type Rows = Record<string, Row>;

const median = (values: readonly number[]) =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;

/** Medians in microseconds. The stores take turns, so that what disturbs the machine disturbs both. */
async function compare(sides: readonly Filled[], name: string): Promise<number[]> {
  const { work, before, times } = works[name]!;
  const taken: number[][] = sides.map(() => []);
  for (let time = 0; time < times; time += 1) {
    for (const [at, side] of sides.entries()) {
      await before?.(side);
      const began = performance.now();
      await work(side);
      taken[at]!.push((performance.now() - began) * 1000);
    }
  }
  return taken.map(median);
}

/** What readers remember of a client's list is gone after a start: microseconds of the first list, and of the next. */
async function listAfterStart(folder: string): Promise<[first: number, next: number]> {
  const store = await openSqliteStore({ folder });
  const time = async () => {
    const began = performance.now();
    await store.members.list(app, me, { limit: 50, hidden: false });
    return (performance.now() - began) * 1000;
  };
  const taken: [number, number] = [await time(), await time()];
  await store.close();
  return taken;
}

const bytesOf = (folder: string) =>
  readdirSync(folder).reduce((sum, file) => sum + statSync(join(folder, file)).size, 0);

async function main(): Promise<void> {
  say(`filling: ${large.messages} messages in ${large.conversations} conversations`);
  const sides: Filled[] = [];
  try {
    const began = Date.now();
    sides.push(await openFilled(few), await openFilled(small), await openFilled(large));
    say(`  filled in ${((Date.now() - began) / 1000).toFixed(0)} s`);
    const rows: Rows = {};
    for (const name of Object.keys(works)) {
      const [fewUs, smallUs, largeUs] = (await compare(sides, name)) as [number, number, number];
      rows[name] = { fewUs, smallUs, largeUs, ratio: largeUs / smallUs, ratioToFew: largeUs / fewUs };
    }
    await Promise.all(sides.map(({ store }) => store.close()));
    const bytesPerMessage = bytesOf(sides[2]!.folder) / large.messages;
    const afterStart = [];
    for (const { folder } of sides) afterStart.push(await listAfterStart(folder));
    if (options.json) process.stdout.write(`${JSON.stringify({ rows, bytesPerMessage, afterStart })}\n`);
    else print(rows, bytesPerMessage, afterStart);
  } finally {
    for (const { folder } of sides) rmSync(folder, { recursive: true, force: true });
  }
}

function print(rows: Rows, bytes: number, afterStart: readonly (readonly [number, number])[]): void {
  const line = ([name = '', ...cells]: readonly string[]) =>
    name.padEnd(30) + cells.map((cell) => cell.padStart(11)).join('');
  const judged = (ratio: number) => `${ratio.toFixed(2)} ${ratio <= allowedRatio ? 'met' : 'NOT MET'}`;
  const lines = [
    line(['median µs', 'large', 'as many', `≤ ${allowedRatio}`, `in ${few.mine}`, `≤ ${allowedRatio}`]),
  ];
  for (const [name, { fewUs, smallUs, largeUs, ratio, ratioToFew }] of Object.entries(rows)) {
    const [all, many, sixty] = [largeUs, smallUs, fewUs].map((us) => us.toFixed(0)) as [
      string,
      string,
      string,
    ];
    lines.push(line([name, all, many, judged(ratio), sixty, judged(ratioToFew)]));
  }
  const started = (at: number) => afterStart[at]!.map((us) => us.toFixed(0)).join(', then ');
  lines.push(
    `file: ${bytes.toFixed(0)} bytes per message, everything included`,
    `list after a start, µs: large ${started(2)}; as many ${started(1)}; in ${few.mine} ${started(0)}`,
    `large: ${large.messages} messages, the client is in ${large.mine} of ${large.conversations} conversations; as many: a small store in`,
    `which it is in ${small.mine}; in ${few.mine}: one in which it is in ${few.mine}. Long lists are remembered: the medians are of a reader that`,
    'has seen the client before, the first list after a start of one that has not.',
  );
  process.stdout.write(`${lines.join('\n')}\n`);
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    say(`growth: ${error instanceof Error ? error.stack : String(error)}`);
    process.exit(1);
  },
);
