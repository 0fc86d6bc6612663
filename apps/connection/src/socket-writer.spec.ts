import { connect, type Socket as NetSocket } from 'node:net';
import {
  asClientId,
  asConversationId,
  type Delivery,
  type EventClass,
  type ServerEvent,
} from '@hongyan/protocol';
import { eventFrame, frameBytes, readPacket } from './frames.js';
import { type RawClient, type Rig, sampleApp, startRig } from './fixtures.contract.js';

const app = sampleApp('one', {
  limits: { ...sampleApp('x').limits, commandsPerSecond: 10_000, frameBytes: 200_000, bodyBytes: 200_000 },
});

let rig: Rig;
let client: RawClient;
beforeEach(async () => {
  rig = await startRig([app], { maxBufferedBytes: 400_000, softBufferedBytes: 50_000 });
  client = rig.client();
  await client.event('session');
});
afterEach(() => rig.stop());

const publish = (name: string, eventClass: EventClass = 'entry', more: Partial<Delivery> = {}): void =>
  rig.hub.publish([
    {
      app: app.id,
      audience: { kind: 'clients', clients: [asClientId('ann')] },
      class: eventClass,
      event: { type: 'signal', conversation: asConversationId('c'), from: asClientId('bob'), name },
      ...more,
    },
  ]);

/** The net socket on the server's side of the first client. */
function netSocket(): NetSocket {
  const [socket] = rig.server.sockets.sockets.values();
  return (socket!.conn as unknown as { transport: { socket: { _socket: NetSocket } } }).transport.socket
    ._socket;
}

const names = (events: ServerEvent[]) =>
  events.flatMap((event) => (event.type === 'signal' ? [event.name] : []));
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('frames', () => {
  it.each([0, 1, 125, 126, 65_535, 65_536, 200_000])('of %i bytes are WebSocket frames', async (length) => {
    const name = 'é'.repeat(length / 2);
    publish(name);
    await client.until(() => client.events.length === 2);
    expect(names(client.events)).toEqual([name]);
  });

  it('have the length in bytes', () => {
    expect([...frameBytes('é').subarray(0, 2)]).toEqual([0x81, 2]);
    expect([...frameBytes('x'.repeat(126)).subarray(0, 4)]).toEqual([0x81, 126, 0, 126]);
    expect([...frameBytes('x'.repeat(65_536)).subarray(0, 10)]).toEqual([0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]);
  });

  it('of cursors say what they supersede', () => {
    const cursor = { type: 'cursor', conversation: asConversationId('c'), client: asClientId('a') } as const;
    const keys = [{ read: 1 }, { read: 2 }, { delivered: 2 }, { read: 2, delivered: 2 }].map(
      (more) => eventFrame({ ...cursor, ...more }).key,
    );
    expect(keys[0]).toBe(keys[1]);
    expect(new Set(keys).size).toBe(3);
  });

  it('with ids that no number holds exactly are no commands', () => {
    expect(readPacket('2123456789012345["c"]')).toMatchObject({ kind: 'event', id: 123456789012345 });
    expect(readPacket('21234567890123456["c"]')).toEqual({ kind: 'violation', id: -1 });
  });
});

describe('one write per socket and turn', () => {
  it('carries every acknowledgement and event of the turn, in order', async () => {
    const write = jest.spyOn(netSocket(), 'write');
    rig.commands.answer = () => publish('by the command');
    const ids = Array.from({ length: 5 }, () => client.send('client.unread'));
    await Promise.all(ids.map((id) => client.ack(id)));
    // Five frames from one client may arrive in more than one read of the server's socket.
    expect(write.mock.calls.length).toBeLessThanOrEqual(2);
    write.mockClear();
    for (let count = 0; count < 100; count += 1) publish(String(count));
    expect(write).not.toHaveBeenCalled();
    await client.until(() => names(client.events).length === 105);
    expect(write).toHaveBeenCalledTimes(1);
    expect(names(client.events).slice(5)).toEqual(Array.from({ length: 100 }, (_, count) => String(count)));
  });

  it('hands one and the same buffer to all who get a single event', async () => {
    const second = rig.client();
    await second.event('session');
    const buffers: unknown[] = [];
    for (const socket of rig.server.sockets.sockets.values()) {
      const { _socket } = (socket.conn as unknown as { transport: { socket: { _socket: NetSocket } } })
        .transport.socket;
      jest.spyOn(_socket, 'write').mockImplementation((bytes: unknown) => buffers.push(bytes) > 0);
    }
    publish('shared');
    await turn();
    expect(buffers).toHaveLength(2);
    expect(buffers[0]).toBe(buffers[1]);
  });

  it('keeps heartbeats going between our frames', async () => {
    const beating = await startRig([app], { heartbeatMs: 30, heartbeatTimeoutMs: 500 });
    const listener = beating.client();
    await listener.event('session');
    const end = Date.now() + 200;
    let sent = 0;
    while (Date.now() < end) {
      beating.hub.publish([
        {
          app: app.id,
          audience: { kind: 'clients', clients: [asClientId('ann')] },
          class: 'entry',
          event: {
            type: 'signal',
            conversation: asConversationId('c'),
            from: asClientId('b'),
            name: String(sent),
          },
        },
      ]);
      sent += 1;
      await turn();
    }
    await listener.until(() => names(listener.events).length === sent);
    expect(names(listener.events)).toEqual(Array.from({ length: sent }, (_, count) => String(count)));
    expect(listener.closed).toBe(false);
    await beating.stop();
  });

  it('closes after everything that waited', async () => {
    for (let count = 0; count < 3; count += 1) publish(String(count));
    rig.hub.close({ app: app.id, client: asClientId('ann'), reason: 'kicked' });
    publish('too late');
    await client.whenClosed();
    expect(client.events.map((event) => (event.type === 'signal' ? event.name : event.type))).toEqual([
      'session',
      '0',
      '1',
      '2',
      'closing',
    ]);
  });
});

/** A client that logs in over a bare socket and then reads nothing more. */
async function pausedReader(): Promise<NetSocket> {
  const { port } = new URL(rig.url);
  const socket = connect({ port: Number(port), host: '127.0.0.1' });
  socket.on('error', () => undefined);
  socket.write(
    `GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
      `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
  );
  const login = Buffer.from('40{"v":1,"appId":"one","clientId":"sloth"}');
  const header = Buffer.from([0x81, 0x80 | login.length, 0, 0, 0, 0]);
  await new Promise<void>((resolve) => {
    let seen = '';
    socket.on('data', (data) => {
      seen += data.toString('latin1');
      if (seen.includes('"sid"') && !seen.includes('40{')) socket.write(Buffer.concat([header, login]));
      if (!seen.includes('"type":"session"')) return;
      socket.removeAllListeners('data');
      socket.pause();
      resolve();
    });
  });
  return socket;
}

describe('a reader that reads', () => {
  it('gets an answer of any size, with the events of meanwhile', async () => {
    rig.commands.answer = () => ({ text: 'x'.repeat(2_000_000) });
    for (let count = 0; count < 3; count += 1) {
      const id = client.send('client.unread');
      await turn();
      publish(String(count));
      expect(JSON.stringify(await client.ack(id)).length).toBeGreaterThan(2_000_000);
    }
    await client.until(() => names(client.events).length === 3);
    expect(names(client.events)).toEqual(['0', '1', '2']);
    expect(client.closed).toBe(false);
    expect(sessions().map(({ bufferedBytes }) => bufferedBytes)).toEqual([0]);
  });
});

describe('commands of one session', () => {
  it('with long answers are carried out four at a time, and no other overtakes them', async () => {
    const goOn: (() => void)[] = [];
    rig.commands.answer = (name) =>
      name === 'message.history' ? new Promise<object>((resolve) => goOn.push(() => resolve({}))) : {};
    const begun = () => rig.commands.calls.map(({ name }) => name);
    const ids = Array.from({ length: 6 }, () => client.send('message.history', { conversation: 'c' }));
    const last = client.send('client.unread');
    while (goOn.length < 4) await turn();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(begun()).toEqual(Array.from({ length: 4 }, () => 'message.history'));
    goOn[1]!();
    while (goOn.length < 5) await turn();
    expect(begun()).toHaveLength(5);
    for (const go of goOn) go();
    while (goOn.length < 6) await turn();
    goOn[5]!();
    expect((await client.ack(last)).ok).toBeDefined();
    await Promise.all(ids.map((id) => client.ack(id)));
    expect(begun().slice(5)).toEqual(['message.history', 'client.unread']);
  });

  it('are not cut off by a short answer behind a long one', async () => {
    const texts = ['x'.repeat(8_000_000), 'short'];
    rig.commands.answer = () => ({ text: texts.shift() });
    const long = client.send('client.unread');
    const short = client.send('client.unread');
    expect(JSON.stringify(await client.ack(short))).toContain('short');
    expect(JSON.stringify(await client.ack(long)).length).toBeGreaterThan(8_000_000);
    expect(client.closed).toBe(false);
  });
});

describe('a reader that stops reading', () => {
  const toSloth = { audience: { kind: 'clients', clients: [asClientId('sloth')] } } as const;
  const big = 'x'.repeat(10_000);

  it('is cut off before it costs memory', async () => {
    const reader = await pausedReader();
    const ended = () => rig.commands.ended.some(({ session }) => session.client === 'sloth');
    let published = 0;
    let most = 0;
    while (!ended() && published < 20_000) {
      publish(big, 'entry', toSloth);
      published += 1;
      await turn();
      for (const { bufferedBytes } of sessions()) most = Math.max(most, bufferedBytes);
    }
    expect(ended()).toBe(true);
    expect(most).toBeLessThanOrEqual(400_000);
    expect(rig.commands.ended[0]?.reason).toBe('lost');
    // The kernel may still hold what was written; a reader that wakes up finds why it was closed.
    await new Promise<void>((resolve) => {
      reader.on('data', (data) => data.includes('"name":"resync"') && resolve());
      reader.resume();
    });
    reader.destroy();
  });

  it('is terminated if it does not wake up', async () => {
    const reader = await pausedReader();
    const ended = () => rig.commands.ended.some(({ session }) => session.client === 'sloth');
    while (!ended()) {
      publish(big, 'entry', toSloth);
      await turn();
    }
    expect(rig.door.pool.closing).toBe(1);
    rig.door.pool.cutOff(Date.now() + 2_001);
    expect(rig.door.pool.closing).toBe(0);
    reader.destroy();
  });

  it('misses signals and low room messages first, and gets one cursor for many', async () => {
    const reader = await pausedReader();
    const [sloth] = sessions().filter(({ session }) => session.client === 'sloth');
    while (sloth!.bufferedBytes < 60_000) {
      publish(big, 'entry', toSloth);
      await turn();
    }
    const before = sloth!.bufferedBytes;
    publish(big, 'signal', toSloth);
    expect(sloth!.bufferedBytes).toBe(before);
    const cursor = (read: number): Partial<Delivery> => ({
      ...toSloth,
      event: { type: 'cursor', conversation: asConversationId('c'), client: asClientId('b'), read },
    });
    for (let read = 1; read <= 9; read += 1) publish('', 'cursor', cursor(read));
    expect(sloth!.bufferedBytes - before).toBe(eventFrame(cursor(9).event!).bytes.length);
    const takes = (priority: 'high' | 'normal' | 'low') => {
      const bytes = sloth!.bufferedBytes;
      publish(big, 'room', { ...toSloth, priority });
      return sloth!.bufferedBytes > bytes;
    };
    while (sloth!.bufferedBytes <= 100_000) publish(big, 'entry', toSloth);
    expect([takes('low'), takes('normal'), takes('high')]).toEqual([false, true, true]);
    while (sloth!.bufferedBytes <= 150_000) publish(big, 'entry', toSloth);
    expect([takes('normal'), takes('high')]).toEqual([false, true]);
    reader.destroy();
  });

  it('who asks on without reading waits, and gets every answer once it reads', async () => {
    rig.commands.answer = () => ({ text: big });
    client.socket.pause();
    const answered = () => rig.commands.calls.length;
    const ids: number[] = [];
    // What the kernel takes does not wait here.
    for (let before = -1; answered() > before || sessions()[0]!.bufferedBytes < 400_000;) {
      before = answered();
      for (let count = 0; count < 10; count += 1) ids.push(client.send('client.unread'));
      await new Promise((resolve) => setTimeout(resolve, 20));
      if (ids.length > 5_000) throw new Error('it never waits');
    }
    const begun = answered();
    expect(sessions()[0]!.bufferedBytes).toBeLessThan(500_000);
    expect(begun).toBeLessThan(ids.length);
    client.socket.resume();
    const answers = await Promise.all(ids.map((id) => client.ack(id)));
    expect(answers.filter(({ ok }) => ok === undefined)).toEqual([]);
    expect(answered()).toBe(ids.length);
    expect(client.closed).toBe(false);
  });

  it('may let a hundred commands wait, and is asked to come back with more', async () => {
    rig.commands.answer = () => ({ text: 'x'.repeat(8_000_000) });
    client.socket.pause();
    const long = client.send('client.unread');
    while (rig.commands.calls.length < 1) await turn();
    await turn();
    const ids = Array.from({ length: 105 }, () => client.send('client.unread'));
    client.send('conversation.delivered', { conversation: 'c', seq: 1 });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(rig.commands.calls).toHaveLength(1);
    rig.commands.answer = () => ({});
    client.socket.resume();
    const answers = await Promise.all(ids.map((id) => client.ack(id)));
    expect(answers.map(({ error }) => error?.name)).toEqual([
      ...Array.from({ length: 100 }, () => undefined),
      ...Array.from({ length: 5 }, () => 'rate_limited'),
    ]);
    expect(answers.at(-1)?.error?.retryAfterMs).toBeGreaterThanOrEqual(1_000);
    expect((await client.ack(long)).ok).toBeDefined();
  });
});

function sessions() {
  const { sessions: all } = rig.door as unknown as {
    sessions: Set<{ bufferedBytes: number; session: { client: string } }>;
  };
  return [...all];
}
