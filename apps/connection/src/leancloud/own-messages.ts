import { messageIdOf, type ConversationId, type MessageId, type MessageView } from '@hongyan/protocol';
import { MessageRing } from './message-ring.js';

/** As clients name a message. */
interface Named {
  readonly id: MessageId;
  readonly time: number;
}

type Sent = Pick<MessageView, 'id' | 'conversation' | 'seq' | 'time'>;

const most = 500;
const conversations = 1_000;

/**
 * What a client has sent while this session lasts, from this device or another: whose receipt was asked for, and what the
 * last message was that others can have read. The eldest are given up when there are too many. Earlier ones are in the log.
 */
export class OwnMessages {
  private readonly ring = new MessageRing(most);
  /** Whose receipt was asked for and has not been told. */
  private readonly awaited: boolean[] = [];
  private readonly passed = new Set<ConversationId>();

  add({ id, conversation, seq, time }: Sent, awaited: boolean): void {
    // Nobody stores it, or it lies in a thread with a service: no receipt comes.
    if (seq === undefined || !id.startsWith(conversation)) return;
    this.awaited[this.ring.add(conversation, seq, time)] = awaited;
  }

  /**
   * What another's cursors have come to: messages whose receipt was asked for, each told once, and the last one that was
   * read, if it is known without asking.
   */
  reached(
    conversation: ConversationId,
    { delivered = 0, read = 0 }: { delivered?: number; read?: number },
  ): { awaited: readonly Named[]; lastRead: Named | undefined } {
    const { ring } = this;
    const awaited: Named[] = [];
    let lastRead: Named | undefined;
    for (const at of ring.of(conversation)) {
      const seq = ring.seq(at);
      if (seq > Math.max(delivered, read)) continue;
      const isLastRead = seq <= read && lastRead === undefined;
      if (!this.awaited[at] && !isLastRead) continue;
      const named = { id: messageIdOf(conversation, seq), time: ring.time(at) };
      if (isLastRead) lastRead = named;
      if (this.awaited[at]) awaited.push(named);
      this.awaited[at] = false;
    }
    return { awaited: awaited.reverse(), lastRead };
  }

  /** Have cursors of this conversation come to what was sent since the session began? */
  hasPassed(conversation: ConversationId): boolean {
    return this.passed.has(conversation);
  }

  setPassed(conversation: ConversationId): void {
    if (this.passed.size >= conversations) this.passed.clear(); // they are looked at once more
    this.passed.add(conversation);
  }
}
