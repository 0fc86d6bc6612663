import type {
  Conversation,
  ConversationStore,
  Found,
  Head,
  Loaded,
  Member,
  NewEntry,
  StoredKind,
} from '@hongyan/conversations';
import type { AppId, ClientId, ConversationId } from '@hongyan/protocol';
import { AppError } from '@hongyan/protocol';
import { ConversationCreation } from './conversation-creation.js';
import type { MongoDatabase } from './database.js';
import type { ConversationDocument, MemberDocument } from './documents.js';
import { keyOf } from './documents.js';
import { translated } from './failures.js';
import { LogHeads } from './log-head.js';
import { LogReads } from './log-reads.js';

/** ConversationStore without queries, which are not here yet. */
export type ConversationDocuments = Omit<ConversationStore, 'query'>;

const LOAD_ATTEMPTS = 20;
/** What a {@link Loaded} holds does not change with these. */
const contentKinds = ['message', 'edit', 'recall', 'delete'] as const;

export class MongoConversationStore implements ConversationDocuments {
  private readonly heads: LogHeads;
  private readonly reads: LogReads;
  private readonly creation: ConversationCreation;

  constructor(private readonly db: MongoDatabase) {
    this.heads = new LogHeads(db);
    this.reads = new LogReads(db);
    this.creation = new ConversationCreation(db, this.heads);
  }

  create(
    app: AppId,
    entry: NewEntry,
    now: number,
    origin = 0,
  ): Promise<{ created: boolean; id: ConversationId; head: Head }> {
    return translated(() => this.creation.create(app, entry, now, origin));
  }

  /** Finishes what a crashed writer left undone in this conversation; see docs/decisions/0004-mongodb-log.md. */
  repair(app: AppId, conversation: ConversationId): Promise<Head | undefined> {
    return translated(() => this.creation.repair(app, conversation));
  }

  /**
   * Reads several documents, then looks whether an entry that changes them came meanwhile: projections are written
   * after their entry, so if there is none above the head, all that was read is as of that head.
   */
  load(app: AppId, conversation: ConversationId): Promise<Loaded | undefined> {
    return translated(async () => {
      for (let attempt = 0; attempt < LOAD_ATTEMPTS; attempt += 1) {
        const head = await this.creation.repair(app, conversation);
        if (head === undefined) return undefined;
        const loaded = await this.loadAt(app, conversation, head);
        const moved = await this.db.collections.entries.findOne({
          app,
          conversation,
          seq: { $gt: head.last },
          kind: { $nin: [...contentKinds] },
        });
        if (moved === null) return loaded;
      }
      throw new AppError('unavailable', { detail: 'the conversation changes faster than it can be read' });
    });
  }

  find(app: AppId, conversations: readonly ConversationId[]): Promise<Found[]> {
    return translated(async () => {
      const found = await Promise.all(conversations.map((conversation) => this.findOne(app, conversation)));
      return found.filter((one) => one !== undefined);
    });
  }

  byUniqueKey(app: AppId, uniqueKey: string): Promise<ConversationId | undefined> {
    return translated(async () => {
      const holder = await this.db.collections.conversations.findOne({ uniqueKey: keyOf(app) + uniqueKey });
      // Its log may have given the key up since; and while it is being made it is nobody's to use.
      const head = holder === null ? undefined : await this.creation.repair(app, holder.id);
      if (holder === null || head === undefined) return undefined;
      const now = await this.db.collections.conversations.findOne({ _id: holder._id });
      const expired = now?.expiresAt !== undefined && now.expiresAt <= Date.now();
      return now?.uniqueKey === undefined || expired ? undefined : now.id;
    });
  }

  everyone(app: AppId): Promise<ConversationId[]> {
    return translated(async () => {
      const announcing = await this.announcing(app);
      const { conversations } = this.db.collections;
      const found = [
        ...(await conversations.find({ app, audience: 'everyone', deletedAt: { $exists: false } }).toArray()),
        ...(await conversations
          .find({ _id: { $in: announcing.map((id) => keyOf(app, id)) }, deletedAt: { $exists: false } })
          .toArray()),
      ];
      return found
        .filter(({ kind, opening }) => kind === 'system' && opening === undefined)
        .map(({ id }) => id);
    });
  }

  /** From one service to the next: few have messages to everyone, and may have many. */
  private async announcing(app: AppId): Promise<ConversationId[]> {
    const found: ConversationId[] = [];
    for (let last = ''; ;) {
      const [next] = await this.db.collections.marks
        .find({ app, everyone: true, conversation: { $gt: last } })
        .sort({ conversation: 1 })
        .limit(1)
        .toArray();
      if (next === undefined) return found;
      last = next.conversation;
      found.push(last as ConversationId);
    }
  }

  private async findOne(app: AppId, conversation: ConversationId): Promise<Found | undefined> {
    const head = await this.heads.read(app, conversation);
    const document = await this.db.collections.conversations.findOne({ _id: keyOf(app, conversation) });
    if (head === undefined || document === null || document.deletedAt !== undefined) return undefined;
    const [memberCount, [lastMessage]] = await Promise.all([
      this.db.collections.members.countDocuments({ app, conversation, in: true, role: { $ne: 'guest' } }),
      this.reads.messages(app, conversation, head.last, [head.lastMessageSeq]),
    ]);
    return {
      conversation: toConversation(document),
      head,
      memberCount,
      ...(lastMessage === undefined ? {} : { lastMessage }),
    };
  }

  private async loadAt(app: AppId, conversation: ConversationId, head: Head): Promise<Loaded> {
    const document = await this.db.collections.conversations.findOne({ _id: keyOf(app, conversation) });
    if (document === null) throw new Error('a conversation has a head but no document');
    const rows = document.kind === 'system' ? [] : await this.memberRows(app, conversation, document.kind);
    const restrictions = await this.db.collections.restrictions
      .find({ app, conversation, on: true })
      .toArray();
    return {
      conversation: toConversation(document),
      head,
      members: rows.map(toMember),
      silences: restrictions.flatMap(({ what, client, until }) =>
        what === 'silence' ? [{ client: client as ClientId, ...(until === undefined ? {} : { until }) }] : [],
      ),
      blocked: restrictions.flatMap(({ what, client }) => (what === 'block' ? [client as ClientId] : [])),
    };
  }

  /** Guests of a room have muted it, which no rule asks for. */
  private memberRows(app: AppId, conversation: ConversationId, kind: StoredKind): Promise<MemberDocument[]> {
    const guests = kind === 'room' ? { role: { $ne: 'guest' as const } } : {};
    return this.db.collections.members.find({ app, conversation, in: true, ...guests }).toArray();
  }
}

function toMember({
  client,
  role = 'member',
  joinedSeq,
  joinedAt,
  readSeq,
  deliveredSeq,
}: MemberDocument): Member {
  return { client: client as ClientId, role, joinedSeq, joinedAt, readSeq, deliveredSeq };
}

function toConversation(document: ConversationDocument): Conversation {
  const { _id, app, reflects: _reflects, opening: _opening, uniqueKey, ...conversation } = document;
  return {
    ...conversation,
    ...(uniqueKey === undefined ? {} : { uniqueKey: uniqueKey.slice(keyOf(app).length) }),
  };
}
