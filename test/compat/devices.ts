import type * as Sdk5 from 'leancloud-realtime-5';
import { appKey, type CompatApp, type CompatServer } from './compat-server.js';
import { watchObject, watchOwn, watchSdk } from './exercise.js';
import { sdkPackages, type SdkVersion } from './sdk-surface.js';

export type Sdk = typeof Sdk5;
export type IMClient = Sdk5.IMClient;
export type Conversation = Sdk5.Conversation;

/**
 * One device: an SDK of its own. The SDK allows one Realtime per app and keeps it in its module, so each device gets
 * a module of its own, as it would in another page or process.
 */
export interface Device {
  readonly sdk: Sdk;
  readonly realtime: Sdk5.Realtime;
  readonly clients: IMClient[];
  login(
    id: string,
    options?: { tag?: string; isReconnect?: boolean } & Record<string, unknown>,
  ): Promise<IMClient>;
  /** The socket is gone, as when a network is lost. */
  cut(): Promise<void>;
}

const goodbyeMs = 500;

// The SDK warns, with fifty lines of stack each time, when a question is asked again before it is answered.
const { warn } = console;
console.warn = (...words: unknown[]) => {
  if (!String(words[0]).startsWith('Duplicated command')) warn(...words);
};

interface Innards {
  /** Settles when the connection is there. */
  readonly _openPromise?: Promise<Connection>;
}

export function device(
  server: CompatServer,
  app: CompatApp,
  options: Record<string, unknown> = {},
  version: SdkVersion = 5,
): Device {
  let sdk!: Sdk;
  jest.isolateModules(() => {
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- each device has the module anew
    sdk = watchSdk(version, require(sdkPackages[version]) as Sdk);
  });
  const realtime = new sdk.Realtime({ appId: app.id, appKey, server: server.url, ...options });
  watchOwn(version, realtime);
  const clients: IMClient[] = [];
  const made: Device = {
    sdk,
    realtime,
    clients,
    async login(id, more) {
      const client = await realtime.createIMClient(id, more);
      clients.push(client);
      watchObject(version, client);
      watchObject(version, client.getQuery());
      return client;
    },
    async cut() {
      const { _ws: socket } = (await (realtime as unknown as Innards)._openPromise)!;
      if (socket?.terminate !== undefined) socket.terminate();
      else socket?.close();
    },
  };
  devices.push(made);
  return made;
}

const devices: Device[] = [];

interface Connection {
  readonly _ws: { terminate?(): void; close(): void } | null;
  can(step: string): boolean;
  close(): void;
}

/** Says goodbye for all, then closes their connections, in whatever state they are. */
export async function closeDevices(): Promise<void> {
  const closing = devices.splice(0).map(async ({ clients, realtime }) => {
    await within(Promise.allSettled(clients.map((client) => client.close())), goodbyeMs);
    const { _openPromise } = realtime as unknown as Innards;
    const connection = (await within(_openPromise ?? Promise.resolve(), goodbyeMs).catch(() => undefined)) as
      Connection | undefined;
    connection?._ws?.terminate?.();
    if (connection?.can('close') === true) connection.close();
  });
  await Promise.allSettled(closing);
}

function within(work: Promise<unknown>, ms: number): Promise<unknown> {
  let late: NodeJS.Timeout;
  const timeout = new Promise((resolve) => (late = setTimeout(resolve, ms)));
  return Promise.race([work, timeout]).finally(() => clearTimeout(late));
}

const timers = new Set<NodeJS.Timeout>();
const genuine = { setTimeout: globalThis.setTimeout, setInterval: globalThis.setInterval };

/** From now on until {@link endTimers} timers are remembered: the SDK leaves some behind, of up to five minutes. */
export function trackTimers(): void {
  for (const name of ['setTimeout', 'setInterval'] as const) {
    const make = genuine[name] as (...args: unknown[]) => NodeJS.Timeout;
    const tracked = (...args: unknown[]) => {
      const timer = make(...args);
      timers.add(timer);
      return timer;
    };
    globalThis[name] = Object.assign(tracked, make) as never;
  }
}

export function endTimers(): void {
  Object.assign(globalThis, genuine);
  for (const timer of timers) clearTimeout(timer);
  timers.clear();
}

interface Emitter {
  on(event: string, listener: (...args: never[]) => void): unknown;
  off(event: string, listener: (...args: never[]) => void): unknown;
}

/** The arguments of the next event that `matches`. */
export function next<A extends unknown[] = unknown[]>(
  emitter: unknown,
  event: string,
  matches: (...args: A) => boolean = () => true,
  ms = 5_000,
): Promise<A> {
  const source = emitter as Emitter;
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => {
      source.off(event, listener as never);
      reject(new Error(`no "${event}" within ${ms} ms`));
    }, ms);
    const listener = (...args: A) => {
      if (!matches(...args)) return;
      clearTimeout(late);
      source.off(event, listener as never);
      resolve(args);
    };
    source.on(event, listener as never);
  });
}

/** What happened, as `event:detail` lines. */
export function record(
  emitter: unknown,
  events: Readonly<Record<string, (...args: never[]) => unknown>>,
): string[] {
  const seen: string[] = [];
  for (const [event, detail] of Object.entries(events))
    (emitter as Emitter).on(event, (...args: never[]) =>
      seen.push(`${event}:${JSON.stringify(detail(...args))}`),
    );
  return seen;
}

export const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** Waits until it holds; the last failure is the test's. */
export async function eventually(check: () => void | Promise<void>, ms = 5_000): Promise<void> {
  const end = Date.now() + ms;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > end) throw error;
      await pause(25);
    }
  }
}
