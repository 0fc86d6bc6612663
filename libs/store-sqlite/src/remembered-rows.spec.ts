import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import type { ClientId } from '@hongyan/protocol';
import {
  append,
  change,
  client,
  make,
  message,
  newApp,
  T0,
} from '../../conversations/src/fixtures.contract.js';
import type { Made } from '../../conversations/src/fixtures.contract.js';
import { ChangeMarks } from './change-marks.js';
import { Channel } from './channel.js';
import { openReadConnection, openWriteConnection } from './database.js';
import { LocalEngine } from './engines.js';
import { migrate } from './migrations.js';
import { Reader } from './reader.js';
import type { Reads } from './reader.js';
import { defaultLimits, RememberedRows } from './remembered-rows.js';
import type { RememberLimits } from './remembered-rows.js';
import { SqliteConversationStore } from './sqlite-conversation-store.js';
import { SqliteLogStore } from './sqlite-log-store.js';
import { SqliteMemberStore } from './sqlite-member-store.js';
import { SqliteRetentionStore } from './sqlite-retention-store.js';
import { Writer } from './writer.js';
import type { Writes } from './writer.js';

const people = ['ann', 'bob', 'cid'].map(client);
const folders: string[] = [];
afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true })));

const changes = [
  'send', 'send', 'send', 'mention', 'silent', 'edit', 'recall', 'remove', 'read', 'read', 'deliver', 'mute', 'pin', 'hide', 'mark', 'clear',
  'come or go', 'role', 'name', 'new', 'delete', 'brief', 'service', 'subscribe', 'thread', 'broadcast', 'announce', 'later', 'fail', 'retire',
] as const; // prettier-ignore

interface Step {
  readonly what: (typeof changes)[number];
  readonly who: number;
  readonly at: number;
  readonly n: number;
  /** Ask for the lists then? Seldom asked means much changed at once. */
  readonly look: boolean;
}

const step: fc.Arbitrary<Step> = fc.record({
  what: fc.constantFrom(...changes),
  who: fc.nat(people.length - 1),
  at: fc.nat(20),
  n: fc.nat(12),
  look: fc.boolean(),
});

/** One writer, and two readers of its file: one remembers, the other reads everything each time. */
class World {
  private now = T0;
  private readonly app = newApp();
  private readonly made: (Made & { kind: string })[] = [];
  private readonly tokens = new Map<ClientId, string>();
  private readonly write: Channel<Writes>;
  private readonly remembering: SqliteMemberStore;
  private readonly plain: SqliteMemberStore;
  private readonly retention: SqliteRetentionStore;
  private readonly stores: { log: SqliteLogStore; conversations: SqliteConversationStore };

  constructor(limits: RememberLimits, slots: number) {
    const folder = mkdtempSync(join(tmpdir(), 'hongyan-rows-'));
    folders.push(folder);
    const path = join(folder, 'test.db');
    const db = openWriteConnection(path);
    db.exec('PRAGMA synchronous = OFF');
    migrate(db);
    const settings = { bound: 100, timeout: 10_000 };
    const marks = new ChangeMarks(slots);
    const reader = (remembered?: RememberedRows) =>
      new Channel<Reads>(
        new LocalEngine(new Reader(openReadConnection(path), Date.now, remembered)),
        settings,
      );
    this.write = new Channel<Writes>(new LocalEngine(new Writer(db, Date.now, marks)), settings);
    const channels = (read: Channel<Reads>) => ({ write: this.write, read, now: () => this.now });
    const own = channels(reader(new RememberedRows(new ChangeMarks(marks.memory), limits)));
    this.remembering = new SqliteMemberStore(own);
    this.retention = new SqliteRetentionStore(own);
    this.plain = new SqliteMemberStore(channels(reader()));
    this.stores = { log: new SqliteLogStore(own), conversations: new SqliteConversationStore(own) };
  }

  async begin(): Promise<void> {
    for (const members of [
      ['ann', 'bob'],
      ['ann', 'bob', 'cid'],
      ['ann', 'cid'],
      ['bob', 'ann'],
    ])
      await this.make('ordinary', members);
    const service = await this.make('system', []);
    for (const person of people) await this.makeThread(service, person);
    await this.compare();
  }

  async take({ what, who, at, n, look }: Step): Promise<void> {
    const made = this.made[at % this.made.length]!;
    const { app, id, kind } = made;
    const person = people[who]!;
    const others = people.filter((other) => other !== person);
    const own = await this.plain.own(app, id, person);
    const head = await this.stores.log.head(app, id);
    const target = 2 + (n % Math.max(1, (head?.last ?? 2) - 1));
    const write = (...entries: Parameters<typeof append>[2]) => append(this.stores, made, entries, this.now);
    const set = (patch: Parameters<SqliteMemberStore['setOwn']>[3]) =>
      this.remembering.setOwn(app, id, person, patch);
    switch (what) {
      case 'send': await write(...Array.from({ length: 1 + (n % 3) }, () => message(person, 'x'))); break;
      case 'mention': await write(message(person, 'x', n % 2 === 0 ? { mentions: others } : { mentionAll: true })); break;
      case 'silent': await write(message(person, 'x', { silent: true })); break;
      case 'edit': await write(change('', { kind: 'edit', target, format: 'text', body: 'y', mentions: n % 2 === 0 ? others : [] })); break;
      case 'recall': await write(change('', { kind: 'recall', target })); break;
      case 'remove': await write(change('', { kind: 'delete', target })); break;
      case 'read': await this.remembering.advanceRead(app, id, person, n); break;
      case 'deliver': await this.remembering.advanceDelivered(app, [{ conversation: id, client: person, seq: n }]); break;
      case 'mute': await set({ muteUntil: n === 0 ? null : n === 1 ? 'off' : this.now + n * 10 }); break;
      case 'pin': await set({ pinnedAt: n % 3 === 0 ? 'off' : this.now }); break;
      case 'hide': await set({ hidden: n % 3 !== 0 }); break;
      case 'mark': await set({ markedUnread: n % 2 === 0 }); break;
      case 'clear': await set({ clearedSeq: n }); break;
      case 'role': if (own !== undefined) await write(change('', { kind: 'role', member: person, role: 'manager' })); break;
      case 'name': await write(change('', { kind: 'updated', name: `n${n}` })); break;
      case 'come or go':
        if (kind === 'thread') break;
        await write(change(person, own === undefined ? { kind: 'joined', member: person } : { kind: 'left', member: person }));
        break;
      case 'new': await this.make('ordinary', [person, others[n % 2]!]); break;
      case 'delete': if (n < 2) await write(change('', { kind: 'deleted' })); break;
      case 'brief': await this.make('temporary', people, { expiresAt: this.now + 10 + n * 10 }); break;
      case 'service': await this.make('system', []); break;
      case 'subscribe': if (kind === 'system') await this.remembering.ensure(app, id, person, n % 2 === 0 ? 'guest' : 'member', n % 3); break;
      case 'thread': if (kind === 'system') await this.makeThread(made, person); break;
      case 'broadcast': if (kind === 'system' || kind === 'thread') await write(message('', 'x')); break;
      case 'announce': if (kind === 'system') await write(message('', 'x', { everyone: true })); break;
      case 'later': this.now += n * 20; break;
      case 'fail': await this.fail(made, person); break;
      case 'retire': await this.retention.retire(app, id, this.now - n * 20); break;
    } // prettier-ignore
    if (look) await this.compare();
  }

  /** Whatever is asked, what is remembered shows in nothing. */
  async compare(): Promise<void> {
    for (const person of people) {
      const token = this.tokens.get(person);
      const since = token === undefined ? {} : { token };
      const ask = (members: SqliteMemberStore) =>
        Promise.all([
          members.list(this.app, person, { limit: 3, hidden: false }),
          members.list(this.app, person, { limit: 100, hidden: true }),
          members.sync(this.app, person, { limit: 100, ...since }),
          members.totals(this.app, person),
          ...this.made.map(({ id }) => members.row(this.app, person, id)),
        ]);
      const [seen, truth] = await Promise.all([ask(this.remembering), ask(this.plain)]);
      expect(seen).toEqual(truth);
      const [, , synced] = seen;
      if (synced.token !== undefined && Math.random() < 0.5) this.tokens.set(person, synced.token);
    }
  }

  private async make(kind: string, members: readonly string[], more: object = {}): Promise<Made> {
    const { app, stores, now } = this;
    const made = await make(stores, { app, members, now, document: { kind: kind as 'system', ...more } });
    this.made.push({ ...made, kind });
    return made;
  }

  private readonly threads = new Set<string>();

  private async makeThread(service: Made, person: ClientId): Promise<void> {
    const name = `${service.id} ${person}`;
    if (this.threads.has(name)) return;
    this.threads.add(name);
    await this.remembering.ensure(service.app, service.id, person, 'guest', 0);
    await this.make('thread', [person], { parent: service.id });
  }

  /** A request that breaks the transaction: it is rolled back, and what came with it is written by itself. */
  private async fail(made: Made, person: ClientId): Promise<void> {
    const { app, id } = made;
    const good = this.remembering.advanceRead(app, id, person, 3);
    const bad = this.write.call('setOwn', app, id, person, { pinnedAt: {} as never });
    const [, second] = await Promise.allSettled([good, bad]);
    if ((await this.plain.own(app, id, person)) !== undefined) expect(second?.status).toBe('rejected');
  }
}

const all: RememberLimits = { ...defaultLimits, from: 0 };

describe.each([
  ['everything', all, 2 ** 12, 15],
  ['little', { ...all, rows: 6 }, 2 ** 12, 5],
  ['nothing for long', { ...all, age: 0 }, 2 ** 12, 2],
  ['everything, with keys that share slots', all, 4, 5],
] as const)('rows that a reader remembers: %s', (_, limits, slots, runs) => {
  it('are what it would read, after any changes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 60 }), async (steps) => {
        const world = new World(limits, slots);
        await world.begin();
        for (const next of steps) await world.take(next);
        await world.compare();
      }),
      { numRuns: runs },
    );
  }, 120_000);
});

it('a thread that is hidden with its service is read again', async () => {
  const world = new World(all, 2 ** 12);
  await world.begin();
  const service = 4;
  const ann = 0;
  for (const what of ['broadcast', 'hide', 'broadcast', 'hide'] as const)
    await world.take({ what, who: ann, at: service, n: 1, look: true });
});

it('a guest’s row is read again when what was for everyone comes, is deleted, or is too old', async () => {
  const world = new World(all, 2 ** 12);
  await world.begin();
  const take = (what: Step['what'], n = 0, who = 0, at = 4) => world.take({ what, n, who, at, look: true });
  await take('send', 0, 1, 0); // between what the service's row goes by before and after
  for (let n = 0; n < 3; n += 1) await take('announce');
  await take('remove', 2);
  // All read, and with something younger for subscribers: nothing else changes when the old one goes.
  await take('broadcast');
  for (const who of people.keys()) await take('read', 12, who);
  await take('later', 12);
  await take('broadcast');
  await take('retire');
});
