/** A socket that something was written to. */
export interface Flushable {
  /** Called once the turn is over; finds nothing when it comes a second time. */
  flush(): void;
}

/**
 * The sockets of a door that a turn of the event loop has written to: flushed together when the turn is over, so that
 * what each of them got leaves in one write.
 */
export class FlushTurn {
  private dirty: Flushable[] = [];
  private answered: Flushable[] = [];
  private scheduled = false;

  add(socket: Flushable): void {
    this.dirty.push(socket);
    this.schedule();
  }

  /** Flushed before all others: who waits for an answer sends again while a large fan-out is being written. */
  addAnswered(socket: Flushable): void {
    if (this.answered.at(-1) !== socket) this.answered.push(socket);
    this.schedule();
  }

  private schedule(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    setImmediate(this.flushAll);
  }

  private readonly flushAll = (): void => {
    const { answered, dirty } = this;
    this.answered = [];
    this.dirty = [];
    this.scheduled = false;
    for (const socket of answered) socket.flush();
    for (const socket of dirty) socket.flush();
  };
}
