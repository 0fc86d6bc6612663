import { createHmac, randomUUID } from 'node:crypto';
import { io, type Socket } from 'socket.io-client';
import type { Input, OperationName, Result, ServerEvent, WireError } from '@hongyan/protocol';

export interface Target {
  readonly url: string;
  readonly app: string;
  readonly masterKey: string;
}

const base64 = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A JWT as the app's server would make it; `claims` and `key` spoil it. */
export function jwt(target: Target, client: string, claims: object = {}, key = target.masterKey): string {
  const now = Math.floor(Date.now() / 1000);
  const text = `${base64({ alg: 'HS256', typ: 'JWT' })}.${base64({ sub: client, aud: target.app, iat: now, exp: now + 3_600, ...claims })}`;
  return `${text}.${createHmac('sha256', key).update(text).digest('base64url')}`;
}

/** The other way to log in. */
export function signature(
  target: Target,
  client: string,
  timestamp = Date.now(),
  key = target.masterKey,
): object {
  const nonce = randomUUID();
  const text = ['hongyan-login', target.app, client, String(timestamp), nonce].join('\n');
  return {
    clientId: client,
    signature: { timestamp, nonce, signature: createHmac('sha256', key).update(text).digest('hex') },
  };
}

export class Refused extends Error {
  constructor(readonly wire: WireError) {
    super(`${wire.name}: ${wire.message}`);
  }
}

type Named<T extends ServerEvent['type']> = Extract<ServerEvent, { type: T }>;

/** One raw connection: no retries, no order, nothing but the protocol. */
export class Wire {
  readonly events: ServerEvent[] = [];
  /** Acknowledgements and events in the order of their arrival. */
  readonly trail: string[] = [];
  closed = false;
  session!: Named<'session'>;

  private constructor(readonly socket: Socket) {
    socket.on('e', (event: ServerEvent) => {
      this.events.push(event);
      this.trail.push(event.type === 'entry' ? `entry ${event.entry.seq}` : event.type);
    });
    socket.on('disconnect', () => (this.closed = true));
  }

  /** Rejects with {@link Refused} when the server refuses. */
  static async open(target: Target, auth: object): Promise<Wire> {
    const socket = io(target.url, { transports: ['websocket'], reconnection: false, forceNew: true, auth });
    const wire = new Wire(socket);
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('no answer to the handshake')), 10_000);
      socket.once('e', () => (clearTimeout(timer), resolve()));
      socket.once('connect_error', (error: Error & { data?: WireError }) => {
        clearTimeout(timer);
        socket.disconnect();
        reject(error.data === undefined ? error : new Refused(error.data));
      });
    });
    const [first] = wire.events;
    if (first?.type !== 'session') throw new Error(`the first event is ${first?.type}, not session`);
    wire.session = first;
    return wire;
  }

  static login(target: Target, client: string, more: object = {}): Promise<Wire> {
    return Wire.open(target, {
      v: 1,
      appId: target.app,
      token: jwt(target, client),
      sdk: 'conformance/1',
      ...more,
    });
  }

  call<N extends OperationName>(name: N, args: Input<N>): Promise<Result<N>> {
    return this.raw('c', name, args) as Promise<Result<N>>;
  }

  /** Any frame with an acknowledgement. */
  async raw(...frame: [string, ...unknown[]]): Promise<unknown> {
    const [event, ...rest] = frame;
    const answer = (await this.socket.timeout(10_000).emitWithAck(event, ...rest)) as {
      ok?: unknown;
      error?: WireError;
    };
    this.trail.push(`ack ${(answer.ok as { seq?: number } | undefined)?.seq ?? ''}`.trim());
    if (answer.error !== undefined) throw new Refused(answer.error);
    return answer.ok;
  }

  /** Waits for an event of a type (and kind) that is, or will be, there. */
  async event<T extends ServerEvent['type']>(
    type: T,
    matches: (event: Named<T>) => boolean = () => true,
  ): Promise<Named<T>> {
    const find = (): Named<T> | undefined =>
      this.events.find((event): event is Named<T> => event.type === type && matches(event as Named<T>));
    await until(() => find() !== undefined || this.closed, `an event ${type}`);
    const found = find();
    if (found === undefined) throw new Error(`closed before an event ${type}`);
    return found;
  }

  entries(conversation: string): number[] {
    return this.events.flatMap((event) =>
      event.type === 'entry' && event.entry.conversation === conversation ? [event.entry.seq] : [],
    );
  }

  close(): void {
    this.socket.disconnect();
  }
}

export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string,
  ms = 5_000,
): Promise<void> {
  const deadline = Date.now() + ms;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`never came: ${what}`);
    await pause(10);
  }
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** The server's REST door, as the app's own server uses it. */
export async function rest(
  target: Target,
  method: string,
  path: string,
  body?: object,
): Promise<Record<string, unknown>> {
  const response = await fetch(`${target.url}/api/v1${path}`, {
    method,
    headers: {
      'x-hongyan-app': target.app,
      authorization: `Bearer ${target.masterKey}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>;
}
