/** Exponential back-off with full jitter: spreads the return of many clients evenly instead of in waves. */
export class Backoff {
  #attempt = 0;

  constructor(
    private readonly firstMs: number,
    private readonly maxMs: number,
    private readonly random: () => number = Math.random,
  ) {}

  /** Milliseconds to wait before the next attempt; never less than `atLeastMs`, over which the jitter is added. */
  next(atLeastMs = 0): number {
    const ceiling = Math.min(this.maxMs, this.firstMs * 2 ** Math.min(this.#attempt++, 20));
    return atLeastMs + Math.floor(this.random() * ceiling);
  }

  reset(): void {
    this.#attempt = 0;
  }
}
