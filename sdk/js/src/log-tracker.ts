import type { EntryView, Results } from '@hongyan/protocol';
import type { HongyanError } from './errors.js';

type EntriesResult = Results['conversation.entries'];

export interface LogTrackerHost {
  readonly maxGap: number;
  fetch(after: number, until: number): Promise<EntriesResult>;
  /** Every entry once, ascending. */
  deliver(entry: EntryView): void;
  /** Entries `after < seq <= until` are left out. */
  gap(after: number, until: number): void;
  moved(known: number): void;
  failed(error: HongyanError): void;
  /** Milliseconds to wait before asking for what is missing: an answer to an own command may bring it. */
  patience(): number;
}

/** Live entries held back while older ones are fetched; beyond it they are fetched, too. */
const maxHeld = 500;

/** Puts the entries of one log in order: drops what was seen, fetches what is missing, holds back what is too early. */
export class LogTracker {
  /** The last sequence given to the app. Undefined until the first entry or row. */
  known: number | undefined;
  readonly #held = new Map<number, EntryView>();
  /** There are entries up to here. */
  #target = 0;
  #filling = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #settling: (() => void)[] = [];

  constructor(private readonly host: LogTrackerHost) {}

  /** Where to begin, if that is not known yet. */
  startAt(seq: number): void {
    if (this.known !== undefined) return;
    this.#move(seq);
    this.#drain();
    if (this.#held.size > 0) this.#need();
  }

  live(entry: EntryView): void {
    this.known ??= entry.seq - 1;
    if (entry.seq <= this.known) return;
    if (this.#held.size < maxHeld || entry.seq === this.known + 1) this.#held.set(entry.seq, entry);
    this.#target = Math.max(this.#target, entry.seq);
    this.#drain();
    if (this.known < this.#target) this.#need();
  }

  /** The log is known to reach `seq`: fetches what is missing until there. */
  reach(seq: number): void {
    if (this.known === undefined || seq <= this.known) return;
    this.#target = Math.max(this.#target, seq);
    this.#need();
  }

  /** Goes on at `seq` without fetching; says what is left out. */
  skipTo(seq: number): void {
    if (this.known === undefined || seq <= this.known || this.#filling) return;
    this.host.gap(this.known, seq);
    this.#move(seq);
    this.#drain();
    if (this.#held.size > 0) this.#need();
  }

  /** Fetches again what a failure left missing. */
  resume(): void {
    if (this.known !== undefined && this.known < this.#target) this.#need();
  }

  /** Resolves when nothing is missing any more, or it could not be fetched. */
  settled(): Promise<void> {
    return new Promise((resolve) => {
      this.#settling.push(resolve);
      this.#settle();
    });
  }

  /** Forgets everything: I am no longer in it. */
  reset(): void {
    this.close();
    this.known = undefined;
    this.#target = 0;
    this.#held.clear();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#settle();
  }

  #settle(): void {
    if (!this.#filling && this.#timer === undefined) for (const done of this.#settling.splice(0)) done();
  }

  #move(seq: number): void {
    this.known = seq;
    for (const key of this.#held.keys()) if (key <= seq) this.#held.delete(key);
    this.host.moved(seq);
  }

  #take(entry: EntryView): void {
    this.#move(entry.seq);
    this.host.deliver(entry);
  }

  #drain(): void {
    for (;;) {
      const next = this.known === undefined ? undefined : this.#held.get(this.known + 1);
      if (next === undefined) return;
      this.#take(next);
    }
  }

  #need(): void {
    if (this.#filling) return;
    const fill = (): void => {
      clearTimeout(this.#timer);
      this.#timer = undefined;
      void this.#fill();
    };
    const wait = this.host.patience();
    if (wait > 0) this.#timer ??= setTimeout(fill, wait);
    else fill(); // nothing is awaited any more: at once
  }

  async #fill(): Promise<void> {
    this.#filling = true;
    try {
      let short = 0;
      while (this.known !== undefined) {
        const until = this.#held.size > 0 ? Math.min(...this.#held.keys()) - 1 : this.#target;
        if (this.known >= until) {
          this.#drain();
          if (this.known >= this.#target) break;
          continue;
        }
        if (until - this.known > this.host.maxGap) {
          this.host.gap(this.known, until);
          this.#move(until);
          continue;
        }
        const after = this.known;
        const result = await this.host.fetch(after, until);
        if (this.known !== after) continue; // reset, or filled by an answer meanwhile
        this.#fetched(result, until);
        if (result.seq < until && this.known === after && ++short >= 5) {
          this.#target = this.known; // the server does not have what it announced: leave it to the next event
          break;
        }
      }
    } catch (error) {
      this.host.failed(error as HongyanError);
    } finally {
      this.#filling = false;
      this.#settle();
    }
  }

  #fetched({ entries, floor, seq }: EntriesResult, until: number): void {
    let known = this.known as number;
    if (floor > known) {
      this.host.gap(known, floor);
      this.#move(floor);
    }
    for (const entry of entries) {
      known = this.known ?? Infinity; // a listener may have reset this log
      if (entry.seq > known && entry.seq <= until) this.#take(entry);
    }
    // What shows nothing to me was looked at, too.
    if (this.known !== undefined && this.known < Math.min(until, seq)) this.#move(Math.min(until, seq));
  }
}
