import { HongyanClient } from '@hongyan/sdk';
import { rssBytes } from '../load/process-figures.js';
import { WireClient } from '../load/wire-client.js';
import { StoppingProxy } from './stopping-proxy.js';
import { type TestApp, TestServer, until } from './server.js';

/** Clients that stop reading, and the SDK behind a network that does. */

jest.setTimeout(120_000);

const megabyte = 2 ** 20;
const bodyBytes = 40_000;
/** Each of the readers misses so much; nobody may hold that for them. */
const missedBytes = 200 * megabyte;
/** The store's caches, the sockets' own buffers and what may wait for each reader. */
const allowedGrowth = 160 * megabyte;

let server: TestServer;
let app: TestApp;
let sender: WireClient;
beforeAll(async () => {
  server = await TestServer.start();
  app = await server.createApp({ 'limits.commandsPerSecond': 10_000, 'limits.restPerSecond': 10_000 });
  ({ client: sender } = await login('sender'));
});
afterAll(() => server.close());

async function login(clientId: string): Promise<{ client: WireClient; packets: string[] }> {
  const packets: string[] = [];
  const client = await WireClient.connect({
    port: server.port,
    auth: { v: 1, appId: app.id, clientId },
    // The long messages are not kept here: this process has to hold them, too.
    onEvent: (packet) => packet.length < 2_000 && packets.push(packet.toString()),
  });
  return { client, packets };
}

/** An SDK client whose network can stop, and why it lost its connection, each time. */
async function behindProxy(clientId: string) {
  const proxy = await StoppingProxy.to(server.port);
  const lost: unknown[] = [];
  const logger = {
    debug: (what: string, { why }: { why?: unknown } = {}) =>
      void (what === 'reconnecting' && lost.push(why)),
    warn: () => undefined,
  };
  const client = new HongyanClient({
    url: proxy.url,
    appId: app.id,
    credentials: { clientId },
    maxGap: 100_000,
    logger,
  });
  return { client, proxy, lost };
}

async function create(id: string, members: readonly string[]): Promise<void> {
  const made = await server.rest(app, 'POST', '/conversations', { id, members: ['sender', ...members] });
  if (made.status !== 200) throw new Error(made.text);
}

const send = (conversation: string, number: number, bytes: number) =>
  sender.call('message.send', {
    op: `${conversation}-${number}`,
    conversation,
    body: `${number} `.padEnd(bytes, 'x'),
  });

it('are cut off with a code before they cost memory, and nobody else is slowed', async () => {
  const names = ['slow-0', 'slow-1', 'slow-2'];
  const slow = await Promise.all(names.map(login));
  const { client: witness, packets: heard } = await login('witness');
  await create('long', ['witness', ...names]);
  await create('small', ['witness']);
  for (let at = 0; at < 200; at += 1) await send('small', at, 1_000);
  const before = rssBytes(server.pid);
  for (const { client } of slow) client.socket.pause();

  let peak = before;
  let slowest = 0;
  let ticks = 0;
  for (let sent = 0; sent * bodyBytes < missedBytes; sent += 4) {
    await Promise.all([0, 1, 2, 3].map((more) => send('long', sent + more, bodyBytes)));
    peak = Math.max(peak, rssBytes(server.pid));
    if (sent % 100 !== 0) continue;
    const began = performance.now();
    ticks += 1;
    await send('small', 1_000 + ticks, 100);
    await until(() => heard.at(-1)?.includes(`"${1_000 + ticks} `) ?? false, 'the witness hears it');
    slowest = Math.max(slowest, performance.now() - began);
  }
  const online = (await sender.call('presence.query', { clients: [...names, 'witness'] })) as {
    online: string[];
  };
  expect(online.online).toEqual(['witness']);
  expect(witness.closed).toBe(false);

  for (const { client } of slow) client.socket.resume();
  await until(() => slow.every(({ client }) => client.closed), 'all slow clients are cut off');
  // A client that wakes up in time reads why; one that slept for longer finds the connection gone.
  const last = slow.map(({ packets }) => packets.find((packet) => packet.includes('"closing"')));
  for (const packet of last.filter((one) => one !== undefined))
    expect(packet).toMatch(/"code":1203,"name":"resync".*"reconnectAfterMs":\d+/);
  const figures = `${Math.round((peak - before) / megabyte)} MB more for ${missedBytes / megabyte} MB unread by each of ${names.length}`;
  console.log(`${figures}; slowest message to a reader ${Math.round(slowest)} ms`);
  expect(peak - before).toBeLessThan(allowedGrowth);
  expect(slowest).toBeLessThan(5_000);
  witness.close();
});

it('read why they were cut off when they wake up in time', async () => {
  const { client, packets } = await login('dozing');
  await create('doze', ['dozing']);
  client.socket.pause();
  const isOnline = async () =>
    ((await sender.call('presence.query', { clients: ['dozing'] })) as { online: string[] }).online.length >
    0;
  for (let sent = 0; await isOnline(); sent += 10) {
    if (sent > 5_000) throw new Error('it was not cut off');
    await Promise.all(Array.from({ length: 8 }, (_, more) => send('doze', sent + more, bodyBytes)));
  }
  client.socket.resume();
  await until(() => client.closed, 'it is cut off');
  expect(packets.at(-1)).toMatch(/"closing","code":1203,"name":"resync".*"reconnectAfterMs":\d+/);
});

it('catch up exactly when they are back, pages of long messages included', async () => {
  const { client, proxy, lost } = await behindProxy('sleeper');
  try {
    await client.connect({ timeoutMs: 10_000 });
    await create('sleep', ['sleeper']);
    const talk = (await client.conversations.get('sleep')).open();
    const seen: [number, string][] = [];
    client.on('message', ({ message }) => seen.push([message.seq!, message.body.split(' ')[0]!]));
    const count = 600;
    for (let sent = 0; sent < count; sent += 1) {
      if (sent === 20) proxy.stop();
      await send('sleep', sent, bodyBytes);
    }
    const { body } = await server.rest(app, 'GET', '/clients/sleeper/sessions');
    expect(body).toEqual({ sessions: [] });
    proxy.go();
    await until(() => seen.length >= count, 'everything is there', 60_000);
    expect(seen).toEqual(Array.from({ length: count }, (_, at) => [at + 2, String(at)]));
    expect(lost).toEqual([expect.anything()]);
    await until(() => talk.unread === count, 'unread is exact');
  } finally {
    await client.close();
    proxy.close();
  }
});

it('catch up with many conversations at once, all of them full of long messages', async () => {
  const { client, proxy, lost } = await behindProxy('wanderer');
  const names = Array.from({ length: 20 }, (_, at) => `many-${at}`);
  const each = 30;
  try {
    await client.connect({ timeoutMs: 10_000 });
    for (const name of names) await create(name, ['wanderer']);
    const seen = new Map(names.map((name) => [name, [] as string[]]));
    client.on('message', ({ message }) => seen.get(message.conversation)!.push(message.body.split(' ')[0]!));
    await until(() => names.every((name) => client.conversations.of(name).seq > 0), 'all are known');
    proxy.stop();
    for (const name of names)
      for (let sent = 0; sent < each; sent += 5)
        await Promise.all([0, 1, 2, 3, 4].map((more) => send(name, sent + more, bodyBytes)));
    proxy.go();
    const complete = () => [...seen.values()].every((bodies) => bodies.length >= each);
    await until(complete, 'everything is there', 60_000);
    for (const bodies of seen.values())
      expect(bodies).toEqual(Array.from({ length: each }, (_, at) => String(at)));
    expect(lost).toEqual([expect.anything()]);
  } finally {
    await client.close();
    proxy.close();
  }
});
