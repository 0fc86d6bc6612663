import { createHmac } from 'node:crypto';
import { connect } from 'node:net';
import { rssBytes } from '../load/process-figures.js';
import { WireClient } from '../load/wire-client.js';
import { FuzzInputs } from './fuzz-inputs.js';
import { pause, type TestApp, TestServer, until } from './server.js';

jest.setTimeout(240_000);

const wanted = Number(process.env.HONGYAN_FUZZ_INPUTS ?? 100_000);
const seed = Number(process.env.HONGYAN_FUZZ_SEED ?? Date.now() % 1e9);
/** Caches fill and level off at about 350 MB, however many inputs come (tried with 500,000). */
const allowedMemory = 512 * 1024 * 1024;

let server: TestServer;
let app: TestApp;
let strict: TestApp;
let inputs = 0;
const fuzz = new FuzzInputs(seed);

beforeAll(async () => {
  console.log(`HONGYAN_FUZZ_SEED=${seed}`);
  server = await TestServer.start({ env: { HONGYAN_LOG_LEVEL: 'error' } });
  app = await server.createApp({ 'limits.commandsPerSecond': 100_000, 'limits.restPerSecond': 100_000 });
  strict = await server.createApp({ 'login.unsigned': false, 'limits.restPerSecond': 100_000 });
});
afterAll(() => server.close());

interface Session {
  readonly client: WireClient;
  readonly events: string[];
}

async function login(of: TestApp, auth: object): Promise<Session> {
  const events: string[] = [];
  const client = await WireClient.connect({
    port: server.port,
    auth: { v: 1, appId: of.id, ...auth },
    onEvent: (packet) => events.push(packet.toString('utf8', 0, 400)),
  });
  await until(() => events.length > 0 || client.closed, 'the session event');
  return { client, events };
}

const codeOf = (json: string): number => Number(/"code":(\d+)/.exec(json)?.[1] ?? 0);

/** Two clients that chat all the time and must not notice anything. */
class Bystanders {
  slowestMs = 0;
  sent = 0;
  private heard: string[] = [];
  private timer: NodeJS.Timeout | undefined;

  async start(): Promise<void> {
    const { client: ann } = await login(app, { clientId: 'bystander-a' });
    const { events } = await login(app, { clientId: 'bystander-b' });
    this.heard = events;
    const { conversation } = (await ann.call('conversation.create', {
      op: 'b',
      members: ['bystander-b'],
    })) as {
      conversation: { id: string };
    };
    this.timer = setInterval(() => {
      const began = performance.now();
      const number = (this.sent += 1);
      void ann
        .call('message.send', { op: `b${number}`, conversation: conversation.id, body: `tick ${number}` })
        .then(() => (this.slowestMs = Math.max(this.slowestMs, performance.now() - began)));
    }, 100);
  }

  async finish(): Promise<number> {
    clearInterval(this.timer);
    const ticks = () => this.heard.filter((event) => event.includes('"body":"tick '));
    await until(() => ticks().length === this.sent, 'the bystander heard everything');
    expect(ticks().every((event, at) => event.includes(`"body":"tick ${at + 1}"`))).toBe(true);
    return this.slowestMs;
  }
}

/** Bytes that are neither HTTP nor, after an upgrade, WebSocket. */
async function rawSockets(count: number): Promise<void> {
  for (let at = 0; at < count; at += 50) {
    await Promise.all(
      Array.from({ length: 50 }, async (_, index) => {
        const upgraded = index % 2 === 0;
        const socket = connect({ port: server.port, host: '127.0.0.1' });
        socket.on('error', () => undefined);
        if (upgraded) {
          socket.write(
            'GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n',
          );
          await new Promise((resolve) => socket.once('data', resolve).once('close', resolve));
        }
        for (let part = 0; part < 5; part += 1) socket.write(upgraded ? fuzz.frame() : fuzz.bytes(300));
        inputs += 5;
        await pause(20);
        socket.destroy();
      }),
    );
  }
}

/** Packets that are no commands: the session is told and closed. */
async function packets(connections: number): Promise<void> {
  let told = 0;
  for (let at = 0; at < connections; at += 25) {
    await Promise.all(
      Array.from({ length: 25 }, async (_, index) => {
        const { client, events } = await login(app, { clientId: `packets-${index}` });
        for (let count = 0; count < 15 && !client.closed; count += 1) {
          client.send(fuzz.packet());
          inputs += 1;
        }
        await Promise.race([until(() => client.closed, 'it is closed', 300).catch(() => undefined)]);
        if (events.some((event) => event.includes('"closing"') && codeOf(event) > 1000)) told += 1;
        client.close();
      }),
    );
  }
  expect(told).toBeGreaterThan(connections / 3);
}

/** Wrong types, unknown operations and too much: each is answered with its code. */
async function commands(count: number): Promise<Map<number, number>> {
  const codes = new Map<number, number>();
  const sessions = await Promise.all(
    Array.from({ length: 20 }, (_, at) => login(app, { clientId: `fuzz-${at}` })),
  );
  let waiting = 0;
  const unanswered: string[] = [];
  const ask = ({ client }: Session, name: string, args: string) => {
    waiting += 1;
    inputs += 1;
    client.command(name, args, (json) => {
      waiting -= 1;
      const code = codeOf(json);
      codes.set(code, (codes.get(code) ?? 0) + 1);
      if (code === 1000 || (json.startsWith('[{"error"') && code === 0))
        unanswered.push(`${name} ${args.slice(0, 300)}: ${json}`);
    });
  };
  for (let at = 0; at < count; at += 1) {
    const session = sessions[at % sessions.length]!;
    if (session.client.closed) throw new Error(`a session ended: ${session.events.at(-1)}`);
    if (at % 20 === 0) ask(session, fuzz.pick(['no.such', '__proto__', 'toString', 'message', '']), '{}');
    else if (at % 500 === 1)
      ask(session, 'message.send', JSON.stringify({ op: 'big', body: 'x'.repeat(70_000) }));
    else {
      const { name, args } = fuzz.command();
      ask(session, name, args);
    }
    if (waiting > 2_000) await until(() => waiting < 500, 'answers');
  }
  await until(() => waiting === 0, 'every command is answered', 30_000);
  expect(unanswered).toEqual([]);
  for (const { client } of sessions) client.close();
  return codes;
}

const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

function jwt(claims: object, key: string, algorithm = 'HS256'): string {
  const signed = `${encode({ alg: algorithm, typ: 'JWT' })}.${encode(claims)}`;
  return `${signed}.${algorithm === 'none' ? '' : createHmac('sha256', key).update(signed).digest('base64url')}`;
}

/** Logins that must fail, with the code they must fail with (0: any). */
function badLogins(): [object, number][] {
  const now = Math.floor(Date.now() / 1000);
  const good = { sub: 'eve', aud: strict.id, iat: now, exp: now + 600 };
  const valid = jwt(good, strict.masterKey);
  return [
    [{ token: jwt({ ...good, iat: now - 7200, exp: now - 3600 }, strict.masterKey) }, 1102],
    [{ token: jwt(good, 'another key that is long enough') }, 1101],
    [{ token: jwt({ ...good, aud: app.id }, strict.masterKey) }, 1101],
    [{ token: jwt(good, strict.masterKey, 'none') }, 1101],
    [{ token: `${valid.slice(0, -4)}AAAA` }, 1101],
    [{ token: fuzz.text(200) }, 0],
    [{ session: fuzz.text(200) }, 0],
    [{ session: valid }, 0],
    [{ clientId: 'eve' }, 1107],
    [{ clientId: 'eve', signature: { timestamp: now, nonce: 'n', signature: 'f'.repeat(64) } }, 1103],
    [{ clientId: 'eve', signature: fuzz.value() }, 0],
    [{ v: 2, clientId: 'eve' }, 1003],
    [{ v: fuzz.text(), clientId: 'eve' }, 1003],
    [{ appId: 'nobody', clientId: 'eve' }, 1107],
    [{ appId: fuzz.value(), clientId: fuzz.value() }, 0],
  ];
}

async function logins(rounds: number): Promise<void> {
  const wrong: string[] = [];
  for (let round = 0; round < rounds; round += 1) {
    await Promise.all(
      badLogins().map(async ([auth, code]) => {
        inputs += 1;
        const error = await login(strict, auth).then(
          () => undefined,
          (thrown: Error) => thrown,
        );
        const got = codeOf(error?.message ?? '');
        if (error === undefined || got <= 1000 || (code !== 0 && got !== code))
          wrong.push(
            `${JSON.stringify(auth).slice(0, 200)}: ${error?.message ?? 'let in'} instead of ${code}`,
          );
      }),
    );
  }
  expect(wrong).toEqual([]);
}

/** Far more than a session may send: refused, then cut off with a code. */
async function floods(connections: number): Promise<void> {
  const limited = await server.createApp({ 'limits.commandsPerSecond': 20 });
  for (let at = 0; at < connections; at += 1) {
    const { client, events } = await login(limited, { clientId: `flood-${at}` });
    const codes = new Set<number>();
    for (let count = 0; count < 3_000 && !client.closed; count += 1) {
      inputs += 1;
      client.command('presence.query', '{"clients":["x"]}', (json) => codes.add(codeOf(json)));
      if (count % 100 === 99) await pause(1);
    }
    await until(() => client.closed, 'the flooding session is closed', 5_000);
    expect([...codes]).toContain(1005);
    expect(events.some((event) => /"closing","code":1206,"name":"flooding"/.test(event))).toBe(true);
  }
}

async function restCalls(count: number): Promise<void> {
  const wrong: string[] = [];
  const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];
  const paths = [
    '/conversations',
    '/conversations/%00',
    '/conversations/x/messages',
    '/messages',
    '/clients/x/kick',
    '/clients/%ff/sync',
    '/nothing',
    '/../admin/v1/apps',
    '/rooms/x/count',
  ];
  const one = async () => {
    const method = fuzz.pick(methods);
    const path =
      fuzz.pick(paths) +
      (fuzz.next() < 0.3
        ? `?limit=${encodeURIComponent(fuzz.text().toWellFormed())}&where=${encodeURIComponent(fuzz.text().toWellFormed())}`
        : '');
    const key = fuzz.next() < 0.7 ? app.masterKey : 'not-the-key';
    const body =
      method === 'GET' ? undefined : fuzz.next() < 0.4 ? fuzz.text(300) : JSON.stringify(fuzz.value());
    inputs += 1;
    const { status, text } = await server.request(method, `/api/v1${path}`, key, body, {
      'x-hongyan-app': app.id,
    });
    if (status >= 500 || (status >= 400 && codeOf(text) <= 1000))
      wrong.push(`${method} ${path} ${body?.slice(0, 200)}: ${status} ${text.slice(0, 200)}`);
  };
  for (let at = 0; at < count; at += 20) await Promise.all(Array.from({ length: 20 }, one));
  expect(wrong.slice(0, 5)).toEqual([]);
}

it(`answers or cuts off ${wanted} bad inputs, and nobody else notices`, async () => {
  const bystanders = new Bystanders();
  await bystanders.start();
  await logins(3);
  await commands(2_000);
  const before = rssBytes(server.pid);
  await rawSockets(1_000);
  await packets(300);
  await logins(100);
  await floods(3);
  await restCalls(4_000);
  await commands(Math.max(20_000, (wanted - inputs) / 2));
  const halfway = rssBytes(server.pid);
  const codes = await commands(Math.max(20_000, wanted - inputs));
  const slowest = await bystanders.finish();
  for (const code of [1001, 1002, 1004, 1010]) expect(codes.get(code)).toBeGreaterThan(0);
  expect(inputs).toBeGreaterThanOrEqual(wanted);
  expect(server.alive).toBe(true);
  expect(server.output).not.toMatch(/uncaught|unhandled/i);
  const after = rssBytes(server.pid);
  const megabytes = (bytes: number) => `${Math.round(bytes / 2 ** 20)} MB`;
  console.log(
    `${inputs} inputs; memory ${[before, halfway, after].map(megabytes).join(', ')}; slowest bystander ${Math.round(slowest)} ms`,
  );
  expect(after).toBeLessThan(allowedMemory);
  expect(slowest).toBeLessThan(5_000);
});
