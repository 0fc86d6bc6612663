import type { ClientId, Input, OperationName, Result } from '@hongyan/protocol';
import { Backoff } from './backoff.js';
import type { ClientEvents } from './client-events.js';
import { Commands, type CallOptions } from './commands.js';
import { type ClientState, Connection, type SessionEvent } from './connection.js';
import type { Core } from './core.js';
import { Dispatch } from './dispatch.js';
import { Emitter } from './emitter.js';
import { asHongyanError, HongyanError } from './errors.js';
import { Liveness } from './liveness.js';
import { operationId } from './operation-id.js';
import { type HongyanOptions, settingsOf } from './options.js';
import { Outbox } from './outbox.js';
import { Presence } from './presence.js';
import { Profiles } from './profiles.js';
import { Receipts } from './receipts.js';
import { Conversations } from './registry.js';
import { Resume } from './resume.js';
import { Rooms } from './rooms.js';
import { Saved } from './saved.js';
import type { LocalMessage } from './send-handle.js';
import { MemoryStorage } from './storage.js';
import { Sync } from './sync.js';
import { Turns } from './turns.js';

const probeTimeoutMs = 5_000;

/** One client of one app, on one connection that comes back by itself. */
export class HongyanClient extends Emitter<ClientEvents> {
  readonly conversations: Conversations;
  readonly rooms: Rooms;
  readonly presence: Presence;
  /** Other clients: their records, and whom I refuse. */
  readonly clients: Profiles;
  readonly #connection: Connection;
  readonly #commands: Commands;
  readonly #outbox: Outbox;
  readonly #receipts: Receipts;
  readonly #saved: Saved;
  readonly #sync: Sync;
  readonly #dispatch: Dispatch;
  readonly #resume: Resume;
  #liveness: Liveness | undefined;
  #me: ClientId | undefined;
  #deviceId: string | undefined;
  #waiters: { resolve: () => void; reject: (error: HongyanError) => void }[] = [];
  #loaded: Promise<void> | undefined;
  #ended = false;

  constructor(private readonly options: HongyanOptions) {
    super();
    const settings = settingsOf(options);
    this.#deviceId = options.deviceId;
    this.#saved = new Saved(options.storage ?? new MemoryStorage(), (error) =>
      this.#trouble('storage', error),
    );
    this.#connection = new Connection({
      settings,
      logger: options.logger,
      deviceId: () => this.#deviceId,
      tag: options.tag,
      saveSession: (session) =>
        settings.keepSession && this.#saved.set('session', session && JSON.stringify(session)),
      stateChanged: (state) => this.#stateChanged(state),
      online: (event) => this.#online(event),
      event: (event) => this.#dispatch.event(event),
      closed: (error) => this.#closed(error),
    });
    this.#commands = new Commands(this.#connection, settings);
    this.#receipts = new Receipts(this.#commands, () => this.state === 'online');
    this.#outbox = new Outbox({
      maxQueue: settings.maxQueue,
      sendWindow: settings.sendWindow,
      me: () => this.#me,
      ready: (id) => this.state === 'online' && this.#resume.entered(id),
      send: (args) => this.#commands.once('message.send', args),
      save: (op, value) => this.#saved.set(`q/${op}`, value),
      changed: (local) => this.#dispatch.local(local),
      acknowledged: (message) => this.conversations.of(message.conversation).acknowledged(message),
    });
    const core: Core = {
      settings,
      commands: this.#commands,
      outbox: this.#outbox,
      receipts: this.#receipts,
      fetches: new Turns(3),
      me: () => this.#me,
      saveKnown: (log, seq) => this.#saved.set(`k/${log}`, seq === undefined ? undefined : String(seq)),
      emit: (id, event, value) => this.#dispatch.forward(id, event, value),
      adoptLog: (log, id) => this.conversations.adoptLog(log, id),
      failed: (what, error) => this.#trouble(what, error),
    };
    this.conversations = new Conversations(core);
    this.#dispatch = new Dispatch(this, this.conversations);
    this.#sync = new Sync(this.#commands, this.conversations, settings, (token) =>
      this.#saved.set('sync', token),
    );
    this.conversations.firstToken = (token) => this.#sync.accept(token);
    this.rooms = new Rooms(this.#commands, this.conversations, (room) => this.#outbox.flush(room.id));
    this.presence = new Presence(this.#commands);
    this.clients = new Profiles(this.#commands);
    this.#resume = new Resume({
      conversations: this.conversations,
      presence: this.presence,
      rooms: this.rooms,
      sync: this.#sync,
      backoff: new Backoff(settings.reconnectMs.first, settings.reconnectMs.max),
      online: () => this.state === 'online',
      flush: () => {
        this.#outbox.flush();
        this.#receipts.flush();
      },
      present: (client, online) =>
        this.emit('presence', { client: client as ClientId, online, time: this.serverTime }),
      synced: () => this.emit('synced', undefined),
      caughtUp: () => this.emit('caughtUp', undefined),
      failed: (what, error) => this.#trouble(what, error),
    });
  }

  get state(): ClientState {
    return this.#connection.state;
  }

  /** While `waiting`: when the next attempt to connect begins, in ms of this machine's clock. */
  get reconnectAt(): number | undefined {
    return this.#connection.reconnectAt;
  }

  /** My id; known once connected. */
  get id(): ClientId | undefined {
    return this.#me;
  }

  /** The server's time, as far as it is known. */
  get serverTime(): number {
    return Date.now() + this.#connection.clockOffset;
  }

  /** My messages that are not acknowledged yet. */
  get pending(): LocalMessage[] {
    return this.#outbox.pending();
  }

  /**
   * Connects, and stays connected: resolves when online, rejects when refused for good or after `timeoutMs` (default:
   * never), in which case the client goes on trying until {@link close}. May be called again after a `closed` event.
   * @throws HongyanError `client_closed` after {@link close}.
   */
  async connect(options: { readonly timeoutMs?: number } = {}): Promise<void> {
    if (this.#ended) throw new HongyanError('client_closed');
    this.#liveness ??= new Liveness({ probe: () => this.#probe(), hurry: () => this.#connection.hurry() });
    this.#loaded ??= this.#load().catch((error: unknown) => {
      this.#loaded = undefined;
      throw asHongyanError(error);
    });
    await this.#loaded;
    if (this.state === 'online') return;
    this.#connection.start();
    await new Promise<void>((resolve, reject) => {
      const { timeoutMs } = options;
      const timer =
        timeoutMs === undefined
          ? undefined
          : setTimeout(() => reject(new HongyanError('timeout')), timeoutMs);
      const done = (then: () => void) => (): void => {
        clearTimeout(timer);
        then();
      };
      this.#waiters.push({ resolve: done(resolve), reject: (error) => done(() => reject(error))() });
    });
  }

  /** The app came to the foreground, or the network is back: reconnects or checks the connection at once. */
  wake(): void {
    this.#connection.hurry();
    this.#probe();
  }

  /** Disconnects and ends every timer. Unsent messages stay in the storage. The instance cannot be used any more. */
  async close(): Promise<void> {
    this.#ended = true;
    this.#liveness?.close();
    this.#resume.close();
    this.#connection.stop();
    const error = new HongyanError('client_closed');
    this.#outbox.close(error);
    this.#receipts.close();
    this.conversations.dispose();
    this.#reject(error);
    await this.#saved.close();
    this.removeAllListeners();
  }

  /** Ends the session on the server, forgets everything stored here, and closes. */
  async logout(): Promise<void> {
    if (this.state === 'online') await this.#commands.once('session.close', {}).catch(() => undefined);
    this.#outbox.clear(new HongyanError('client_closed'));
    this.#saved.clear();
    await this.close();
  }

  /** Any operation of the protocol, with retries. */
  call<N extends OperationName>(name: N, args: Input<N>, options?: CallOptions): Promise<Result<N>> {
    return this.#commands.call(name, args, options);
  }

  /** Totals over all my conversations, asked of the server. */
  unread(): Promise<Result<'client.unread'>> {
    return this.#commands.call('client.unread', {});
  }

  // ── inside ─────────────────────────────────────────────────────────────────────────────────────────────────

  async #load(): Promise<void> {
    const saved = await this.#saved.load();
    this.#deviceId ??= saved.device ?? operationId();
    this.#saved.set('device', this.#deviceId);
    this.#me ??= saved.client as ClientId | undefined;
    this.#sync.token = saved.sync;
    this.#connection.session = saved.session;
    this.conversations.remember(saved.known);
    this.#outbox.restore(saved.queue);
  }

  #stateChanged(state: ClientState): void {
    this.#commands.wake();
    this.emit('state', state);
  }

  #online(event: SessionEvent): void {
    if (this.#me !== undefined && this.#me !== event.client) this.#otherClient();
    this.#me = event.client;
    this.#saved.set('client', event.client);
    this.#sync.page = event.limits.page;
    this.emit('online', { client: event.client, resumed: event.resumed });
    for (const { resolve } of this.#waiters.splice(0)) resolve();
    this.#resume.run(event.resumed);
  }

  /** What is stored here belongs to another client. */
  #otherClient(): void {
    this.#outbox.clear(new HongyanError('send_cancelled'));
    this.#saved.clear();
    this.#sync.token = undefined;
    this.conversations.remember(new Map());
    for (const conversation of this.conversations.all()) conversation.leaveBehind();
  }

  #closed(error: HongyanError): void {
    this.#liveness?.close(); // its timer would keep a process alive
    this.#liveness = undefined;
    if (error.name === 'session_conflict') this.emit('conflict', error);
    if (error.name === 'kicked' || error.name === 'banned') this.emit('kicked', error);
    this.emit('closed', error);
    this.#reject(error);
  }

  #reject(error: HongyanError): void {
    for (const { reject } of this.#waiters.splice(0)) reject(error);
  }

  /** A socket may look open long after its network is gone. */
  #probe(): void {
    if (this.state !== 'online' || this.#me === undefined) return;
    this.#commands
      .once('presence.query', { clients: [this.#me] }, probeTimeoutMs)
      .catch((error: HongyanError) => {
        if (error.name === 'timeout') this.#connection.lose('no answer');
      });
  }

  #trouble(what: string, error: HongyanError): void {
    if (error.name === 'client_closed') return;
    this.options.logger?.warn(`${what} failed`, { error });
    this.emit('trouble', error);
  }
}
