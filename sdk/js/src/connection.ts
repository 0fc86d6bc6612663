import { io, type Socket } from 'socket.io-client';
import type { ServerEvent, WireError } from '@hongyan/protocol';
import { Backoff } from './backoff.js';
import { HongyanError, isWireError } from './errors.js';
import type { Credentials, Logger, Settings } from './options.js';
import { protocolVersion, sdkVersion } from './version.js';

/** `waiting`: between two attempts. `closed`: does not come back by itself. */
export type ClientState = 'idle' | 'connecting' | 'online' | 'waiting' | 'closed';

export type SessionEvent = Extract<ServerEvent, { type: 'session' }>;

export interface SavedSession {
  readonly token: string;
  readonly expiresAt: number;
}

export interface ConnectionHost {
  readonly settings: Settings;
  readonly logger: Logger | undefined;
  readonly deviceId: () => string | undefined;
  readonly tag: string | undefined;
  saveSession(session: SavedSession | undefined): void;
  stateChanged(state: ClientState): void;
  /** The first event of a connection. */
  online(event: SessionEvent): void;
  event(event: ServerEvent): void;
  /** The server ended it for good. */
  closed(error: HongyanError): void;
}

const handshakeTimeoutMs = 15_000;
/** An attempt that began before the network was back may wait for nothing. */
const staleAttemptMs = 3_000;
/** A connection that lasted so long was a good one: the next back-off begins anew. */
const stableMs = 10_000;
/** Nobody waits longer than this, or than half of what the outage has lasted: who restarts quickly is found quickly. */
const promptMs = 3_000;
/** So many refusals of fresh credentials that may be a matter of clocks are tried again. */
const maxStale = 3;
const staleNames = new Set(['token_expired', 'signature_invalid']);
const sessionNames = new Set(['session_expired', 'token_expired', 'token_invalid', 'unauthenticated']);

/** One logical connection: attempts, the handshake, the session token, back-off, and when to give up. */
export class Connection {
  state: ClientState = 'idle';
  session: SavedSession | undefined;
  /** When the next attempt begins, while `waiting`. */
  reconnectAt: number | undefined;
  /** The server's clock less ours. */
  clockOffset = 0;
  #socket: Socket | undefined;
  /** Grows with every attempt: what a former one still reports is ignored. */
  #turn = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #onlineSince = 0;
  #attemptedAt = 0;
  /** Since when there is no connection, while there is none. */
  #lostAt: number | undefined;
  #stale = 0;
  readonly #backoff: Backoff;
  readonly #unanswered = new Set<(error: HongyanError) => void>();

  constructor(private readonly host: ConnectionHost) {
    const { first, max } = host.settings.reconnectMs;
    this.#backoff = new Backoff(first, max);
  }

  start(): void {
    if (this.state !== 'idle' && this.state !== 'closed') return;
    this.#backoff.reset();
    this.#stale = 0;
    this.#lostAt = undefined;
    void this.#attempt();
  }

  stop(): void {
    this.#drop(new HongyanError('client_closed'));
    this.#set('closed');
  }

  /** Tries at once if it waits for the next attempt, or for an answer that is long in coming. */
  hurry(): void {
    const stuck = this.#socket !== undefined && Date.now() - this.#attemptedAt > staleAttemptMs;
    if (this.state !== 'waiting' && !(this.state === 'connecting' && stuck)) return;
    this.#backoff.reset();
    void this.#attempt();
  }

  /** The socket is found dead. */
  lose(why: string): void {
    if (this.state !== 'online') return;
    this.host.logger?.warn('connection lost', { why });
    this.#again();
  }

  /** One frame and its answer. Rejects with `timeout` or `connection_lost` when there is none. */
  ask(name: string, args: object, timeoutMs: number): Promise<unknown> {
    const socket = this.#socket;
    if (socket === undefined || this.state !== 'online')
      return Promise.reject(new HongyanError('connection_lost'));
    return new Promise((resolve, reject) => {
      const fail = (error: HongyanError): void => {
        clearTimeout(timer);
        this.#unanswered.delete(fail);
        reject(error);
      };
      const timer = setTimeout(() => fail(new HongyanError('timeout')), timeoutMs);
      this.#unanswered.add(fail);
      socket.emit('c', name, args, (answer: { ok?: unknown; error?: WireError }) => {
        if (answer.error !== undefined) return fail(new HongyanError(answer.error));
        clearTimeout(timer);
        this.#unanswered.delete(fail);
        resolve(answer.ok);
      });
    });
  }

  async #attempt(): Promise<void> {
    this.#drop(new HongyanError('connection_lost'));
    const turn = this.#turn;
    this.#set('connecting');
    const { settings } = this.host;
    const saved = this.session;
    let credentials: Credentials | { session: string };
    try {
      credentials =
        saved !== undefined && saved.expiresAt > Date.now() ? { session: saved.token } : await this.#login();
    } catch (error) {
      this.host.logger?.warn('credentials failed', { error });
      if (turn === this.#turn) this.#again();
      return;
    }
    if (turn !== this.#turn) return;
    this.#attemptedAt = Date.now();
    const deviceId = this.host.deviceId();
    const { tag } = this.host;
    const socket = io(settings.url, {
      transports: ['websocket'],
      reconnection: false,
      forceNew: true,
      timeout: handshakeTimeoutMs,
      auth: {
        v: protocolVersion,
        appId: settings.appId,
        sdk: `js/${sdkVersion}`,
        ...(deviceId === undefined ? {} : { deviceId }),
        ...(tag === undefined ? {} : { tag }),
        ...credentials,
      },
    });
    this.#socket = socket;
    const current = (): boolean => turn === this.#turn;
    this.#timer = setTimeout(() => current() && this.#again(), handshakeTimeoutMs);
    socket.on('connect_error', (error: Error & { data?: unknown }) => {
      if (!current()) return;
      if (isWireError(error.data)) this.#refused(new HongyanError(error.data), 'session' in credentials);
      else this.#again();
    });
    socket.on('e', (event: ServerEvent) => current() && this.#received(event));
    socket.on('disconnect', (reason) => current() && this.#again(reason));
  }

  #login(): Credentials | Promise<Credentials> {
    this.#forget();
    const { credentials } = this.host.settings;
    return typeof credentials === 'function' ? credentials() : credentials;
  }

  #received(event: ServerEvent): void {
    if (event.type === 'session') {
      this.#onlineSince = Date.now();
      this.#lostAt = undefined;
      this.#stale = 0;
      this.clockOffset = event.time - Date.now();
      this.#remember(event);
      this.#set('online');
      this.host.online(event);
    } else if (event.type === 'closing') {
      this.#closing(event);
    } else {
      this.host.event(event);
    }
  }

  /** Keeps the token and gets the next one before it ends. */
  #remember({ token, expiresAt }: SavedSession): void {
    this.session = { token, expiresAt: expiresAt - this.clockOffset };
    this.host.saveSession(this.session);
    clearTimeout(this.#timer);
    const wait = Math.min((this.session.expiresAt - Date.now()) * 0.8, 86_400_000);
    this.#timer = setTimeout(
      () => {
        this.ask('session.refresh', {}, handshakeTimeoutMs).then(
          (result) => this.#remember(result as SavedSession),
          () => undefined, // the old one serves until it ends; then a login follows
        );
      },
      Math.max(wait, 1_000),
    );
  }

  #forget(): void {
    if (this.session === undefined) return;
    this.session = undefined;
    this.host.saveSession(undefined);
  }

  #refused(error: HongyanError, bySession: boolean): void {
    this.host.logger?.warn('login refused', { name: error.name, message: error.message });
    if (error.temporary) return this.#again(error.name, error.retryAfterMs);
    if (bySession && sessionNames.has(error.name)) {
      this.#forget();
      void this.#attempt(); // at once, with fresh credentials
    } else if (!bySession && staleNames.has(error.name) && this.#stale++ < maxStale) {
      this.#again(error.name);
    } else {
      this.#end(error);
    }
  }

  #closing({ code, name, message, reconnectAfterMs }: Extract<ServerEvent, { type: 'closing' }>): void {
    if (reconnectAfterMs !== undefined) return this.#again(name, reconnectAfterMs);
    if (name === 'session_expired') {
      this.#forget();
      return this.#again(name);
    }
    this.#end(new HongyanError({ code, name, message, temporary: false }));
  }

  #end(error: HongyanError): void {
    this.#forget();
    this.#drop(error);
    this.#set('closed');
    this.host.closed(error);
  }

  #again(why?: string, afterMs?: number): void {
    this.#drop(new HongyanError('connection_lost'));
    if (this.#onlineSince > 0 && Date.now() - this.#onlineSince > stableMs) this.#backoff.reset();
    this.#onlineSince = 0;
    this.#lostAt ??= Date.now();
    const outageMs = Date.now() - this.#lostAt;
    const wait = this.#backoff.next(afterMs, Math.max(promptMs, outageMs / 2));
    this.host.logger?.debug('reconnecting', { why, wait });
    this.#timer = setTimeout(() => void this.#attempt(), wait);
    this.reconnectAt = Date.now() + wait;
    this.#set('waiting');
  }

  /** Ends what is there of the current attempt, quietly. */
  #drop(error: HongyanError): void {
    this.#turn += 1;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.off();
    socket?.disconnect();
    for (const fail of [...this.#unanswered]) fail(error);
  }

  #set(state: ClientState): void {
    if (state !== 'waiting') this.reconnectAt = undefined;
    if (this.state === state) return;
    this.state = state;
    this.host.stateChanged(state);
  }
}
