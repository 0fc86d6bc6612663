import type { Head } from '@hongyan/conversations';
import type { AppId, ClientId, ConversationId } from '@hongyan/protocol';
import type { MongoDatabase } from './database.js';
import { memberKey } from './member-row.js';

/**
 * Unread counts, exact as of a head, at a cost that does not depend on their size: the difference of two running
 * counts, less the client's own share of it, less the messages of others that were recalled since.
 */
export class UnreadCounts {
  constructor(private readonly db: MongoDatabase) {}

  async of(
    app: AppId,
    conversation: ConversationId,
    client: ClientId,
    readSeq: number,
    head: Head,
  ): Promise<{ unread: number; mentionUnread: number }> {
    // What retention removed counts as read.
    const from = Math.max(readSeq, head.floor);
    if (from >= head.last) return { unread: 0, mentionUnread: 0 };
    const { marks } = this.db.collections;
    const above = { app, conversation, seq: { $gt: from, $lte: head.last }, author: { $ne: client } };
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

  /** Of a guest of a service: what is for everyone is counted one by one. */
  async ofGuest(
    app: AppId,
    conversation: ConversationId,
    client: ClientId,
    readSeq: number,
    head: Head,
  ): Promise<{ unread: number; mentionUnread: number }> {
    const from = Math.max(readSeq, head.floor);
    if (from >= head.last) return { unread: 0, mentionUnread: 0 };
    const { marks } = this.db.collections;
    const above = {
      app,
      conversation,
      everyone: true,
      silent: { $exists: false },
      recalled: { $ne: true },
      seq: { $gt: from, $lte: head.last },
      author: { $ne: client },
    } as const;
    const [unread, mentionUnread] = await Promise.all([
      marks.countDocuments(above),
      marks.countDocuments({ ...above, mentioned: { $in: [client, ''] } }),
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
