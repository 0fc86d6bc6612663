import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type App, type AppDirectory, presets } from '@hongyan/apps';
import { LocalHub } from '@hongyan/delivery';
import {
  asAppId,
  asTenantId,
  type Args,
  type Caller,
  type Commands,
  type OpenSession,
  type OperationName,
  type ServerEvent,
} from '@hongyan/protocol';
import {
  Authenticator,
  type Revocation,
  RevocationList,
  type RevocationStore,
  UserVerifier,
} from '@hongyan/sessions';
import { pino } from 'pino';
import { Server } from 'socket.io';
import { WebSocket } from 'ws';
import type { ConnectionOptions, ConnectionParts } from './connection-parts.js';
import { NativeDoor } from './native-door.js';
import { serverOptions } from './socket-options.js';

export const masterKey = 'a master key of at least thirty-two characters';

export function sampleApp(id: string, changes: Partial<App> = {}): App {
  return {
    ...presets.native,
    id: asAppId(id),
    tenant: asTenantId('t'),
    name: id,
    preset: 'native',
    enabled: true,
    appKey: { current: 'key' },
    masterKey: { current: masterKey },
    createdAt: 0,
    updatedAt: 0,
    ...changes,
    login: { ...presets.native.login, unsigned: true, ...changes.login },
  };
}

/** Revocations kept in an array; the real stores have their own suites. */
export class ArrayRevocations implements RevocationStore {
  readonly rows: Revocation[] = [];
  add(revocation: Revocation): Promise<void> {
    this.rows.push(revocation);
    return Promise.resolve();
  }
  since(position: string | undefined, now: number): Promise<{ revocations: Revocation[]; position: string }> {
    const revocations = this.rows.slice(Number(position ?? 0)).filter(({ expiresAt }) => expiresAt > now);
    return Promise.resolve({ revocations, position: String(this.rows.length) });
  }
  purge(): Promise<void> {
    return Promise.resolve();
  }
}

/** What the door called, and what it is to get. */
export class RecordedCommands implements Commands {
  readonly calls: { caller: Caller; name: OperationName; args: unknown }[] = [];
  readonly opened: OpenSession[] = [];
  readonly ended: { session: OpenSession; reason: string }[] = [];
  answer: (name: OperationName, args: never, caller: Caller) => unknown = () => ({});
  /** What has the same answer in all tests, and is not recorded. */
  always: Partial<Record<OperationName, unknown>> = {};

  constructor(private readonly hub: LocalHub) {}

  execute<N extends OperationName>(caller: Caller, name: N, args: Args<N>): Promise<never> {
    if (name in this.always) return Promise.resolve(this.always[name] as never);
    this.calls.push({ caller, name, args });
    return Promise.resolve().then(() => this.answer(name, args as never, caller)) as Promise<never>;
  }
  async sessionOpened(session: OpenSession): Promise<void> {
    this.opened.push(session);
    await this.hub.opened(session);
  }
  async sessionClosed(session: OpenSession, reason: string): Promise<void> {
    this.ended.push({ session, reason });
    await this.hub.closed(session, reason === 'lost' ? 60_000 : 0);
  }
}

export interface Rig {
  readonly url: string;
  readonly server: Server;
  readonly door: NativeDoor;
  readonly hub: LocalHub;
  readonly commands: RecordedCommands;
  readonly revocations: RevocationList;
  readonly parts: ConnectionParts;
  readonly logged: string[];
  client(auth?: Record<string, unknown>, headers?: Record<string, string>): RawClient;
  stop(): Promise<void>;
}

/** A door on a real Socket.IO server, without Nest. */
export async function startRig(apps: App[], options: Partial<ConnectionOptions> = {}): Promise<Rig> {
  const hub = new LocalHub();
  const commands = new RecordedCommands(hub);
  const revocations = new RevocationList(new ArrayRevocations());
  const directory: AppDirectory = {
    find: (id) => Promise.resolve(apps.find((app) => app.id === id)),
    known: (id) => apps.find((app) => app.id === id),
  };
  const authenticator = new Authenticator({
    sessionKey: { current: 'the session key of this installation' },
    revocations,
    clients: { bannedUntil: () => Promise.resolve(undefined), setProfile: () => Promise.resolve() },
  });
  const logged: string[] = [];
  const logger = pino({ level: 'debug' }, { write: (line: string) => void logged.push(line) });
  const verifier = new UserVerifier({ allowPrivate: true });
  const parts: ConnectionParts = {
    commands,
    hub,
    apps: directory,
    authenticator,
    verifier,
    logger,
    options,
  };
  const door = new NativeDoor(parts);
  const http: HttpServer = createServer();
  const server = new Server(http, serverOptions(door.options));
  door.listen(server);
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const url = `ws://127.0.0.1:${(http.address() as AddressInfo).port}/socket.io/?EIO=4&transport=websocket`;
  const clients: RawClient[] = [];
  return {
    url,
    server,
    door,
    hub,
    commands,
    revocations,
    parts,
    logged,
    client(auth, headers) {
      const client = new RawClient(url, { v: 1, appId: apps[0]!.id, clientId: 'ann', ...auth }, headers);
      clients.push(client);
      return client;
    },
    async stop() {
      for (const client of clients) client.socket.terminate();
      await door.drain(0);
      await server.close();
    },
  };
}

/** Presence as if it were a network away: logins that come together are all counted before any of them is attached. */
export function slowPresence({ hub }: Pick<Rig, 'hub'>): void {
  const { sessionsOf } = hub;
  jest.spyOn(hub, 'sessionsOf').mockImplementation(async (...args) => {
    const open = await sessionsOf.apply(hub, args);
    await new Promise((resolve) => setTimeout(resolve, 50));
    return open;
  });
}

export interface Ack {
  readonly ok?: unknown;
  readonly error?: {
    readonly code: number;
    readonly name: string;
    readonly message: string;
    readonly retryAfterMs?: number;
  };
}

/** A client that writes and reads frames itself. */
export class RawClient {
  readonly socket: WebSocket;
  /** Socket.IO packets as they came, Engine.IO's own left out. */
  readonly packets: string[] = [];
  closed = false;
  private lastId = 0;
  private waiters: (() => void)[] = [];

  constructor(url: string, auth: unknown, headers: Record<string, string> = {}) {
    this.socket = new WebSocket(url, { headers });
    this.socket.on('error', () => undefined);
    this.socket.on('close', () => {
      this.closed = true;
      this.wake();
    });
    this.socket.on('message', (data: Buffer) => {
      const text = data.toString();
      if (text.startsWith('0')) this.socket.send(`40${JSON.stringify(auth)}`);
      else if (text === '2') this.socket.send('3');
      else if (text.startsWith('4')) {
        this.packets.push(text.slice(1));
        this.wake();
      }
    });
  }

  get events(): ServerEvent[] {
    return this.packets
      .filter((packet) => packet.startsWith('2'))
      .map((packet) => (JSON.parse(packet.slice(1)) as [string, ServerEvent])[1]);
  }

  /** Resolves as soon as `find` answers something. */
  async until<T>(find: () => T | undefined | false): Promise<T> {
    for (;;) {
      const found = find();
      if (found !== undefined && found !== false) return found;
      await new Promise<void>((resolve) => this.waiters.push(resolve));
    }
  }

  event<T extends ServerEvent['type']>(type: T): Promise<ServerEvent & { type: T }> {
    return this.until(
      () => this.events.find((event) => event.type === type) as (ServerEvent & { type: T }) | undefined,
    );
  }

  refusal(): Promise<NonNullable<Ack['error']>> {
    return this.until(() => {
      const packet = this.packets.find((text) => text.startsWith('4'));
      return packet === undefined
        ? undefined
        : (JSON.parse(packet.slice(1)) as { data: NonNullable<Ack['error']> }).data;
    });
  }

  whenClosed(): Promise<boolean> {
    return this.until(() => this.closed);
  }

  /** Sends a command without waiting; answers its id. */
  send(name: string, args?: unknown): number {
    this.lastId += 1;
    this.raw(`42${this.lastId}${JSON.stringify(['c', name, ...(args === undefined ? [] : [args])])}`);
    return this.lastId;
  }

  raw(text: string | Buffer): void {
    this.socket.send(text);
  }

  ack(id: number): Promise<Ack> {
    return this.until(() => {
      const packet = this.packets.find((text) => text.startsWith(`3${id}[`));
      return packet === undefined ? undefined : (JSON.parse(packet.slice(`3${id}`.length)) as [Ack])[0];
    });
  }

  command(name: string, args?: unknown): Promise<Ack> {
    return this.ack(this.send(name, args));
  }

  private wake(): void {
    const { waiters } = this;
    this.waiters = [];
    for (const waiter of waiters) waiter();
  }
}
