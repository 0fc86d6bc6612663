import { HongyanClient } from '@hongyan/sdk';
import { type TestApp, TestServer, until } from './server.js';

jest.setTimeout(60_000);

/** Two apps of two tenants in which everything has the same ids: nothing of one may be seen from the other. */

const room = 'lobby';
const talk = 'talk';
const names = ['ann', 'bob'];

interface Side {
  readonly app: TestApp;
  readonly word: string;
  readonly events: string[];
  readonly clients: HongyanClient[];
}

let server: TestServer;
let first: Side;
let second: Side;

beforeAll(async () => {
  server = await TestServer.start();
  first = await side('apple', 3);
  second = await side('pear', 1);
  await until(() => [first, second].every(({ events }) => events.length > 0), 'both sides hear their own');
});
afterAll(async () => {
  await Promise.all([first, second].flatMap(({ clients }) => clients.map((client) => client.close())));
  await server.close();
});

/** The same people, conversations, messages and operation ids; only the words and how many differ. */
async function side(word: string, messages: number): Promise<Side> {
  const app = await server.createApp({ 'conversations.openQueries': true });
  const events: string[] = [];
  for (const [id, kind] of [
    [talk, 'ordinary'],
    [room, 'room'],
  ] as const) {
    const made = await server.rest(app, 'POST', '/conversations', {
      id,
      kind,
      name: `${word} ${id}`,
      attributes: { fruit: word },
      ...(kind === 'room' ? {} : { members: names }),
    });
    expect(made.status).toBe(200);
  }
  const clients = await Promise.all(
    names.map(async (clientId) => {
      const client = new HongyanClient({
        url: server.url,
        appId: app.id,
        credentials: { clientId },
        deviceId: 'd',
      });
      for (const event of ['entry', 'transient', 'signal', 'receipt', 'presence', 'local'] as const) {
        client.on(event, (value) =>
          events.push(
            JSON.stringify(value, (key, v: unknown) =>
              key === 'conversation' && typeof v === 'object' ? undefined : v,
            ),
          ),
        );
      }
      await client.connect({ timeoutMs: 10_000 });
      await client.rooms.join(room);
      await client.presence.subscribe(names);
      return client;
    }),
  );
  for (let at = 1; at <= messages; at += 1) {
    const sent = await server.request(
      'POST',
      `/api/v1/conversations/${talk}/messages`,
      app.masterKey,
      { from: 'ann', body: `${word} ${at}`, mentions: ['bob'] },
      { 'x-hongyan-app': app.id, 'idempotency-key': `op-${at}` },
    );
    expect(sent.status).toBe(200);
  }
  return { app, word, events, clients };
}

it('keeps reads apart', async () => {
  for (const [own, other] of [
    [first, second],
    [second, first],
  ] as const) {
    const paths = [
      `/conversations/${talk}`,
      '/conversations',
      `/conversations/${talk}/entries?after=0`,
      `/conversations/${talk}/messages`,
      `/conversations/${talk}/members`,
      '/clients/bob/conversations',
      '/clients/bob/sync',
      `/clients/bob/conversations/${talk}`,
      '/clients/bob/unread',
      `/rooms/${room}/count`,
      `/rooms/${room}/members`,
    ];
    for (const path of paths) {
      const { status, text } = await server.rest(own.app, 'GET', path);
      expect([path, status]).toEqual([path, 200]);
      expect(text).not.toContain(other.word);
      expect(text).not.toContain(other.app.id);
    }
  }
});

it('keeps counts apart', async () => {
  const counts = async ({ app }: Side) => ({
    unread: (await server.rest(app, 'GET', '/clients/bob/unread')).body,
    online: ((await server.rest(app, 'GET', `/rooms/${room}/count`)).body as { online: number }).online,
    seq: ((await server.rest(app, 'GET', `/conversations/${talk}`)).body as { conversation: { seq: number } })
      .conversation.seq,
  });
  const [one, two] = [await counts(first), await counts(second)];
  expect(one).toEqual({ unread: { unread: 3, mentionUnread: 3, unmutedUnread: 3 }, online: 2, seq: 4 });
  expect(two).toEqual({ unread: { unread: 1, mentionUnread: 1, unmutedUnread: 1 }, online: 2, seq: 2 });
});

it('keeps events, presence and kicks apart', async () => {
  // Its own receipts come up to a second late.
  await until(
    () => second.events.some((event) => event.includes('"delivered":2')),
    'the second heard its own',
  );
  const before = second.events.length;
  const [ann, bob] = first.clients as [HongyanClient, HongyanClient];
  await (await ann.conversations.get(talk)).send('apple live');
  await ann.conversations.of(room).send('apple in the room');
  (await ann.conversations.get(talk)).typing();
  await (await bob.conversations.get(talk)).read();
  await server.rest(first.app, 'POST', '/clients/bob/kick', {});
  await until(() => bob.state === 'closed', 'bob is out of the first app');
  await until(() => first.events.some((event) => event.includes('"online":false')), 'ann sees bob go');
  expect(second.clients[1]!.state).toBe('online');
  expect(second.events.slice(before)).toEqual([]);
  expect(second.events.join()).not.toContain('apple');
  expect(await second.clients[0]!.presence.query(['bob'])).toEqual(['bob']);
});

it('takes the same operation with the same content once in each app', async () => {
  const op = 'the-same-operation';
  const results: object[] = [];
  for (const { app, clients } of [second, first]) {
    const body = 'exactly the same';
    const path = `/api/v1/conversations/${talk}/messages`;
    const headers = { 'x-hongyan-app': app.id, 'idempotency-key': `${op}-rest` };
    const byRest = () =>
      server.request('POST', path, app.masterKey, { from: 'ann', body, type: 'same' }, headers);
    const bySocket = () => clients[0]!.call('message.send', { op, conversation: talk, body, type: 'same' });
    for (const send of [async () => (await byRest()).body as object, bySocket]) {
      const once = await send();
      expect(once).not.toHaveProperty('duplicate');
      expect(await send()).toMatchObject({ ...once, duplicate: true });
      results.push(once);
    }
    const { body: page } = await server.rest(app, 'GET', `/conversations/${talk}/messages?types=same`);
    expect((page as { messages: object[] }).messages).toHaveLength(2);
  }
  expect(new Set(results.map((result) => JSON.stringify(result))).size).toBe(4);
});

it('lets a login of one app end no session of the other', async () => {
  const enter = async ({ app }: Side, deviceId: string) => {
    const client = new HongyanClient({
      url: server.url,
      appId: app.id,
      credentials: { clientId: 'dan' },
      deviceId,
      tag: 'phone',
    });
    await client.connect({ timeoutMs: 10_000 });
    return client;
  };
  const here = await enter(first, 'one');
  const there = await enter(second, 'two');
  const again = await enter(first, 'three');
  await until(() => here.state === 'closed', 'the later login of the same app ends the earlier one');
  expect([there.state, again.state]).toEqual(['online', 'online']);
  await Promise.all([here, there, again].map((client) => client.close()));
});

it('tells a sync of what changed in its own app only', async () => {
  const { token } = (await server.rest(second.app, 'GET', '/clients/bob/conversations')).body as {
    token: string;
  };
  await server.rest(first.app, 'POST', `/conversations/${talk}/messages`, {
    from: 'ann',
    body: 'apple again',
  });
  const sync = async ({ app }: Side) =>
    (await server.rest(app, 'GET', `/clients/bob/sync?token=${encodeURIComponent(token)}`)).body;
  expect(await sync(second)).toMatchObject({ items: [], gone: [], reset: false });
  // The token of one app says nothing to the other: the same store, the same moment, its own changes.
  expect(JSON.stringify(await sync(first))).not.toContain('pear');
});
