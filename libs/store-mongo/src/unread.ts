import type { Head } from '@hongyan/conversations';
import type { AppId, ClientId, ConversationId } from '@hongyan/protocol';
import type { MongoDatabase } from './database.js';
import { memberKey } from './member-row.js';

interface Counts {
  readonly unread: number;
  readonly mentionUnread: number;
}

/** Messages of others behind a cursor. */
interface Above {
  readonly app: AppId;
  readonly conversation: ConversationId;
  readonly seq: { readonly $gt: number; readonly $lte: number };
  readonly author: { readonly $ne: ClientId };
}

/**
 * Unread counts, exact as of a head, at a cost that does not depend on their size: the difference of two running
 * counts, less the client's own share of it, less the messages of others that were recalled since.
 */
export class UnreadCounts {
  constructor(private readonly db: MongoDatabase) {}

  /** Of a member, or of a guest of a service. */
  async of(
    app: AppId,
    conversation: ConversationId,
    { client, guest }: { readonly client: ClientId; readonly guest: boolean },
    readSeq: number,
    head: Head,
  ): Promise<Counts> {
    // What retention removed counts as read.
    const from = Math.max(readSeq, head.floor);
    if (from >= head.last) return { unread: 0, mentionUnread: 0 };
    const above = { app, conversation, seq: { $gt: from, $lte: head.last }, author: { $ne: client } };
    return guest ? await this.ofGuest(above, client) : await this.ofMember(above, client, from, head);
  }

  private async ofMember(above: Above, client: ClientId, from: number, head: Head): Promise<Counts> {
    const { app, conversation } = above;
    const { marks } = this.db.collections;
    const [count, ownNow, ownThen, recalled, mentionUnread] = await Promise.all([
      this.countAt(app, conversation, from),
      this.ownAt(app, conversation, client, head.last),
      this.ownAt(app, conversation, client, from),
      marks.countDocuments({ ...above, recalled: true }),
      // A recalled message mentions nobody.
      marks.countDocuments({ ...above, mentioned: { $in: [client, ''] } }),
    ]);
    return { unread: head.count - count - (ownNow - ownThen) - recalled, mentionUnread };
  }

  /** What is for everyone is counted one by one. */
  private async ofGuest(above: Above, client: ClientId): Promise<Counts> {
    const { marks } = this.db.collections;
    const counting = {
      ...above,
      everyone: true,
      silent: { $exists: false },
      recalled: { $ne: true },
    } as const;
    const [unread, mentionUnread] = await Promise.all([
      marks.countDocuments(counting),
      marks.countDocuments({ ...counting, mentioned: { $in: [client, ''] } }),
    ]);
    return { unread, mentionUnread };
  }

  /** The running count at a sequence, from the first entry above it: that one is there even after retention. */
  private async countAt(app: AppId, conversation: ConversationId, seq: number): Promise<number> {
    const [next] = await this.db.collections.entries
      .find({ app, conversation, seq: { $gt: seq } })
      .sort({ seq: 1 })
      .limit(1)
      .toArray();
    return next === undefined ? 0 : next.count - Number(next.counts === true);
  }

  /** The client's share of the running count; its row has it when the client wrote nothing above. Read in this order. */
  private async ownAt(
    app: AppId,
    conversation: ConversationId,
    client: ClientId,
    seq: number,
  ): Promise<number> {
    const { entries, members } = this.db.collections;
    const row = await members.findOne({ _id: memberKey(app, conversation, client) });
    const [next] = await entries
      .find({ app, conversation, author: client, seq: { $gt: seq } })
      .sort({ seq: 1 })
      .limit(1)
      .toArray();
    return next === undefined ? (row?.own ?? 0) : next.own - Number(next.counts === true);
  }
}
