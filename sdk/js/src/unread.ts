import type { EntryView, MessageView } from '@hongyan/protocol';

/** Beyond so many unread messages seen live the number is asked for again instead of kept by message. */
const maxTail = 1_000;

/**
 * The unread count of one conversation, kept exact without asking again: what the server said as of a sequence (the
 * base), and what entries after it did (the tail). Where the base alone cannot tell, `uncertain` is set and the caller
 * asks the server.
 */
export class UnreadCounter {
  /** The sequence as of which the base was counted. */
  #seq = 0;
  #base = { unread: 0, mentions: 0 };
  /** Unread messages after the base, by sequence: does it mention me? */
  readonly #tail = new Map<number, boolean>();
  /** The last entry that changed an older message. */
  #lastChange = 0;
  readSeq = 0;
  uncertain = false;

  constructor(private readonly me: () => string | undefined) {}

  get unread(): number {
    return this.#base.unread + this.#tail.size;
  }

  get mentionUnread(): number {
    let mentions = this.#base.mentions;
    for (const mentioned of this.#tail.values()) if (mentioned) mentions += 1;
    return mentions;
  }

  /** Takes the server's numbers as of `seq`. Older ones than the base are ignored. */
  reset(seq: number, readSeq: number, unread: number, mentionUnread: number): void {
    if (seq < this.#seq) return;
    this.#seq = seq;
    this.#base = { unread, mentions: mentionUnread };
    this.uncertain = seq < this.#lastChange; // counted before a recall or an edit that I have applied already
    for (const key of [...this.#tail.keys()]) if (key <= seq) this.#tail.delete(key);
    const ahead = this.readSeq;
    this.readSeq = readSeq;
    if (ahead > readSeq) this.read(ahead); // I have read further than the server knew then
  }

  /** Applies one entry of the log; in order of sequence. */
  apply(entry: EntryView): void {
    if (entry.seq <= this.#seq) return; // the base has it
    switch (entry.kind) {
      case 'message':
        if (this.#counts(entry.message) && entry.seq > this.readSeq)
          this.#tail.set(entry.seq, this.#mentionsMe(entry.message));
        if (this.#tail.size > maxTail) this.#fold(entry.seq);
        break;
      case 'edit':
        this.#lastChange = entry.seq;
        this.#edited(entry.message);
        break;
      case 'recall':
      case 'delete':
        this.#lastChange = entry.seq;
        this.#recalled(entry.message);
        break;
      case 'added':
      case 'joined':
        if (entry.kind === 'joined' ? entry.by === this.me() : entry.members.includes(this.me() as never)) {
          this.#tail.clear();
          this.#base = { unread: 0, mentions: 0 };
          this.#seq = this.readSeq = entry.seq;
        }
        break;
      default:
    }
  }

  /** My read cursor is at `seq`, by this or another device. */
  read(seq: number): void {
    if (seq <= this.readSeq) return;
    this.readSeq = seq;
    for (const key of [...this.#tail.keys()]) if (key <= seq) this.#tail.delete(key);
    if (seq >= this.#seq) this.#base = { unread: 0, mentions: 0 };
    else if (this.#base.unread > 0) this.uncertain = true;
  }

  #counts(message: MessageView): boolean {
    return message.from !== this.me() && !message.silent && !message.recalled;
  }

  #mentionsMe({ mentionAll, mentions }: MessageView): boolean {
    return mentionAll === true || (mentions?.includes(this.me() as never) ?? false);
  }

  #edited(message: MessageView): void {
    const seq = message.seq ?? 0;
    if (this.#tail.has(seq)) this.#tail.set(seq, this.#mentionsMe(message));
    else if (seq <= this.#seq && seq > this.readSeq && this.#counts(message)) this.uncertain = true;
  }

  #recalled(message: MessageView): void {
    const seq = message.seq ?? 0;
    if (this.#tail.delete(seq) || seq > this.#seq || seq <= this.readSeq) return;
    if (message.from === this.me() || message.silent) return;
    if (this.#base.unread > 0) this.#base.unread -= 1;
    if (this.#base.mentions > 0) this.uncertain = true; // it may have mentioned me; its content is gone
  }

  #fold(seq: number): void {
    this.#base = { unread: this.unread, mentions: this.mentionUnread };
    this.#seq = seq;
    this.#tail.clear();
  }
}
