import { asClientId } from '@hongyan/protocol';
import {
  append,
  change,
  client,
  make,
  message,
  newOp,
  T0,
} from '../../conversations/src/fixtures.contract.js';
import { leftOver, observeQueries } from './observed-queries.contract.js';
import type { ObservedQuery } from './observed-queries.contract.js';
import { declaredIndexes } from './schema.js';
import { openTestStore } from './test-database.contract.js';
import type { TestStore } from './test-database.contract.js';

/**
 * Which index serves what, from the commands that the driver sends. It is the declared indexes that are looked at, not
 * a planner: the server of these tests has none to ask.
 */
describe('indexes', () => {
  let store: TestStore;
  beforeAll(async () => {
    store = await openTestStore({ monitorCommands: true });
  });
  afterAll(() => store.drop());

  const observe = async (): Promise<ObservedQuery[]> => {
    const queries = observeQueries(store.db);
    const made = await make(store, { members: ['ann', 'bob'], document: { uniqueKey: 'k' } });
    const { app, id } = made;
    const [ann, bob] = [client('ann'), client('bob')];
    const sent = message('ann', 'a', { mentions: [bob] });
    await append(store, made, [sent, message('bob', 'b')]);
    await append(store, made, [
      change('ann', { kind: 'edit', target: 2, format: 'text', body: 'c' }),
      change('bob', { kind: 'recall', target: 3 }),
      change('ann', { kind: 'added', members: [client('cid')] }),
      change('ann', { kind: 'silenced', members: [client('cid')] }),
      change('ann', { kind: 'updated', name: 'n' }),
      message('ann', 'd'),
    ]);
    // A retry, and a race that is lost.
    await append(store, made, [sent]);
    await store.log.append(app, {
      conversation: id,
      expected: 3,
      now: T0,
      entries: [message('bob', 'late')],
    });
    await store.log.entries(app, id, { after: 0, limit: 10, kinds: ['message', 'edit'] });
    const page = { after: 0, before: 99, limit: 2, types: ['x'] } as const;
    await store.log.history(app, id, { ...page, direction: 'backward' });
    await store.log.history(app, id, { ...page, direction: 'forward' });
    await store.log.history(app, id, { ...page, direction: 'forward', everyone: true });
    await store.log.messages(app, id, [2, 3]);
    await store.log.byOperation(app, id, asClientId('ann'), newOp());
    await store.log.seqAt(app, id, T0);
    await store.conversations.load(app, id);
    await store.conversations.find(app, [id]);
    await store.conversations.byUniqueKey(app, 'k');
    await store.conversations.everyone(app);
    await store.conversations.repair(app, id);
    await store.members.own(app, id, bob);
    await store.members.among(app, id, [ann, bob]);
    await store.members.members(app, id, { limit: 1 });
    const { cursor } = await store.members.members(app, id, { limit: 2 });
    await store.members.members(app, id, {
      limit: 1,
      role: 'member',
      ...(cursor === undefined ? {} : { cursor }),
    });
    await store.members.advanceRead(app, id, bob, 2);
    await store.members.advanceDelivered(app, [{ conversation: id, client: ann, seq: 2 }]);
    await store.members.setOwn(app, id, ann, { markedUnread: true });
    await store.members.ensure(app, id, client('eve'), 'member', 2);
    await store.members.ensure(app, id, client('fay'), 'guest', 2);
    await store.members.own(app, id, client('fay'));
    await store.members.receipts(app, id, 2, ann, { kind: 'read', limit: 10 });
    await store.members.count(app, ann);
    return [...queries];
  };

  /** What may be looked at document by document, and why that stays cheap. */
  const allowed: Readonly<Record<string, readonly string[]>> = {
    // A page of the log skips what is of another kind, or deleted; rare types make it skip more.
    entries_sequence: ['kind', 'type', 'deleted'],
    // Few documents, recalled messages and those with mentions, of which the client's own are left out.
    marks_recalled: ['author'],
    marks_mentioned: ['author', 'everyone', 'silent', 'recalled'],
    // The same of messages to everyone, a few a day.
    marks_everyone: ['author', 'silent', 'recalled', 'mentioned'],
    // Counting and paging receipts reads the members of one conversation.
    members_conversation: ['joinedSeq', 'readSeq', 'deliveredSeq', 'client'],
    // A client's own conversations.
    members_client: ['role'],
    conversations_audience: ['deletedAt'],
  };

  it('serve every filter and sort', async () => {
    const queries = await observe();
    expect(queries.length).toBeGreaterThan(30);
    const problems = queries.flatMap((query) => {
      const found = leftOver(query);
      const over = found?.fields.filter((field) => !(allowed[found.index] ?? []).includes(field));
      return over?.length === 0 ? [] : [{ query, index: found?.index, over }];
    });
    expect(problems).toEqual([]);
    const used = new Set(queries.map((query) => leftOver(query)?.index));
    const declared = Object.values(declaredIndexes).flatMap((indexes) => indexes.map(({ name }) => name));
    expect(declared.filter((name) => !used.has(name))).toEqual([]);
  });

  it('begin with the app, so that a look-up never leaves it', () => {
    for (const indexes of Object.values(declaredIndexes))
      for (const { name, fields, unique, sparse } of indexes) {
        const [first] = Object.keys(fields);
        // The unique key is one string that begins with the app.
        expect([name, first]).toEqual([name, name === 'conversations_unique' ? 'uniqueKey' : 'app']);
        if (unique === true && sparse === true) expect(Object.keys(fields)).toHaveLength(1);
      }
  });

  it('are noticed to be missing', () => {
    const query = { collection: 'entries', command: 'find', sort: ['seq'] } as const;
    const served = { app: 'point', conversation: 'point', seq: 'range' } as const;
    expect(leftOver({ ...query, filter: served })).toMatchObject({ index: 'entries_sequence', fields: [] });
    expect(leftOver({ ...query, filter: { ...served, kind: 'point' } })?.fields).toEqual(['kind']);
    expect(leftOver({ ...query, filter: { conversation: 'point', seq: 'range' } })).toBeUndefined();
    expect(leftOver({ ...query, filter: served, sort: ['time'] })).toBeUndefined();
  });
});
