import type { ConversationId } from '@hongyan/protocol';

/**
 * Where the last so many messages of a session lie. Columns instead of objects: remembering a message allocates nothing, and
 * what a session remembers of thousands of messages a second never becomes old for the garbage collector.
 */
export class MessageRing {
  private readonly conversations: ConversationId[] = [];
  private readonly seqs: number[] = [];
  private readonly times: number[] = [];
  private next = 0;

  constructor(private readonly most: number) {}

  /** Answers where it is kept; what was kept there is forgotten. */
  add(conversation: ConversationId, seq: number, time: number): number {
    const at = this.next;
    this.conversations[at] = conversation;
    this.seqs[at] = seq;
    this.times[at] = time;
    this.next = (at + 1) % this.most;
    return at;
  }

  seq(at: number): number {
    return this.seqs[at]!;
  }

  time(at: number): number {
    return this.times[at]!;
  }

  /** Where the messages of a conversation are kept, the newest first. */
  *of(conversation: ConversationId): Generator<number> {
    for (let back = 1; back <= this.seqs.length; back += 1) {
      const at = (this.next - back + this.most) % this.most;
      if (this.conversations[at] === conversation) yield at;
    }
  }
}
