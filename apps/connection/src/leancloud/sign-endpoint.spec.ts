import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CommandType, OpType } from '@hongyan/leancloud';
import { sampleApp } from '../fixtures.contract.js';
import { type LeanCloudRig, startLeanCloudRig } from './raw-frames.contract.js';
import { signEndpoint } from './sign-endpoint.js';

/** A tenant's own server that knows one token, and the door's call that asks it. */

let rig: LeanCloudRig;
let servers: Server[];
let base: string;

const listen = async (server: Server): Promise<string> => {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};

beforeEach(async () => {
  servers = [];
  const verifierUrl = await listen(
    createServer((request, response) => {
      request.setEncoding('utf8').on('data', (body: string) => {
        const { session_token: token } = JSON.parse(body) as { session_token: string };
        if (token === 'hers') response.end('{"client_id":"ann"}');
        else if (token === 'odd') response.end('{"client_id":"a:b"}');
        else if (token === 'broken') response.end('?');
        else response.writeHead(401).end('{"code":211,"error":"Could not find user."}');
      });
    }),
  );
  const { login } = sampleApp('x');
  rig = await startLeanCloudRig([
    sampleApp('red', { login: { ...login, unsigned: false, verifierUrl } }),
    sampleApp('bare'),
  ]);
  rig.commands.answer = (name) =>
    name === 'conversation.list'
      ? { items: [], totals: { unread: 0, mentionUnread: 0, unmutedUnread: 0 } }
      : {};
  // The rig's apps are unsigned for comfort; this one is not.
  const red = rig.parts.apps.known('red' as never)!;
  Object.assign(red.login, { unsigned: false });
  const endpoint = signEndpoint(rig.parts);
  base = await listen(
    createServer((request, response) =>
      endpoint(request, response, () => {
        response.statusCode = 404;
        response.end();
      }),
    ),
  );
});
afterEach(async () => {
  await rig.stop();
  for (const server of servers) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

const post = async (token: unknown, headers: Record<string, string> = {}) => {
  const response = await fetch(`${base}/1.1/rtm/sign`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-lc-id': 'red', 'x-lc-key': 'key', ...headers },
    body: JSON.stringify({ session_token: token }),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
};

it('gives a signature that logs in, to who holds a token of the tenant', async () => {
  const { status, body } = await post('hers');
  expect({ status, body }).toMatchObject({ status: 200, body: { client_id: 'ann' } });
  const [s, t, n] = [body['signature'] as string, body['timestamp'] as number, body['nonce'] as string];
  const open = (peerId: string) => ({
    cmd: CommandType.session,
    op: OpType.open,
    appId: 'red',
    peerId,
    sessionMessage: { ua: 'test', r: false, s, t, n },
  });
  const frames = await rig.connect();
  expect((await frames.ask(open('ann'))).op).toBe(OpType.opened);
  expect(await frames.ask(open('bob'))).toMatchObject({ errorMessage: { code: 4102 } });
});

it('has the form of version 1.2, and takes the key as a digest', async () => {
  const now = Date.now();
  const digest = createHash('md5').update(`${now}key`).digest('hex');
  const response = await fetch(`${base}/1.2/rtm/clients/sign?session_token=hers`, {
    headers: { 'x-lc-id': 'red', 'x-lc-sign': `${digest},${now}` },
  });
  expect(await response.json()).toMatchObject({ client_id: 'ann' });
});

it.each([
  ['the verifier refuses', 'his', {}, 403, 211, 'Could not find user.'],
  ['the verifier does not answer well', 'broken', {}, 502, 4200, /verifier/],
  ['the id cannot be signed', 'odd', {}, 400, 4103, /colon/],
  ['there is no token', undefined, {}, 400, 4102, /session_token/],
  ['the token is longer than any', 'x'.repeat(5_000), {}, 400, 4102, /session_token/],
  ['the key is wrong', 'hers', { 'x-lc-key': 'wrong' }, 401, 4100, /.+/],
  ['there is no such app', 'hers', { 'x-lc-id': 'nobody' }, 401, 4100, /.+/],
  ['the app has no verifier', 'hers', { 'x-lc-id': 'bare' }, 403, 4102, /verifierUrl/],
])('says why there is none: %s', async (_, token, headers, status, code, error) => {
  const refused = await post(token, headers);
  expect(refused).toMatchObject({ status, body: { code } });
  expect(refused.body['error']).toMatch(error);
});

it('answers preflights of web pages, and only its own method', async () => {
  expect((await fetch(`${base}/1.1/rtm/sign`, { method: 'OPTIONS' })).status).toBe(204);
  expect((await fetch(`${base}/1.1/rtm/sign`)).status).toBe(404);
});
