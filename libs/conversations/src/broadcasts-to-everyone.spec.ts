import { appOf, Harness, newOp, type TestClient } from './service-harness.contract.js';

let h: Harness;
let ann: TestClient;
let bob: TestClient;
let news: string;
const toEveryone = { audience: 'everyone' } as const;

/** Bob has subscribed to the news, ann has not. */
beforeEach(async () => {
  h = await Harness.open([appOf('a'), appOf('b')]);
  ann = await h.client('ann').connect();
  bob = await h.client('bob').connect();
  news = (await h.server().run('conversation.create', { kind: 'system', name: 'News' })).conversation.id;
  await bob.run('system.subscribe', { conversation: news });
  await h.settle();
  h.now += 1_000;
  bob.heard();
});
afterEach(async () => {
  expect(h.errors).toEqual([]);
  expect((await h.store.check()).findings).toEqual([]);
  await h.close();
});

async function broadcast(body: string, more: object = {}) {
  h.now += 1_000;
  const sent = await h.server().send(news, body, { ...toEveryone, ...more });
  await h.settle();
  return sent;
}
async function toSubscribers(body: string) {
  h.now += 1_000;
  const sent = await h.server().send(news, body);
  await h.settle();
  return sent;
}
const row = async (client: TestClient) => (await client.run('conversation.list', {})).items[0];
const unread = async (client: TestClient) => (await client.run('client.unread', {})).unread;
const read = async (client: TestClient) =>
  (await client.run('message.history', { conversation: news })).messages.map(({ body }) => body);

describe('broadcasts to everyone by a service for subscribers', () => {
  it('reach subscribers and others once, live, in the list and in the history', async () => {
    await toSubscribers('one');
    await broadcast('two');
    await toSubscribers('three');
    expect(ann.heard()).toEqual(['message#4']);
    expect(bob.heard()).toEqual(['message#3', 'message#4', 'message#5']);
    expect(await row(ann)).toMatchObject({
      conversation: { id: news },
      unread: 1,
      lastMessage: { body: 'two', scope: 'broadcast', conversation: news },
    });
    expect((await row(ann))?.own).not.toHaveProperty('role');
    expect(await row(bob)).toMatchObject({ unread: 3, lastMessage: { body: 'three' } });
    expect([await read(ann), await read(bob)]).toEqual([['two'], ['one', 'two', 'three']]);
    expect((await h.server().run('conversation.get', { conversation: news })).conversation.memberCount).toBe(
      1,
    );
  });

  it('wait for who is away, and are none for who first logs in later', async () => {
    const cat = await h.client('cat').connect();
    await cat.drop();
    await broadcast('two');
    await cat.connect();
    expect([await unread(cat), (await row(cat))?.lastMessage?.body]).toEqual([1, 'two']);
    h.now += 1_000;
    const late = await h.client('late').connect();
    expect(await row(late)).toBeUndefined();
    await broadcast('three');
    expect([await unread(late), await unread(cat)]).toEqual([1, 2]);
  });

  it('are given to clients that go on from a sequence, without what is for subscribers', async () => {
    await toSubscribers('one');
    const two = await broadcast('two');
    await toSubscribers('three');
    await h.server().run('message.edit', { message: two.id, body: 'TWO' });
    const missed = async (client: TestClient, after = 2) => {
      const { entries, seq } = await client.run('conversation.entries', { conversation: news, after });
      return [entries.map((entry) => `${entry.kind}#${entry.seq}`), seq];
    };
    expect(await missed(ann)).toEqual([['message#4', 'edit#6'], 6]);
    expect(await missed(bob)).toEqual([['message#3', 'message#4', 'message#5', 'edit#6'], 6]);
    expect(await missed(await h.client('stranger').connect())).toEqual([['message#4', 'edit#6'], 6]);
  });

  it('share a row and a history with the thread', async () => {
    await ann.send(news, 'question');
    await toSubscribers('one');
    await broadcast('two');
    h.now += 1_000;
    await h.server().send(news, 'answer', { to: ['ann'] as never });
    expect(await row(ann)).toMatchObject({
      unread: 2,
      lastMessage: { body: 'answer' },
      thread: { unread: 1 },
    });
    expect(await read(ann)).toEqual(['question', 'two', 'answer']);
    const times = (await ann.run('message.history', { conversation: news })).messages.map(({ time }) => time);
    const readTo = (time: number) => ann.run('conversation.read', { conversation: news, time });
    expect(await readTo(times[1]!)).toMatchObject({ unread: 1 });
    expect(await readTo(times[2]!)).toMatchObject({ unread: 0 });
    expect(await unread(ann)).toBe(0);
  });

  it('are counted on through subscribing and unsubscribing', async () => {
    await broadcast('one');
    await ann.run('conversation.read', { conversation: news, time: h.now });
    await broadcast('two');
    await toSubscribers('three');
    expect(await unread(ann)).toBe(1);
    // A subscription begins read, as every membership.
    await ann.run('system.subscribe', { conversation: news });
    expect(await unread(ann)).toBe(0);
    await toSubscribers('four');
    await broadcast('five');
    expect(await unread(ann)).toBe(2);
    await ann.run('system.unsubscribe', { conversation: news });
    expect(await row(ann)).toMatchObject({ unread: 1, lastMessage: { body: 'five' } });
    await toSubscribers('six');
    expect([await unread(ann), await read(ann)]).toEqual([1, ['one', 'two', 'five']]);
    await ann.run('conversation.read', { conversation: news, time: h.now });
    await ann.connect();
    expect(await unread(ann)).toBe(0);
  });

  it('are edited and taken back for all who have them, and told to who missed it', async () => {
    const [one, two] = [await broadcast('one'), await broadcast('two')];
    const subscribers = await toSubscribers('three');
    ann.heard();
    await h.server().run('message.edit', { message: one.id, body: 'ONE' });
    await h.server().run('message.recall', { message: two.id });
    await h.server().run('message.recall', { message: subscribers.id });
    await h.settle();
    expect(ann.heard()).toEqual(['edit#6', 'recall#7']);
    expect([await read(ann), await unread(ann)]).toEqual([['ONE', ''], 1]);
    const { entries } = await ann.run('client.edits', { since: 0 });
    expect(entries.map(({ kind, seq }) => `${kind}#${seq}`)).toEqual(['edit#6', 'recall#7']);
  });

  it('are deleted for all: the one before is the last, and only who could see it hears of it', async () => {
    await broadcast('one');
    const [two, three] = [await broadcast('two'), await toSubscribers('three')];
    for (const { id } of [three, two]) await h.server().run('message.delete', { message: id });
    const told = async (client: TestClient, ...wanted: string[]) => {
      for (const one of wanted) {
        const { entry } = await client.next('entry');
        expect(`${entry.kind}#${entry.seq}`).toBe(one);
      }
    };
    await told(ann, 'message#3', 'message#4', 'delete#7');
    await told(bob, 'message#3', 'message#4', 'message#5', 'delete#6', 'delete#7');
    for (const client of [ann, bob]) {
      expect([await read(client), await unread(client)]).toEqual([['one'], 1]);
      expect(await row(client)).toMatchObject({ lastMessage: { body: 'one' } });
    }
    const { entries } = await ann.run('conversation.entries', { conversation: news, after: 0 });
    expect(entries.map(({ kind, seq }) => `${kind}#${seq}`)).toEqual(['message#3', 'delete#7']);
  });

  it('end with their time and with the service, and stand in the timeline once', async () => {
    await broadcast('soon over', { expiresAt: h.now + 5_000 });
    await broadcast('stays');
    expect(await read(ann)).toEqual(['soon over', 'stays']);
    h.now += 10_000;
    expect(await read(ann)).toEqual(['stays']);
    const { messages } = await h.server().run('message.timeline', {});
    expect(messages.map(({ body }) => body)).toEqual(['soon over', 'stays']);
    await h.server().run('conversation.delete', { conversation: news });
    expect([await row(ann), await unread(ann)]).toEqual([undefined, 0]);
    expect(await row(await h.client('cat').connect())).toBeUndefined();
  });

  it('are made once, however often they are asked for', async () => {
    const op = newOp();
    const [first, again] = [await broadcast('one', { op }), await broadcast('one', { op })];
    expect([again.id, again.duplicate]).toEqual([first.id, true]);
    expect([ann.heard(), await unread(ann), await unread(bob)]).toEqual([['message#3'], 1, 1]);
    const together = await Promise.all(
      Array.from({ length: 5 }, (_, at) => h.server().send(news, `${at}`, { ...toEveryone })),
    );
    await h.settle();
    expect(new Set(together.map(({ seq }) => seq)).size).toBe(5);
    expect([await unread(ann), await unread(bob)]).toEqual([6, 6]);
  });

  it('reach nobody of another app, and no blocked client', async () => {
    const other = await h.client('ann', 'b').connect();
    await h.server().run('conversation.block', { conversation: news, members: ['ann'] });
    await broadcast('one');
    await ann.connect();
    expect([ann.heard(), await row(ann), other.heard(), await row(other)]).toEqual([
      [],
      undefined,
      [],
      undefined,
    ]);
  });

  it('make a row for each client once, whoever is online', async () => {
    const ensure = jest.spyOn(h.store.members, 'ensure');
    await broadcast('one');
    expect(ensure.mock.calls.map(([, , client]) => client)).toEqual(['ann']);
    await broadcast('two');
    await ann.connect();
    expect(ensure).toHaveBeenCalledTimes(1);
  });

  it('may be for who is online only', async () => {
    await broadcast('now', { transient: true });
    for (const client of [ann, bob])
      expect(await client.next('transient')).toMatchObject({ message: { body: 'now', conversation: news } });
    expect([await read(ann), await row(ann)]).toEqual([[], undefined]);
  });

  it('are for servers and services; where the service is for everyone they are its broadcasts', async () => {
    const send = (who: TestClient | ReturnType<Harness['server']>, conversation: string, more: object = {}) =>
      who.outcome('message.send', { conversation, body: 'x', ...toEveryone, ...more });
    const group = (await ann.run('conversation.create', { members: ['bob'] })).conversation.id;
    expect(await send(ann, news)).toBe('forbidden');
    expect(await send(h.server(), group)).toBe('wrong_kind');
    expect(await send(h.server(), group, { transient: true })).toBe('wrong_kind');
    expect(await send(h.server(), news, { to: ['ann'] })).toBe('bad_request');
    const { conversation } = await h
      .server()
      .run('conversation.create', { kind: 'system', audience: 'everyone', name: 'All' });
    const cat = await h.client('cat').connect();
    const sent = await h.server().send(conversation.id, 'hi', { ...toEveryone });
    const [message] = await h.store.log.messages('a' as never, conversation.id, [sent.seq ?? 0]);
    expect(message?.payload).not.toHaveProperty('everyone');
    expect(await cat.next('entry')).toMatchObject({ entry: { message: { id: sent.id } } });
  });
});

it('a thread outlives the subscription', async () => {
  await h.server().send(news, 'direct', { to: ['bob'] as never });
  await bob.run('system.unsubscribe', { conversation: news });
  expect(await row(bob)).toMatchObject({ unread: 1, lastMessage: { body: 'direct' } });
});

it('a client that was written to before its first login hears a service for everyone', async () => {
  const { conversation } = await h
    .server()
    .run('conversation.create', { kind: 'system', audience: 'everyone', name: 'All' });
  await h.server().send(conversation.id, 'direct', { to: ['dan'] as never });
  const dan = await h.client('dan').connect();
  h.now += 1_000;
  await h.server().send(conversation.id, 'to all');
  expect((await dan.next('entry')).entry).toMatchObject({ message: { body: 'to all' } });
  expect(await unread(dan)).toBe(2);
});
