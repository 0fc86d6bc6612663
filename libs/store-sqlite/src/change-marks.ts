/**
 * What the writer changed, in memory that its thread shares with the readers': when a conversation last changed, and when
 * a client last got a row of a new conversation. Readers keep rows by it (see remembered-rows.ts). "When" is the number of
 * the writer's transaction. Keys share slots, so what is told may be too much; it is never too little:
 *
 * - A mark is set before its transaction commits: a reader that sees the change in the file sees the mark.
 * - {@link committed} counts a transaction after it committed: a reader that asks before it begins to read sees at least
 *   what those transactions wrote.
 *
 * The marks of a transaction that is rolled back stay, as if it had changed something. Numbers wrap around after 2³²
 * transactions and are compared within half of that: a month of a thousand a second.
 */
export class ChangeMarks {
  readonly memory: SharedArrayBuffer;
  private readonly counter: Int32Array;
  private readonly conversations: Int32Array;
  private readonly clients: Int32Array;
  private readonly mask: number;
  /** Number of the transaction that the writer is in, or will be in next. */
  private running: number;

  /** @param memory of another thread's marks, or a number of slots for new ones: a power of two. */
  constructor(memory: SharedArrayBuffer | number = 2 ** 18) {
    this.memory =
      typeof memory === 'number'
        ? new SharedArrayBuffer((1 + 2 * memory) * Int32Array.BYTES_PER_ELEMENT)
        : memory;
    const slots = (this.memory.byteLength / Int32Array.BYTES_PER_ELEMENT - 1) / 2;
    const part = (from: number, length: number) =>
      new Int32Array(this.memory, from * Int32Array.BYTES_PER_ELEMENT, length);
    this.counter = part(0, 1);
    this.conversations = part(1, slots);
    this.clients = part(1 + slots, slots);
    this.mask = slots - 1;
    this.running = (this.committed() + 1) | 0;
  }

  /** Of the writer: something changed that is seen in the conversation, by all members or by some. */
  conversation(conv: number): void {
    Atomics.store(this.conversations, conv & this.mask, this.running);
  }

  /** Of the writer: the client got a row in a conversation where it had none. */
  client(client: number): void {
    Atomics.store(this.clients, client & this.mask, this.running);
  }

  /** Of the writer: the transaction is committed, and nobody was told yet. */
  commit(): void {
    Atomics.store(this.counter, 0, this.running);
    this.running = (this.running + 1) | 0;
  }

  /** Of a reader, before it begins to read: the last transaction that it will surely see. */
  committed(): number {
    return Atomics.load(this.counter, 0);
  }

  conversationChanged(conv: number, since: number): boolean {
    return ((Atomics.load(this.conversations, conv & this.mask) - since) | 0) > 0;
  }

  clientChanged(client: number, since: number): boolean {
    return ((Atomics.load(this.clients, client & this.mask) - since) | 0) > 0;
  }
}
