import {
  AppError,
  type AppId,
  type CallOptions,
  type ClientId,
  type ConversationId,
  type OperationId,
  type SessionId,
} from '@hongyan/protocol';
import type { PathObserver } from './path-observer.js';
import { sameOperation } from './same-operation.js';
import type { ConversationState } from './state.js';
import type { StateCache } from './state-cache.js';
import type { LogStore } from './ports.js';
import type { Entry, EntryPayload, MessageEntry, NewEntry } from './types.js';

/** What a use case wants to happen to a conversation. */
export interface Intent {
  readonly author: ClientId | '';
  readonly op: OperationId;
  /** The session that gave the command: it does not get the event. */
  readonly origin: SessionId | undefined;
  /** Until when somebody waits for the outcome. What is not decided by then never happens. */
  readonly wait: CallOptions;
  /**
   * Pure decision on the state of the moment: the entry to append, an AppError to refuse, or undefined when nothing
   * would change. It runs again after a lost race. A promise (only where `alone`) may read the store.
   */
  readonly decide: (state: ConversationState) => Verdict | Promise<Verdict>;
  /** Decided and committed by itself: everything but plain messages, because the next decision depends on it. */
  readonly alone: boolean;
  /** The same operation id with another content is answered with the first result, too. */
  readonly firstWins?: boolean;
  /** Nobody tells the author's own devices. */
  readonly withoutAuthor?: boolean;
}

/** `target`: for edits, recalls and deletes, the message as it was before. */
export type Verdict =
  EntryPayload | { readonly payload: EntryPayload; readonly target: MessageEntry } | AppError | undefined;

export interface Outcome {
  /** Undefined: nothing changed. */
  readonly entry: Entry | undefined;
  /** The operation had been carried out before; `entry` is that one. */
  readonly duplicate: boolean;
  readonly state: ConversationState;
}

/** Told of every entry that was appended here, in sequence order, before the outcome is given. */
export type AppendListener = (app: AppId, state: ConversationState, committed: readonly Committed[]) => void;

export interface Committed {
  readonly entry: Entry;
  readonly origin: SessionId | undefined;
  readonly withoutAuthor?: boolean | undefined;
  /** Edits, recalls and deletes: the message as it was before. */
  readonly target?: MessageEntry;
}

interface Waiting extends Intent {
  /** What the observer calls the command that asked. */
  readonly mark: unknown;
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (error: unknown) => void;
}

interface Accepted {
  readonly waiting: Waiting;
  readonly target: MessageEntry | undefined;
}

interface Lane {
  readonly app: AppId;
  readonly conversation: ConversationId;
  queue: Waiting[];
}

export interface SequencerOptions {
  /** Messages in one batch. */
  readonly batch: number;
  /** Intents that may wait for one conversation; more are refused as `overloaded`. */
  readonly queue: number;
  /** Lost races after which an intent is refused as `overloaded`. */
  readonly races: number;
}

export const defaultSequencerOptions: SequencerOptions = { batch: 500, queue: 10_000, races: 50 };

/** An entry may not run ahead of the clock by more than this. */
const maxAheadMs = 5000;

/**
 * One queue per conversation in use, and one batch of it under way at a time. That keeps the order in which commands
 * came, lets waiting messages share a commit, and lets the decision and the append be a compare-and-set.
 */
export class Sequencer {
  private readonly lanes = new Map<AppId, Map<ConversationId, Lane>>();
  private readonly opened: Lane[] = [];

  constructor(
    private readonly log: LogStore,
    private readonly states: StateCache,
    private readonly onAppend: AppendListener,
    private readonly clock: () => number = Date.now,
    private readonly options: SequencerOptions = defaultSequencerOptions,
    private readonly observer?: PathObserver,
  ) {}

  /** Takes its place in the conversation's queue before it returns. */
  submit(app: AppId, conversation: ConversationId, intent: Intent): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      let lanes = this.lanes.get(app);
      if (lanes === undefined) {
        lanes = new Map<ConversationId, Lane>();
        this.lanes.set(app, lanes);
      }
      const lane = lanes.get(conversation);
      const waiting: Waiting = { ...intent, mark: this.observer?.mark(), resolve, reject };
      if (lane !== undefined) {
        if (lane.queue.length >= this.options.queue)
          reject(new AppError('overloaded', { retryAfterMs: 1000 }));
        else lane.queue.push(waiting);
        return;
      }
      const opened: Lane = { app, conversation, queue: [waiting] };
      lanes.set(conversation, opened);
      this.opened.push(opened);
      if (this.opened.length === 1) setImmediate(this.runOpened);
    });
  }

  /** At the end of a turn, so that what one turn brought for a conversation is one batch, one commit and one write. */
  private readonly runOpened = (): void => {
    for (const lane of this.opened.splice(0)) void this.run(lane);
  };

  /** Resolves when nothing is under way: for shutdown. */
  async idle(): Promise<void> {
    while (this.lanes.size > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  }

  private async run(lane: Lane): Promise<void> {
    try {
      while (lane.queue.length > 0) {
        const batch = this.take(lane);
        try {
          await this.commit(lane, batch);
        } catch (error) {
          // What follows in flight fails alike, so that a retry cannot overtake. The state is read again.
          this.states.evict(lane.app, lane.conversation);
          for (const waiting of [...batch, ...lane.queue.splice(0)]) waiting.reject(error);
        }
        if (lane.queue.length > 0) await afterWriting();
      }
    } finally {
      const lanes = this.lanes.get(lane.app);
      lanes?.delete(lane.conversation);
      if (lanes?.size === 0) this.lanes.delete(lane.app);
    }
  }

  private take(lane: Lane): Waiting[] {
    const { queue } = lane;
    let n = 1;
    if (queue[0]?.alone === false) {
      while (n < queue.length && n < this.options.batch && queue[n]?.alone === false) n += 1;
    }
    return n === queue.length ? lane.queue.splice(0) : queue.splice(0, n);
  }

  private async commit(lane: Lane, batch: readonly Waiting[]): Promise<void> {
    let rest = batch;
    for (let race = 0; rest.length > 0; race += 1) {
      if (race > this.options.races) {
        const error = new AppError('overloaded', {
          detail: 'Too many writers raced for this conversation.',
          retryAfterMs: 1000,
        });
        for (const waiting of rest) waiting.reject(error);
        return;
      }
      const state =
        this.states.peek(lane.app, lane.conversation) ?? (await this.states.get(lane.app, lane.conversation));
      if (state === undefined) {
        for (const waiting of rest) waiting.reject(new AppError('not_found'));
        return;
      }
      const accepted: Accepted[] = [];
      const entries: NewEntry[] = [];
      const now = this.clock();
      for (const waiting of rest) {
        // Whoever stopped waiting will ask again; nothing behind may overtake that.
        if (waiting.wait.deadline <= now) throw new AppError('deadline_exceeded');
        if (waiting.wait.signal?.aborted) {
          waiting.reject(new AppError('cancelled'));
          continue;
        }
        let verdict: Verdict;
        try {
          const decided = waiting.decide(state);
          verdict = decided instanceof Promise ? await decided : decided;
        } catch (error) {
          if (error instanceof AppError && error.definition.temporary) throw error;
          waiting.reject(error);
          continue;
        }
        if (verdict === undefined || verdict instanceof AppError) {
          await this.settleWithout(lane, state, waiting, verdict);
          continue;
        }
        const [payload, target] =
          'payload' in verdict ? [verdict.payload, verdict.target] : [verdict, undefined];
        accepted.push({ waiting, target });
        entries.push({ author: waiting.author, op: waiting.op, payload });
      }
      if (accepted.length === 0) return;
      rest = await this.append(lane, state, accepted, entries);
    }
  }

  /** Appends and settles; returns those that lost a race. */
  private async append(
    lane: Lane,
    state: ConversationState,
    accepted: readonly Accepted[],
    entries: readonly NewEntry[],
  ): Promise<readonly Waiting[]> {
    const now = this.clock();
    if (state.head.lastTime + entries.length > now + maxAheadMs) {
      throw new AppError('clock_ahead', { retryAfterMs: Math.max(100, state.head.lastTime - now) });
    }
    const expected = state.head.last;
    const { head, results } = await this.observed(accepted, () =>
      this.log.append(lane.app, { conversation: lane.conversation, expected, now, entries }),
    );
    const committed: Committed[] = [];
    const membersBefore = state.memberIds;
    const settled: (Outcome | AppError)[] = [];
    for (const [i, result] of results.entries()) {
      const made = entries[i];
      const intent = accepted[i];
      if (made === undefined || intent === undefined) break;
      if (result.duplicate) {
        settled.push(
          sameOperation(made.payload, result.entry, intent.waiting.firstWins)
            ? { entry: result.entry, duplicate: true, state }
            : new AppError('operation_conflict'),
        );
        continue;
      }
      const { seq, time, stamp } = result;
      const entry: Entry = { ...made, seq, time, ...(stamp === undefined ? {} : { stamp }) };
      state.apply(entry);
      const { origin, withoutAuthor } = intent.waiting;
      committed.push({ entry, origin, withoutAuthor, target: intent.target });
      settled.push({ entry, duplicate: false, state });
    }
    if (head.last === expected + committed.length) state.head = head;
    else await this.states.catchUp(lane.app, state);
    if (state.memberIds !== membersBefore) this.states.membershipChanged(lane.app, state);
    if (committed.length > 0) {
      const published = this.observer?.publishing(marksOf(accepted));
      this.onAppend(lane.app, state, committed);
      published?.();
    }
    for (const [i, outcome] of settled.entries()) {
      if (outcome instanceof AppError) accepted[i]?.waiting.reject(outcome);
      else accepted[i]?.waiting.resolve(outcome);
    }
    return settled.length === accepted.length
      ? []
      : accepted.slice(settled.length).map(({ waiting }) => waiting);
  }

  private async observed<T>(accepted: readonly Accepted[], append: () => Promise<T>): Promise<T> {
    if (this.observer === undefined) return await append();
    const done = this.observer.appending(marksOf(accepted));
    try {
      const result = await append();
      done();
      return result;
    } catch (error) {
      done(error);
      throw error;
    }
  }

  /** A refusal, or nothing to do: but what was carried out before is answered with its first result. */
  private async settleWithout(
    lane: Lane,
    state: ConversationState,
    waiting: Waiting,
    verdict: AppError | undefined,
  ): Promise<void> {
    const entry = await this.log.byOperation(lane.app, lane.conversation, waiting.author, waiting.op);
    if (entry !== undefined) waiting.resolve({ entry, duplicate: true, state });
    else if (verdict === undefined) waiting.resolve({ entry: undefined, duplicate: false, state });
    else waiting.reject(verdict);
  }
}

/**
 * When the events of this turn have been written and the sockets were read once more: those who were just answered have
 * sent again meanwhile, and share the next batch instead of the one after it.
 */
const afterWriting = () => new Promise<void>((resolve) => setImmediate(() => setImmediate(resolve)));

const marksOf = (accepted: readonly Accepted[]): readonly unknown[] =>
  accepted.map(({ waiting }) => waiting.mark);
