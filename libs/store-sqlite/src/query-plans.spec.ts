import { parseFilter } from '@hongyan/filter';
import { client, make, message, append, T0 } from '../../conversations/src/fixtures.contract.js';
import { Database, openWriteConnection } from './database.js';
import { LocalEngine } from './engines.js';
import { Channel } from './channel.js';
import { migrate } from './migrations.js';
import { Reader } from './reader.js';
import type { Reads } from './reader.js';
import { SqliteClientStore } from './sqlite-client-store.js';
import { SqliteConversationStore } from './sqlite-conversation-store.js';
import { SqliteLogStore } from './sqlite-log-store.js';
import { SqliteMemberStore } from './sqlite-member-store.js';
import { SqliteNotificationStore } from './sqlite-notification-store.js';
import { SqliteRetentionStore } from './sqlite-retention-store.js';
import { Writer } from './writer.js';
import type { Writes } from './writer.js';

/** Tables that grow; going through one of them is what no request may do. */
const large =
  /SCAN (entry|member|head|conversation|conversation_refusal|client|mention|announcement|e|m|h|c|a|t|x|n)\b/;

it('every statement of the stores finds its rows by an index', async () => {
  const db = openWriteConnection(':memory:');
  migrate(db);
  const seen = new Set<string>();
  for (const method of ['get', 'all', 'run', 'rows'] as const) {
    const original = Database.prototype[method] as (sql: string, ...values: never[]) => unknown;
    db[method] = ((sql: string, ...values: never[]) => {
      seen.add(sql);
      return original.call(db, sql, ...values);
    }) as never;
  }
  const settings = { bound: 100, timeout: 1_000 };
  const read = new Channel<Reads>(new LocalEngine(new Reader(db)), settings);
  const write = new Channel<Writes>(new LocalEngine(new Writer(db)), settings);
  const channels = { read, write, now: () => T0 };
  const log = new SqliteLogStore(channels);
  const conversations = new SqliteConversationStore(channels);
  const members = new SqliteMemberStore(channels);
  const clients = new SqliteClientStore(channels);

  const notifications = new SqliteNotificationStore(channels);
  const retention = new SqliteRetentionStore(channels);

  const made = await make({ conversations });
  const [ann, bob] = [client('ann'), client('bob')];
  const { app, id } = made;
  await append({ log }, made, [
    message('ann', 'a', { mentions: [bob], mentionAll: true }), message('ann', 'b'),
    { ...message('bob', ''), payload: { kind: 'edit', target: 2, format: 'text', body: 'x' } },
    { ...message('bob', ''), payload: { kind: 'recall', target: 2 } },
    message('eve', 'not a member'), message('eve', 'silent', { silent: true }),
    { ...message('bob', ''), payload: { kind: 'delete', target: 6 } },
    { ...message('bob', ''), payload: { kind: 'added', members: [client('cid')] } },
    { ...message('bob', ''), payload: { kind: 'removed', members: [client('cid')] } },
  ]); // prettier-ignore
  await log.entries(app, id, { after: 0, limit: 10 });
  await log.history(app, id, { direction: 'backward', after: 0, before: 99, limit: 5 });
  await log.history(app, id, { direction: 'forward', after: 0, before: 99, limit: 5, types: ['x'] });
  await log.messages(app, id, [2]);
  await log.byOperation(app, id, ann, 'op' as never);
  await log.seqAt(app, id, T0);
  await log.history(app, id, { direction: 'backward', after: 0, before: 99, limit: 5, everyone: true });
  await conversations.load(app, id);
  await conversations.find(app, [id]);
  await conversations.byUniqueKey(app, 'k');
  await conversations.everyone(app);
  const all = { filter: parseFilter({}), sort: [], limit: 5 };
  await conversations.query(app, { ...all, membersUpTo: 5, withMutes: true });
  await clients.refuse(app, ann, id, 9, T0);
  await clients.refused(app, ann, { limit: 5 });
  await clients.refusers(app, id, [ann, bob]);
  await clients.unrefuse(app, ann, id);
  await members.own(app, id, bob);
  await members.among(app, id, [ann]);
  await members.among(app, id, [ann], true);
  await members.everAmong(app, id, [ann]);
  await members.members(app, id, { limit: 5 });
  await members.advanceRead(app, id, ann, 2);
  await members.advanceDelivered(app, [{ conversation: id, client: bob, seq: 2 }]);
  await members.setOwn(app, id, ann, { markedUnread: true });
  await members.receipts(app, id, 2, ann, { kind: 'read', limit: 5 });
  await members.list(app, ann, { limit: 10, hidden: true });
  await members.sync(app, ann, { limit: 10 });
  await members.count(app, ann);
  expect((await notifications.changes(app, ann, 0, 10)).items).toHaveLength(3);
  expect((await notifications.edits(app, ann, 0, 10)).items).toHaveLength(2);

  let next: string | undefined;
  do ({ next } = await retention.retire(app, id, T0 + 1_000, next));
  while (next !== undefined);
  await retention.expired(app, T0);

  expect(seen.size).toBeGreaterThan(45);
  for (const sql of seen) {
    const plan = db.connection.prepare(`EXPLAIN QUERY PLAN ${sql}`).all().map(({ detail }) => String(detail)).join('\n'); // prettier-ignore
    if (plan.startsWith('CO-ROUTINE h\nSCAN CONSTANT ROW')) continue; // `h` is one row of given numbers
    expect({ sql, plan }).toEqual({ sql, plan: expect.not.stringMatching(large) as string });
  }
  await read.close();
});
