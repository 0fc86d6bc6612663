import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HongyanClient } from '@hongyan/sdk';
import { freePort, pause, runCli, TestServer, until } from './server.js';

jest.setTimeout(60_000);

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hongyan-restart-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('loses nothing by Ctrl-C under traffic, and goes on with the data of yesterday', async () => {
  const server = await TestServer.start({ folder });
  const app = await server.createApp();
  const login = (clientId: string) =>
    new HongyanClient({
      url: server.url,
      appId: app.id,
      credentials: { clientId },
      reconnectMs: { first: 100, max: 500 },
    });
  const [ann, bob] = [login('ann'), login('bob')];
  try {
    await Promise.all([ann, bob].map((client) => client.connect({ timeoutMs: 10_000 })));
    const talk = await ann.conversations.create({ members: ['bob'] });
    const heard: string[] = [];
    bob.on('message', ({ message }) => heard.push(message.body));
    const acknowledged: string[] = [];
    let sent = 0;
    const send = () => void talk.send(String((sent += 1))).then(({ body }) => acknowledged.push(body));
    const timer = setInterval(send, 2);
    await pause(700);
    expect(await server.end('SIGINT')).toBe(0);
    await server.startAgain();
    await pause(700);
    clearInterval(timer);
    await until(() => heard.length === sent && acknowledged.length === sent, 'all is sent and heard');
    expect(heard).toEqual(Array.from({ length: sent }, (_, at) => String(at + 1)));
    const stored: string[] = [];
    for (let after = 0; stored.length < sent;) {
      const { body } = await server.rest(
        app,
        'GET',
        `/conversations/${talk.id}/messages?direction=forward&limit=100&after.seq=${after}`,
      );
      const { messages } = body as { messages: { seq: number; body: string }[] };
      if (messages.length === 0 || messages[0]!.seq <= after) break;
      stored.push(...messages.map((message) => message.body));
      after = messages.at(-1)!.seq;
    }
    expect(stored).toEqual(heard);
  } finally {
    await Promise.all([ann.close(), bob.close()]);
    await server.close();
  }
});

const refusal = async (args: readonly string[]) => {
  const { status, output } = await runCli(['serve', ...args]);
  const lines = output.trim().split('\n');
  expect(status).not.toBe(0);
  expect(lines).toHaveLength(1);
  return lines[0]!;
};

it('says in one line that the port is in use', async () => {
  const server = await TestServer.start();
  try {
    expect(await refusal(['--data', folder, '--port', String(server.port)])).toContain(
      `port ${server.port} is in use`,
    );
  } finally {
    await server.close();
  }
});

it('says in one line that the folder is held by another server', async () => {
  const server = await TestServer.start({ folder });
  try {
    expect(await refusal(['--data', folder, '--port', String(await freePort())])).toContain(
      'in use by another process',
    );
  } finally {
    await server.close();
  }
});

it('says in one line that the folder cannot be written', async () => {
  const file = join(folder, 'a-file');
  writeFileSync(file, '');
  for (const path of [join(file, 'data'), '/proc/hongyan']) {
    expect(await refusal(['--data', path, '--port', String(await freePort())])).toContain(
      'cannot be written',
    );
  }
});
