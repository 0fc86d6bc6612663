import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type App, presets } from '@hongyan/apps';
import type { AppError } from '@hongyan/protocol';
import { asAppId } from '@hongyan/protocol';
import { UserVerifier, type UserVerifierOptions } from './user-verifier.js';

let server: Server;
let url: string;
let asked: { method: string; app: unknown; type: unknown; body: string }[];
let answer: { status?: number; headers?: Record<string, string>; body?: string } | 'never';

beforeEach(async () => {
  asked = [];
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { 'x-hongyan-app': app, 'content-type': type } = request.headers;
      asked.push({ method: request.method!, app, type, body: Buffer.concat(chunks).toString() });
      if (answer === 'never') return;
      const { status = 200, headers = {}, body = '' } = answer;
      response.writeHead(status, headers).end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/verify`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const app = (verifierUrl?: string): App => {
  const { login } = presets.leancloud;
  return { id: asAppId('red'), login: verifierUrl === undefined ? login : { ...login, verifierUrl } } as App;
};
const verifier = (options: UserVerifierOptions = {}) => new UserVerifier({ allowPrivate: true, ...options });
const refusalOf = (work: Promise<unknown>): Promise<AppError> =>
  work.then(
    () => Promise.reject(new Error('it was accepted')),
    (error: AppError) => error,
  );

it('asks whose a token is, and tells for which app', async () => {
  answer = { body: '{"client_id":"ann","more":1}' };
  expect(await verifier().verify(app(url), 'token')).toBe('ann');
  expect(asked).toEqual([
    { method: 'POST', app: 'red', type: 'application/json', body: '{"session_token":"token"}' },
  ]);
});

it.each([
  ['a status 4xx', { status: 403, body: '{"code":77,"error":"gone"}' }, { code: 77, text: 'gone' }],
  ['a status 4xx without words', { status: 401, body: '<html>' }, {}],
  ['result: false', { body: '{"result":false,"error":"not today"}' }, { text: 'not today' }],
  [
    'a long text',
    { status: 400, body: `{"code":"1","error":"${'x'.repeat(999)}"}` },
    { text: 'x'.repeat(200) },
  ],
])('passes a refusal on: %s', async (_, given, hook) => {
  answer = given;
  const refusal = await refusalOf(verifier().verify(app(url), 'token'));
  expect(refusal).toMatchObject({ error: 'rejected_by_hook', hook });
});

it.each([
  ['no JSON', { body: 'ann' }],
  ['no client id', { body: '{"user":"ann"}' }],
  ['an id that is none', { body: `{"client_id":"${'x'.repeat(65)}"}` }],
  ['an id that is no text', { body: '{"client_id":5}' }],
  ['its own failure', { status: 500, body: '{"client_id":"ann"}' }],
  ['nothing', { status: 204 }],
  ['another address', { status: 302, headers: { location: 'http://127.0.0.1:1/' } }],
  ['more than is read', { body: `{"client_id":"ann","x":"${'x'.repeat(20_000)}"}` }],
])('does not believe an answer that is %s', async (_, given) => {
  answer = given;
  expect(await refusalOf(verifier().verify(app(url), 'token'))).toMatchObject({ error: 'hook_failed' });
  expect(asked).toHaveLength(1);
});

it('does not wait for good, and asks no more than so much at once', async () => {
  answer = 'never';
  const patient = verifier({ timeoutMs: 300, perApp: 2 });
  const waiting = [1, 2].map(() => refusalOf(patient.verify(app(url), 'token')));
  expect(await refusalOf(patient.verify(app(url), 'token'))).toMatchObject({ error: 'overloaded' });
  for (const refusal of await Promise.all(waiting)) expect(refusal.error).toBe('hook_failed');
  answer = { body: '{"client_id":"ann"}' };
  expect(await patient.verify(app(url), 'token')).toBe('ann');
});

it('reaches no private network unless the installation allows it', async () => {
  answer = { body: '{"client_id":"ann"}' };
  const careful = verifier({ allowPrivate: false });
  for (const target of [url, url.replace('http:', 'https:'), 'https://localhost/verify', 'https://[::1]/'])
    expect(await refusalOf(careful.verify(app(target), 'token'))).toMatchObject({ error: 'hook_failed' });
  expect(asked).toEqual([]);
});

it('refuses for apps that have no verifier', async () => {
  expect(await refusalOf(verifier().verify(app(), 'token'))).toMatchObject({ error: 'rejected_by_hook' });
});
