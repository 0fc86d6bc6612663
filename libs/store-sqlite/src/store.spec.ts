import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { asClientId } from '@hongyan/protocol';
import {
  append,
  change,
  client,
  make,
  message,
  newApp,
  T0,
} from '../../conversations/src/fixtures.contract.js';
import { databaseFile, openSqliteStore } from './open-store.js';
import type { SqliteStore, SqliteStoreOptions } from './open-store.js';
import { migrate, StoreVersionError } from './migrations.js';
import { Database } from './database.js';
import { schemaVersion } from './schema.js';

/** What this engine does besides the ports. */

let folder: string;
const opened: SqliteStore[] = [];

async function open(options: Partial<SqliteStoreOptions> = {}): Promise<SqliteStore> {
  const store = await openSqliteStore({ folder, threads: false, ...options });
  opened.push(store);
  return store;
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hongyan-store-'));
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((store) => store.close()));
  rmSync(folder, { recursive: true });
});

/** Changes the file behind the store's back. */
function tamper(sql: string, at = folder): void {
  const connection = new DatabaseSync(join(at, databaseFile));
  connection.exec(sql);
  connection.close();
}

describe('a folder', () => {
  it('keeps what was written, across a close', async () => {
    const first = await open();
    const made = await make(first);
    await append(first, made, [message('ann', 'kept')]);
    const { token } = await first.members.list(made.app, client('ann'), { limit: 10, hidden: false });
    await first.close();
    const second = await open();
    expect(await append(second, made, [message('bob', 'goes on')])).toEqual([3]);
    const synced = await second.members.sync(made.app, client('ann'), { token, limit: 10 });
    expect(synced).toMatchObject({ reset: false, items: [{ unread: 1 }] });
  });

  it('is refused while another holds it, naming the process', async () => {
    const first = await open();
    await expect(open()).rejects.toMatchObject({
      error: 'in_use',
      detail: expect.stringContaining(String(process.pid)) as string,
    });
    await first.close();
    await open();
  });

  it('is refused when a newer version wrote it', async () => {
    await (await open()).close();
    tamper('PRAGMA user_version = 99');
    await expect(open()).rejects.toThrow(StoreVersionError);
    await expect(open()).rejects.toThrow(/version 99.*newer release/);
    tamper(`PRAGMA user_version = ${schemaVersion}`);
    await open();
  });

  it('is brought forward step by step, and stays where a step failed', () => {
    const db = new Database(new DatabaseSync(':memory:'));
    const first = (to: Database) => to.exec('CREATE TABLE store (name TEXT PRIMARY KEY, value ANY) STRICT');
    const second = (to: Database) => to.exec('CREATE TABLE more (a)');
    const failing = (to: Database) => to.exec('CREATE TABLE half (a); CREATE TABLE more (a)');
    migrate(db, [first]);
    migrate(db, [first, second]);
    expect(() => migrate(db, [first, second, failing])).toThrow(/more already exists/);
    expect(db.get('PRAGMA user_version')).toMatchObject({ user_version: 2 });
    expect(db.get(`SELECT name FROM sqlite_schema WHERE name = 'half'`)).toBeUndefined();
    expect(() => migrate(db, [first])).toThrow(StoreVersionError);
  });
});

describe('requests', () => {
  it('of one turn fail alone', async () => {
    const store = await open({ folder: ':memory:' });
    const made = await make(store);
    const request = (body: string, conversation = made.id) =>
      store.log.append(made.app, { conversation, expected: 1, now: T0, entries: [message('ann', body)] });
    // A value that no schema would let in: the statement itself fails, in the middle of the transaction.
    const broken = { ...message('ann', 'x'), op: { no: 'text' } as never };
    const answers = await Promise.allSettled([
      request('first'),
      request('nowhere', 'c-unknown' as never),
      store.log
        .append(made.app, {
          conversation: made.id,
          expected: 2,
          now: T0,
          entries: [message('ann', 'half'), broken],
        })
        .catch(() => 'failed'),
      store.log.append(made.app, {
        conversation: made.id,
        expected: 2,
        now: T0,
        entries: [message('ann', 'last')],
      }),
    ]);
    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
    const bodies = (await store.log.entries(made.app, made.id, { after: 1, limit: 10 })).map(
      ({ payload }) => 'body' in payload && payload.body,
    );
    expect(bodies).toEqual(['first', 'last']);
    expect((await store.check()).findings).toEqual([]);
  });

  it('are refused when too many wait, and when the store is closed', async () => {
    const store = await open({ bound: 3 });
    const asked = [1, 2, 3, 4].map(() =>
      store.apps.createTenant({ id: 't' as never, name: 't', createdAt: T0 }),
    );
    await expect(asked[3]).rejects.toMatchObject({ error: 'overloaded' });
    expect((await Promise.all(asked.slice(0, 3))).filter(({ created }) => created)).toHaveLength(1);
    await store.close();
    await expect(store.apps.tenants()).rejects.toMatchObject({ error: 'unavailable' });
  });

  it('that nobody waits for any more are not carried out', async () => {
    const store = await open({ timeout: -1 });
    await expect(store.clients.upsert(newApp(), asClientId('ann'), {}, T0)).rejects.toMatchObject({
      error: 'deadline_exceeded',
    });
    await expect(store.apps.tenants()).rejects.toMatchObject({ error: 'deadline_exceeded' });
  });

  it('asked for before a close are answered', async () => {
    const store = await open();
    const made = await make(store);
    const sends = Array.from({ length: 50 }, (_, at) =>
      store.log.append(made.app, {
        conversation: made.id,
        expected: 1 + at,
        now: T0,
        entries: [message('ann', 'x')],
      }),
    );
    await store.close();
    expect((await Promise.all(sends)).at(-1)?.head.last).toBe(51);
  });
});

describe('a full disk', () => {
  it('is a clear error, loses nothing acknowledged, and ends when there is space again', async () => {
    const store = await open({ maxPages: 120 });
    const made = await make(store);
    const send = (n: number) => {
      const entries = [message('ann', String(n).padEnd(2000, '.'))];
      return store.log.append(made.app, { conversation: made.id, expected: n, now: T0, entries });
    };
    let acknowledged = 1;
    const failed = async (): Promise<unknown> => {
      for (;;) {
        // Three under way: the batch fails as a whole.
        const answers = await Promise.allSettled([0, 1, 2].map((more) => send(acknowledged + more)));
        acknowledged += answers.filter(({ status }) => status === 'fulfilled').length;
        const refused = answers.find((answer) => answer.status === 'rejected');
        if (refused !== undefined) return refused.reason;
      }
    };
    expect(await failed()).toMatchObject({ error: 'storage_full' });
    expect(await failed()).toMatchObject({ error: 'storage_full' });
    expect(acknowledged).toBeGreaterThan(10);
    // What needs no more space goes on.
    expect(await store.members.advanceRead(made.app, made.id, client('bob'), 2)).toMatchObject({
      moved: true,
    });
    expect(await store.log.head(made.app, made.id)).toMatchObject({ last: acknowledged });
    expect((await store.check()).findings).toEqual([]);
    await store.close();
    const roomy = await open();
    const { results } = await roomy.log.append(made.app, {
      conversation: made.id,
      expected: acknowledged,
      now: T0,
      entries: [message('bob', 'on')],
    });
    expect(results).toHaveLength(1);
  });
});

describe('a backup', () => {
  it('is a whole store of one moment, taken while it is used', async () => {
    const store = await open();
    const made = await make(store);
    await append(
      store,
      made,
      Array.from({ length: 500 }, () => message('ann', 'x'.repeat(500))),
    );
    const { token } = await store.members.list(made.app, client('bob'), { limit: 10, hidden: false });
    const copy = mkdtempSync(join(tmpdir(), 'hongyan-copy-'));
    let writing = true;
    const writer = (async () => {
      while (writing) await append(store, made, [message('bob', 'meanwhile')]);
    })();
    const progress: number[] = [];
    await store.backup(join(copy, 'b'), ({ copiedPages, totalPages }) =>
      progress.push(copiedPages / totalPages),
    );
    writing = false;
    await writer;
    await expect(store.backup(join(copy, 'b'))).rejects.toMatchObject({ error: 'already_exists' });
    const restored = await openSqliteStore({ folder: join(copy, 'b'), threads: false });
    expect((await restored.check()).findings).toEqual([]);
    const { last = 0 } = (await restored.log.head(made.app, made.id)) ?? {};
    expect(last).toBeGreaterThanOrEqual(501);
    const original = await store.log.entries(made.app, made.id, { after: 0, until: last, limit: 10_000 });
    expect(await restored.log.entries(made.app, made.id, { after: 0, limit: 10_000 })).toEqual(original);
    expect(await restored.members.sync(made.app, client('bob'), { token, limit: 10 })).toMatchObject({
      reset: true,
    });
    await restored.close();
    rmSync(copy, { recursive: true });
    expect(progress.at(-1)).toBe(1);
  });
});

describe('a check', () => {
  it.each<[string, string]>([
    ['log', 'DELETE FROM entry WHERE seq = 3'],
    ['log', 'UPDATE head SET last = 7'],
    ['head', 'UPDATE head SET count = count + 1'],
    ['head', 'UPDATE head SET lastMessageSeq = 2'],
    ['count', 'UPDATE entry SET count = 9 WHERE seq = 3'],
    ['cursor', `UPDATE member SET readCount = 7 WHERE id = 'bob'`],
    ['own', `UPDATE member SET own = own + 1 WHERE id = 'ann'`],
    ['members', `UPDATE member SET role = NULL WHERE id = 'bob'`],
    ['members', `UPDATE member SET role = 1 WHERE id = 'bob'`],
    ['document', `UPDATE conversation SET name = 'forged'`],
    ['silences', 'DELETE FROM silence'],
    ['blocked', 'DELETE FROM block'],
    ['mentions', 'DELETE FROM mention'],
    ['authors', `DELETE FROM member WHERE id = 'ann'`],
    ['deleted', 'UPDATE entry SET deleted = 1 WHERE seq = 2'],
    ['timeline', 'DELETE FROM spoken'],
    ['timeline', 'UPDATE spoken SET seq = seq + 1'],
    ['revision', `UPDATE store SET value = 1 WHERE name = 'rev'`],
  ])('finds a wrong %s after: %s', async (what, sql) => {
    const store = await open();
    const made = await make(store);
    await append(store, made, [
      message('ann', 'a', { mentions: [client('bob')] }),
      message('bob', 'b'),
      message('ann', 'c'),
      change('ann', { kind: 'silenced', members: [client('bob')] }),
      change('ann', { kind: 'blocked', members: [client('eve')], removed: [] }),
    ]);
    await store.members.advanceRead(made.app, made.id, client('bob'), 3);
    expect(await store.check()).toEqual({ findings: [], conversations: 1, entries: 6, members: 2 });
    tamper(sql);
    const { findings } = await store.check();
    expect(findings).toContainEqual(expect.objectContaining({ what, app: made.app, conversation: made.id }));
  });
});

describe('a check of a service', () => {
  it.each([
    'DELETE FROM announcement',
    'UPDATE announcement SET seq = 3',
    'UPDATE announcement SET time = time + 1',
    `UPDATE announcement SET app = 'other'`,
    `UPDATE entry SET extra = '{"everyone":true}' WHERE seq = 3`,
  ])('finds messages to everyone that are not known as such after: %s', async (sql) => {
    const store = await open();
    const made = await make(store, { members: [], document: { kind: 'system' } });
    await append(store, made, [message('', 'to all', { everyone: true }), message('', 'to subscribers')]);
    expect((await store.check()).findings).toEqual([]);
    tamper(sql);
    const { findings } = await store.check();
    expect(findings).toContainEqual(expect.objectContaining({ what: 'announcement', conversation: made.id }));
  });
});

it('tells its size', async () => {
  const store = await open();
  await append(store, await make(store), [message('ann', 'x')]);
  const stats = await store.stats();
  expect(stats).toMatchObject({ conversations: 1, entries: 2, clients: 2, apps: 0 });
  expect(stats.bytes).toBeGreaterThan(4096);
});
