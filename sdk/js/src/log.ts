import { LogTracker, type LogTrackerHost } from './log-tracker.js';
import { UnreadCounter } from './unread.js';

/** One log of a conversation as this client follows it. System conversations have two: the broadcasts and my thread. */
export class Log {
  readonly tracker: LogTracker;
  counter: UnreadCounter;

  constructor(
    readonly id: string,
    host: LogTrackerHost,
    private readonly me: () => string | undefined,
  ) {
    this.tracker = new LogTracker(host);
    this.counter = new UnreadCounter(me);
  }

  forget(): void {
    this.tracker.reset();
    this.counter = new UnreadCounter(this.me);
  }
}
