import type { AppendRequest, AppendResult, Appended, Head, NewEntry } from '@hongyan/conversations';
import { countsAsUnread } from '@hongyan/conversations';
import type { AppId, ConversationId } from '@hongyan/protocol';
import { AppError } from '@hongyan/protocol';
import { mongo } from 'mongoose';
import type { MongoDatabase } from './database.js';
import type { EntryDocument } from './documents.js';
import { payloadToStored, toEntry } from './entry-codec.js';
import { duplicateIndexOf, isOutcomeUnknown } from './failures.js';
import type { LogHeads } from './log-head.js';
import { advanced } from './log-head.js';
import { memberKey } from './member-row.js';
import { sequenceIndex } from './schema.js';

type Outcome = 'written' | 'sequence-taken' | 'operation-used' | 'unknown';

/**
 * Appends by compare-and-set: the unique index on (app, conversation, sequence) lets one writer insert last + 1.
 *
 * **No hole, nothing that may vanish.** n + 1 is inserted only by one who knows that n is on the disks of a majority:
 * because the head says so (majority read), or from the acknowledgement of its own ordered insert. A duplicate-key
 * error tells that somebody tried n, a time-out tells nothing; after either the entries are read again by operation id.
 *
 * **n + 1 never before n.** Every reader first reads the head and asks for nothing above it. The head is raised to n
 * after 1 … n are committed, so that whatever a scan meets under it was complete before the scan began.
 *
 * **A crash** leaves entries above the head, which nobody has seen. The retry of their operation, the next append, a
 * load or a sweep finds them and finishes the work ({@link LogHeads.repair}).
 */
export async function append(
  db: MongoDatabase,
  heads: LogHeads,
  app: AppId,
  request: AppendRequest,
): Promise<AppendResult> {
  const { conversation, expected } = request;
  let head = await heads.read(app, conversation);
  if (head !== undefined && head.last < expected) head = await heads.repair(app, conversation);
  if (head === undefined) throw new AppError('not_found');
  const work = new Append(db, heads, app, request, head);
  return head.last === expected ? await work.run() : await work.answerDuplicates();
}

class Append {
  private readonly results: Appended[] = [];
  private readonly written: EntryDocument[] = [];
  /** Ids of all documents that this request ever sent off. */
  private readonly sent = new Set<string>();
  /** The head as it will be when what was written is revealed. */
  private state: Head;

  constructor(
    private readonly db: MongoDatabase,
    private readonly heads: LogHeads,
    private readonly app: AppId,
    private readonly request: AppendRequest,
    private readonly start: Head,
  ) {
    this.state = start;
  }

  private get conversation(): ConversationId {
    return this.request.conversation;
  }

  async run(): Promise<AppendResult> {
    const { entries } = this.request;
    const own = await this.ownCounts(entries);
    let unknowns = 0;
    while (this.results.length < entries.length) {
      const planned = this.plan(entries.slice(this.results.length), own);
      const outcome = await this.insert(planned);
      if (outcome === 'written') {
        for (const document of planned) this.accept(document, own);
        break;
      }
      const before = this.results.length;
      const foreign = await this.settle(planned, own);
      if (this.results.length === entries.length) break;
      if (foreign > this.state.last) return await this.lostRace();
      if (outcome === 'unknown') {
        // It may still be under way. The same operations again are harmless: each can be stored once.
        unknowns += 1;
        if (unknowns > 1)
          throw new AppError('unavailable', { detail: 'the outcome of an append is unknown' });
      } else if (outcome === 'sequence-taken' || this.results.length === before) return await this.lostRace();
    }
    return await this.finish();
  }

  /** The head has moved on: nothing is written, but a retry gets its first answer. */
  async answerDuplicates(): Promise<AppendResult> {
    for (const entry of this.request.entries) {
      const found = await this.byOperation(entry);
      if (found === undefined) break;
      this.results.push({ duplicate: true, entry: toEntry(found, await this.targetOf(found)) });
    }
    return await this.finish();
  }

  /** Own counts at the head; exact while nobody writes above it, and if somebody does the insert fails. */
  private async ownCounts(entries: readonly NewEntry[]): Promise<Map<string, number>> {
    const authors = [...new Set(entries.map((entry) => entry.author).filter((author) => author !== ''))];
    const rows = await this.db.collections.members
      .find({ _id: { $in: authors.map((author) => memberKey(this.app, this.conversation, author)) } })
      .project<{ client: string; own?: number }>({ client: 1, own: 1 })
      .toArray();
    return new Map(rows.map(({ client, own }) => [client, own ?? 0]));
  }

  private plan(entries: readonly NewEntry[], counted: ReadonlyMap<string, number>): EntryDocument[] {
    const own = new Map(counted);
    let head = this.state;
    return entries.map(({ author, op, payload }) => {
      const counts = countsAsUnread(payload);
      const share = (own.get(author) ?? 0) + Number(counts);
      own.set(author, share);
      const document: EntryDocument = {
        _id: new mongo.ObjectId(),
        app: this.app,
        conversation: this.conversation,
        seq: head.last + 1,
        time: Math.max(this.request.now, head.lastTime + 1),
        author,
        op,
        count: head.count + Number(counts),
        own: share,
        ...(counts ? { counts } : {}),
        ...payloadToStored(payload),
      };
      head = advanced(head, document);
      return document;
    });
  }

  private async insert(documents: readonly EntryDocument[]): Promise<Outcome> {
    for (const { _id } of documents) this.sent.add(_id.toHexString());
    try {
      await this.db.write('entries', () =>
        this.db.collections.entries.insertMany([...documents], { ordered: true }),
      );
      return 'written';
    } catch (error) {
      if (isOutcomeUnknown(error)) return 'unknown';
      const index = duplicateIndexOf(error);
      if (index === undefined) throw error;
      return index === sequenceIndex ? 'sequence-taken' : 'operation-used';
    }
  }

  private accept(document: EntryDocument, own: Map<string, number>): void {
    this.written.push(document);
    this.state = advanced(this.state, document);
    own.set(document.author, document.own);
    this.results.push({ duplicate: false, seq: document.seq, time: document.time });
  }

  /**
   * Answers the front of what was planned by what is stored, each entry looked up by its operation, as far as they are
   * there. Gives the highest sequence that others wrote among these.
   */
  private async settle(planned: readonly EntryDocument[], own: Map<string, number>): Promise<number> {
    let foreign = 0;
    for (const document of planned) {
      const found = await this.byOperation(document);
      if (found === undefined) break;
      if (this.sent.has(found._id.toHexString()) && found.seq === this.state.last + 1)
        this.accept(found, own);
      else {
        foreign = Math.max(foreign, found.seq);
        this.results.push({ duplicate: true, entry: toEntry(found, await this.targetOf(found)) });
      }
    }
    return foreign;
  }

  private async byOperation({ author, op }: Pick<NewEntry | EntryDocument, 'author' | 'op'>) {
    const { app, conversation } = this;
    return (await this.db.collections.entries.findOne({ app, conversation, author, op })) ?? undefined;
  }

  private async targetOf({ kind, target }: EntryDocument): Promise<EntryDocument | undefined> {
    if (kind !== 'edit' || target === undefined) return undefined;
    const { app, conversation } = this;
    return (await this.db.collections.entries.findOne({ app, conversation, seq: target })) ?? undefined;
  }

  private async lostRace(): Promise<AppendResult> {
    const { last } = await this.heads.reveal(this.app, this.conversation, this.start, this.written);
    return { head: await this.heads.passed(this.app, this.conversation, last), results: this.results };
  }

  private async finish(): Promise<AppendResult> {
    const head = await this.heads.reveal(this.app, this.conversation, this.start, this.written);
    const stored = this.results.map((result) => (result.duplicate ? result.entry.seq : 0));
    const hidden = stored.some((seq) => seq > head.last);
    return {
      head: (hidden ? await this.heads.repair(this.app, this.conversation) : head) ?? head,
      results: this.results,
    };
  }
}
