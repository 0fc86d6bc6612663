import type {
  AppendRequest,
  AppendResult,
  Entry,
  EntryRange,
  Head,
  HistoryQuery,
  LogStore,
  MessageEntry,
} from '@hongyan/conversations';
import type { AppId, ClientId, ConversationId, OperationId } from '@hongyan/protocol';
import { append } from './append.js';
import type { MongoDatabase } from './database.js';
import { keyOf } from './documents.js';
import { translated } from './failures.js';
import { LogHeads } from './log-head.js';
import { LogReads } from './log-reads.js';
import { Turns } from './turns.js';

/** The log in MongoDB. append.ts says how its promises are kept. */
export class MongoLogStore implements LogStore {
  private readonly heads: LogHeads;
  private readonly reads: LogReads;
  private readonly turns = new Turns();

  constructor(private readonly db: MongoDatabase) {
    this.heads = new LogHeads(db);
    this.reads = new LogReads(db);
  }

  append(app: AppId, request: AppendRequest): Promise<AppendResult> {
    return this.turns.take(keyOf(app, request.conversation), () =>
      translated(() => append(this.db, this.heads, app, request)),
    );
  }

  head(app: AppId, conversation: ConversationId): Promise<Head | undefined> {
    return translated(() => this.heads.read(app, conversation));
  }

  entries(app: AppId, conversation: ConversationId, range: EntryRange): Promise<Entry[]> {
    return translated(async () => {
      const last = Math.min(await this.last(app, conversation), range.until ?? Number.MAX_SAFE_INTEGER);
      return await this.reads.entries(app, conversation, { ...range, last });
    });
  }

  history(
    app: AppId,
    conversation: ConversationId,
    query: HistoryQuery,
  ): Promise<{ messages: MessageEntry[]; more: boolean }> {
    return translated(async () =>
      this.reads.history(app, conversation, await this.last(app, conversation), query),
    );
  }

  messages(app: AppId, conversation: ConversationId, seqs: readonly number[]): Promise<MessageEntry[]> {
    return translated(async () =>
      this.reads.messages(app, conversation, await this.last(app, conversation), seqs),
    );
  }

  byOperation(
    app: AppId,
    conversation: ConversationId,
    author: ClientId | '',
    op: OperationId,
  ): Promise<Entry | undefined> {
    return translated(async () => {
      const found = await this.db.collections.entries.findOne({ app, conversation, author, op });
      if (found === null) return undefined;
      if (found.seq > (await this.last(app, conversation))) await this.heads.repair(app, conversation);
      const [entry] = await this.reads.withTargets(app, conversation, [found]);
      return entry;
    });
  }

  seqAt(app: AppId, conversation: ConversationId, time: number): Promise<number> {
    return translated(async () => {
      const head = await this.heads.read(app, conversation);
      if (head === undefined) return 0;
      return await this.reads.lastAt(app, conversation, Math.max(head.origin, head.floor), head.last, time);
    });
  }

  private async last(app: AppId, conversation: ConversationId): Promise<number> {
    return (await this.heads.read(app, conversation))?.last ?? 0;
  }
}
