import type { Head } from '@hongyan/conversations';
import type { AppId, ConversationId } from '@hongyan/protocol';
import { AppError } from '@hongyan/protocol';
import { setTimeout as sleep } from 'node:timers/promises';
import type { MongoDatabase } from './database.js';
import type { EntryDocument, HeadDocument } from './documents.js';
import { keyOf } from './documents.js';
import { Projector } from './projector.js';

const TAIL = 500;

const toHead = ({
  last,
  lastTime,
  count,
  lastMessageSeq,
  lastMessageTime,
  floor,
  origin,
}: HeadDocument): Head => ({
  last,
  lastTime,
  count,
  lastMessageSeq,
  lastMessageTime,
  floor,
  origin,
});

/** The head as it is after one more entry. */
export function advanced(head: Head, { seq, time, count, kind }: EntryDocument): Head {
  const message = kind === 'message' ? { lastMessageSeq: seq, lastMessageTime: time } : {};
  return { ...head, last: seq, lastTime: time, count, ...message };
}

/**
 * Heads. A head at n says: entries 1 … n are on the disks of a majority and everything they change is done. It is
 * raised after that is so, by the writer of n or by whoever comes across entries above the head ({@link repair}).
 */
export class LogHeads {
  readonly projector: Projector;

  constructor(private readonly db: MongoDatabase) {
    this.projector = new Projector(db);
  }

  async read(app: AppId, conversation: ConversationId): Promise<Head | undefined> {
    const document = await this.db.collections.heads.findOne({ _id: keyOf(app, conversation) });
    return document === null ? undefined : toHead(document);
  }

  /** Makes the entries what every reader sees. They are committed and follow on the head without a hole. */
  async reveal(
    app: AppId,
    conversation: ConversationId,
    head: Head,
    entries: readonly EntryDocument[],
  ): Promise<Head> {
    if (entries.length === 0) return head;
    await this.projector.project(app, conversation, entries);
    const raised = await this.withLastMessage(app, conversation, entries, entries.reduce(advanced, head));
    const { last, lastTime, count, lastMessageSeq, lastMessageTime } = raised;
    await this.db.write('head', () =>
      this.db.collections.heads.updateOne(
        { _id: keyOf(app, conversation), last: { $lt: last } },
        { $set: { last, lastTime, count, lastMessageSeq, lastMessageTime } },
      ),
    );
    return raised;
  }

  /** A head whose last message may be among those that these entries deleted: the one before them is, then. */
  private async withLastMessage(
    app: AppId,
    conversation: ConversationId,
    entries: readonly EntryDocument[],
    head: Head,
  ): Promise<Head> {
    if (!entries.some(({ kind }) => kind === 'delete')) return head;
    const [shown] = await this.db.collections.entries
      .find({ app, conversation, seq: { $lte: head.last }, kind: 'message', deleted: { $ne: true } })
      .sort({ seq: -1 })
      .limit(1)
      .toArray();
    return { ...head, lastMessageSeq: shown?.seq ?? 0, lastMessageTime: shown?.time ?? 0 };
  }

  /** Brings projections and head up to the last committed entry. Undefined: there is no head. */
  async repair(app: AppId, conversation: ConversationId): Promise<Head | undefined> {
    let head = await this.read(app, conversation);
    while (head !== undefined) {
      const tail = await this.db.collections.entries
        .find({ app, conversation, seq: { $gt: head.last } })
        .sort({ seq: 1 })
        .limit(TAIL)
        .toArray();
      if (tail.length === 0) return head;
      // A read along an index may miss what is inserted behind it and see what is inserted before it.
      const { last } = head;
      const follows = tail.findIndex((entry, at) => entry.seq !== last + 1 + at);
      head = await this.reveal(app, conversation, head, follows === -1 ? tail : tail.slice(0, follows));
      if (follows === 0) head = await this.read(app, conversation);
    }
    return undefined;
  }

  /**
   * The head once it is above `last`, which somebody is known to have passed or to be about to pass; what was learnt
   * from an error counts only when a majority read shows it.
   */
  async passed(app: AppId, conversation: ConversationId, last: number): Promise<Head> {
    for (let delay = 2; delay < 500; delay *= 2) {
      const head = await this.repair(app, conversation);
      if (head === undefined) throw new AppError('not_found');
      if (head.last > last) return head;
      await sleep(delay);
    }
    throw new AppError('unavailable', {
      detail: 'another writer holds the next sequence and is not confirmed',
    });
  }
}
