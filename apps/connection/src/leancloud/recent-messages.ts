import type { ConversationId, MessageView } from '@hongyan/protocol';
import { MessageRing } from './message-ring.js';

const most = 64;

/**
 * The last messages that a session was given, of all its conversations. Acknowledgements name times, nearly always of one
 * of these, so that the log need not be asked.
 */
export class RecentMessages {
  private readonly ring = new MessageRing(most);

  add({ conversation, seq, time, scope }: MessageView): void {
    // Threads have sequences of their own.
    if (seq !== undefined && scope !== 'thread') this.ring.add(conversation, seq, time);
  }

  /** The sequence of everything up to `time`, if that is known without asking. */
  seqAt(conversation: ConversationId, time: number): number | undefined {
    for (const at of this.ring.of(conversation)) if (this.ring.time(at) <= time) return this.ring.seq(at);
    return undefined;
  }
}
