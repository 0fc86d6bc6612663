import type { Head, MemberStore, OwnPatch, OwnRow } from '@hongyan/conversations';
import type { AppId, ClientId, ConversationId, Role } from '@hongyan/protocol';
import { AppError } from '@hongyan/protocol';
import type { MongoDatabase } from './database.js';
import type { MemberDocument } from './documents.js';
import { keyOf } from './documents.js';
import { translated } from './failures.js';
import { LogHeads } from './log-head.js';
import { memberKey, personalFields, strangerRow, toOwnRow } from './member-row.js';
import { memberPage, receiptPage } from './member-pages.js';
import { upsertAll } from './row-projection.js';
import { UnreadCounts } from './unread.js';

/** The part of MemberStore about one conversation at a time. Lists, sync and totals are not here yet. */
export type ConversationMembers = Omit<MemberStore, 'list' | 'row' | 'sync' | 'totals'>;

const ATTEMPTS = 10;

export class MongoMemberStore implements ConversationMembers {
  private readonly heads: LogHeads;
  private readonly counts: UnreadCounts;

  constructor(private readonly db: MongoDatabase) {
    this.heads = new LogHeads(db);
    this.counts = new UnreadCounts(db);
  }

  own(app: AppId, conversation: ConversationId, client: ClientId): ReturnType<MemberStore['own']> {
    return translated(async () => {
      const row = await this.row(app, conversation, client);
      const head = await this.heads.read(app, conversation);
      if (row === undefined || head === undefined) return undefined;
      return { ...toOwnRow(row), ...(await this.unreadOf(app, conversation, row, row.readSeq, head)) };
    });
  }

  among(
    app: AppId,
    conversation: ConversationId,
    clients: readonly ClientId[],
    guests = false,
  ): Promise<ClientId[]> {
    return this.withRow(app, conversation, clients, {
      in: true,
      ...(guests ? {} : { role: { $ne: 'guest' } }),
    });
  }

  /** A membership begins with a sequence; rows of those who only wrote have none. */
  everAmong(app: AppId, conversation: ConversationId, clients: readonly ClientId[]): Promise<ClientId[]> {
    return this.withRow(app, conversation, clients, { joinedSeq: { $gt: 0 } });
  }

  private withRow(
    app: AppId,
    conversation: ConversationId,
    clients: readonly ClientId[],
    which: object,
  ): Promise<ClientId[]> {
    return translated(async () => {
      const rows = await this.db.collections.members
        .find({ _id: { $in: clients.map((client) => memberKey(app, conversation, client)) }, ...which })
        .project<{ client: string }>({ client: 1 })
        .toArray();
      const found = new Set<string>(rows.map(({ client }) => client));
      return clients.filter((client) => found.has(client));
    });
  }

  members(
    app: AppId,
    conversation: ConversationId,
    page: { role?: Role; limit: number; cursor?: string; after?: ClientId },
  ): ReturnType<MemberStore['members']> {
    return translated(() => memberPage(this.db.collections, app, conversation, page));
  }

  advanceRead(
    app: AppId,
    conversation: ConversationId,
    client: ClientId,
    seq: number,
  ): ReturnType<MemberStore['advanceRead']> {
    return translated(async () => {
      const head = await this.heads.read(app, conversation);
      if (head === undefined) return undefined;
      const target = Math.min(seq, head.last);
      const before = await this.changeRow(app, conversation, client, (row) => {
        if (row.readSeq >= target && !row.markedUnread) return undefined;
        const readSeq = Math.max(row.readSeq, target);
        return { readSeq, deliveredSeq: Math.max(row.deliveredSeq, readSeq), markedUnread: false };
      });
      if (before === undefined) return undefined;
      const readSeq = Math.max(before.row.readSeq, target);
      return {
        readSeq,
        ...(await this.unreadOf(app, conversation, before.row, readSeq, head)),
        moved: readSeq > before.row.readSeq,
        revision: before.revision,
      };
    });
  }

  advanceDelivered(
    app: AppId,
    rows: readonly { conversation: ConversationId; client: ClientId; seq: number }[],
  ): Promise<void> {
    return translated(async () => {
      const last = new Map<ConversationId, Head | undefined>();
      for (const { conversation } of rows)
        if (!last.has(conversation)) last.set(conversation, await this.heads.read(app, conversation));
      const updates = rows.flatMap(({ conversation, client, seq }) => {
        const head = last.get(conversation);
        if (head === undefined) return [];
        const filter = { _id: memberKey(app, conversation, client), in: true };
        return [{ updateOne: { filter, update: { $max: { deliveredSeq: Math.min(seq, head.last) } } } }];
      });
      if (updates.length === 0) return;
      await this.db.write('cursor', () => this.db.collections.members.bulkWrite(updates, { ordered: false }));
    });
  }

  setOwn(
    app: AppId,
    conversation: ConversationId,
    client: ClientId,
    patch: OwnPatch,
  ): Promise<OwnRow | undefined> {
    return translated(async () => {
      const head = await this.heads.read(app, conversation);
      if (head === undefined) return undefined;
      const changed = await this.changeRow(app, conversation, client, (row) => patched(row, patch, head));
      const row = changed === undefined ? undefined : await this.row(app, conversation, client);
      return row === undefined ? undefined : toOwnRow(row);
    });
  }

  ensure(
    app: AppId,
    conversation: ConversationId,
    client: ClientId,
    role: 'member' | 'guest',
    readSeq: number,
  ): Promise<void> {
    return translated(async () => {
      const head = await this.heads.read(app, conversation);
      if (head === undefined) return;
      const _id = memberKey(app, conversation, client);
      const row = { ...strangerRow(app, conversation, client), reflects: 0 };
      await upsertAll(this.db, 'rows', 'members', [
        { updateOne: { filter: { _id }, update: { $setOnInsert: row }, upsert: true } },
      ]);
      const replaced =
        role === 'member' ? { _id, $or: [{ in: false }, { role: 'guest' as const }] } : { _id, in: false };
      const former = await this.db.collections.members.findOne({ _id, in: false });
      const cursor = Math.max(Math.min(readSeq, head.last), former?.readSeq ?? 0);
      const cursors = {
        joinedSeq: cursor,
        joinedAt: Date.now(),
        readSeq: cursor,
        deliveredSeq: cursor,
        clearedSeq: 0,
      };
      await this.db.write('subscription', () =>
        this.db.collections.members.updateOne(replaced, {
          $set: { in: true, role, ...cursors, markedUnread: false },
          $unset: Object.fromEntries(personalFields.map((field) => [field, ''])) as never,
        }),
      );
    });
  }

  receipts(
    app: AppId,
    conversation: ConversationId,
    seq: number,
    author: ClientId | '',
    page: { kind: 'delivered' | 'read'; limit: number; cursor?: string },
  ): ReturnType<MemberStore['receipts']> {
    return translated(() => receiptPage(this.db.collections, app, conversation, seq, author, page));
  }

  /** Threads are part of their parent's row and not counted: there a client is a guest, or the conversation a thread. */
  count(app: AppId, client: ClientId): Promise<number> {
    return translated(async () => {
      const rows = await this.db.collections.members
        .find({ app, client, in: true, role: { $ne: 'guest' } })
        .project<{ conversation: string }>({ conversation: 1 })
        .toArray();
      return await this.db.collections.conversations.countDocuments({
        _id: { $in: rows.map(({ conversation }) => keyOf(app, conversation)) },
        kind: { $ne: 'thread' },
        deletedAt: { $exists: false },
        $or: [{ expiresAt: { $exists: false } }, { expiresAt: { $gt: Date.now() } }],
      });
    });
  }

  private async row(
    app: AppId,
    conversation: ConversationId,
    client: ClientId,
  ): Promise<MemberDocument | undefined> {
    const row = await this.db.collections.members.findOne({
      _id: memberKey(app, conversation, client),
      in: true,
    });
    return row ?? undefined;
  }

  /** To guests only what is for everyone counts. */
  private unreadOf(
    app: AppId,
    conversation: ConversationId,
    row: MemberDocument,
    readSeq: number,
    head: Head,
  ) {
    const who = { client: row.client as ClientId, guest: row.role === 'guest' };
    return this.counts.of(app, conversation, who, readSeq, head);
  }

  /**
   * Changes a member's row under a new revision of the client: a compare-and-set on the row as it was read, so that
   * two devices' changes come one after the other and a change of a former membership is lost with it. `change`
   * answers undefined for nothing to do. Gives the row as it was before.
   */
  private async changeRow(
    app: AppId,
    conversation: ConversationId,
    client: ClientId,
    change: (row: MemberDocument) => RowPatch | undefined,
  ): Promise<{ row: MemberDocument; revision: number } | undefined> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const row = await this.row(app, conversation, client);
      if (row === undefined) return undefined;
      const patch = change(row);
      if (patch === undefined) return { row, revision: row.revision };
      const { $unset = {}, ...$set } = patch;
      const revision = await this.nextRevision(app, client, row.revision);
      const { matchedCount } = await this.db.write('personal', () =>
        this.db.collections.members.updateOne(
          { _id: row._id, in: true, revision: row.revision, reflects: row.reflects },
          { $set: { ...$set, revision }, ...(Object.keys($unset).length === 0 ? {} : { $unset }) },
        ),
      );
      if (matchedCount === 1) return { row, revision };
    }
    throw new AppError('unavailable', { detail: 'the row is changed faster than it can be read' });
  }

  /** The client's next revision, above `last`: membership changes count a row's own revision up. */
  private async nextRevision(app: AppId, client: ClientId, last: number): Promise<number> {
    const _id = keyOf(app, client);
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const revision = await this.db.write('revision', () =>
        this.db.collections.revisions.findOneAndUpdate(
          { _id },
          { $inc: { n: 1 } },
          { returnDocument: 'after' },
        ),
      );
      if (revision !== null && revision.n > last) return revision.n;
      await upsertAll(this.db, 'revision', 'revisions', [
        {
          updateOne: { filter: { _id }, update: { $max: { n: last }, $setOnInsert: { app } }, upsert: true },
        },
      ]);
    }
    throw new AppError('unavailable', { detail: 'the revision could not be counted' });
  }
}

type RowPatch = Partial<Omit<MemberDocument, '_id'>> & { readonly $unset?: Readonly<Record<string, ''>> };

function patched(row: MemberDocument, patch: OwnPatch, head: Head): RowPatch {
  const { muteUntil, pinnedAt, hidden, markedUnread, custom, clearedSeq } = patch;
  const unset = [
    ...(muteUntil === 'off' ? ['muteUntil'] : []),
    ...(pinnedAt === 'off' ? ['pinnedAt'] : []),
    ...(hidden === false ? ['hiddenSeq'] : []),
  ];
  return {
    ...(muteUntil === undefined || muteUntil === 'off' ? {} : { muteUntil }),
    ...(pinnedAt === undefined || pinnedAt === 'off' ? {} : { pinnedAt }),
    ...(hidden === true ? { hiddenSeq: head.lastMessageSeq } : {}),
    ...(markedUnread === undefined ? {} : { markedUnread }),
    ...(custom === undefined ? {} : { custom: JSON.stringify(custom) }),
    ...(clearedSeq === undefined
      ? {}
      : { clearedSeq: Math.max(row.clearedSeq, Math.min(clearedSeq, head.last)) }),
    $unset: Object.fromEntries(unset.map((field) => [field, '' as const])),
  };
}
