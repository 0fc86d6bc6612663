export interface PacerOptions {
  /** Requests under way at a time. */
  readonly parallel: number;
  /** Requests begun per minute; none: as fast as the answers come. */
  readonly perMinute?: number;
  readonly signal?: AbortSignal;
}

/** When a request may begin: a bound on how many are under way, a budget per minute, and one pause that holds all. */
export class Pacer {
  private free: number;
  private readonly queue: (() => void)[] = [];
  private nextStart = 0;
  private pausedUntil = 0;

  constructor(private readonly options: PacerOptions) {
    this.free = options.parallel;
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.free > 0) this.free -= 1;
    else await new Promise<void>((resolve) => this.queue.push(resolve)); // the place is handed over
    try {
      await this.untilAllowed();
      return await work();
    } finally {
      const next = this.queue.shift();
      if (next === undefined) this.free += 1;
      else next();
    }
  }

  /** No request begins before `time`. */
  pauseUntil(time: number): void {
    this.pausedUntil = Math.max(this.pausedUntil, time);
  }

  private async untilAllowed(): Promise<void> {
    const { perMinute } = this.options;
    if (perMinute !== undefined) {
      const start = Math.max(Date.now(), this.nextStart);
      this.nextStart = start + 60_000 / perMinute;
      await sleep(start - Date.now(), this.options.signal);
    }
    while (Date.now() < this.pausedUntil) await sleep(this.pausedUntil - Date.now(), this.options.signal);
  }
}

/** Rejects with the signal's reason when it is given. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.reject(signal.reason as Error);
  if (ms <= 0) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/** Full jitter: anything up to a bound that doubles with each attempt (from 1), so that many clients spread out. */
export const backOff = (attempt: number, baseMs: number, capMs: number, random = Math.random): number =>
  Math.round(random() * Math.min(capMs, baseMs * 2 ** Math.min(attempt - 1, 20)));
