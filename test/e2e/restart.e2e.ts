import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HongyanClient } from '@hongyan/sdk';
import { pause, type TestApp, TestServer, until } from './server.js';

/** Ctrl-C and SIGKILL under the traffic of SDK clients, and how soon the next start serves. */

/** Five seconds on a machine of its own; this leaves room for a busy one. */
const startWithinMs = 20_000;

let folder: string;
let server: TestServer;
let app: TestApp;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hongyan-restart-'));
  server = await TestServer.start({ folder });
  app = await server.createApp({ 'limits.commandsPerSecond': 1000 });
});
afterEach(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

const login = async (clientId: string) => {
  // Every message of the outage is wanted, not an event that tells of a gap.
  const options = { url: server.url, appId: app.id, maxGap: 100_000, maxQueue: 10_000 };
  const client = new HongyanClient({ ...options, credentials: { clientId } });
  await client.connect({ timeoutMs: 10_000 });
  return client;
};

it.each([
  ['Ctrl-C', 'SIGINT', 0],
  ['kill -9', 'SIGKILL', 'SIGKILL'],
] as const)('loses nothing acknowledged by %s, and the next start goes on', async (_, signal, status) => {
  const [ann, bob] = await Promise.all(['ann', 'bob'].map(login));
  try {
    const talk = await ann!.conversations.create({ members: ['bob'] });
    const heard: string[] = [];
    bob!.on('message', ({ message }) => heard.push(message.body));
    const acknowledged: string[] = [];
    let sent = 0;
    const send = () =>
      void talk.send(String((sent += 1))).then(
        ({ body }) => acknowledged.push(body),
        () => undefined, // counted below as not acknowledged
      );
    const timer = setInterval(send, 5);
    await pause(700);
    expect(await server.end(signal)).toBe(status);
    const before = [...acknowledged];
    expect(await server.startAgain()).toBeLessThan(startWithinMs);
    // Whatever clients do afterwards: what was acknowledged is there already.
    const stored = await bodies(talk.id);
    expect(before.length).toBeGreaterThan(0);
    expect(stored.slice(0, before.length)).toEqual(before);
    await pause(500);
    clearInterval(timer);
    const all = () => heard.length === sent && acknowledged.length === sent;
    await until(all, 'everything is acknowledged and heard', 30_000);
    const wanted = Array.from({ length: sent }, (_, at) => String(at + 1));
    expect(heard).toEqual(wanted);
    expect(await bodies(talk.id)).toEqual(wanted);
    expect(await server.findings()).toEqual([]);
  } finally {
    await Promise.all([ann, bob].map((client) => client!.close()));
  }
});

const bodies = async (conversation: string): Promise<string[]> =>
  (await server.entries(app, conversation)).flatMap((entry) =>
    entry.kind === 'message' ? [entry.message.body] : [],
  );

it('finds the data of yesterday: apps, conversations, members, unread', async () => {
  const members = ['ann', 'bob'];
  await server.rest(app, 'POST', '/conversations', { id: 'talk', members, name: 'Yesterday' });
  await server.rest(app, 'POST', '/conversations/talk/messages', { from: 'ann', body: 'Good night!' });
  const paths = ['/clients/bob/conversations/talk', '/clients/bob/unread', '/conversations/talk/members'];
  const read = () => Promise.all(paths.map(async (path) => (await server.rest(app, 'GET', path)).body));
  const yesterday = await read();
  expect(JSON.stringify(yesterday)).toMatch(/Yesterday.*Good night!.*"client":"bob"/);
  expect(await server.end('SIGINT')).toBe(0);
  expect(await server.startAgain()).toBeLessThan(startWithinMs);
  expect(await read()).toEqual(yesterday);
});
