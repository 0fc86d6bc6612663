import { createHash, createHmac } from 'node:crypto';
import { WireClient } from '../load/wire-client.js';
import { FuzzInputs } from './fuzz-inputs.js';
import { fuzzed, sample, schemas } from './fuzz-schemas.js';
import { type TestApp, TestServer } from './server.js';

/**
 * What one app has must look to another like what nobody has: every operation over the socket and every REST route is
 * asked about ids of the other app and about ids that are nowhere, and the answers must be the same bytes.
 */

jest.setTimeout(60_000);

/** Ids of the same length: conversations of every kind, and clients. The right one of each pair is nowhere. */
const pairs: readonly (readonly [string, string])[] = [
  ['talk-of-the-other', 'talk-of-nobody-at'],
  ['room-of-the-other', 'room-of-nobody-at'],
  ['news-of-the-other', 'news-of-nobody-at'],
];
const people = ['carl-of-the-other', 'carl-of-nobody-at'] as const;
const kinds = ['ordinary', 'room', 'system'];

let server: TestServer;
let other: TestApp;
let own: TestApp;
let ann: WireClient;

beforeAll(async () => {
  server = await TestServer.start();
  other = await server.createApp();
  own = await server.createApp({ 'conversations.openQueries': true });
  for (const [at, [id]] of pairs.entries()) {
    const members = kinds[at] === 'ordinary' ? { members: ['ann', people[0]] } : {};
    const made = await server.rest(other, 'POST', '/conversations', { id, kind: kinds[at], ...members });
    expect([id, made.status]).toEqual([id, 200]);
    const sent = await server.rest(other, 'POST', `/conversations/${id}/messages`, { body: 'secret' });
    expect([id, sent.status]).toEqual([id, 200]);
  }
  await server.rest(other, 'PATCH', `/clients/${people[0]}`, { name: 'Carl' });
  await login(other, people[0]);
  ann = await login(own, 'ann');
});
afterAll(() => server.close());

const login = (app: TestApp, clientId: string) =>
  WireClient.connect({
    port: server.port,
    auth: { v: 1, appId: app.id, clientId },
    onEvent: () => undefined,
  });

/** Without what differs between any two answers. */
const blank = (text: string) =>
  [...pairs, people]
    .reduce((rest, [foreign, unknown]) => rest.replaceAll(foreign, '#').replaceAll(unknown, '#'), text)
    .replaceAll(/"(reference|token|createdAt|updatedAt|time|until|revision)":("[^"]*"|\d+)/g, '"$1":"#"');

/** Arguments that name things by `id` and `person`, everything else the same for the same seed. */
function argsOf(name: string, id: string, person: string): Record<string, unknown> {
  const schema = schemas.get(name as (typeof fuzzed)[number])!;
  const args = { ...(sample(new FuzzInputs(1), schema) as object) } as Record<string, unknown>;
  if (name === 'conversation.update') args['name'] = 'x';
  const named: Record<string, unknown> = {
    conversation: id,
    message: `${id}.2`,
    replyTo: `${id}.2`,
    messages: [`${id}.2`],
    cursors: [{ conversation: id, seq: 1 }],
    members: [person],
    clients: [person],
    member: person,
    mentions: [person],
  };
  const known = Object.keys(args).filter(
    (key) => schema.required?.includes(key) || key === 'name' || key in named,
  );
  // Only servers may say these.
  const kept = known.filter((key) => key !== 'thread' && key !== 'to');
  return Object.fromEntries(kept.map((key) => [key, named[key] ?? args[key]]));
}

const naming = fuzzed.filter((name) =>
  ['conversation', 'message', 'messages', 'cursors', 'clients'].some(
    (key) => key in (schemas.get(name)?.properties ?? {}),
  ),
);

it('knows operations to ask', () => expect(naming.length).toBeGreaterThan(30));

it.each(naming)('%s over the socket', async (name) => {
  const ask = (id: string, person: string) =>
    new Promise<string>((resolve) => ann.command(name, JSON.stringify(argsOf(name, id, person)), resolve));
  for (const [foreign, unknown] of pairs) {
    const theirs = await ask(foreign, people[0]);
    expect(blank(theirs)).toBe(blank(await ask(unknown, people[1])));
    expect(theirs).not.toMatch(/secret|Carl/);
  }
});

it('every route of REST', async () => {
  const { body } = await server.request('GET', '/api/v1/openapi.json', own.masterKey);
  const { paths } = body as { paths: Record<string, Record<string, { operationId: string }>> };
  let asked = 0;
  for (const [path, methods] of Object.entries(paths)) {
    for (const [method, { operationId }] of Object.entries(methods)) {
      if (operationId === 'conversation.create') continue;
      const name = fuzzed.find((known) => known === operationId);
      for (const [foreign, unknown] of pairs) {
        const ask = (id: string, person: string) => {
          const values: Record<string, string> = { conversation: id, message: `${id}.2` };
          const filled = path.replaceAll(/\{(\w+)\}/g, (_, key: string) => values[key] ?? person);
          const args = name === undefined ? {} : argsOf(name, id, person);
          const inQuery = method === 'get' || method === 'delete';
          const given = inQuery ? undefined : { ...args, from: person };
          const query = new URLSearchParams(
            Object.entries(args).map(([key, value]) => [key, String(value)] as [string, string]),
          );
          const target = `/api/v1${filled}${inQuery && !path.includes('{client}') ? `?${query}` : ''}`;
          return server.request(method.toUpperCase(), target, own.masterKey, given, {
            'x-hongyan-app': own.id,
            'idempotency-key': 'same',
          });
        };
        const theirs = await ask(foreign, people[0]);
        const nobodys = await ask(unknown, people[1]);
        const told = [method, path, theirs.status, blank(theirs.text)];
        expect(told).toEqual([method, path, nobodys.status, blank(nobodys.text)]);
        expect(theirs.text).not.toMatch(/secret|"Carl"/);
        asked += 1;
      }
    }
  }
  expect(asked).toBeGreaterThan(100);
});

it('an id that the other app has can be taken like any other', async () => {
  const create = async (id: string) => {
    const args = { id, members: ['ann'], name: 'Mine' };
    return (await server.rest(own, 'POST', '/conversations', args)).text;
  };
  for (const [foreign, unknown] of pairs) {
    const made = await create(foreign);
    expect(made).toContain('"created":true');
    expect(blank(made)).toBe(blank(await create(unknown)));
    expect((await server.entries(own, foreign)).length).toBe(1);
  }
});

it('nothing of it changed anything', async () => {
  for (const [id] of pairs) {
    const entries = await server.entries(other, id);
    expect(entries.map(({ kind }) => kind)).toEqual(['created', 'message']);
  }
  const online = await server.rest(other, 'POST', '/presence/query', { clients: [...people] });
  expect(online.body).toEqual({ online: [people[0]] });
  const record = await server.rest(other, 'POST', '/clients/query', { clients: [people[0]] });
  expect(record.text).toContain('"name":"Carl"');
});

describe('a credential of the other app', () => {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const jwt = (claims: object, key: string) => {
    const signed = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(claims)}`;
    return `${signed}.${createHmac('sha256', key).update(signed).digest('base64url')}`;
  };
  const exp = Math.floor(Date.now() / 1000) + 600;
  /** A key like any other that belongs to nobody. */
  const nobodysKey = () => createHash('sha256').update(other.masterKey).digest('base64url');

  /** What REST says to `credential` for `app`. */
  const rest = async (app: string, credential: string) => {
    const headers = { 'x-hongyan-app': app };
    const { status, text } = await server.request(
      'GET',
      '/api/v1/conversations',
      credential,
      undefined,
      headers,
    );
    return `${status} ${blank(text)}`;
  };

  it('is refused by REST like one of nobody, and no less than for an app that is not there', async () => {
    const token = (key: string, aud: string) => jwt({ aud, scope: 'server', exp }, key);
    expect(await rest(own.id, token(own.masterKey, own.id))).toMatch(/^200/);
    const byKey = await rest(own.id, other.masterKey);
    expect(byKey).toMatch(/^401/);
    expect(byKey).toBe(await rest(own.id, nobodysKey()));
    expect(byKey).toBe(await rest('no-such-app', other.masterKey));
    for (const aud of [own.id, other.id]) {
      const byToken = await rest(own.id, token(other.masterKey, aud));
      expect(byToken).toMatch(/^401/);
      expect(byToken).toBe(await rest(own.id, token(nobodysKey(), aud)));
      expect(byToken).toBe(await rest('no-such-app', token(other.masterKey, aud)));
    }
    expect((await server.request('GET', '/admin/v1/apps', other.masterKey)).status).toBe(401);
  });

  /** What the socket says to a login. */
  const knock = (appId: string, auth: object) =>
    WireClient.connect({ port: server.port, auth: { v: 1, appId, ...auth }, onEvent: () => undefined }).then(
      () => 'let in',
      (error: Error) => blank(error.message),
    );

  it('is refused by the socket like one of nobody', async () => {
    const user = (key: string, aud: string) => ({ token: jwt({ sub: 'ann', aud, exp }, key) });
    expect(await knock(own.id, user(own.masterKey, own.id))).toBe('let in');
    for (const aud of [own.id, other.id]) {
      const refusal = await knock(own.id, user(other.masterKey, aud));
      expect(refusal).toMatch(/"code":1101/);
      expect(refusal).toBe(await knock(own.id, user(nobodysKey(), aud)));
      expect(refusal).toBe(await knock('no-such-app', user(other.masterKey, aud)));
    }
    const sign = (key: string, app: string) => {
      const timestamp = Date.now();
      const text = ['hongyan-login', app, 'ann', String(timestamp), 'n'].join('\n');
      const signature = createHmac('sha256', key).update(text).digest('hex');
      return { clientId: 'ann', signature: { timestamp, nonce: 'n', signature } };
    };
    expect(await knock(own.id, sign(own.masterKey, own.id))).toBe('let in');
    const refusal = await knock(own.id, sign(other.masterKey, own.id));
    expect(refusal).toMatch(/"code":1103/);
    expect(refusal).toBe(await knock(own.id, sign(nobodysKey(), own.id)));
  });

  it('is refused when it is a session token', async () => {
    let session = '';
    await new Promise<void>((resolve) => {
      void WireClient.connect({
        port: server.port,
        auth: { v: 1, appId: other.id, clientId: 'ann' },
        onEvent: (packet) => {
          session = /"token":"([^"]+)"/.exec(packet.toString())?.[1] ?? '';
          resolve();
        },
      });
    });
    expect(await knock(other.id, { session })).toBe('let in');
    const refusal = await knock(own.id, { session });
    expect(refusal).toMatch(/"code":1101/);
    expect(refusal).toBe(await knock(own.id, { session: `${session.slice(0, -6)}AAAAAA` }));
  });
});
