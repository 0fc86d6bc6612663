/** Exponential back-off with full jitter: spreads the return of many clients evenly instead of in waves. */
export class Backoff {
  #attempt = 0;

  constructor(
    private readonly firstMs: number,
    private readonly maxMs: number,
    private readonly random: () => number = Math.random,
  ) {}

  /** Milliseconds to wait before the next attempt: a jitter of at most `atMostMs`, added to `atLeastMs`. */
  next(atLeastMs = 0, atMostMs = Infinity): number {
    const ceiling = Math.min(atMostMs, this.maxMs, this.firstMs * 2 ** Math.min(this.#attempt++, 20));
    return atLeastMs + Math.floor(this.random() * ceiling);
  }

  reset(): void {
    this.#attempt = 0;
  }
}
