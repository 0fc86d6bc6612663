import type { AppId, ConversationId } from '@hongyan/protocol';
import type { RetentionStore } from './retention-ports.js';

export interface RetentionParts {
  readonly store: RetentionStore;
  /** All apps, and for how many days each keeps its messages; 0: for good. */
  readonly apps: () => Promise<readonly { readonly id: AppId; readonly days: number }[]>;
  /** Told after each step that took something out. */
  readonly onRetired?: (app: AppId, conversation: ConversationId, removed: number, floor: number) => void;
  /** The run of one app ended early; the next run goes on. */
  readonly onError?: (error: unknown, app: AppId | undefined) => void;
  readonly clock?: () => number;
  readonly options?: Partial<RetentionOptions>;
}

export interface RetentionOptions {
  /** From the end of a run to the next, ms; a quarter more or less by chance. */
  readonly intervalMs: number;
  /** From the start to the first run. */
  readonly firstMs: number;
  /** Between two steps: leaves the store to others for most of the time. */
  readonly pauseMs: number;
}

const defaults: RetentionOptions = { intervalMs: 3_600_000, firstMs: 120_000, pauseMs: 20 };
const dayMs = 86_400_000;

/** Takes out what apps no longer keep, now and then, a little at a time. */
export class Retention {
  private readonly stopping = new AbortController();
  private readonly options: RetentionOptions;
  private readonly clock: () => number;
  private running: Promise<void> | undefined;

  constructor(private readonly parts: RetentionParts) {
    this.options = { ...defaults, ...parts.options };
    this.clock = parts.clock ?? Date.now;
  }

  start(): void {
    this.running ??= this.goOn();
  }

  /** Resolves when the step under way has ended; none begins any more. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  /** Goes through all apps once. Answers how many entries were taken out. */
  async runOnce(): Promise<number> {
    let removed = 0;
    let apps: Awaited<ReturnType<RetentionParts['apps']>> = [];
    try {
      apps = await this.parts.apps();
    } catch (error) {
      this.parts.onError?.(error, undefined);
    }
    for (const { id, days } of apps) {
      if (days === 0 || this.stopped) continue;
      try {
        removed += await this.runApp(id, this.clock() - days * dayMs);
      } catch (error) {
        this.parts.onError?.(error, id);
      }
    }
    return removed;
  }

  private get stopped(): boolean {
    return this.stopping.signal.aborted;
  }

  private async goOn(): Promise<void> {
    const { firstMs, intervalMs } = this.options;
    await this.pause(jittered(firstMs));
    while (!this.stopped) {
      await this.runOnce();
      await this.pause(jittered(intervalMs));
    }
  }

  private async runApp(app: AppId, before: number): Promise<number> {
    let removed = 0;
    let cursor: string | undefined;
    do {
      const page = await this.parts.store.expired(app, before, cursor);
      for (const conversation of page.items) removed += await this.runConversation(app, conversation, before);
      cursor = page.cursor;
      await this.pause(this.options.pauseMs);
    } while (cursor !== undefined && !this.stopped);
    return removed;
  }

  private async runConversation(app: AppId, conversation: ConversationId, before: number): Promise<number> {
    let removed = 0;
    let next: string | undefined;
    do {
      if (this.stopped) break;
      const step = await this.parts.store.retire(app, conversation, before, next);
      removed += step.removed;
      if (step.removed > 0) this.parts.onRetired?.(app, conversation, step.removed, step.floor);
      next = step.next;
      await this.pause(this.options.pauseMs);
    } while (next !== undefined);
    return removed;
  }

  /** Ends early when it is stopped. */
  private pause(ms: number): Promise<void> {
    const { signal } = this.stopping;
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', end);
        resolve();
      };
      const timer = setTimeout(end, ms).unref();
      signal.addEventListener('abort', end);
    });
  }
}

const jittered = (ms: number): number => ms * (0.75 + Math.random() / 2);
