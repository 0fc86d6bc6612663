import { createHmac } from 'node:crypto';
import { connect } from 'node:net';
import { FuzzInputs } from './fuzz-inputs.js';
import { Harm, seed, wanted } from './fuzz-run.js';
import { fuzzed, sample, schemas, spoilt } from './fuzz-schemas.js';
import { Bystanders, codeIn, codeOf, login, type Session } from './fuzz-wire.js';
import { pause, type TestApp, TestServer, until } from './server.js';

jest.setTimeout(240_000);

let server: TestServer;
let app: TestApp;
let strict: TestApp;
let inputs = 0;
const fuzz = new FuzzInputs(seed);
/** What should not have been answered so; the first few are enough to find the cause. */
const wrong: string[] = [];

beforeAll(async () => {
  console.log(`HONGYAN_FUZZ_SEED=${seed}`);
  server = await TestServer.start({ env: { HONGYAN_LOG_LEVEL: 'error' } });
  const limits = { 'limits.commandsPerSecond': 100_000, 'limits.restPerSecond': 100_000 };
  app = await server.createApp(limits);
  strict = await server.createApp({ ...limits, 'login.unsigned': false });
});
afterAll(() => server.close());
afterEach(() => expect(wrong.splice(0).slice(0, 5)).toEqual([]));

const upgrade = (path: string, key = 'MDEyMzQ1Njc4OWFiY2RlZg==') =>
  `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
  `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`;
const good = '/socket.io/?EIO=4&transport=websocket';

/** Bytes that are neither HTTP nor, after an upgrade, WebSocket; and lengths beyond any measure. */
async function rawSockets(count: number): Promise<void> {
  const huge = Buffer.from([0x81, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4]);
  await inGroups(count, 50, async (at) => {
    const upgraded = at % 2 === 0;
    const socket = connect({ port: server.port, host: '127.0.0.1' });
    socket.on('error', () => undefined);
    if (upgraded) {
      socket.write(upgrade(good));
      await new Promise((resolve) => socket.once('data', resolve).once('close', resolve));
    }
    for (let part = 0; part < 5; part += 1) {
      const frame = at % 40 === 0 ? huge : fuzz.frame();
      socket.write(upgraded ? frame : fuzz.bytes(300));
    }
    inputs += 5;
    await pause(20);
    socket.destroy();
  });
}

/** Requests for a connection that cannot become one: refused by HTTP, and not with a failure. */
async function handshakes(count: number): Promise<void> {
  const paths = [
    ...['/socket.io/', '/socket.io/?EIO=3&transport=websocket', '/socket.io/?EIO=4&transport=polling'],
    ...[
      `${good}&sid=stolen`,
      '/socket.io/?EIO=4&transport=%00',
      `/socket.io/?${'a=1&'.repeat(2_000)}`,
      '/other',
    ],
  ];
  await inGroups(count, 50, async (at) => {
    const socket = connect({ port: server.port, host: '127.0.0.1' });
    let answer = '';
    socket.on('data', (chunk) => (answer += chunk.toString('latin1'))).on('error', () => undefined);
    socket.write(at % 10 === 0 ? upgrade(good, 'short') : upgrade(fuzz.pick(paths)));
    inputs += 1;
    const refused = () => /HTTP\/1\.1 4\d\d/.test(answer);
    await until(() => refused() || socket.destroyed, 'an answer', 2_000).catch(() => undefined);
    socket.destroy();
    if (!refused()) wrong.push(`a handshake was answered: ${answer.slice(0, 200)}`);
  });
}

/** Packets that are no commands: the session is told and closed. */
async function packets(connections: number): Promise<void> {
  let told = 0;
  await inGroups(connections, 25, async (at) => {
    const { client, events } = await login(server, app, { clientId: `packets-${at % 25}` });
    if (at % 50 === 0) client.send(`42["c","message.send",{"body":"${'x'.repeat(1_100_000)}"}]`);
    for (let count = 0; count < 15 && !client.closed; count += 1) {
      client.send(fuzz.packet());
      inputs += 1;
    }
    await until(() => client.closed, 'it is closed', 300).catch(() => undefined);
    const closing = events.find((event) => event.includes('"closing"'));
    if (closing !== undefined && codeIn(closing) === undefined) wrong.push(closing);
    if (closing !== undefined) told += 1;
    client.close();
  });
  expect(told).toBeGreaterThan(connections / 3);
}

const deep = (depth: number) => `{"op":"deep","attributes":${'{"a":'.repeat(depth)}1${'}'.repeat(depth + 1)}`;

/** Wrong types, unknown operations and too much: each is answered with its code. */
async function commands(count: number): Promise<Map<number, number>> {
  const codes = new Map<number, number>();
  const sessions = await Promise.all(
    Array.from({ length: 20 }, (_, at) => login(server, app, { clientId: `fuzz-${at}` })),
  );
  let waiting = 0;
  const ask = ({ client }: Session, name: string, args: string, demanded?: number) => {
    waiting += 1;
    inputs += 1;
    client.command(name, args, (json) => {
      waiting -= 1;
      const [{ error }] = JSON.parse(json) as [{ error?: object }];
      const code = error === undefined ? 0 : codeOf(error);
      if (code === undefined || (demanded !== undefined && code !== demanded))
        wrong.push(`${name} ${args.slice(0, 300)}: ${json.slice(0, 300)} instead of ${demanded ?? 'a code'}`);
      codes.set(code ?? -1, (codes.get(code ?? -1) ?? 0) + 1);
    });
  };
  for (let at = 0; at < count; at += 1) {
    const session = sessions[at % sessions.length]!;
    if (session.client.closed) throw new Error(`a session ended: ${session.events.at(-1)}`);
    const name = fuzz.pick(fuzzed);
    const schema = schemas.get(name)!;
    const oneWrong = at % 2 === 0 ? spoilt(fuzz, schema) : undefined;
    if (at % 20 === 1)
      ask(session, fuzz.pick(['no.such', '__proto__', 'toString', 'message', '']), '{}', 1002);
    else if (at % 500 === 3)
      ask(session, 'message.send', `{"op":"big","body":"${'x'.repeat(70_000)}"}`, 1004);
    else if (at % 500 === 5) ask(session, 'conversation.create', deep(10_000), 1001);
    else if (oneWrong !== undefined) ask(session, name, JSON.stringify(oneWrong), 1001);
    else {
      const args = fuzz.next() < 0.9 ? (sample(fuzz, schema) as Record<string, unknown>) : fuzz.value();
      if (fuzz.next() < 0.5 && typeof args === 'object' && args !== null)
        Object.assign(args, { [fuzz.pick(Object.keys(schema.properties ?? { a: 1 })) ?? 'a']: fuzz.value() });
      ask(session, name, JSON.stringify(args));
    }
    if (waiting > 2_000) await until(() => waiting < 500, 'answers');
  }
  await until(() => waiting === 0, 'every command is answered', 30_000);
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
  const claims = { sub: 'eve', aud: strict.id, iat: now, exp: now + 600 };
  const valid = jwt(claims, strict.masterKey);
  return [
    [{ token: jwt({ ...claims, iat: now - 7200, exp: now - 3600 }, strict.masterKey) }, 1102],
    [{ token: jwt(claims, 'another key that is long enough') }, 1101],
    [{ token: jwt({ ...claims, aud: app.id }, strict.masterKey) }, 1101],
    [{ token: jwt(claims, strict.masterKey, 'none') }, 1101],
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
  for (let round = 0; round < rounds; round += 1) {
    const attempts = badLogins().map(async ([auth, demanded]) => {
      inputs += 1;
      const refusal = await login(server, strict, auth).then(
        () => 'let in',
        (error: Error) => error.message,
      );
      const code = codeIn(refusal);
      if (code === undefined || (demanded !== 0 && code !== demanded))
        wrong.push(`${JSON.stringify(auth).slice(0, 200)}: ${refusal} instead of ${demanded}`);
    });
    await Promise.all(attempts);
  }
}

/** Far more than a session may send: refused, then cut off with a code. */
async function floods(connections: number): Promise<void> {
  const limited = await server.createApp({ 'limits.commandsPerSecond': 20 });
  for (let at = 0; at < connections; at += 1) {
    const { client, events } = await login(server, limited, { clientId: `flood-${at}` });
    const codes = new Set<number | undefined>();
    for (let count = 0; count < 3_000 && !client.closed; count += 1) {
      inputs += 1;
      client.command('presence.query', '{"clients":["x"]}', (json) => codes.add(codeIn(json)));
      if (count % 100 === 99) await pause(1);
    }
    await until(() => client.closed, 'the flooding session is closed', 5_000);
    expect([...codes]).toContain(1005);
    expect(events.some((event) => /"closing","code":1206,"name":"flooding"/.test(event))).toBe(true);
  }
}

async function restCalls(count: number): Promise<void> {
  const { body: document } = await server.request('GET', '/api/v1/openapi.json', app.masterKey);
  const known = Object.entries((document as { paths: Record<string, object> }).paths).flatMap(
    ([path, methods]) => Object.keys(methods).map((method) => [method.toUpperCase(), path] as const),
  );
  expect(known.length).toBeGreaterThan(30);
  const words = ['x', '%00', '%ff', '..%2f', 'ann', 'abc.1', '__proto__', 'f'.repeat(24), 'a'.repeat(300)];
  await inGroups(count, 20, async () => {
    const [method, route] = fuzz.next() < 0.9 ? fuzz.pick(known) : (['POST', '/../admin/v1/apps'] as const);
    const name = `${route.startsWith('/api') || route.startsWith('/..') ? '' : '/api/v1'}${route}`;
    const text = () => encodeURIComponent(fuzz.text().toWellFormed());
    const query = fuzz.next() < 0.3 ? `?limit=${text()}&where=${text()}&${text()}=1` : '';
    const path = name.replaceAll(/\{\w+\}/g, () => fuzz.pick(words)) + query;
    const key = fuzz.next() < 0.8 ? app.masterKey : 'not-the-key';
    const args = fuzz.next() < 0.5 ? spoilt(fuzz, schemas.get(fuzz.pick(fuzzed))!) : fuzz.value();
    const odd = () => (fuzz.next() < 0.1 ? deep(20_000) : fuzz.text(300));
    const body = method === 'GET' ? undefined : fuzz.next() < 0.2 ? odd() : JSON.stringify(args ?? {});
    const headers = {
      'x-hongyan-app': app.id,
      'idempotency-key': fuzz.pick(['k', 'ü'.repeat(9), 'k'.repeat(99)]),
    };
    inputs += 1;
    const answer = await server.request(method, path, key, body, headers);
    if (answer.status >= 400 && codeOf(answer.body as object) === undefined)
      wrong.push(`${method} ${path} ${body?.slice(0, 200)}: ${answer.status} ${answer.text.slice(0, 200)}`);
  });
}

async function inGroups(count: number, size: number, one: (at: number) => Promise<void>): Promise<void> {
  for (let at = 0; at < count; at += size)
    await Promise.all(Array.from({ length: size }, (_, index) => one(at + index)));
}

it(`answers or cuts off ${wanted} bad inputs, and nobody else notices`, async () => {
  const bystanders = new Bystanders();
  await bystanders.start(server, app);
  await logins(3);
  await commands(2_000);
  const harm = new Harm(server);
  harm.look();
  await rawSockets(1_000);
  await handshakes(1_000);
  await packets(300);
  await logins(100);
  await floods(3);
  await restCalls(6_000);
  await commands(Math.max(20_000, (wanted - inputs) / 2));
  harm.look();
  const codes = await commands(Math.max(20_000, wanted - inputs));
  await bystanders.finish();
  harm.expectNone(inputs, bystanders.slowestMs);
  for (const code of [1001, 1002, 1004, 1010]) expect(codes.get(code)).toBeGreaterThan(0);
  expect(bystanders.slowestMs).toBeLessThan(15_000);
});
