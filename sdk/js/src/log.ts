import type { EntryView, ListRow } from '@hongyan/protocol';
import type { Core } from './core.js';
import { LogTracker, type LogTrackerHost } from './log-tracker.js';
import { UnreadCounter } from './unread.js';

/** Waits so long for the answer to an own command before asking for what is missing. */
const patienceMs = 250;

/** One log as this client follows it: what was given to the app, and what of it is unread. */
export class Log {
  readonly tracker: LogTracker;
  counter: UnreadCounter;

  constructor(
    readonly id: string,
    host: LogTrackerHost,
    private readonly me: () => string | undefined,
  ) {
    this.tracker = new LogTracker(host);
    this.counter = new UnreadCounter(me);
  }

  forget(): void {
    this.tracker.reset();
    this.counter = new UnreadCounter(this.me);
  }
}

export interface LogsHost {
  /** Every entry of a log once, ascending. */
  deliver(entry: EntryView): void;
  gap(after: number, until: number): void;
  /** Is an own command under way whose answer may bring an entry? */
  busy(): boolean;
}

/** The logs of one conversation: its own, and in system conversations my thread with the service, too. */
export class Logs {
  readonly main: Log;
  #thread: Log | undefined;

  constructor(
    private readonly core: Core,
    private readonly id: string,
    private readonly host: LogsHost,
  ) {
    this.main = this.#log(id);
  }

  get thread(): Log | undefined {
    return this.#thread;
  }

  get all(): readonly Log[] {
    return this.#thread === undefined ? [this.main] : [this.main, this.#thread];
  }

  get unread(): number {
    return this.all.reduce((sum, { counter }) => sum + counter.unread, 0);
  }

  get mentionUnread(): number {
    return this.all.reduce((sum, { counter }) => sum + counter.mentionUnread, 0);
  }

  /** Entries alone cannot tell the numbers. */
  get uncertain(): boolean {
    return this.all.some(({ counter }) => counter.uncertain);
  }

  /** The log of that name; one that is not the conversation's own is its thread. */
  of(log: string): Log {
    if (log === this.id) return this.main;
    if (this.#thread?.id !== log) {
      this.#thread = this.#log(log);
      this.core.adoptLog(log, this.id);
    }
    return this.#thread;
  }

  /** What a sync says about logs that were followed before: fetch them, or go on at their heads. */
  catchUp(fetch: boolean, row: ListRow): void {
    const move = ({ tracker }: Log, seq: number): void => (fetch ? tracker.reach(seq) : tracker.skipTo(seq));
    move(this.main, row.conversation.seq);
    if (row.thread !== undefined && this.#thread !== undefined) move(this.#thread, row.thread.seq);
  }

  /** Fetches again what failures left missing. */
  resume(): void {
    for (const { tracker } of this.all) tracker.resume();
  }

  /** Resolves when nothing is being fetched any more. */
  async settled(): Promise<void> {
    await Promise.all(this.all.map(({ tracker }) => tracker.settled()));
  }

  /** I am no longer in it. */
  forget(): void {
    for (const log of this.all) {
      log.forget();
      this.core.saveKnown(log.id, undefined);
    }
  }

  close(): void {
    for (const { tracker } of this.all) tracker.close();
  }

  #log(id: string): Log {
    const { core, host } = this;
    return new Log(
      id,
      {
        maxGap: core.settings.maxGap,
        fetch: (after, until) =>
          core.fetches.take(() =>
            core.commands.call('conversation.entries', { conversation: id, after, until }),
          ),
        deliver: (entry) => host.deliver(entry),
        gap: (after, until) => host.gap(after, until),
        moved: (known) => core.saveKnown(id, known),
        failed: (error) => core.failed('catching up', error),
        patience: () => (host.busy() || core.outbox.flying(this.id) > 0 ? patienceMs : 0),
      },
      () => core.me(),
    );
  }
}
