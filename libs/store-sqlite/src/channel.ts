import { AppError } from '@hongyan/protocol';
import type { Answers, Batch } from './batch.js';
import { fromFailure } from './failures.js';
import type { Failure } from './failures.js';

/** Where batches run: a thread, or this thread. */
export interface Engine {
  post(batch: Batch): void;
  onAnswers(listener: (answers: readonly Answers[]) => void): void;
  /** The engine is gone for good; nothing will be answered any more. */
  onFailure(listener: (error: Error) => void): void;
  close(): Promise<void>;
}

export interface ChannelOptions {
  /** Requests that may wait for an answer; more are refused with `overloaded`. */
  readonly bound: number;
  /** Milliseconds after which nobody waits for an answer. */
  readonly timeout: number;
}

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

interface Outstanding {
  readonly deadline: number;
  readonly waiting: readonly Waiting[];
}

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- only to take the first parameter off
type Operation = (first: never, ...values: any[]) => unknown;
type Arguments<F> = F extends (first: never, ...values: infer V) => unknown ? V : never;

/** No message holds more requests than this, so that a transaction stays short however much came at once. */
const batchSize = 1_000;

/** The asking end of an engine: collects what is asked during a turn of the event loop and posts it as one message. */
export class Channel<T extends Record<string, Operation>> {
  private requests: unknown[] = [];
  private waiting: Waiting[] = [];
  private readonly outstanding = new Map<number, Outstanding>();
  private count = 0;
  private lastId = 0;
  private closed: Error | undefined;
  private idle: (() => void) | undefined;
  private readonly sweeper: NodeJS.Timeout;

  constructor(
    private readonly engine: Engine,
    private readonly options: ChannelOptions,
  ) {
    engine.onAnswers((answers) => answers.forEach((answer) => this.settle(answer)));
    engine.onFailure((error) => this.fail(error));
    this.sweeper = setInterval(() => this.sweep(), Math.min(1_000, Math.max(10, options.timeout)));
    this.sweeper.unref();
  }

  call<N extends keyof T & string>(name: N, ...values: Arguments<T[N]>): Promise<ReturnType<T[N]>> {
    if (this.closed !== undefined) return Promise.reject(this.closed);
    if (this.count >= this.options.bound)
      return Promise.reject(new AppError('overloaded', { detail: 'The queue of the store is full.' }));
    this.count += 1;
    this.requests.push(name, values);
    const answer = new Promise<unknown>((resolve, reject) => this.waiting.push({ resolve, reject }));
    if (this.waiting.length === 1) setImmediate(this.flush);
    else if (this.waiting.length >= batchSize) this.flush();
    return answer as Promise<ReturnType<T[N]>>;
  }

  /** Answers everything that was asked, then ends the engine. */
  async close(): Promise<void> {
    if (this.closed !== undefined) return;
    this.closed = new AppError('unavailable', { detail: 'The store is closed.' });
    this.flush();
    if (this.count > 0) await new Promise<void>((resolve) => (this.idle = resolve));
    clearInterval(this.sweeper);
    await this.engine.close();
  }

  private readonly flush = (): void => {
    if (this.waiting.length === 0) return;
    const { requests, waiting } = this;
    this.requests = [];
    this.waiting = [];
    const deadline = Date.now() + this.options.timeout;
    const id = (this.lastId += 1);
    this.outstanding.set(id, { deadline, waiting });
    try {
      this.engine.post({ id, deadline, requests });
    } catch (error) {
      // A value that cannot be copied: a bug of the caller, told to all of the turn.
      this.finish(id)?.waiting.forEach(({ reject }) => reject(error as Error));
    }
  };

  private settle({ id, results }: Answers): void {
    const batch = this.finish(id);
    if (batch === undefined) return; // swept before
    batch.waiting.forEach(({ resolve, reject }, at) => {
      if (results[2 * at] === 1) resolve(results[2 * at + 1]);
      else reject(fromFailure(results[2 * at + 1] as Failure));
    });
  }

  private finish(id: number): Outstanding | undefined {
    const batch = this.outstanding.get(id);
    if (batch === undefined) return undefined;
    this.outstanding.delete(id);
    this.count -= batch.waiting.length;
    if (this.count === 0) this.idle?.();
    return batch;
  }

  private sweep(): void {
    const now = Date.now();
    for (const [id, { deadline }] of this.outstanding) {
      if (deadline >= now) return; // the oldest come first
      this.finish(id)?.waiting.forEach(({ reject }) => reject(new AppError('deadline_exceeded')));
    }
  }

  private fail(error: Error): void {
    this.closed ??= new AppError('unavailable', { detail: 'The store stopped working.', cause: error });
    const lost = this.closed;
    this.flush();
    for (const id of [...this.outstanding.keys()])
      this.finish(id)?.waiting.forEach(({ reject }) => reject(lost));
  }
}
