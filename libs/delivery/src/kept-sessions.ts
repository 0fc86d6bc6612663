import type { SessionNode } from './session-table.js';

/**
 * Dropped sessions that are waited for, by the second in which that ends: no timer per session, and asking costs
 * nothing until a second has passed.
 */
export class KeptSessions<Owner> {
  private readonly seconds = new Map<number, [SessionNode, Owner][]>();
  private sweptAt = 0;

  constructor(private readonly expired: (node: SessionNode, owner: Owner) => void) {}

  add(node: SessionNode, owner: Owner, until: number): void {
    node.keptUntil = until;
    const second = Math.ceil(until / 1000);
    const bucket = this.seconds.get(second);
    if (bucket === undefined) this.seconds.set(second, [[node, owner]]);
    else bucket.push([node, owner]);
  }

  /** Ends the wait of all whose time is up. A node that was taken back or kept anew stays. */
  sweep(now: number): void {
    const second = Math.floor(now / 1000);
    if (second === this.sweptAt) return;
    this.sweptAt = second;
    for (const [until, bucket] of this.seconds) {
      if (until > second) continue;
      this.seconds.delete(until);
      for (const [node, owner] of bucket) {
        if (node.keptUntil > 0 && node.keptUntil <= now) this.expired(node, owner);
      }
    }
  }

  get waiting(): boolean {
    return this.seconds.size > 0;
  }
}
