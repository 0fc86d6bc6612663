import type { HongyanOptions } from '../src/options.js';
import { HongyanClient } from '../src/client.js';
import { FakeServer } from './fake-server.js';

/** Servers and clients of one test; all of them end after it. */
const started: { stop?(): Promise<void>; close?(): Promise<void> }[] = [];

export async function server(): Promise<FakeServer> {
  const fake = await new FakeServer().start();
  started.push(fake);
  return fake;
}

export function clientOf(fake: FakeServer, more: Partial<HongyanOptions> = {}): HongyanClient {
  const client = new HongyanClient({
    url: fake.url,
    appId: 'app',
    credentials: { clientId: 'me' },
    reconnectMs: { first: 10, max: 50 },
    attemptTimeoutMs: 200,
    ...more,
  });
  started.unshift(client);
  return client;
}

/** What the client gave to the app, in order. */
export function watch(client: HongyanClient): { seqs: number[]; bodies: string[]; gaps: [number, number][] } {
  const seen = { seqs: [] as number[], bodies: [] as string[], gaps: [] as [number, number][] };
  client.on('entry', ({ entry }) => seen.seqs.push(entry.seq));
  client.on('message', ({ message }) => seen.bodies.push(message.body));
  client.on('gap', ({ after, until }) => seen.gaps.push([after, until]));
  return seen;
}

export async function until(condition: () => boolean, ms = 3_000): Promise<void> {
  const deadline = Date.now() + ms;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`never: ${condition.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

export const next = (
  client: HongyanClient,
  event: 'synced' | 'caughtUp' | 'online' | 'closed' | 'state',
): Promise<unknown> => new Promise((resolve) => client.once(event, resolve));

export async function online(fake: FakeServer, more: Partial<HongyanOptions> = {}): Promise<HongyanClient> {
  const client = clientOf(fake, more);
  const synced = next(client, 'synced');
  await client.connect();
  await synced;
  return client;
}

afterEach(async () => {
  for (const one of started.splice(0)) await (one.close?.() ?? one.stop?.());
});

export const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i);
