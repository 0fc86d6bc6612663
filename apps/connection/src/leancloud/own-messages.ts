import type { ConversationId, MessageId } from '@hongyan/protocol';
import { LRUCache } from 'lru-cache';

interface Watched {
  readonly id: MessageId;
  readonly conversation: ConversationId;
  /** Absent: nobody stores it, and no receipt comes. */
  readonly seq?: number | undefined;
  readonly time: number;
  readonly scope?: string;
}

const most = 500;
const conversations = 1_000;

/**
 * Messages whose sender asked to hear when they arrive: those that were sent while this session lasts, from this
 * device or another. The eldest is given up when there are too many. Earlier ones are in the log.
 */
export class ReceiptWatch {
  private watched: (Watched & { readonly seq: number })[] = [];
  private readonly passed = new LRUCache<ConversationId, true>({ max: conversations });

  add({ id, conversation, seq, time, scope }: Watched): void {
    // Threads with services have no receipts.
    if (seq === undefined || scope !== undefined) return;
    this.watched.push({ id, conversation, seq, time });
    if (this.watched.length > most) this.watched.shift();
  }

  /** Those that a cursor has reached; they are not told again. */
  take(conversation: ConversationId, upTo: number): { readonly id: MessageId; readonly time: number }[] {
    const reached: Watched[] = [];
    if (this.watched.length === 0) return reached;
    this.watched = this.watched.filter((one) => {
      if (one.conversation !== conversation || one.seq > upTo) return true;
      reached.push(one);
      return false;
    });
    return reached;
  }

  /** Have cursors of this conversation come to what was sent since the session began? */
  hasPassed(conversation: ConversationId): boolean {
    return this.passed.has(conversation);
  }

  setPassed(conversation: ConversationId): void {
    this.passed.set(conversation, true);
  }
}
