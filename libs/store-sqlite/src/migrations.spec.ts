import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { parseFilter } from '@hongyan/filter';
import { asAppId, asConversationId } from '@hongyan/protocol';
import { change, client, message } from '../../conversations/src/fixtures.contract.js';
import { databaseFile, openSqliteStore } from './open-store.js';
import { schemaVersion } from './schema.js';

/** Folders that earlier versions wrote, opened by this one. */

const app = asAppId('shop');
const id = asConversationId('0123456789abcdef01234567');
const root = join(__dirname, '..', '..', '..');

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hongyan-version-1-'));
  file = join(folder, databaseFile);
  const db = new DatabaseSync(file);
  db.exec(readFileSync(join(__dirname, 'version-1.fixture.sql'), 'utf8'));
  db.close();
});
afterEach(() => rmSync(folder, { recursive: true }));

function inFile<T>(query: string): T {
  const db = new DatabaseSync(file);
  const row = db.prepare(query).get();
  db.close();
  return row as T;
}
const version = () => inFile<{ user_version: number }>('PRAGMA user_version').user_version;

async function expectWhole(): Promise<void> {
  const store = await openSqliteStore({ folder, threads: false });
  try {
    expect(version()).toBe(schemaVersion);
    expect((await store.check()).findings).toEqual([]);
    const { messages } = await store.log.history(app, id, {
      direction: 'forward',
      after: 0,
      before: 99,
      limit: 9,
    });
    expect(messages.map(({ payload, recalled }) => [payload.body, recalled ?? false])).toEqual([
      ['hello, all', false],
      ['{"n":12345678901234567890}', false],
      ['', true],
      [Uint8Array.from([0, 255]), false],
    ]);
    expect(await store.members.own(app, id, client('bob'))).toMatchObject({ readSeq: 2, unread: 1 });
    expect(await store.clients.blocked(app, client('ann'), { limit: 5 })).toEqual({ items: ['eve'] });
    await store.clients.refuse(app, client('ann'), id, 1, Date.now());
    expect(await store.clients.refused(app, client('ann'), { limit: 5 })).toEqual({ items: [id] });
    expect(await store.apps.app(app)).toMatchObject({ sealedMasterKey: 'sealed', revision: 1 });
    const { items } = await store.clients.list(app, { limit: 9 });
    expect(items).toEqual([
      { id: 'ann', name: 'Ann', firstSeen: 1_750_000_000_005, firstLogin: 1_750_000_000_005, lastSeen: 1_750_000_000_005 },
      { id: 'bob', firstSeen: 1_750_000_000_010 },
      { id: 'cid', firstSeen: expect.any(Number) as number },
      { id: 'eve', firstSeen: expect.any(Number) as number },
    ]); // prettier-ignore
    const told = await store.notifications.changes(app, client('ann'), 0, 9);
    const edited = await store.notifications.edits(app, client('ann'), 0, 9);
    expect(told.items.map(({ entry }) => entry.payload.kind)).toEqual(['created']);
    expect(edited.items.map(({ entry }) => entry.payload.kind)).toEqual(['edit', 'recall']);
    expect(told.until).toBe(edited.until);
    // And it goes on: with somebody known, and with somebody new.
    const { head } = (await store.conversations.load(app, id))!;
    const { results } = await store.log.append(app, {
      conversation: id,
      expected: head.last,
      now: Date.now(),
      entries: [change('ann', { kind: 'added', members: [client('fay')] }), message('bob', 'on we go')],
    });
    expect(results).toHaveLength(2);
    const { items: news } = await store.notifications.changes(app, client('ann'), told.until, 9);
    expect(news.map(({ entry }) => entry.payload.kind)).toEqual(['added']);
    expect((await store.check()).findings).toEqual([]);
  } finally {
    await store.close();
  }
}

it('version 1 is brought forward with all it holds', async () => {
  expect(version()).toBe(1);
  await expectWhole();
});

it('a conversation has changed when its members have', async () => {
  const before = await openSqliteStore({ folder, threads: false });
  const now = Date.now();
  const { head } = (await before.conversations.load(app, id))!;
  const entries = [change('ann', { kind: 'added', members: [client('fay')] })];
  await before.log.append(app, { conversation: id, expected: head.last, now, entries });
  await before.close();
  inFile('UPDATE conversation SET updatedAt = createdAt');
  inFile('PRAGMA user_version = 11');
  const store = await openSqliteStore({ folder, threads: false });
  try {
    expect((await store.conversations.load(app, id))!.conversation.updatedAt).toBe(now);
    expect((await store.check()).findings).toEqual([]);
  } finally {
    await store.close();
  }
});

it('finds the authors who are no members', async () => {
  inFile('UPDATE entry SET author = 4 WHERE key = 7');
  expect(inFile('SELECT author FROM entry WHERE key = 7')).toEqual({ author: 4 });
  const store = await openSqliteStore({ folder, threads: false });
  try {
    expect((await store.check()).findings).toEqual([]);
    const asked = { filter: parseFilter({}), sort: [], limit: 9, writtenBy: client('eve') };
    const { items } = await store.conversations.query(app, asked);
    expect(items.map(({ conversation }) => conversation.id)).toEqual([id]);
  } finally {
    await store.close();
  }
});

it('a process killed in the midst of a migration leaves the version before, and the next one brings it forward', async () => {
  const at = (path: string) => JSON.stringify(pathToFileURL(join(root, path)).href);
  const script = `
    const { Database, openWriteConnection } = await import(${at('libs/store-sqlite/src/database.ts')});
    const { migrate } = await import(${at('libs/store-sqlite/src/migrations.ts')});
    const { version2Sql } = await import(${at('libs/store-sqlite/src/schema.ts')});
    const db = openWriteConnection(${JSON.stringify(file)});
    db.exec('PRAGMA cache_spill = 1; PRAGMA cache_size = 1'); // so that changes reach the file before the commit
    migrate(db, [() => {}, () => {
      db.exec(version2Sql);
      db.exec('CREATE TABLE filling (a); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) INSERT INTO filling SELECT randomblob(500) FROM n');
      process.kill(process.pid, 'SIGKILL');
    }]);`;
  const preload = pathToFileURL(join(root, 'tools', 'register-ts.mjs')).href;
  const { signal, stderr } = spawnSync(
    process.execPath,
    ['--import', preload, '--input-type=module', '--eval', script],
    { encoding: 'utf8', cwd: root },
  );
  expect([signal, stderr.includes('Error')]).toEqual(['SIGKILL', false]);
  expect(version()).toBe(1);
  expect(inFile(`SELECT name FROM sqlite_schema WHERE name = 'filling'`)).toBeUndefined();
  expect(inFile<{ sql: string }>(`SELECT sql FROM sqlite_schema WHERE name = 'client'`).sql).not.toContain(
    'firstLogin',
  );
  await expectWhole();
});
