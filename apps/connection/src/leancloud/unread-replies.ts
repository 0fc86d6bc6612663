/** Replies on one connection that have not left the process, and who waits until they have. */
export class UnreadReplies {
  bytes = 0;
  private left: () => void = () => undefined;

  constructor(private readonly most: number) {}

  /** More than may be: the next command waits. */
  get areTooMany(): boolean {
    return this.bytes > this.most;
  }

  /** To be called when so many bytes have left, or with why they could not. */
  add(bytes: number): (error?: Error) => void {
    this.bytes += bytes;
    return (error) => {
      if (error) return; // the connection is closing
      this.bytes -= bytes;
      if (!this.areTooMany) this.left();
    };
  }

  /** Resolves when they are no longer too many, or the connection is over. */
  untilRead(): Promise<void> {
    return new Promise((resolve) => (this.left = resolve));
  }

  /** The connection is over. */
  forget(): void {
    this.left();
  }
}
