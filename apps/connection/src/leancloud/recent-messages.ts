import type { ConversationId, MessageView } from '@hongyan/protocol';

/** Where a message lies: one object for all sessions that it goes to. */
export interface MessagePlace {
  readonly conversation: ConversationId;
  readonly seq: number;
  readonly time: number;
}

/** Undefined: nobody stores it, or it lies in a thread, which has sequences of its own. */
export const messagePlace = ({ conversation, seq, time, scope }: MessageView): MessagePlace | undefined =>
  seq === undefined || scope === 'thread' ? undefined : { conversation, seq, time };

const most = 100;

/**
 * The last messages that a session was given, of all its conversations. Acknowledgements name times, nearly always of one
 * of these, so that the log need not be asked.
 */
export class RecentMessages {
  /** A ring, once it is full. */
  private readonly places: MessagePlace[] = [];
  private next = 0;

  add(place: MessagePlace): void {
    this.places[this.next] = place;
    this.next = (this.next + 1) % most;
  }

  /** The sequence of everything up to `time`, if that is known without asking. */
  seqAt(conversation: ConversationId, time: number): number | undefined {
    for (let back = 1; back <= this.places.length; back += 1) {
      const place = this.places[(this.next - back + most) % most]!;
      if (place.time <= time && place.conversation === conversation) return place.seq;
    }
    return undefined;
  }
}
