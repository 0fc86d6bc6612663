import { AppError } from '@hongyan/protocol';

/** Calls per second with a burst, for one key each. Keys that are full again are forgotten. */
export class TokenBuckets {
  private readonly buckets = new Map<string, { tokens: number; at: number }>();
  private sweepAt = 0;

  constructor(private readonly now: () => number = Date.now) {}

  /** Takes one; throws `rate_limited` that says when to come back. */
  take(key: string, perSecond: number, burst: number): void {
    const now = this.now();
    if (now >= this.sweepAt) this.sweep(now);
    const bucket = this.buckets.get(key) ?? { tokens: burst, at: now };
    const tokens = Math.min(burst, bucket.tokens + ((now - bucket.at) / 1000) * perSecond);
    this.buckets.set(key, { tokens: tokens < 1 ? tokens : tokens - 1, at: now });
    if (tokens < 1)
      throw new AppError('rate_limited', { retryAfterMs: Math.ceil(((1 - tokens) / perSecond) * 1000) });
  }

  private sweep(now: number): void {
    this.sweepAt = now + 60_000;
    for (const [key, { at }] of this.buckets) if (now - at > 60_000) this.buckets.delete(key);
  }
}
