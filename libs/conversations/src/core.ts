import type { App, AppDirectory } from '@hongyan/apps';
import type { Presence, Rooms } from '@hongyan/delivery';
import {
  AppError,
  type AppId,
  type Broker,
  type Caller,
  type CallOptions,
  type ClientId,
  type ConversationId,
  type OperationId,
  type Result,
} from '@hongyan/protocol';
import { LRUCache } from 'lru-cache';
import { publishCommitted } from './publish.js';
import type { PathObserver } from './path-observer.js';
import { maySee } from './permissions.js';
import type { ImportStore } from './import-ports.js';
import type { ClientStore } from './client-ports.js';
import type { ConversationStore, LogStore, MemberStore, NotificationStore } from './ports.js';
import type { TimelineStore } from './timeline-ports.js';
import { ReceiptPublisher } from './receipt-publisher.js';
import { type Intent, type Outcome, Sequencer, type SequencerOptions, type Verdict } from './sequencer.js';
import { SerialByKey } from './serial-by-key.js';
import { StateCache, type StateCacheOptions } from './state-cache.js';
import type { ConversationState } from './state.js';
import { ThreadCache } from './thread-cache.js';

/** What the composition root binds. */
export interface ConversationParts {
  readonly log: LogStore;
  readonly conversations: ConversationStore;
  readonly members: MemberStore;
  readonly clients: ClientStore;
  readonly apps: AppDirectory;
  readonly broker: Broker;
  readonly presence: Presence;
  readonly rooms: Rooms;
  readonly clock?: () => number;
  readonly onError?: (what: string, error: unknown) => void;
  readonly sequencer?: SequencerOptions;
  readonly states?: StateCacheOptions;
  readonly observer?: PathObserver;
  /** Absent: this store takes no history over from elsewhere. */
  readonly imports?: ImportStore;
  /** Absent: this store does not tell changes by time. */
  readonly notifications?: NotificationStore;
  /** Absent: what this store has of an app by time is merged from its logs. */
  readonly timeline?: TimelineStore;
}

/** One call of an operation: who gives the command, and how long the answer is waited for. */
export type Call = Caller & CallOptions;

/** What every use case works with. */
export class Core {
  readonly log: LogStore;
  readonly conversations: ConversationStore;
  readonly members: MemberStore;
  readonly clients: ClientStore;
  readonly imports: ImportStore | undefined;
  readonly notifications: NotificationStore | undefined;
  readonly timeline: TimelineStore | undefined;
  readonly broker: Broker;
  readonly presence: Presence;
  readonly rooms: Rooms;
  readonly states: StateCache;
  readonly sequencer: Sequencer;
  /** Broadcasts of one system conversation go out one after the other. */
  readonly broadcasts = new SerialByKey();
  readonly receipts: ReceiptPublisher;
  readonly threads = new ThreadCache();
  /** First results of messages that nobody stores, for five minutes: a retry is not told twice. */
  readonly unstored = new LRUCache<string, Result<'message.send'>>({ max: 100_000, ttl: 5 * 60_000 });
  readonly clock: () => number;
  readonly onError: (what: string, error: unknown) => void;
  private readonly apps: AppDirectory;

  constructor(parts: ConversationParts) {
    this.log = parts.log;
    this.conversations = parts.conversations;
    this.members = parts.members;
    this.clients = parts.clients;
    this.imports = parts.imports;
    this.notifications = parts.notifications;
    this.timeline = parts.timeline;
    this.apps = parts.apps;
    this.broker = parts.broker;
    this.presence = parts.presence;
    this.rooms = parts.rooms;
    this.clock = parts.clock ?? Date.now;
    this.onError = parts.onError ?? (() => undefined);
    this.receipts = new ReceiptPublisher(parts.broker, parts.members, parts.log, this.clock, this.onError);
    this.states = new StateCache(parts.log, parts.conversations, parts.clients, parts.states);
    this.sequencer = new Sequencer(
      parts.log,
      this.states,
      (app, state, committed) => {
        publishCommitted(this, app, state, committed);
        this.receipts.committed(state, committed);
      },
      this.clock,
      parts.sequencer,
      parts.observer,
    );
  }

  /** The caller's app; a door has looked it up before, so this only waits after a restart of the directory. */
  async app(caller: Call): Promise<App> {
    const app = this.apps.known(caller.app) ?? (await this.apps.find(caller.app));
    if (app === undefined) throw new AppError('app_unavailable');
    return app;
  }

  knownApp(app: AppId): App | undefined {
    return this.apps.known(app);
  }

  /** The state of a conversation that the caller may know of; AppError `not_found` and the like otherwise. */
  async visible(caller: Call, conversation: ConversationId): Promise<{ app: App; state: ConversationState }> {
    const app = await this.app(caller);
    const state = await this.states.get(caller.app, conversation);
    if (state === undefined) throw new AppError('not_found');
    const refusal = maySee(app, state, caller, this.clock());
    if (refusal !== undefined) throw refusal;
    return { app, state };
  }

  /** Submits a change that is decided by itself. `decide` is only asked when the caller may know of the conversation. */
  change(
    app: App,
    caller: Call,
    conversation: ConversationId,
    op: OperationId,
    decide: (state: ConversationState) => Verdict | Promise<Verdict>,
  ): Promise<Outcome> {
    const intent: Intent = {
      author: caller.client ?? '',
      op,
      origin: caller.session,
      wait: caller,
      alone: true,
      decide: (state) => maySee(app, state, caller, this.clock()) ?? decide(state),
    };
    return this.sequencer.submit(caller.app, conversation, intent);
  }
}

/** The client of a caller; operations about oneself make no sense without. */
export function clientOf(caller: Call): ClientId {
  if (caller.client === undefined)
    throw new AppError('bad_request', { detail: 'This operation needs a client to act for.' });
  return caller.client;
}

export const requireServer = (caller: Call): void => {
  if (!caller.server) throw new AppError('forbidden');
};

/** Where a change stands in the log; without a change, where the log ends. */
export function seqResult(outcome: Outcome): { seq: number; time: number } {
  return outcome.entry === undefined
    ? { seq: outcome.state.head.last, time: outcome.state.head.lastTime }
    : { seq: outcome.entry.seq, time: outcome.entry.time };
}

export const bounded = (asked: number | undefined, limit: number, byDefault = 20): number => {
  const wanted = asked ?? Math.min(byDefault, limit);
  if (wanted > limit) throw new AppError('bad_request', { detail: `limit must not be above ${limit}` });
  return wanted;
};
