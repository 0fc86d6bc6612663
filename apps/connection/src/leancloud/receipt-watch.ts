import type { ConversationId, MessageId } from '@hongyan/protocol';

interface Watched {
  readonly id: MessageId;
  readonly conversation: ConversationId;
  readonly seq: number;
  readonly time: number;
}

const most = 500;

/** Messages whose sender asked to hear when they arrive. The eldest is given up when there are too many. */
export class ReceiptWatch {
  private watched: Watched[] = [];

  add(message: Watched): void {
    this.watched.push(message);
    if (this.watched.length > most) this.watched.shift();
  }

  /** Those that a cursor has reached; they are not told again. */
  take(conversation: ConversationId, upTo: number): Watched[] {
    const reached: Watched[] = [];
    if (this.watched.length === 0) return reached;
    this.watched = this.watched.filter((one) => {
      if (one.conversation !== conversation || one.seq > upTo) return true;
      reached.push(one);
      return false;
    });
    return reached;
  }
}
