import type { Change, Content, Entry } from '@hongyan/conversations';
import { changesOf } from '@hongyan/conversations';
import { AppError } from '@hongyan/protocol';
import type { AppId, ConversationId } from '@hongyan/protocol';
import type { MongoDatabase } from './database.js';
import type { EntryDocument } from './documents.js';
import { keyOf } from './documents.js';
import { blankContent, blankedRest, contentFields, contentToStored, toEntry } from './entry-codec.js';
import { memberKey, personalFields, strangerRow } from './member-row.js';
import type { RowChange } from './row-projection.js';
import { bringRows, upsertAll } from './row-projection.js';

const ATTEMPTS = 5;

/**
 * Carries out what entries change outside the log. Whoever adds to a log has first done this for every entry below,
 * so changes take effect in sequence order; and each is one conditional update per document that moves only forward,
 * so any number of processes may do the same entries again at any time.
 */
export class Projector {
  constructor(private readonly db: MongoDatabase) {}

  /** `documents` are committed, ascending, without holes. */
  async project(
    app: AppId,
    conversation: ConversationId,
    documents: readonly EntryDocument[],
  ): Promise<void> {
    await this.countOwn(app, conversation, documents);
    for (const document of documents) {
      if (document.kind === 'message') await this.markMessage(app, conversation, document);
      else await this.apply(app, conversation, document);
    }
  }

  private async countOwn(app: AppId, conversation: ConversationId, documents: readonly EntryDocument[]) {
    const own = new Map<string, number>();
    for (const { author, counts, own: n } of documents)
      if (counts === true && author !== '') own.set(author, n);
    if (own.size === 0) return;
    const upserts = [...own].map(([author, n]) => ({
      updateOne: {
        filter: { _id: memberKey(app, conversation, author) },
        update: {
          $max: { own: n },
          $setOnInsert: { ...strangerRow(app, conversation, author), reflects: 0 },
        },
        upsert: true,
      },
    }));
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1)
      if (await upsertAll(this.db, 'own', 'members', upserts)) return;
    throw new AppError('unavailable', { detail: 'the counts of own messages could not be confirmed' });
  }

  private async apply(app: AppId, conversation: ConversationId, document: EntryDocument): Promise<void> {
    if (document.moved === true) return;
    const changes = changesOf(toEntry(document));
    const { seq } = document;
    const on = new Set(changes.map((change) => change.on));
    if (on.has('conversation') || on.has('detach'))
      await bringRows(this.db, 'conversations', seq, [conversationChange(app, conversation, changes)]);
    await bringRows(this.db, 'members', seq, memberChanges(app, conversation, document, changes));
    await bringRows(this.db, 'restrictions', seq, restrictionChanges(app, conversation, changes));
    for (const change of changes) {
      if (change.on === 'content') await this.moveContent(app, conversation, document, change);
      if (change.on === 'blank') await this.blank(app, conversation, seq, change);
    }
  }

  /** The message that an entry refers to lies below it; what comes to lie there later is none of its business. */
  private async message(app: AppId, conversation: ConversationId, seq: number, below: number) {
    if (seq >= below) return null;
    return await this.db.collections.entries.findOne({ app, conversation, seq, kind: 'message' });
  }

  /** The message gets the edit's content; the edit then keeps none, so that a recall has one place to blank. */
  private async moveContent(
    app: AppId,
    conversation: ConversationId,
    edit: EntryDocument,
    { target, content }: { readonly target: number; readonly content: Content },
  ): Promise<void> {
    const { entries } = this.db.collections;
    const message = await this.message(app, conversation, target, edit.seq);
    if (message !== null) await this.replaceContent(app, conversation, edit, message, content);
    await this.db.write('moved', () =>
      entries.updateOne(
        { app, conversation, seq: edit.seq },
        { $set: { moved: true }, $unset: unsetOf(contentFields) },
      ),
    );
  }

  private async replaceContent(
    app: AppId,
    conversation: ConversationId,
    edit: EntryDocument,
    message: EntryDocument,
    content: Content,
  ): Promise<void> {
    const { seq } = message;
    const stored = contentToStored(content);
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const { matchedCount } = await this.db.write('content', () =>
        this.db.collections.entries.updateOne(
          { app, conversation, seq, recalled: { $ne: true }, editedSeq: { $not: { $gte: edit.seq } } },
          {
            $set: { ...stored, editedAt: edit.time, editedSeq: edit.seq },
            $unset: unsetOf(contentFields.filter((field) => stored[field] === undefined)),
          },
        ),
      );
      // The edit is about to lose its content: that the message is past it must be as durable as the edit itself.
      const after = matchedCount === 1 ? undefined : await this.message(app, conversation, seq, edit.seq);
      if (after?.recalled === true) return;
      if (matchedCount === 1 || (after?.editedSeq ?? 0) >= edit.seq) {
        if (message.counts === true) await this.mark(app, conversation, message, edit.seq, false, content);
        return;
      }
    }
    throw new AppError('unavailable', { detail: `edit ${edit.seq} could not be confirmed` });
  }

  private async blank(
    app: AppId,
    conversation: ConversationId,
    seq: number,
    { target, deleted }: Change & { on: 'blank' },
  ): Promise<void> {
    const message = await this.message(app, conversation, target, seq);
    if (message === null) return;
    const rest = blankedRest(message);
    await this.db.write('blank', () =>
      this.db.collections.entries.updateOne(
        { app, conversation, seq: target },
        {
          $set: {
            recalled: true,
            ...(deleted ? { deleted } : {}),
            ...blankContent,
            ...(rest === undefined ? {} : { rest }),
          },
          $unset: unsetOf(['type', 'mentions', 'mentionAll', ...(rest === undefined ? ['rest'] : [])]),
        },
      ),
    );
    if (message.counts === true) await this.mark(app, conversation, message, seq, true, {});
  }

  private async markMessage(app: AppId, conversation: ConversationId, message: EntryDocument): Promise<void> {
    const { counts, mentions, mentionAll, everyone, seq } = message;
    const mentioning = counts === true && (mentionAll === true || (mentions ?? []).length > 0);
    if (mentioning || everyone === true)
      await this.mark(app, conversation, message, seq, false, mentioning ? message : {});
  }

  private mark(
    app: AppId,
    conversation: ConversationId,
    { seq, author, everyone, counts }: EntryDocument,
    reflects: number,
    recalled: boolean,
    { mentions = [], mentionAll }: { readonly mentions?: readonly string[]; readonly mentionAll?: boolean },
  ): Promise<void> {
    const mentioned = [...new Set(mentions), ...(mentionAll === true ? [''] : [])];
    const base = {
      ...{ app, conversation, seq, author },
      ...(everyone === true ? { everyone } : {}),
      ...(counts === true ? {} : { silent: true }),
    };
    const key = keyOf(app, conversation, String(seq));
    return bringRows(this.db, 'marks', reflects, [{ key, base, set: { recalled, mentioned } }]);
  }
}

const unsetOf = (fields: readonly string[]) =>
  Object.fromEntries(fields.map((field) => [field, '' as const]));

function conversationChange(app: AppId, conversation: ConversationId, changes: readonly Change[]): RowChange {
  const set = Object.assign(
    {},
    ...changes.map((change) => (change.on === 'conversation' ? change.set : {})),
  ) as object;
  const detach = changes.some((change) => change.on === 'detach');
  return { key: keyOf(app, conversation), set, unset: detach ? ['uniqueKey'] : [] };
}

/** One change per row, whatever an entry says about a client. */
function memberChanges(
  app: AppId,
  conversation: ConversationId,
  { seq, time }: Pick<Entry, 'seq' | 'time'>,
  changes: readonly Change[],
): RowChange[] {
  const rows = new Map<string, { set: object; unset: readonly string[] }>();
  const add = (client: string, set: object, unset: readonly string[] = []) => {
    const before = rows.get(client);
    rows.set(client, { set: { ...before?.set, ...set }, unset: [...(before?.unset ?? []), ...unset] });
  };
  for (const change of changes) {
    if (change.on === 'member-in') {
      const { role, readSeq } = change;
      const cursors = { joinedSeq: seq, joinedAt: time, readSeq, deliveredSeq: readSeq, clearedSeq: 0 };
      add(change.client, { in: true, role, ...cursors, markedUnread: false }, personalFields);
    }
    if (change.on === 'member-out') add(change.client, { in: false });
    if (change.on === 'member-role') add(change.client, { role: change.role });
  }
  return [...rows].map(([client, row]) => ({
    key: memberKey(app, conversation, client),
    base: strangerRow(app, conversation, client),
    ...row,
    increment: ['revision'],
  }));
}

function restrictionChanges(
  app: AppId,
  conversation: ConversationId,
  changes: readonly Change[],
): RowChange[] {
  const row = (what: 'silence' | 'block', client: string, on: boolean, until?: number): RowChange => ({
    key: keyOf(app, conversation, what, client),
    base: { app, conversation, client, what, on: false },
    set: { on, ...(until === undefined ? {} : { until }) },
    unset: until === undefined ? ['until'] : [],
  });
  return changes.flatMap((change) => {
    switch (change.on) {
      case 'silence':
        return [row('silence', change.client, true, change.until)];
      case 'unsilence':
        return [row('silence', change.client, false)];
      case 'block':
      case 'unblock':
        return [row('block', change.client, change.on === 'block')];
      default:
        return [];
    }
  });
}
