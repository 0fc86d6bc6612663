import { digestLine, importOrigin, uniqueKeyOf } from '@hongyan/conversations';
import type { ImportedConversation, ImportedMessage } from '@hongyan/conversations';
import { parseFilter } from '@hongyan/filter';
import type { ConversationId, MessageId } from '@hongyan/protocol';
import { createHash } from 'node:crypto';
import { append, change, client, message, newApp, T0 } from '../../conversations/src/fixtures.contract.js';
import { openSqliteStore } from './open-store.js';
import type { SqliteStore } from './open-store.js';

/** ImportStore on this engine. */

let store: SqliteStore;
const app = newApp();
const id = 'from-elsewhere' as ConversationId;
const now = T0 + 1_000_000;

beforeEach(async () => {
  store = await openSqliteStore({ folder: ':memory:' });
});
afterEach(() => store.close());

const group = (more: Partial<ImportedConversation> = {}): ImportedConversation => ({
  conversation: { id, kind: 'ordinary', attributes: { a: 1 }, frozen: false, createdAt: T0, updatedAt: T0 },
  members: [
    { client: client('ann'), role: 'owner' },
    { client: client('bob'), role: 'member', muted: true },
  ],
  silenced: [client('bob')],
  blocked: [client('eve')],
  ...more,
});

const said = (at: number, more: Partial<ImportedMessage> = {}): ImportedMessage => ({
  id: `m${String(at).padStart(4, '0')}` as MessageId,
  time: T0 + at,
  author: client(at % 2 === 0 ? 'ann' : 'bob'),
  format: 'text',
  body: `said ${at}`,
  ...more,
});

const take = async (...messages: ImportedMessage[]) =>
  (await store.imports.takeMessages(app, [{ conversation: id, messages }]))[0]!;

async function bodies(): Promise<unknown[]> {
  const { messages } = await store.log.history(app, id, {
    direction: 'backward',
    after: 0,
    before: Number.MAX_SAFE_INTEGER,
    limit: 1_000,
  });
  return messages.map(({ payload, recalled }) => (recalled ? 'recalled' : payload.body));
}

const unreadOf = async (name: string) =>
  (await store.members.list(app, client(name), { limit: 10, hidden: false })).items[0];

const sound = async () => expect((await store.check()).findings).toEqual([]);

it('makes a conversation above the origin, once, with all that members have', async () => {
  expect(await store.imports.takeConversation(app, group(), now)).toEqual({
    state: 'created',
    keyTaken: false,
  });
  expect(await store.imports.takeConversation(app, group({ members: [] }), now)).toEqual({ state: 'known' });
  const loaded = (await store.conversations.load(app, id))!;
  expect(loaded.head).toMatchObject({ origin: importOrigin, last: importOrigin + 3, count: 0 });
  expect(loaded.silences).toEqual([{ client: 'bob' }]);
  expect(loaded.blocked).toEqual(['eve']);
  expect(await store.members.own(app, id, client('bob'))).toMatchObject({
    role: 'member',
    readSeq: importOrigin,
    muteUntil: null,
    unread: 0,
  });
  await sound();
});

it('leaves alone what began here, and what was deleted here', async () => {
  const native = newApp();
  const entry = {
    author: client('ann'),
    op: 'o',
    payload: { kind: 'created', conversation: group().conversation, members: [] },
  };
  await store.conversations.create(native, entry as never, now);
  expect(await store.imports.takeConversation(native, group(), now)).toEqual({ state: 'native' });
  const [refused] = await store.imports.takeMessages(native, [{ conversation: id, messages: [said(1)] }]);
  expect(refused).toMatchObject({ added: 0, refused: [{ id: 'm0001', why: 'no_conversation' }] });
  await store.imports.takeConversation(app, group(), now);
  await append(store, { app, id }, [change('', { kind: 'deleted' })], now + 5);
  expect(await store.imports.takeConversation(app, group(), now)).toEqual({ state: 'deleted' });
});

it('gives a unique key up where another conversation holds it', async () => {
  const uniqueKey = uniqueKeyOf([client('ann'), client('bob')]);
  const unique = (name: string): ImportedConversation =>
    group({ conversation: { ...group().conversation, id: name as ConversationId, uniqueKey } });
  expect(await store.imports.takeConversation(app, unique('one'), now)).toMatchObject({ keyTaken: false });
  expect(await store.imports.takeConversation(app, unique('two'), now)).toMatchObject({ keyTaken: true });
  expect(await store.conversations.byUniqueKey(app, uniqueKey)).toBe('one');
  await sound();
});

it('puts messages in order whatever the order they come in, and each once', async () => {
  await store.imports.takeConversation(app, group(), now);
  const numbers = Array.from({ length: 200 }, (_, at) => at);
  const fourths = numbers.filter((at) => at % 4 === 1);
  expect(await take(...fourths.map((at) => said(at)))).toMatchObject({ added: 50 });
  expect(await take(...fourths.map((at) => said(at + 1)).reverse())).toMatchObject({ added: 50 });
  expect(await take(...numbers.map((at) => said(at)))).toMatchObject({ added: 100, same: 100, refused: [] });
  expect(await bodies()).toEqual(Array.from({ length: 200 }, (_, at) => `said ${at}`));
  await sound();
});

it('orders messages of one millisecond by id', async () => {
  await store.imports.takeConversation(app, group(), now);
  const tied = (name: string) => said(1, { id: name as MessageId, body: name });
  await take(tied('b-1'), tied('d-1'), tied('a-1'), tied('c-1'));
  expect(await bodies()).toEqual(['a-1', 'b-1', 'c-1', 'd-1']);
  await sound();
});

it('keeps ids and times, and finds messages by the id that they came with, in their app only', async () => {
  await store.imports.takeConversation(app, group(), now);
  await take(said(4), said(5));
  const place = (await store.imports.find(app, said(5).id))!;
  const [found] = await store.log.messages(app, id, [place.seq]);
  expect([found?.importedId, found?.time, found?.author]).toEqual(['m0005', T0 + 5, 'bob']);
  expect(await store.imports.find(newApp(), said(5).id)).toBeUndefined();
});

it('counts for nobody, also once recalled, below a live log that counts as ever', async () => {
  await store.imports.takeConversation(app, group(), now);
  await append(store, { app, id }, [message('ann', 'live')], now);
  await take(...Array.from({ length: 30 }, (_, at) => said(at)));
  const recalled = (await store.imports.find(app, said(3).id))!;
  await append(store, { app, id }, [change('bob', { kind: 'recall', target: recalled.seq })], now);
  expect(await unreadOf('bob')).toMatchObject({ unread: 1, lastMessage: { payload: { body: 'live' } } });
  await append(store, { app, id }, [message('bob', 'and again')], now);
  expect(await unreadOf('ann')).toMatchObject({ unread: 1, mentionUnread: 0 });
  expect((await bodies()).slice(-3)).toEqual(['said 29', 'live', 'and again']);
  await sound();
});

it('is the last message as long as nothing was said here', async () => {
  await store.imports.takeConversation(app, group(), now);
  await take(said(1), said(9), said(5));
  expect(await unreadOf('ann')).toMatchObject({
    head: { lastMessageTime: T0 + 9 },
    lastMessage: { payload: { body: 'said 9' } },
  });
});

it('takes later edits and recalls, but not over what was done here', async () => {
  await store.imports.takeConversation(app, group(), now);
  await take(...[1, 2, 3, 4].map((at) => said(at)));
  const edited = said(1, { body: 'edited', editedAt: T0 + 50 });
  expect(await take(edited, said(2, { recalled: true, editedAt: T0 + 51 }))).toMatchObject({ changed: 2 });
  expect(await take(edited, said(2, { recalled: true, editedAt: T0 + 51 }))).toMatchObject({
    changed: 0,
    same: 2,
  });
  // An edit of which only the content tells.
  expect(await take(said(4, { body: 'another' }))).toMatchObject({ changed: 1 });
  const { seq } = (await store.imports.find(app, said(3).id))!;
  await append(
    store,
    { app, id },
    [change('bob', { kind: 'edit', target: seq, format: 'text', body: 'here' })],
    now,
  );
  expect(await take(said(3, { body: 'there', editedAt: T0 + 60 }))).toMatchObject({ kept: 1 });
  expect(await bodies()).toEqual(['edited', 'recalled', 'here', 'another']);
  await sound();
});

it('leaves alone what was deleted here, and does not show it as the last message', async () => {
  await store.imports.takeConversation(app, group(), now);
  await take(...[1, 2, 3].map((at) => said(at)));
  const { seq } = (await store.imports.find(app, said(3).id))!;
  await append(store, { app, id }, [change('', { kind: 'delete', target: seq })], now);
  expect(await take(said(3), said(3, { body: 'there', editedAt: T0 + 60 }))).toMatchObject({ kept: 2 });
  expect(await take(said(0))).toMatchObject({ added: 1 });
  expect(await bodies()).toEqual(['said 0', 'said 1', 'said 2']);
  expect(await unreadOf('ann')).toMatchObject({ lastMessage: { payload: { body: 'said 2' } } });
  expect(await store.imports.digest(app, id)).toMatchObject({ messages: 4, changedHere: 1 });
  await sound();
});

it('finds what a former member wrote, who is not a member here', async () => {
  await store.imports.takeConversation(app, group(), now);
  const [zoe, ann] = [client('zoe'), client('ann')];
  await take(said(1, { author: zoe }), said(2), said(3, { author: '' }));
  const asked = { filter: parseFilter({}), sort: [], limit: 9 };
  for (const writtenBy of [zoe, ann])
    expect((await store.conversations.query(app, { ...asked, writtenBy })).items).toHaveLength(1);
  expect((await store.members.sync(app, zoe, { limit: 9 })).gone).toEqual([]);
  await sound();
});

it('refuses a message under an id that another one has', async () => {
  await store.imports.takeConversation(app, group(), now);
  await take(said(1));
  expect(await take(said(1, { time: T0 + 2 }))).toMatchObject({
    refused: [{ id: 'm0001', why: 'other_message' }],
  });
  expect(await take(said(1, { author: client('eve') }))).toMatchObject({
    refused: [{ why: 'other_message' }],
  });
});

it('says so when there is no room between two neighbours', async () => {
  await store.imports.takeConversation(app, group(), now);
  const tied = (at: number) => said(0, { id: `t${String(at).padStart(3, '0')}` as MessageId });
  await take(tied(0), tied(100));
  const between = await Promise.all(Array.from({ length: 20 }, (_, at) => take(tied(99 - at))));
  expect(between.some(({ refused }) => refused[0]?.why === 'no_room')).toBe(true);
  await sound();
});

it('finds sequences of times on both sides of the seam', async () => {
  await store.imports.takeConversation(app, group({ silenced: [], blocked: [] }), T0 + 100);
  await take(said(10), said(20), said(500)); // the last is younger than what is here
  const at = async (name: string) => (await store.imports.find(app, name as MessageId))!.seq;
  expect(await store.log.seqAt(app, id, T0 + 15)).toBe(await at('m0010'));
  expect(await store.log.seqAt(app, id, T0 + 99)).toBe(await at('m0020'));
  expect(await store.log.seqAt(app, id, T0 + 100)).toBe(importOrigin + 1);
  expect(await store.log.seqAt(app, id, T0 + 9)).toBeLessThan(await at('m0010'));
  const [live] = await append(store, { app, id }, [message('ann', 'x')], T0 + 200);
  expect(await store.log.seqAt(app, id, T0 + 300)).toBe(live);
});

it('shows imported messages as received and read by who came over', async () => {
  await store.imports.takeConversation(app, group(), now);
  await take(said(1), said(2));
  const { seq } = (await store.imports.find(app, said(1).id))!;
  const receipts = await store.members.receipts(app, id, seq, client('bob'), { kind: 'read', limit: 10 });
  expect(receipts).toEqual({ items: [{ client: 'ann', time: T0 + 2 }], delivered: 1, read: 1, of: 1 });
});

it('knows what is unread of it, until its reader reads here; a later import may say otherwise', async () => {
  await store.imports.takeConversation(app, group(), now);
  // Even ones by ann, odd ones by bob: ann has not read 3, 5 and 7.
  await take(...[0, 1, 2, 3, 4, 5, 6, 7, 8].map((at) => said(at)));
  const unread = (...list: [string, number][]) =>
    store.imports.takeUnread(app, [
      { conversation: id, unread: list.map(([name, count]) => ({ client: client(name), count })) },
    ]);
  expect(await unread(['ann', 3], ['bob', 99], ['nobody', 4])).toEqual([2]);
  expect(await unread(['ann', 3], ['bob', 99], ['nobody', 4])).toEqual([0]);
  expect([(await unreadOf('ann'))!.unread, (await unreadOf('bob'))!.unread]).toEqual([3, 5]);
  await sound();
  // What is said here counts on top, and one's own does not.
  await append(store, { app, id }, [message('bob', 'live'), message('ann', 'too')], now + 5);
  expect([(await unreadOf('ann'))!.unread, (await unreadOf('bob'))!.unread]).toEqual([4, 6]);
  expect(await store.members.list(app, client('ann'), { limit: 10, hidden: false })).toMatchObject({
    items: [{ unread: 4 }],
  });
  // Read elsewhere meanwhile: bob all, ann some.
  expect(await unread(['ann', 1])).toEqual([2]);
  expect([(await unreadOf('ann'))!.unread, (await unreadOf('bob'))!.unread]).toEqual([2, 1]);
  await sound();
  // Reading up to what came over clears that, and no import brings it back once the cursor is above.
  const newest = (await store.imports.find(app, said(8).id))!.seq;
  expect(await store.members.advanceRead(app, id, client('ann'), newest)).toMatchObject({ unread: 1 });
  expect(await unread(['ann', 2])).toEqual([0]);
  expect((await unreadOf('ann'))!.unread).toBe(1);
  const { last } = (await store.log.head(app, id))!;
  expect(await store.members.advanceRead(app, id, client('ann'), last)).toMatchObject({ unread: 0 });
  expect((await unreadOf('ann'))!.unread).toBe(0);
  await sound();
});

it('digests what is there', async () => {
  await store.imports.takeConversation(app, group(), now);
  const messages = [
    said(1),
    said(2, { recalled: true, editedAt: T0 + 9 }),
    said(3, { body: 'x', editedAt: T0 + 8 }),
  ];
  await take(...messages);
  const hashed = (lines: string[]) => {
    const page = createHash('sha256').update(lines.join('')).digest('hex');
    return createHash('sha256').update(page).digest('hex');
  };
  expect(await store.imports.digest(app, id)).toEqual({
    messages: 3,
    order: hashed(messages.map(({ id: name, time, author }) => digestLine.order(name, time, author))),
    content: hashed(
      messages.map(({ body, editedAt = 0, recalled = false }) =>
        digestLine.content(body, editedAt, recalled),
      ),
    ),
    changedHere: 0,
  });
  expect(await store.imports.digest(app, 'nowhere' as ConversationId)).toBeUndefined();
});

it('subscribes who never was subscribed here, reading from the end', async () => {
  const service = group({
    conversation: { ...group().conversation, kind: 'system', audience: 'subscribers' },
    members: [],
    silenced: [],
  });
  await store.imports.takeConversation(app, service, now);
  await append(
    store,
    { app, id },
    [
      message('', 'to all'),
      change('ann', { kind: 'joined', member: client('ann') }),
      change('ann', { kind: 'left', member: client('ann') }),
    ],
    now,
  );
  // A guest: one who is known here by a thread only.
  await store.members.ensure(app, id, client('cid'), 'guest', 0);
  const subscribers = ['ann', 'bob', 'cid'].map((name) => ({ client: client(name), at: T0 }));
  expect(await store.imports.takeSubscribers(app, id, subscribers)).toEqual({ added: 2 });
  expect(await store.imports.takeSubscribers(app, id, subscribers)).toEqual({ added: 0 });
  expect(await unreadOf('bob')).toMatchObject({ unread: 0, own: { joinedAt: T0 } });
  await sound();
});

it('has broadcasts to everyone in the history of who has not subscribed, counting for nobody', async () => {
  const service = group({
    conversation: { ...group().conversation, kind: 'system', audience: 'subscribers' },
    members: [],
    silenced: [],
  });
  await store.imports.takeConversation(app, service, now);
  await take(said(1, { author: '' }), said(2, { author: '', everyone: true, expiresAt: now + 1_000 }));
  await store.members.ensure(app, id, client('ann'), 'guest', 0);
  const range = { direction: 'forward', after: 0, before: Number.MAX_SAFE_INTEGER, limit: 10 } as const;
  const { messages } = await store.log.history(app, id, { ...range, everyone: true });
  expect(messages.map(({ importedId, payload }) => [importedId, payload.expiresAt])).toEqual([
    [said(2).id, now + 1_000],
  ]);
  expect(await store.members.own(app, id, client('ann'))).toMatchObject({ unread: 0 });
  await sound();
});

it('takes long conversations in time that grows with their messages alone', async () => {
  await store.imports.takeConversation(app, group(), now);
  // A look-up of each id through the conversation's own messages took half a minute.
  for (let from = 0; from < 20_000; from += 200) {
    const taken = await take(...Array.from({ length: 200 }, (_, at) => said(10_000 + from + at)));
    expect(taken).toMatchObject({ added: 200, refused: [] });
  }
  await sound();
});
