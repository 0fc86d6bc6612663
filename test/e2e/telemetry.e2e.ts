import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { HongyanClient } from '@hongyan/sdk';
import { freePort, TestServer, until } from './server.js';

/** What an operator sees of a message: Prometheus' page, and spans at an OpenTelemetry collector. */

const exported: Buffer[] = [];
let collector: Server;
let metricsPort: number;
let server: TestServer;

beforeAll(async () => {
  collector = createServer((request, response) => {
    request.on('data', (chunk: Buffer) => exported.push(chunk));
    request.on('end', () => response.end());
  });
  await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
  metricsPort = await freePort();
  server = await TestServer.start({
    env: {
      HONGYAN_METRICS_PORT: String(metricsPort),
      HONGYAN_TRACES: 'true',
      HONGYAN_TRACE_RATIO: '1',
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(collector.address() as AddressInfo).port}`,
      OTEL_BSP_SCHEDULE_DELAY: '200',
    },
  });
});
afterAll(async () => {
  await server.close();
  collector.close();
});

/** The value of a line of the page. */
async function metric(name: string, labels: Record<string, string> = {}): Promise<number | undefined> {
  const page = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
  const line = page
    .split('\n')
    .find(
      (text) =>
        text.startsWith(`${name}{`) &&
        Object.entries(labels).every(([label, value]) => text.includes(`${label}="${value}"`)),
    );
  return line === undefined ? undefined : Number(line.split(' ').at(-1));
}

it('counts and traces a message from the socket through the store to delivery', async () => {
  const app = await server.createApp();
  const login = async (clientId: string) => {
    const client = new HongyanClient({ url: server.url, appId: app.id, credentials: { clientId } });
    await client.connect({ timeoutMs: 10_000 });
    return client;
  };
  const [ann, bob] = [await login('ann'), await login('bob')];
  const heard: string[] = [];
  bob.on('message', ({ message }) => heard.push(message.body));
  const talk = await ann.conversations.create({ members: ['bob'] });
  for (let at = 0; at < 3; at += 1) await talk.send(`secret ${at}`);
  await until(() => heard.length === 3, 'all three are heard');

  expect(await metric('hongyan_sessions')).toBe(2);
  const sends = { hongyan_operation: 'message.send', hongyan_outcome: 'ok' };
  expect(await metric('hongyan_command_duration_count', sends)).toBe(3);
  expect(await metric('hongyan_append_duration_count')).toBeGreaterThanOrEqual(3);
  expect(await metric('hongyan_events_published_total', { hongyan_event_class: 'entry' })).toBeGreaterThan(2);
  expect(await metric('process_memory_usage')).toBeGreaterThan(10_000_000);

  const seen = () => Buffer.concat(exported).toString('latin1');
  await until(() => seen().includes('publish'), 'spans are exported');
  for (const name of ['message.send', 'append', 'publish']) expect(seen()).toContain(name);
  expect(seen()).not.toContain('secret');

  await ann.close();
  await bob.close();
  await until(async () => (await metric('hongyan_sessions')) === 0, 'both are gone');
});
