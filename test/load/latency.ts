const bucketMs = 0.05;
const buckets = 200_000;

/** Durations in buckets of 0.05 ms, up to 10 s. */
export class Latency {
  private readonly counts = new Uint32Array(buckets);
  private total = 0;

  add(ms: number): void {
    this.counts[Math.min(buckets - 1, Math.max(0, Math.floor(ms / bucketMs)))]! += 1;
    this.total += 1;
  }

  /** NaN when nothing was measured. */
  percentile(share: number): number {
    if (this.total === 0) return Number.NaN;
    let left = Math.ceil(this.total * share);
    for (let at = 0; at < buckets; at += 1) {
      left -= this.counts[at]!;
      if (left <= 0) return (at + 1) * bucketMs;
    }
    return buckets * bucketMs;
  }
}
