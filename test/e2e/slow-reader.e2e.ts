import { rssBytes } from '../load/process-figures.js';
import { WireClient } from '../load/wire-client.js';
import { type TestApp, TestServer, until } from './server.js';

jest.setTimeout(90_000);

const bodyBytes = 40_000;
const readers = 10;
/** What the sockets' own buffers hold does not count; this is far below what the readers miss. */
const allowedGrowth = 96 * 1024 * 1024;

let server: TestServer;
let app: TestApp;
beforeAll(async () => {
  server = await TestServer.start();
  app = await server.createApp({ 'limits.commandsPerSecond': 1000, 'messages.presence': true });
});
afterAll(() => server.close());

interface Heard {
  readonly packets: string[];
  reason?: string;
}

async function login(clientId: string): Promise<{ client: WireClient; heard: Heard }> {
  const heard: Heard = { packets: [] };
  const client = await WireClient.connect({
    port: server.port,
    auth: { v: 1, appId: app.id, clientId },
    onEvent: (packet) => {
      const text = packet.toString('utf8', 0, 2_000);
      if (!text.includes('"kind":"message"') || text.length < 2_000) heard.packets.push(text);
    },
    onClose: (reason) => (heard.reason = reason),
  });
  return { client, heard };
}

it('cuts off clients that stop reading, with a code, before they cost memory; others do not notice', async () => {
  const { client: sender } = await login('sender');
  const { client: witness, heard } = await login('witness');
  const names = Array.from({ length: readers }, (_, at) => `slow-${at}`);
  const slow = await Promise.all(names.map(login));
  const { conversation } = (await sender.call('conversation.create', {
    op: 'create',
    members: ['witness', ...names],
  })) as { conversation: { id: string } };
  const { conversation: small } = (await sender.call('conversation.create', {
    op: 'small',
    members: ['witness'],
  })) as {
    conversation: { id: string };
  };
  const before = rssBytes(server.pid);
  for (const { client } of slow) client.socket.pause();

  let peak = before;
  let sent = 0;
  let slowest = 0;
  const online = async () =>
    ((await sender.call('presence.query', { clients: names })) as { online: string[] }).online;
  while ((await online()).length > 0) {
    if (sent > 2_000) throw new Error('nobody was cut off');
    await sender.call('message.send', {
      op: `m${(sent += 1)}`,
      conversation: conversation.id,
      body: 'x'.repeat(bodyBytes),
    });
    const began = performance.now();
    await sender.call('message.send', { op: `s${sent}`, conversation: small.id, body: `tick ${sent}` });
    await until(
      () => heard.packets.at(-1)?.includes(`tick ${sent}"`) ?? false,
      'the witness hears the sender',
    );
    slowest = Math.max(slowest, performance.now() - began);
    peak = Math.max(peak, rssBytes(server.pid));
  }
  for (const { client } of slow) client.socket.resume();

  await until(() => slow.every(({ client }) => client.closed), 'all slow clients are cut off');
  const closing = slow.map(({ heard: { packets } }) =>
    packets.find((packet) => packet.includes('"closing"')),
  );
  for (const packet of closing) expect(packet).toMatch(/"code":1203,"name":"resync".*"reconnectAfterMs":\d+/);
  expect(witness.closed).toBe(false);
  expect(slowest).toBeLessThan(2_000);
  expect(peak - before).toBeLessThan(allowedGrowth);

  // What was missed is there.
  const { client: back } = await login('slow-0');
  const got = (await back.call('conversation.get', { conversation: conversation.id })) as { unread: number };
  expect(got.unread).toBe(sent);
  for (const client of [sender, witness, back]) client.close();
});
