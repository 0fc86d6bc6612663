import type { ClientId, Input, OperationName, Result, ServerEvent } from '@hongyan/protocol';
import type { ClientEvents } from './client-events.js';
import { Commands, type CallOptions } from './commands.js';
import { type ClientState, Connection, type SessionEvent } from './connection.js';
import type { ConversationEvents } from './conversation-events.js';
import type { Core } from './core.js';
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
import { Rooms } from './rooms.js';
import { Saved } from './saved.js';
import type { LocalMessage } from './send-handle.js';
import { MemoryStorage } from './storage.js';
import { Sync } from './sync.js';

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
  #liveness: Liveness | undefined;
  #me: ClientId | undefined;
  #deviceId: string | undefined;
  #waiters: { resolve: () => void; reject: (error: HongyanError) => void }[] = [];
  #loaded: Promise<void> | undefined;

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
      event: (event) => this.#event(event),
      closed: (error) => this.#closed(error),
    });
    this.#commands = new Commands(this.#connection, settings);
    this.#receipts = new Receipts(this.#commands, () => this.state === 'online');
    this.#outbox = new Outbox({
      maxQueue: settings.maxQueue,
      sendWindow: settings.sendWindow,
      me: () => this.#me,
      ready: (id) => this.state === 'online' && !this.#rejoining.has(id),
      send: (args) => this.#commands.once('message.send', args),
      save: (op, value) => this.#saved.set(`q/${op}`, value),
      changed: (local) => this.#local(local),
      acknowledged: (message) => this.conversations.of(message.conversation).acknowledged(message),
    });
    const core: Core = {
      settings,
      commands: this.#commands,
      outbox: this.#outbox,
      receipts: this.#receipts,
      me: () => this.#me,
      saveKnown: (log, seq) => this.#saved.set(`k/${log}`, seq === undefined ? undefined : String(seq)),
      emit: (id, event, value) => this.#forward(id, event, value),
      adoptLog: (log, id) => this.conversations.adoptLog(log, id),
      failed: (what, error) => this.#trouble(what, error),
    };
    this.conversations = new Conversations(core);
    this.#sync = new Sync(this.#commands, this.conversations, settings, (token) =>
      this.#saved.set('sync', token),
    );
    this.conversations.firstToken = (token) => this.#sync.accept(token);
    this.rooms = new Rooms(this.#commands, this.conversations, (room) => this.#outbox.flush(room.id));
    this.presence = new Presence(this.#commands);
    this.clients = new Profiles(this.#commands);
  }

  get state(): ClientState {
    return this.#connection.state;
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
   * never), in which case the client goes on trying until {@link close}.
   */
  async connect(options: { readonly timeoutMs?: number } = {}): Promise<void> {
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
    this.#liveness?.close();
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

  readonly #rejoining = new Set<string>();

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
    this.emit('online', { client: event.client, resumed: event.resumed });
    for (const { resolve } of this.#waiters.splice(0)) resolve();
    void this.#resume(event.resumed);
  }

  async #resume(resumed: boolean): Promise<void> {
    if (!resumed) {
      for (const room of this.rooms.joined) this.#rejoining.add(room.id);
      void this.rooms.rejoin().finally(() => {
        this.#rejoining.clear();
        this.#outbox.flush();
      });
    }
    this.#outbox.flush();
    this.#receipts.flush();
    try {
      const presence = await this.presence.renew();
      const time = this.serverTime;
      for (const client of presence?.watched ?? []) {
        this.emit('presence', {
          client: client as ClientId,
          online: presence?.online.has(client) ?? false,
          time,
        });
      }
      await this.#sync.run();
      this.emit('synced', undefined);
    } catch (error) {
      this.#trouble('sync', error as HongyanError);
    }
  }

  /** What is stored here belongs to another client. */
  #otherClient(): void {
    this.#outbox.clear(new HongyanError('send_cancelled'));
    this.#saved.clear();
    this.#sync.token = undefined;
    this.conversations.remember(new Map());
    for (const conversation of this.conversations.all()) conversation.leaveBehind();
  }

  #event(event: ServerEvent): void {
    switch (event.type) {
      case 'entry':
        this.conversations.entry(event);
        break;
      case 'cursor':
        this.conversations.known(event.conversation)?.cursor(event);
        break;
      case 'state':
        this.conversations.of(event.conversation).ownState(event.own);
        break;
      case 'transient':
        this.#both(event.message.conversation, 'transient', event.message);
        break;
      case 'signal': {
        const { conversation, from, name, data } = event;
        this.#both(conversation, 'signal', { from, name, ...(data === undefined ? {} : { data }) });
        break;
      }
      case 'presence':
        this.emit('presence', { client: event.client, online: event.online, time: event.time });
        break;
      default: // a newer server may tell more
    }
  }

  #both<K extends 'transient' | 'signal'>(id: string, event: K, value: ConversationEvents[K]): void {
    this.conversations.of(id).emit(event, value);
    this.#forward(id, event, value);
  }

  #local(local: LocalMessage): void {
    const conversation = this.conversations.of(local.conversation);
    conversation.emit('local', local);
    this.emit('local', { conversation, local });
  }

  /** A conversation's event, for who listens to the client. */
  #forward(id: string, event: keyof ConversationEvents, value: unknown): void {
    const conversation = this.conversations.of(id);
    if (event === 'changed') this.emit('conversation', conversation);
    else if (event === 'gone') this.emit('gone', conversation);
    else if (event === 'message' || event === 'edit' || event === 'recall' || event === 'transient')
      this.emit(event, { conversation, message: value } as never);
    else if (event === 'entry') this.emit('entry', { conversation, entry: value } as never);
    else if (event !== 'local') this.emit(event, { conversation, ...(value as object) });
  }

  #closed(error: HongyanError): void {
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
