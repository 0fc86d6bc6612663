import type { ConversationId, MessageId } from '@hongyan/protocol';

/** As clients name a message. */
interface Named {
  readonly id: MessageId;
  readonly time: number;
}

interface Sent extends Named {
  readonly conversation: ConversationId;
  /** Absent: nobody stores it, and no receipt comes. */
  readonly seq?: number | undefined;
  readonly scope?: string;
}

interface Remembered extends Named {
  readonly conversation: ConversationId;
  readonly seq: number;
  /** Its receipt was asked for and has not been told. */
  awaited: boolean;
}

const most = 500;
const conversations = 1_000;

/**
 * What a client has sent while this session lasts, from this device or another, in the order sent: whose receipt was asked
 * for, and what the last message was that others can have read. The eldest are given up when there are too many. Earlier
 * ones are in the log.
 */
export class OwnMessages {
  private sent: Remembered[] = [];
  private readonly passed = new Set<ConversationId>();

  add({ id, conversation, seq, time, scope }: Sent, awaited: boolean): void {
    // Threads with services have no receipts.
    if (seq === undefined || scope !== undefined) return;
    this.sent.push({ id, conversation, seq, time, awaited });
    if (this.sent.length > most) this.sent.shift();
  }

  /**
   * What another's cursors have come to: messages whose receipt was asked for, each told once, and the last one that was
   * read, if it is known without asking. What lies before that one is forgotten.
   */
  reached(
    conversation: ConversationId,
    { delivered = 0, read = 0 }: { delivered?: number; read?: number },
  ): { awaited: readonly Named[]; lastRead: Named | undefined } {
    const awaited: Named[] = [];
    let lastRead: Remembered | undefined;
    for (const one of this.sent) {
      if (one.conversation !== conversation) continue;
      if (one.awaited && one.seq <= Math.max(delivered, read)) {
        one.awaited = false;
        awaited.push(one);
      }
      if (one.seq <= read) lastRead = one;
    }
    if (lastRead !== undefined) this.forgetBefore(lastRead);
    return { awaited, lastRead };
  }

  private forgetBefore({ conversation, seq }: Remembered): void {
    this.sent = this.sent.filter((one) => one.conversation !== conversation || one.seq >= seq);
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
