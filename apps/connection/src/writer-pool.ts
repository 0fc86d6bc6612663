import type { EventClass } from '@hongyan/protocol';
import { isClosed, type WebSocketInternals } from './engine-connection.js';
import { FlushTurn } from './flush-turn.js';

/** How long a closed socket may take to read its last words before it is cut off. */
const lingerMs = 2_000;

export interface PressureBounds {
  /** Above it signals are dropped and cursors coalesced, above twice that low room messages, above thrice normal ones. */
  readonly softBytes: number;
  /** Events above it end the session with `resync`; answers above it let its commands wait. */
  readonly hardBytes: number;
}

/** What all sockets of a door share: when they are flushed, what may wait, and which are on their way out. */
export class WriterPool {
  readonly turn = new FlushTurn();
  private lingering: { socket: WebSocketInternals; until: number }[] = [];
  /** For tests and metrics. */
  writes = 0;

  constructor(
    readonly bounds: PressureBounds,
    readonly onDrop: (eventClass: EventClass) => void = () => undefined,
  ) {}

  linger(socket: WebSocketInternals, now = Date.now()): void {
    this.lingering.push({ socket, until: now + lingerMs });
  }

  /** Cuts off what has not closed in time. Called every second by the door. */
  cutOff(now: number): void {
    if (this.lingering.length === 0) return;
    this.lingering = this.lingering.filter(({ socket, until }) => {
      if (isClosed(socket)) return false;
      if (until > now) return true;
      socket.terminate();
      return false;
    });
  }

  get closing(): number {
    return this.lingering.length;
  }
}
