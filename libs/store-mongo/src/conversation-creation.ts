import type { Head, NewEntry } from '@hongyan/conversations';
import type { AppId, ConversationId } from '@hongyan/protocol';
import { AppError } from '@hongyan/protocol';
import { mongo } from 'mongoose';
import { setTimeout as sleep } from 'node:timers/promises';
import type { MongoDatabase } from './database.js';
import type { ConversationDocument, EntryDocument } from './documents.js';
import { keyOf } from './documents.js';
import { payloadToStored } from './entry-codec.js';
import { duplicateIndexOf, isOnlyDuplicates } from './failures.js';
import type { LogHeads } from './log-head.js';
import { uniqueConversationIndex } from './schema.js';

interface Created {
  readonly created: boolean;
  readonly id: ConversationId;
  readonly head: Head;
}

/** What the document holds until the conversation is there, so that anybody can finish making it. */
interface Opening {
  readonly entry: NewEntry;
  readonly now: number;
  readonly origin: number;
}

/**
 * Making a conversation, in this order:
 * 1. the document, which claims the id and the unique key and holds the first entry whole (`opening`);
 * 2. the first entry: the commit point; 3. its members; 4. the head: from here on there is a conversation for readers;
 * 5. `opening` goes.
 * After a crash behind 1 the next who asks for the id or the key, or a repair, takes 2–5 up again.
 */
export class ConversationCreation {
  constructor(
    private readonly db: MongoDatabase,
    private readonly heads: LogHeads,
  ) {}

  async create(app: AppId, entry: NewEntry, now: number, origin: number): Promise<Created> {
    if (entry.payload.kind !== 'created') throw new Error('a conversation begins with a created entry');
    const { id, uniqueKey } = entry.payload.conversation;
    const document = claimOf(app, { entry, now, origin });
    for (let attempt = 0; attempt < 10; attempt += 1) {
      const created = await this.claim(document);
      const holder = created ? id : await this.holder(app, id, uniqueKey, now);
      const head = holder === undefined ? undefined : await this.repair(app, holder);
      if (holder === undefined || head === undefined) {
        await sleep(attempt * 10);
        continue;
      }
      // Its log may just have given the key up.
      if (created || holder === id || (await this.holder(app, id, uniqueKey, now)) === holder)
        return { created, id: holder, head };
    }
    throw new AppError('unavailable', { detail: 'the claim of another conversation is not confirmed' });
  }

  /** Brings a conversation to where its log says it is, its making included. Undefined: there is none. */
  async repair(app: AppId, conversation: ConversationId): Promise<Head | undefined> {
    const head = await this.heads.repair(app, conversation);
    if (head !== undefined) return head;
    const document = await this.db.collections.conversations.findOne({ _id: keyOf(app, conversation) });
    if (document?.opening === undefined)
      return document === null ? undefined : await this.heads.repair(app, conversation);
    await this.open(app, document, JSON.parse(document.opening) as Opening);
    return await this.heads.repair(app, conversation);
  }

  /** False: the id or the unique key is somebody's. */
  private async claim(document: ConversationDocument): Promise<boolean> {
    try {
      await this.db.write('claim', () => this.db.collections.conversations.insertOne(document));
      return true;
    } catch (error) {
      const index = duplicateIndexOf(error);
      if (index === uniqueConversationIndex || index === '_id_') return false;
      throw error;
    }
  }

  /** Who has the id, or else the unique key. An expired conversation has to give the key up. */
  private async holder(app: AppId, id: ConversationId, uniqueKey: string | undefined, now: number) {
    const { conversations } = this.db.collections;
    const same = await conversations.findOne({ _id: keyOf(app, id) });
    if (same !== null || uniqueKey === undefined) return same?.id;
    const holder = await conversations.findOne({ uniqueKey: keyOf(app) + uniqueKey });
    if (holder?.expiresAt === undefined || holder.expiresAt > now) return holder?.id;
    await this.db.write('expired-key', () =>
      conversations.updateOne({ _id: holder._id }, { $unset: { uniqueKey: '' } }),
    );
    return undefined;
  }

  private async open(
    app: AppId,
    document: ConversationDocument,
    { entry, now, origin }: Opening,
  ): Promise<void> {
    const first: EntryDocument = {
      _id: new mongo.ObjectId(),
      app,
      conversation: document.id,
      seq: origin + 1,
      time: now,
      author: entry.author,
      op: entry.op,
      count: 0,
      own: 0,
      ...payloadToStored(entry.payload),
    };
    await this.insertOnce('entries', () => this.db.collections.entries.insertOne(first));
    await this.confirmed(app, document.id, first.seq);
    await this.heads.projector.project(app, document.id, [first]);
    await this.insertOnce('head', () =>
      this.db.collections.heads.insertOne({
        _id: document._id,
        app,
        conversation: document.id,
        last: first.seq,
        lastTime: first.time,
        count: 0,
        lastMessageSeq: 0,
        lastMessageTime: 0,
        floor: 0,
        origin,
      }),
    );
    await this.db.write('opened', () =>
      this.db.collections.conversations.updateOne({ _id: document._id }, { $unset: { opening: '' } }),
    );
  }

  /** Whoever else finishes the same conversation inserts the same. */
  private async insertOnce(step: 'entries' | 'head', insert: () => Promise<unknown>): Promise<void> {
    try {
      await this.db.write(step, insert);
    } catch (error) {
      if (!isOnlyDuplicates(error)) throw error;
    }
  }

  /** Only a majority read shows that the first entry is there, if somebody else wrote it. */
  private async confirmed(app: AppId, conversation: ConversationId, seq: number): Promise<void> {
    const entry = await this.db.collections.entries.findOne({ app, conversation, seq });
    if (entry === null) throw new AppError('unavailable', { detail: 'the first entry is not confirmed' });
  }
}

function claimOf(app: AppId, opening: Opening): ConversationDocument {
  if (opening.entry.payload.kind !== 'created') throw new Error('a conversation begins with a created entry');
  const { uniqueKey, ...conversation } = opening.entry.payload.conversation;
  return {
    ...conversation,
    _id: keyOf(app, conversation.id),
    app,
    ...(uniqueKey === undefined ? {} : { uniqueKey: keyOf(app) + uniqueKey }),
    opening: JSON.stringify(opening),
    reflects: 0,
  };
}
