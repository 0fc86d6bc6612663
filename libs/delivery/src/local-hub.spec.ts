import {
  asAppId,
  asClientId,
  asConversationId,
  asSessionId,
  type CloseOrder,
  type Delivery,
  type OpenSession,
  type ServerEvent,
} from '@hongyan/protocol';
import { LocalHub } from './local-hub.js';
import type { SessionSink, WireFormat } from './ports.js';

const app = asAppId('one');
const other = asAppId('two');
const room = asConversationId('room');

let now = 1_000_000;
let hub: LocalHub;
let encodings = 0;
beforeEach(() => {
  hub = new LocalHub({ now: () => now });
  encodings = 0;
});

const json: WireFormat<string> = {
  name: 'json',
  encode: (event) => {
    encodings += 1;
    return JSON.stringify(event);
  },
};
const upper: WireFormat<string> = { name: 'upper', encode: (event) => JSON.stringify(event).toUpperCase() };

class Sink implements SessionSink<string> {
  readonly got: string[] = [];
  readonly orders: CloseOrder[] = [];
  constructor(
    readonly session: OpenSession,
    readonly format: WireFormat<string> = json,
  ) {}
  write(encoded: string): void {
    this.got.push(encoded);
  }
  close(order: CloseOrder): void {
    this.orders.push(order);
  }
}

const sessionOf = (client: string, session: string, in_ = app, device = session): OpenSession => ({
  app: in_,
  client: asClientId(client),
  session: asSessionId(session),
  device,
});

async function open(session: OpenSession, format = json): Promise<Sink> {
  const sink = new Sink(session, format);
  hub.attach(sink);
  await hub.opened(session);
  return sink;
}

async function drop(sink: Sink, keepRoomsMs = 60_000): Promise<{ last: boolean }> {
  hub.detach(sink);
  return hub.closed(sink.session, keepRoomsMs);
}

const event = (name: string): ServerEvent => ({
  type: 'signal',
  conversation: room,
  from: asClientId('x'),
  name,
});
const delivery = (audience: Delivery['audience'], more: Partial<Delivery> = {}): Delivery => ({
  app,
  audience,
  class: 'entry',
  event: event('hello'),
  ...more,
});
const toClients = (...clients: string[]): Delivery['audience'] => ({
  kind: 'clients',
  clients: clients.map(asClientId),
});

describe('publishing', () => {
  it('reaches all sessions of the clients, encoded once per format, but not the origin', async () => {
    const a1 = await open(sessionOf('ann', 'a1'));
    const a2 = await open(sessionOf('ann', 'a2'));
    const b = await open(sessionOf('bob', 'b'));
    const c = await open(sessionOf('cid', 'c'), upper);
    const d = await open(sessionOf('dan', 'd'));
    hub.publish([delivery(toClients('ann', 'bob', 'cid', 'nobody'), { origin: a1.session.session })]);
    expect([a1, a2, b, c, d].map(({ got }) => got.length)).toEqual([0, 1, 1, 1, 0]);
    expect(a2.got[0]).toBe(b.got[0]);
    expect(c.got[0]).toBe(upper.encode(event('hello')));
    expect(encodings).toBe(1);
  });

  it('gives the author alone the variant for the author', async () => {
    const ann = await open(sessionOf('ann', 'a'));
    const bob = await open(sessionOf('bob', 'b'));
    const authorOnly = { client: asClientId('ann'), event: event('mine') };
    hub.publish([delivery(toClients('ann', 'bob'), { authorOnly })]);
    hub.publish([
      delivery({ kind: 'sessions', sessions: [ann.session.session, bob.session.session] }, { authorOnly }),
    ]);
    for (const { session } of [ann, bob]) await hub.join(app, room, session, 1);
    hub.publish([delivery({ kind: 'room', conversation: room }, { authorOnly })]);
    expect(ann.got.every((text) => text.includes('mine'))).toBe(true);
    expect(bob.got.every((text) => text.includes('hello'))).toBe(true);
    expect([ann.got.length, bob.got.length]).toEqual([3, 3]);
  });

  it('does not reach the same ids of another app', async () => {
    const mine = await open(sessionOf('ann', 's'));
    const theirs = await open(sessionOf('ann', 's', other));
    for (const { session } of [mine, theirs]) await hub.join(session.app, room, session, 1);
    hub.publish([
      delivery(toClients('ann')),
      delivery({ kind: 'room', conversation: room }),
      delivery({ kind: 'sessions', sessions: [asSessionId('s')] }),
    ]);
    hub.close({ app, client: asClientId('ann'), reason: 'kicked' });
    expect([mine.got.length, theirs.got.length]).toEqual([3, 0]);
    expect([mine.orders.length, theirs.orders.length]).toEqual([1, 0]);
    await hub.expel(app, room, [asClientId('ann')]);
    expect(hub.joined(other, room, theirs.session.session)).toBe(true);
    await drop(mine);
    expect([await hub.onlineCount(app), await hub.onlineCount(other)]).toEqual([0, 1]);
  });

  it('goes on after an event that cannot be encoded', async () => {
    const errors: unknown[] = [];
    hub = new LocalHub({ onError: (error) => errors.push(error) });
    const ann = await open(sessionOf('ann', 'a'));
    const cycle: Record<string, unknown> = {};
    cycle.self = cycle;
    hub.publish([
      delivery(toClients('ann'), { event: cycle as unknown as ServerEvent }),
      delivery(toClients('ann')),
    ]);
    expect([errors.length, ann.got.length]).toEqual([1, 1]);
  });

  it('stops at once for a sink that is detached, and goes to the one that took over', async () => {
    const session = sessionOf('ann', 'a');
    const first = await open(session);
    const second = new Sink(session);
    expect(hub.attach(second)).toBe(first);
    hub.detach(first);
    hub.publish([delivery(toClients('ann'))]);
    expect([first.got.length, second.got.length, hub.sessions]).toEqual([0, 1, 1]);
    hub.detach(second);
    hub.publish([delivery(toClients('ann'))]);
    expect([second.got.length, hub.sessions]).toEqual([1, 0]);
  });
});

describe('presence', () => {
  it('counts clients, not sessions', async () => {
    const a1 = await open(sessionOf('ann', 'a1'));
    const a2 = new Sink(sessionOf('ann', 'a2'));
    hub.attach(a2);
    expect(await hub.opened(a2.session)).toEqual({ first: false, resumedRooms: [] });
    expect(await hub.opened(sessionOf('bob', 'b'))).toMatchObject({ first: true });
    expect(await hub.online(app, ['bob', 'cid', 'ann'].map(asClientId))).toEqual(['bob', 'ann']);
    expect(await hub.sessionsOf(app, asClientId('ann'))).toEqual([a1.session, a2.session]);
    expect(await drop(a1)).toEqual({ last: false });
    expect(await drop(a2)).toEqual({ last: true });
    expect(await drop(a2)).toEqual({ last: false });
    expect(await hub.onlineCount(app)).toBe(1);
  });

  it('lists everyone in batches', async () => {
    for (let n = 0; n < 5; n += 1) await open(sessionOf(`c${n}`, `s${n}`));
    const batches = [];
    for await (const batch of hub.everyone(app, 2)) batches.push(batch);
    expect(batches).toEqual([['c0', 'c1'], ['c2', 'c3'], ['c4']]);
  });

  it('is not lost when a session comes back before its old connection is known to be dead', async () => {
    const session = sessionOf('ann', 'a');
    const first = await open(session);
    hub.attach(new Sink(session));
    hub.detach(first);
    expect(await hub.closed(session, 0)).toEqual({ last: false });
    expect(await hub.online(app, [asClientId('ann')])).toEqual(['ann']);
  });

  it('tells who watches, until the session ends', async () => {
    const ann = await open(sessionOf('ann', 'a'));
    const bob = await open(sessionOf('bob', 'b'));
    await hub.watch(app, ann.session.session, ['x', 'x', 'y'].map(asClientId));
    await hub.watch(app, bob.session.session, [asClientId('x')]);
    expect(await hub.watchers(app, asClientId('x'))).toEqual(['a', 'b']);
    await hub.watch(app, ann.session.session, [asClientId('y')]);
    expect(await hub.watchers(app, asClientId('x'))).toEqual(['b']);
    await drop(bob);
    expect(await hub.watchers(app, asClientId('x'))).toEqual([]);
    expect(await hub.watchers(other, asClientId('y'))).toEqual([]);
  });
});

describe('rooms', () => {
  it('count distinct clients and leave the eldest when a session is in too many', async () => {
    const a1 = await open(sessionOf('ann', 'a1'));
    const a2 = await open(sessionOf('ann', 'a2'));
    const bob = await open(sessionOf('bob', 'b'));
    for (const { session } of [a1, a2, bob]) await hub.join(app, room, session, 2);
    expect(await hub.count(app, room)).toBe(2);
    expect(await hub.sample(app, room, 1)).toEqual(['ann']);
    await hub.leave(app, room, a1.session.session);
    expect([await hub.count(app, room), hub.joined(app, room, a1.session.session)]).toEqual([2, false]);
    const [x, y] = ['x', 'y'].map(asConversationId) as [typeof room, typeof room];
    expect(await hub.join(app, x, bob.session, 2)).toEqual({ left: [] });
    expect(await hub.join(app, y, bob.session, 2)).toEqual({ left: [room] });
    expect(await hub.join(app, y, bob.session, 2)).toEqual({ left: [] });
    expect(await hub.join(app, room, bob.session, 1)).toEqual({ left: [x, y] });
  });

  it('are kept for the re-join window, counted meanwhile, and given back to the session', async () => {
    const ann = await open(sessionOf('ann', 'a'));
    await hub.join(app, room, ann.session, 1);
    await drop(ann, 60_000);
    now += 59_000;
    expect([await hub.count(app, room), await hub.onlineCount(app)]).toEqual([1, 0]);
    expect(await hub.keepsRooms(ann.session)).toBe(true);
    hub.attach(ann);
    expect(await hub.opened(ann.session)).toEqual({ first: true, resumedRooms: [room] });
    now += 120_000;
    expect(await hub.count(app, room)).toBe(1);
    hub.publish([delivery({ kind: 'room', conversation: room })]);
    expect(ann.got).toHaveLength(1);
  });

  it('are given to a new session of the same device, not of another', async () => {
    const ann = await open(sessionOf('ann', 'a', app, 'phone'));
    await hub.join(app, room, ann.session, 1);
    await drop(ann);
    expect((await hub.opened(sessionOf('ann', 'b', app, 'tablet'))).resumedRooms).toEqual([]);
    expect((await hub.opened(sessionOf('ann', 'c', app, 'phone'))).resumedRooms).toEqual([room]);
    expect(await hub.count(app, room)).toBe(1);
    expect(hub.joined(app, room, asSessionId('a'))).toBe(false);
  });

  it('are left when the window ends, at once without one, and when the session is closed by order', async () => {
    const [ann, bob, cid] = [
      await open(sessionOf('ann', 'a')),
      await open(sessionOf('bob', 'b')),
      await open(sessionOf('cid', 'c')),
    ];
    for (const { session } of [ann, bob, cid]) await hub.join(app, room, session, 1);
    await drop(ann, 10_000);
    await drop(bob, 0);
    await drop(cid, 1_000_000);
    expect(await hub.count(app, room)).toBe(2);
    now += 11_000;
    expect(await hub.count(app, room)).toBe(1);
    expect(await hub.keepsRooms(ann.session)).toBe(false);
    hub.close({ app, client: asClientId('cid'), reason: 'banned' });
    expect(await hub.count(app, room)).toBe(0);
  });

  it('expel every session of a client, those that are waited for too', async () => {
    const a1 = await open(sessionOf('ann', 'a1'));
    const a2 = await open(sessionOf('ann', 'a2'));
    for (const { session } of [a1, a2]) await hub.join(app, room, session, 1);
    await drop(a2);
    await hub.expel(app, room, [asClientId('ann')]);
    expect(await hub.count(app, room)).toBe(0);
    expect((await hub.opened(a2.session)).resumedRooms).toEqual([]);
  });
});

it('keeps nothing of sessions that are gone', async () => {
  for (let n = 0; n < 100; n += 1) {
    const sink = await open(sessionOf(`c${n % 7}`, `s${n}`));
    await hub.join(app, asConversationId(`r${n % 3}`), sink.session, 1);
    await hub.watch(app, sink.session.session, [asClientId('x')]);
    await drop(sink, n % 2 === 0 ? 1_000 : 0);
  }
  now += 10_000;
  await hub.count(app, room);
  expect((hub as unknown as { apps: Map<unknown, unknown> }).apps.size).toBe(0);
});
