import type { AppId, ClientId, ConversationId } from '@hongyan/protocol';
import { LRUCache } from 'lru-cache';
import type { ClientStore } from './client-ports.js';
import type { ConversationStore, LogStore } from './ports.js';
import { ConversationState } from './state.js';

export interface StateCacheOptions {
  /** Sum of the states' weights that is kept; a weight is about one member. */
  readonly weight: number;
}

const defaultStateCacheOptions: StateCacheOptions = { weight: 2_000_000 };

/** More entries than this are not replayed; the state is loaded anew. */
const replayLimit = 500;

/**
 * States of conversations in use. Losing one costs a read. Keys begin with the app, and an app's clients' refusals
 * are part of what is kept.
 */
export class StateCache {
  private readonly cache: LRUCache<string, ConversationState>;
  private readonly loading = new Map<string, Promise<ConversationState | undefined>>();
  /** Grows when a client of the app blocks or unblocks another: states read again who refuses whom. */
  private readonly refusalEpochs = new Map<AppId, number>();
  private readonly refusalsAt = new WeakMap<ConversationState, number>();

  constructor(
    private readonly log: LogStore,
    private readonly conversations: ConversationStore,
    private readonly clients: ClientStore,
    options: StateCacheOptions = defaultStateCacheOptions,
  ) {
    this.cache = new LRUCache({
      maxSize: options.weight,
      sizeCalculation: (state) => Math.min(state.weight, options.weight),
    });
  }

  /** From memory, ready for a decision; undefined says nothing about the store. */
  peek(app: AppId, conversation: ConversationId): ConversationState | undefined {
    const state = this.cache.get(keyOf(app, conversation));
    return state !== undefined && this.refusalsAreFresh(app, state) ? state : undefined;
  }

  /** Undefined: there is no such conversation, or it was deleted. */
  async get(app: AppId, conversation: ConversationId): Promise<ConversationState | undefined> {
    const ready = this.peek(app, conversation);
    if (ready !== undefined) return ready;
    const key = keyOf(app, conversation);
    let loading = this.loading.get(key);
    if (loading === undefined) {
      loading = this.load(app, conversation, key).finally(() => this.loading.delete(key));
      this.loading.set(key, loading);
    }
    return await loading;
  }

  evict(app: AppId, conversation: ConversationId): void {
    this.cache.delete(keyOf(app, conversation));
  }

  /** Retention took entries out. */
  floorRaised(app: AppId, conversation: ConversationId, floor: number): void {
    const state = this.cache.peek(keyOf(app, conversation));
    if (state !== undefined && state.head.floor < floor) state.head = { ...state.head, floor };
  }

  /** Reads what other writers appended since. */
  async catchUp(app: AppId, state: ConversationState): Promise<void> {
    const head = await this.log.head(app, state.id);
    if (head !== undefined && head.last - state.head.last <= replayLimit) {
      const entries = await this.log.entries(app, state.id, {
        after: state.head.last,
        until: head.last,
        limit: replayLimit,
      });
      if (entries.at(-1)?.seq === head.last && entries.length === head.last - state.head.last) {
        for (const entry of entries) state.apply(entry);
        state.head = head;
        return;
      }
    }
    this.evict(app, state.id);
  }

  /** A client of the app changed whom it refuses. */
  refusalsChanged(app: AppId): void {
    this.refusalEpochs.set(app, (this.refusalEpochs.get(app) ?? 0) + 1);
  }

  /** Whether it is one-to-one, and between whom, may be another now. */
  membershipChanged(app: AppId, state: ConversationState): void {
    this.refusalsAt.delete(state);
    const key = keyOf(app, state.id);
    // Weighed again: it may have grown by thousands.
    if (this.cache.peek(key) === state) this.cache.set(key, state);
  }

  private async load(
    app: AppId,
    conversation: ConversationId,
    key: string,
  ): Promise<ConversationState | undefined> {
    const cached = this.cache.get(key);
    if (cached !== undefined) {
      await this.readRefusals(app, cached);
      return cached;
    }
    const loaded = await this.conversations.load(app, conversation);
    if (loaded === undefined || loaded.conversation.deletedAt !== undefined) return undefined;
    const state = new ConversationState(loaded);
    await this.readRefusals(app, state);
    this.cache.set(key, state);
    return state;
  }

  private refusalsAreFresh(app: AppId, state: ConversationState): boolean {
    return this.refusalsAt.get(state) === (this.refusalEpochs.get(app) ?? 0);
  }

  private async readRefusals(app: AppId, state: ConversationState): Promise<void> {
    const epoch = this.refusalEpochs.get(app) ?? 0;
    const pair = oneToOne(state);
    if (pair === undefined) {
      state.refusing = [];
    } else {
      const [a, b] = pair;
      const [ofB, ofA] = await Promise.all([
        this.clients.refusing(app, b, [a]),
        this.clients.refusing(app, a, [b]),
      ]);
      state.refusing = [...ofB, ...ofA];
    }
    this.refusalsAt.set(state, epoch);
  }
}

/** The two members of a conversation that has exactly two. */
function oneToOne(state: ConversationState): readonly [ClientId, ClientId] | undefined {
  if (state.conversation.kind !== 'ordinary' && state.conversation.kind !== 'temporary') return undefined;
  const [a, b, ...more] = state.memberCount === 2 ? state.memberIds : [];
  return a !== undefined && b !== undefined && more.length === 0 ? [a, b] : undefined;
}

const keyOf = (app: AppId, conversation: ConversationId): string => `${app}\n${conversation}`;
