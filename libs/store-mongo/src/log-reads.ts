import type { Entry, EntryRange, HistoryQuery, MessageEntry } from '@hongyan/conversations';
import { isMessage, Page, weightOf } from '@hongyan/conversations';
import type { AppId, ConversationId } from '@hongyan/protocol';
import type { MongoDatabase } from './database.js';
import type { EntryDocument } from './documents.js';
import { toEntry } from './entry-codec.js';

/** Reads of the log. `last` is a head read before: nothing above it is asked for (see append.ts). */
export class LogReads {
  constructor(private readonly db: MongoDatabase) {}

  async entries(
    app: AppId,
    conversation: ConversationId,
    range: EntryRange & { readonly last: number },
  ): Promise<Entry[]> {
    const documents = await this.db.collections.entries
      .find({
        app,
        conversation,
        seq: { $gt: range.after, $lte: range.last },
        ...(range.kinds === undefined ? {} : { kind: { $in: [...range.kinds] } }),
      })
      .sort({ seq: 1 })
      .limit(range.limit)
      .toArray();
    const found = await this.withTargets(app, conversation, documents);
    return new Page<Entry>(range, weightOf).fill(found, (entry) => entry).items;
  }

  async history(
    app: AppId,
    conversation: ConversationId,
    last: number,
    query: HistoryQuery,
  ): Promise<{ messages: MessageEntry[]; more: boolean }> {
    const { direction, after, before, types, everyone = false } = query;
    const range = { $gt: after, $lt: Math.min(before, last + 1) };
    const seq = everyone ? { $in: await this.toEveryone(app, conversation, range) } : range;
    const found = await this.db.collections.entries
      .find({
        app,
        conversation,
        seq,
        kind: 'message',
        deleted: { $ne: true },
        ...(types === undefined ? {} : { type: { $in: [...types] } }),
      })
      .sort({ seq: direction === 'backward' ? -1 : 1 })
      .limit(query.limit + 1)
      .toArray();
    const page = new Page<MessageEntry>(query, weightOf);
    const { items, more } = page.fill(found, (document) => toEntry(document) as MessageEntry);
    return { messages: direction === 'backward' ? items.reverse() : items, more };
  }

  /** Sequences of a service's messages to everyone, which are few. */
  private async toEveryone(
    app: AppId,
    conversation: ConversationId,
    seq: { $gt: number; $lt: number },
  ): Promise<number[]> {
    const marks = await this.db.collections.marks
      .find({ app, conversation, everyone: true, seq })
      .project<{ seq: number }>({ seq: 1 })
      .toArray();
    return marks.map((mark) => mark.seq);
  }

  async messages(
    app: AppId,
    conversation: ConversationId,
    last: number,
    seqs: readonly number[],
  ): Promise<MessageEntry[]> {
    const visible = seqs.filter((seq) => seq <= last);
    const found = await this.bySequence(app, conversation, visible);
    return visible.flatMap((seq) => {
      const document = found.get(seq);
      const entry = document === undefined ? undefined : toEntry(document);
      return entry !== undefined && isMessage(entry) ? [entry] : [];
    });
  }

  /** Time grows with the sequence, so no index is needed to find one by the other. */
  async lastAt(
    app: AppId,
    conversation: ConversationId,
    low: number,
    high: number,
    time: number,
  ): Promise<number> {
    let [atOrBefore, after] = [low, high + 1];
    while (after - atOrBefore > 1) {
      const middle = Math.floor((atOrBefore + after) / 2);
      const [entry] = (await this.bySequence(app, conversation, [middle])).values();
      if (entry === undefined || entry.time <= time) atOrBefore = middle;
      else after = middle;
    }
    return atOrBefore;
  }

  async bySequence(
    app: AppId,
    conversation: ConversationId,
    seqs: readonly number[],
  ): Promise<Map<number, EntryDocument>> {
    if (seqs.length === 0) return new Map();
    const found = await this.db.collections.entries
      .find({ app, conversation, seq: { $in: [...new Set(seqs)] } })
      .toArray();
    return new Map(found.map((document) => [document.seq, document]));
  }

  /** Edits show the content that their message has now. */
  async withTargets(
    app: AppId,
    conversation: ConversationId,
    documents: readonly EntryDocument[],
  ): Promise<Entry[]> {
    const targets = documents.flatMap(({ kind, target }) =>
      kind === 'edit' && target !== undefined ? [target] : [],
    );
    const messages = await this.bySequence(app, conversation, targets);
    return documents.map((document) => toEntry(document, messages.get(document.target ?? 0)));
  }
}
