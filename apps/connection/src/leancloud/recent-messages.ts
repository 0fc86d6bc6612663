import type { ConversationId, MessageView } from '@hongyan/protocol';
import { LRUCache } from 'lru-cache';

interface Seen {
  seq: number;
  time: number;
}

const conversations = 200;

/**
 * The last message that a session was given, per conversation. Acknowledgements name times; nearly always it is this
 * message's, so that the log need not be asked.
 */
export class RecentMessages {
  private readonly last = new LRUCache<ConversationId, Seen>({ max: conversations });

  add({ conversation, seq, time, scope }: MessageView): void {
    // Threads have sequences of their own.
    if (seq === undefined || scope === 'thread') return;
    const known = this.last.get(conversation);
    if (known === undefined) this.last.set(conversation, { seq, time });
    else if (known.seq < seq) {
      known.seq = seq;
      known.time = time;
    }
  }

  /** The sequence of everything up to `time`, if that is known without asking. */
  seqAt(conversation: ConversationId, time: number): number | undefined {
    const known = this.last.get(conversation);
    return known !== undefined && time >= known.time ? known.seq : undefined;
  }
}
