/** How many commands a session may still send; refilled by the time that passed. */
export class CommandBudget {
  private tokens: number;
  private refilledAt: number;
  private refusals = 0;
  private refusalsSince = 0;

  constructor(perSecond: number, now: number) {
    this.tokens = perSecond * burstSeconds;
    this.refilledAt = now;
  }

  /** Zero: granted. Otherwise the milliseconds until it would be. */
  take(perSecond: number, now: number): number {
    const refilled = this.tokens + (Math.max(0, now - this.refilledAt) * perSecond) / 1000;
    this.tokens = Math.min(perSecond * burstSeconds, refilled);
    this.refilledAt = now;
    if (this.tokens >= 1) {
      this.tokens -= 1;
      return 0;
    }
    if (now - this.refusalsSince > 60_000) {
      this.refusalsSince = now;
      this.refusals = 0;
    }
    this.refusals += 1;
    return Math.ceil(((1 - this.tokens) * 1000) / perSecond);
  }

  /** More than a thousand refusals within a minute: this is no client that overshot. */
  get flooding(): boolean {
    return this.refusals > floodRefusals;
  }
}

const burstSeconds = 10;
const floodRefusals = 1_000;
