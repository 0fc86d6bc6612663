import { wireError } from '../test/fake-logs.js';
import { clientOf, next, online, range, server, until, watch } from '../test/stage.js';
import { MemoryStorage } from './storage.js';

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

  it('catches up with many conversations a few at a time', async () => {
    const fake = await server();
    const ids = range(1, 20).map((n) => `c${n}`);
    for (const id of ids) fake.conversation(id, ['me', 'you']);
    const client = clientOf(fake);
    const first = next(client, 'caughtUp');
    await client.connect();
    await first;
    const seen = watch(client);
    fake.refuse = () => wireError('unavailable');
    fake.cut();
    await until(() => client.state === 'waiting');
    for (const id of ids) for (const n of range(1, 5)) fake.say(id, 'you', String(n));
    let [underWay, most] = [0, 0];
    fake.intercept = ({ name }, ack, run) => {
      if (name !== 'conversation.entries') return false;
      most = Math.max(most, ++underWay);
      setTimeout(() => {
        underWay -= 1;
        ack({ ok: run() });
      }, 5);
      return true;
    };
    fake.refuse = () => undefined;
    await until(() => seen.seqs.length === 100);
    expect(most).toBe(3);
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
    await until(() => new Set(troubles).size === 2);
    expect(new Set(troubles)).toEqual(new Set(['forbidden', 'overloaded'])); // the sync is tried again, and may fail again
    expect(troubles.filter((name) => name === 'forbidden')).toHaveLength(1);
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

  it('leaves no timer behind when it is refused for good, and may be asked to connect again', async () => {
    const fake = await server();
    const begun = jest.spyOn(globalThis, 'setInterval');
    const ended = jest.spyOn(globalThis, 'clearInterval');
    const client = clientOf(fake);
    fake.refuse = () => wireError('token_invalid');
    await expect(client.connect()).rejects.toMatchObject({ name: 'token_invalid' });
    expect(begun).toHaveBeenCalled();
    for (const { value } of begun.mock.results) expect(ended).toHaveBeenCalledWith(value);
    jest.restoreAllMocks();
    fake.refuse = () => undefined;
    await client.connect();
    expect(client.state).toBe('online');
  });

  it('does not connect again once it was closed', async () => {
    const fake = await server();
    const client = await online(fake);
    await client.close();
    await expect(client.connect()).rejects.toMatchObject({ name: 'client_closed' });
    expect(client.state).toBe('closed');
  });

  it('gives a call up at once when it is aborted between two attempts', async () => {
    const fake = await server();
    const client = await online(fake);
    fake.intercept = ({ name }, ack) =>
      name === 'client.unread' && (ack({ error: wireError('overloaded', { retryAfterMs: 4_000 }) }), true);
    const abort = new AbortController();
    const call = client.call('client.unread', {}, { signal: abort.signal });
    await until(() => fake.commands.some(({ name }) => name === 'client.unread'));
    const since = Date.now();
    setTimeout(() => abort.abort(), 50);
    await expect(call).rejects.toThrow('aborted');
    expect(Date.now() - since).toBeLessThan(2_000);
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

  it('begins anew when a backup was restored, even if its log goes on beyond what it saw', async () => {
    const fake = await server();
    for (const id of ['c', 'd']) fake.conversation(id, ['me', 'you']);
    const storage = new MemoryStorage();
    const client = await online(fake, { storage });
    const seen = watch(client);
    for (const n of range(1, 5)) fake.say('c', 'you', String(n));
    fake.say('d', 'you', 'hi');
    await until(() => seen.seqs.length === 6);
    fake.restore('c', 2);
    const caughtUp = next(client, 'caughtUp');
    fake.cut();
    await caughtUp;
    expect(seen.gaps).toEqual([
      [0, 2],
      [0, 1],
    ]);
    const conversation = client.conversations.of('c');
    expect(conversation).toMatchObject({ unread: 2, seq: 2, lastMessage: { body: '2' } });
    fake.say('c', 'you', 'after the restore');
    await until(() => seen.bodies.includes('after the restore'));
    expect(conversation).toMatchObject({ unread: 3, seq: 3 });
    await client.close();

    fake.restore('c', 1);
    for (const n of range(2, 6)) fake.say('c', 'you', `of another history, ${n}`);
    const later = clientOf(fake, { storage });
    const told = watch(later);
    await later.connect();
    await until(() => later.conversations.of('c').own !== undefined);
    fake.say('c', 'you', 'once more');
    await until(() => told.bodies.includes('once more'));
    expect(told.bodies).toEqual(['once more']);
    expect(told.gaps).toEqual([
      [0, 6],
      [0, 1],
    ]);
  });

  it('hears a room whose backup was restored', async () => {
    const fake = await server();
    fake.conversation('r', ['me', 'you'], 'room');
    const client = await online(fake);
    await client.rooms.join('r');
    const seen = watch(client);
    for (const n of range(1, 5)) fake.say('r', 'you', String(n));
    await until(() => seen.seqs.length === 5);
    fake.restore('r', 2);
    const caughtUp = next(client, 'caughtUp');
    fake.cut();
    await caughtUp;
    fake.say('r', 'you', 'after the restore');
    await until(() => seen.bodies.includes('after the restore'));
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
