import type { EntryView } from '@hongyan/protocol';
import { FakeServer, wireError } from '../test/fake-server.js';
import { HongyanClient } from './client.js';
import type { HongyanOptions } from './options.js';
import { MemoryStorage } from './storage.js';

const started: { stop?(): Promise<void>; close?(): Promise<void> }[] = [];

async function server(): Promise<FakeServer> {
  const fake = await new FakeServer().start();
  started.push(fake);
  return fake;
}

function clientOf(fake: FakeServer, more: Partial<HongyanOptions> = {}): HongyanClient {
  const client = new HongyanClient({
    url: fake.url,
    appId: 'app',
    credentials: { clientId: 'me' },
    reconnectMs: { first: 10, max: 50 },
    attemptTimeoutMs: 200,
    ...more,
  });
  started.unshift(client);
  return client;
}

/** What the client gave to the app, in order. */
function watch(client: HongyanClient): { seqs: number[]; bodies: string[]; gaps: [number, number][] } {
  const seen = { seqs: [] as number[], bodies: [] as string[], gaps: [] as [number, number][] };
  client.on('entry', ({ entry }) => seen.seqs.push(entry.seq));
  client.on('message', ({ message }) => seen.bodies.push(message.body));
  client.on('gap', ({ after, until }) => seen.gaps.push([after, until]));
  return seen;
}

async function until(condition: () => boolean, ms = 3_000): Promise<void> {
  const deadline = Date.now() + ms;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`never: ${condition.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const next = (
  client: HongyanClient,
  event: 'synced' | 'caughtUp' | 'online' | 'closed' | 'state',
): Promise<unknown> => new Promise((resolve) => client.once(event, resolve));

async function online(fake: FakeServer, more: Partial<HongyanOptions> = {}): Promise<HongyanClient> {
  const client = clientOf(fake, more);
  const synced = next(client, 'synced');
  await client.connect();
  await synced;
  return client;
}

afterEach(async () => {
  for (const one of started.splice(0)) await (one.close?.() ?? one.stop?.());
});

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i);

describe('sending', () => {
  it('resolves on the acknowledgement and tells each state', async () => {
    const fake = await server();
    fake.conversation('c', ['me', 'you']);
    const client = await online(fake);
    const seen = watch(client);
    const states: string[] = [];
    client.on('local', ({ local }) => states.push(local.state));
    const message = await client.conversations.of('c').send('hello', { type: 'greeting' });
    expect(message).toMatchObject({ seq: 1, from: 'me', body: 'hello', type: 'greeting', conversation: 'c' });
    expect(states).toEqual(['queued', 'sending', 'sent']);
    expect(seen).toMatchObject({ seqs: [1], bodies: [] });
  });

  it('repeats a send whose acknowledgement was lost; it is stored and told once', async () => {
    const fake = await server();
    const conversation = fake.conversation('c', ['me', 'you']);
    const client = await online(fake);
    const seen = watch(client);
    let lost = 0;
    fake.intercept = ({ name }, _ack, run) => name === 'message.send' && lost++ === 0 && (run(), true);
    const message = await client.conversations.of('c').send('once');
    expect(message.seq).toBe(1);
    expect(lost).toBe(2);
    expect(conversation.entries).toHaveLength(1);
    expect(seen.seqs).toEqual([1]);
  });

  it.each([1, 8])('never reorders when one fails for a passing reason (window %i)', async (sendWindow) => {
    const fake = await server();
    const conversation = fake.conversation('c', ['me', 'you']);
    const client = await online(fake, { sendWindow });
    let failing = 0;
    // The second fails, and so do those behind it until it comes again: what a server promises.
    fake.intercept = ({ name, args }, ack) => {
      if (name !== 'message.send') return false;
      if (args.body === 'm2' && failing < 2) failing += 1;
      else if (failing === 0 || failing > 2 || args.body === 'm2') {
        if (args.body === 'm2') failing = 3;
        return false;
      }
      ack({ error: wireError('overloaded') });
      return true;
    };
    const handles = range(1, 6).map((n) => client.conversations.of('c').send(`m${n}`));
    await Promise.all(handles);
    expect(conversation.entries.map((entry) => entry.kind === 'message' && entry.message.body)).toEqual(
      range(1, 6).map((n) => `m${n}`),
    );
  });

  it('fails only the one that is refused for good', async () => {
    const fake = await server();
    fake.conversation('c', ['me', 'you']);
    const client = await online(fake, { sendWindow: 4 });
    fake.intercept = ({ name, args }, ack) =>
      name === 'message.send' && args.body === 'bad' && (ack({ error: wireError('silenced') }), true);
    const conversation = client.conversations.of('c');
    const results = await Promise.allSettled(['a', 'bad', 'b'].map((body) => conversation.send(body)));
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(results[1]).toMatchObject({ reason: { name: 'silenced', code: 1303, temporary: false } });
  });

  it('shows what a waiting message answers and whom it mentions, also after a restart', async () => {
    const fake = await server();
    const storage = new MemoryStorage();
    const content = { replyTo: 'c.1', mentions: ['you'], mentionAll: true, type: 'note' };
    const first = clientOf(fake, { storage });
    fake.refuse = () => wireError('unavailable');
    first.connect().catch(() => undefined);
    expect(first.conversations.of('c').send('a', { ...content, silent: true }).local).toMatchObject(content);
    await first.close();
    const second = clientOf(fake, { storage });
    second.connect().catch(() => undefined);
    await until(() => second.pending.length === 1);
    expect(second.pending[0]).toMatchObject({ ...content, body: 'a', state: 'queued' });
  });

  it('shows at once again that I am typing after I sent', async () => {
    const fake = await server();
    fake.conversation('c', ['me', 'you']);
    const client = await online(fake);
    const conversation = client.conversations.of('c');
    for (let n = 0; n < 3; n++) conversation.typing();
    await conversation.send('one');
    for (let n = 0; n < 3; n++) conversation.typing();
    await conversation.send('two');
    expect(fake.commands.filter(({ name }) => name === 'signal.send')).toHaveLength(2);
  });

  it('keeps what is unsent over a restart, in order', async () => {
    const fake = await server();
    const conversation = fake.conversation('c', ['me', 'you']);
    const storage = new MemoryStorage();
    const first = clientOf(fake, { storage });
    fake.refuse = () => wireError('unavailable');
    first.connect().catch(() => undefined);
    const handles = ['a', 'b', 'c'].map((body) => first.conversations.of('c').send(body));
    await first.close();
    await expect(handles[0]).rejects.toMatchObject({ name: 'client_closed' });
    fake.refuse = () => undefined;
    const second = await online(fake, { storage });
    await until(() => second.pending.length === 0);
    expect(conversation.entries.map((entry) => entry.kind === 'message' && entry.message.body)).toEqual([
      'a',
      'b',
      'c',
    ]);
    await second.close();
    expect([...(await storage.load())].filter(([key]) => key.startsWith('q/'))).toEqual([]);
  });

  it('refuses more than the queue may hold, can be cancelled and can time out', async () => {
    const fake = await server();
    const client = clientOf(fake, { maxQueue: 2 });
    const conversation = client.conversations.of('c');
    const [a, b, c] = [
      conversation.send('a'),
      conversation.send('b', { timeoutMs: 20 }),
      conversation.send('c'),
    ];
    await expect(c).rejects.toMatchObject({ name: 'queue_full', code: 900 });
    await expect(b).rejects.toMatchObject({ name: 'timeout' });
    expect(a?.cancel()).toBe(true);
    await expect(a).rejects.toMatchObject({ name: 'send_cancelled' });
    expect(client.pending).toEqual([]);
  });

  it('is settled by the log when the answer never comes', async () => {
    const fake = await server();
    fake.conversation('c', ['me', 'you']);
    const client = await online(fake);
    fake.intercept = ({ name, session }, _ack, run) => {
      if (name !== 'message.send') return false;
      run();
      session.socket.conn.close();
      return true;
    };
    client.once('state', () => (fake.intercept = () => false));
    const message = await client.conversations.of('c').send('once');
    expect(message.seq).toBe(1);
    expect(fake.conversations.get('c')?.entries).toHaveLength(1);
  });
});

describe('receiving', () => {
  it('drops duplicates and fills a hole in order while live events go on', async () => {
    const fake = await server();
    fake.conversation('c', ['me', 'you']);
    const client = await online(fake);
    const seen = watch(client);
    const first = fake.say('c', 'you', '1');
    fake.publish(first);
    fake.silent = true;
    for (const n of range(2, 130)) fake.say('c', 'you', String(n));
    fake.silent = false;
    let answered = 0;
    fake.intercept = ({ name }) => {
      if (name === 'conversation.entries' && answered++ < 2) fake.say('c', 'you', 'meanwhile');
      return false;
    };
    const last = fake.say('c', 'you', '131');
    fake.publish(last);
    await until(() => seen.seqs.length === 133);
    expect(seen.seqs).toEqual(range(1, 133));
    expect(seen.gaps).toEqual([]);
  });

  it('takes events in any order', async () => {
    const fake = await server();
    fake.conversation('c', ['me', 'you']);
    const client = await online(fake);
    const seen = watch(client);
    fake.silent = true;
    const entries = range(1, 5).map((n) => fake.say('c', 'you', String(n)));
    for (const n of [5, 3, 3, 1, 4, 2, 5]) fake.publish(entries[n - 1] as EntryView);
    await until(() => seen.seqs.length >= 5);
    expect(seen.seqs).toEqual(range(1, 5));
  });

  it('tells of a hole that is too large and goes on behind it', async () => {
    const fake = await server();
    fake.conversation('c', ['me', 'you']);
    const client = await online(fake);
    const seen = watch(client);
    fake.silent = true;
    for (const n of range(1, 250)) fake.say('c', 'you', String(n));
    fake.silent = false;
    fake.say('c', 'you', 'live');
    await until(() => seen.seqs.length === 1);
    expect(seen).toMatchObject({ seqs: [251], gaps: [[0, 250]] });
  });

  it('does not take the entries that others wrote before an own one for missing', async () => {
    const fake = await server();
    fake.conversation('c', ['me', 'you']);
    const client = await online(fake);
    const seen = watch(client);
    fake.intercept = ({ name }, ack, run) => {
      if (name !== 'message.send') return false;
      const result = run();
      fake.say('c', 'you', 'overtakes the answer');
      setTimeout(() => ack({ ok: result }), 30);
      return true;
    };
    await client.conversations.of('c').send('mine');
    expect(seen.seqs).toEqual([1, 2]);
    expect(fake.commands.filter(({ name }) => name === 'conversation.entries')).toEqual([]);
  });

  it('sends delivery cursors together, at most once a second', async () => {
    const fake = await server();
    for (const id of ['c', 'd']) fake.conversation(id, ['me', 'you']);
    await online(fake);
    for (const n of range(1, 20)) for (const id of ['c', 'd']) fake.say(id, 'you', String(n));
    const delivered = (): unknown[] =>
      fake.commands.filter(({ name }) => name === 'conversation.delivered').map(({ args }) => args);
    await until(() => delivered().length > 0);
    expect(delivered()).toEqual([
      {
        cursors: [
          { conversation: 'c', seq: 20 },
          { conversation: 'd', seq: 20 },
        ],
      },
    ]);
  });
});

describe('who is in a conversation', () => {
  it('is known of two at once, at both ends, and asked for when two are left', async () => {
    const fake = await server();
    const [me, you] = [await online(fake), await online(fake, { credentials: { clientId: 'you' } })];
    const mine = await me.conversations.create({ members: ['you'], unique: true });
    expect(mine.peer).toEqual({ client: 'you', readSeq: 0, deliveredSeq: 0 });
    await until(() => you.conversations.loaded.length === 1);
    const [theirs] = you.conversations.loaded;
    expect(theirs?.peer?.client).toBe('me');
    expect(fake.commands.filter(({ name }) => name === 'conversation.get')).toEqual([]);

    fake.enter(mine.id, ['her'], 'you');
    await until(() => mine.view?.memberCount === 3);
    expect(mine.peer).toBeUndefined();
    const left = fake.conversations.get(mine.id);
    if (left === undefined) throw new Error('it is gone');
    left.members = ['me', 'her'];
    fake.append(left, { conversation: mine.id, seq: 3, time: 3, by: 'you', kind: 'left' } as never);
    await until(() => mine.peer?.client === ('her' as never));
  });

  it('is told with the state of a conversation that was there before', async () => {
    const fake = await server();
    fake.conversation('of me and you', ['me', 'you']);
    const client = await online(fake, { preload: 0 });
    for (const n of range(1, 3)) fake.say('of me and you', 'you', String(n));
    fake.run({
      name: 'conversation.read',
      args: { conversation: 'of me and you', seq: 2 } as never,
      session: { client: 'you' } as never,
    });
    const conversation = await client.conversations.create({ members: ['you'], unique: true });
    expect(conversation.peer?.client).toBe('you');
    await until(() => conversation.peer?.readSeq === 2);
    expect(conversation.unread).toBe(3);
    expect(conversation.lastMessage?.body).toBe('3');
  });

  it('shows my own change without waiting for more', async () => {
    const fake = await server();
    fake.conversation('c', ['me', 'you']);
    const client = await online(fake);
    const conversation = client.conversations.of('c');
    await conversation.send('hello');
    await conversation.add(['her']);
    const since = Date.now();
    await until(() => conversation.view?.memberCount === 3);
    expect(Date.now() - since).toBeLessThan(150); // patience with the network is 250 ms
  });
});

describe('reconnecting', () => {
  it('says when the next attempt comes', async () => {
    const fake = await server();
    const client = await online(fake, { reconnectMs: { first: 60, max: 60 } });
    expect(client.reconnectAt).toBeUndefined();
    const before = Date.now();
    fake.emit('me', { type: 'closing', ...wireError('shutting_down'), reconnectAfterMs: 150 });
    await until(() => client.state === 'waiting');
    expect(client.reconnectAt).toBeGreaterThanOrEqual(before + 150);
    expect(client.reconnectAt).toBeLessThan(Date.now() + 150 + 60);
    await next(client, 'online');
    expect(client.reconnectAt).toBeUndefined();
  });

  it('says when everything that was missed in open conversations is told', async () => {
    const fake = await server();
    for (const id of ['c', 'd']) fake.conversation(id, ['me', 'you']);
    const client = clientOf(fake);
    const first = next(client, 'caughtUp');
    await client.connect();
    await first; // nothing was missed
    const conversation = client.conversations.of('c').open();
    const seen = watch(client);
    fake.refuse = () => wireError('unavailable');
    fake.cut();
    await until(() => client.state === 'waiting');
    for (const n of range(1, 150)) fake.say('c', 'you', String(n));
    fake.intercept = ({ name }, ack, run) => {
      if (name !== 'conversation.entries') return false;
      setTimeout(() => ack({ ok: run() }), 30);
      return true;
    };
    const events: string[] = [];
    for (const event of ['synced', 'caughtUp'] as const)
      client.on(event, () => events.push(`${event} ${seen.seqs.length}`));
    const caughtUp = next(client, 'caughtUp');
    fake.refuse = () => undefined;
    await caughtUp;
    expect(events).toEqual(['synced 0', 'caughtUp 150']);
    expect(conversation.seq).toBe(150);
  });

  it('catches up though presence is refused, and again when the sync failed', async () => {
    const fake = await server();
    fake.conversation('c', ['me', 'you']);
    const client = await online(fake, { callTimeoutMs: 50 });
    await client.presence.subscribe(['you']);
    const troubles: string[] = [];
    client.on('trouble', ({ name }) => troubles.push(name));
    fake.intercept = ({ name }, ack) => {
      if (name !== 'presence.subscribe' && name !== 'conversation.sync') return false;
      ack({ error: wireError(name === 'presence.subscribe' ? 'forbidden' : 'overloaded') });
      return true;
    };
    fake.cut();
    await until(() => troubles.length === 2);
    expect(troubles.toSorted()).toEqual(['forbidden', 'overloaded']);
    fake.intercept = () => false;
    await next(client, 'caughtUp');
  });

  it('resumes with the session token, fetches what was missed, once, and sends the queue', async () => {
    const fake = await server();
    fake.conversation('c', ['me', 'you']);
    const client = await online(fake);
    const seen = watch(client);
    fake.say('c', 'you', '1');
    await until(() => seen.seqs.length === 1);
    fake.refuse = () => wireError('unavailable');
    fake.cut();
    await until(() => client.state === 'waiting');
    for (const n of range(2, 40)) fake.say('c', 'you', String(n));
    const sent = client.conversations.of('c').send('from offline');
    fake.refuse = () => undefined;
    expect((await sent).seq).toBe(41);
    await until(() => seen.seqs.length === 41);
    expect(seen.seqs).toEqual(range(1, 41));
    expect([...fake.sessions].map(({ auth }) => auth.session)).toEqual(['session:me']);
  });

  it('logs in afresh when the session token is refused', async () => {
    const fake = await server();
    let logins = 0;
    const client = await online(fake, { credentials: () => Promise.resolve({ token: (logins++, 'me') }) });
    fake.refuse = (auth) => (auth.session === undefined ? undefined : wireError('session_expired'));
    const back = next(client, 'online');
    fake.cut();
    await back;
    expect(logins).toBe(2);
    expect(client.state).toBe('online');
  });

  it('asks for credentials again when they are too old, then gives up', async () => {
    const fake = await server();
    let logins = 0;
    const client = clientOf(fake, { credentials: () => ({ token: `t${logins++}` }) });
    fake.refuse = () => wireError('token_expired');
    await expect(client.connect()).rejects.toMatchObject({ name: 'token_expired' });
    expect(logins).toBe(4);
    expect(client.state).toBe('closed');
  });

  it.each([
    'kicked',
    'banned',
    'session_conflict',
    'logged_out',
    'app_unavailable',
    'unsupported_version',
  ] as const)('stays away after %s', async (name) => {
    const fake = await server();
    const client = await online(fake);
    const events: string[] = [];
    for (const event of ['conflict', 'kicked', 'closed'] as const) client.on(event, () => events.push(event));
    fake.emit('me', { type: 'closing', ...wireError(name) });
    await until(() => client.state === 'closed');
    const special = { kicked: 'kicked', banned: 'kicked', session_conflict: 'conflict' }[name as string];
    expect(events).toEqual([...(special === undefined ? [] : [special]), 'closed']);
    const again = clientOf(fake);
    fake.refuse = () => wireError(name);
    await expect(again.connect()).rejects.toMatchObject({ name });
  });

  it('comes back after the delay that the server asks for', async () => {
    const fake = await server();
    const client = await online(fake);
    const since = Date.now();
    fake.emit('me', { type: 'closing', ...wireError('shutting_down'), reconnectAfterMs: 150 });
    await next(client, 'online');
    expect(Date.now() - since).toBeGreaterThanOrEqual(145);
  });

  it('survives a restart of the server', async () => {
    const fake = await server();
    fake.conversation('c', ['me', 'you']);
    const client = await online(fake);
    await fake.stop();
    await until(() => client.state !== 'online');
    const sent = client.conversations.of('c').send('patience');
    await fake.start();
    expect((await sent).seq).toBe(1);
  });

  it('joins its rooms again before it sends to them', async () => {
    const fake = await server();
    fake.conversation('r', ['me', 'you'], 'room');
    const client = await online(fake);
    const { room } = await client.rooms.join('r', { last: 5 });
    const seen = watch(client);
    fake.say('r', 'you', '1');
    await until(() => seen.seqs.length === 1);
    fake.commands.length = 0;
    const lost = next(client, 'state');
    fake.cut();
    await lost;
    await room.send('back');
    const names = fake.commands
      .map(({ name }) => name)
      .filter((name) => name === 'room.join' || name === 'message.send');
    expect(names).toEqual(['room.join', 'message.send']);
    fake.say('r', 'you', '3');
    fake.say('r', 'you', '4');
    await until(() => seen.seqs.includes(4));
    expect(seen.seqs).toEqual([1, 2, 3, 4]);
  });

  it('gives nothing twice over a restart of the app, and what was missed', async () => {
    const fake = await server();
    fake.conversation('c', ['me', 'you']);
    const storage = new MemoryStorage();
    const first = await online(fake, { storage });
    const before = watch(first);
    for (const n of range(1, 3)) fake.say('c', 'you', String(n));
    await until(() => before.seqs.length === 3);
    await first.close();
    for (const n of range(4, 9)) fake.say('c', 'you', String(n));
    fake.conversation('new', ['me', 'you']);
    fake.say('new', 'you', 'hi');
    const second = clientOf(fake, { storage });
    const after = watch(second);
    await second.connect();
    await until(() => after.seqs.length === 7);
    expect(after.seqs.filter((seq) => seq > 1)).toEqual(range(4, 9));
    expect(after.bodies).toContain('hi');
  });
});
