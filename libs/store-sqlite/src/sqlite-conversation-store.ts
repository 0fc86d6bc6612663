import type {
  ConversationQuery,
  ConversationStore,
  Found,
  Head,
  Loaded,
  NewEntry,
  Queried,
} from '@hongyan/conversations';
import type { AppId, ConversationId } from '@hongyan/protocol';
import type { Channels } from './channels.js';
import { toHeadOf } from './sqlite-log-store.js';

export class SqliteConversationStore implements ConversationStore {
  constructor(private readonly channels: Channels) {}

  async create(
    app: AppId,
    entry: NewEntry,
    now: number,
    origin = 0,
  ): Promise<{ created: boolean; id: ConversationId; head: Head; stamp?: number }> {
    const { kind, ...rest } = entry.payload;
    if (kind !== 'created') throw new Error(`a conversation begins with 'created', not with '${kind}'`);
    const request = { author: entry.author, op: entry.op, rest: JSON.stringify(rest), now, origin };
    const { created, id, head, stamp } = await this.channels.write.call('create', app, request);
    return {
      created,
      id: id as ConversationId,
      head: toHeadOf(head),
      ...(stamp === undefined ? {} : { stamp }),
    };
  }

  load(app: AppId, conversation: ConversationId): Promise<Loaded | undefined> {
    return this.channels.read.call('load', app, conversation);
  }

  find(app: AppId, conversations: readonly ConversationId[]): Promise<Found[]> {
    return this.channels.read.call('find', app, conversations);
  }

  query(app: AppId, query: ConversationQuery): Promise<{ items: Queried[]; cursor?: string }> {
    return this.channels.read.call('query', app, query, this.channels.now());
  }

  byUniqueKey(app: AppId, key: string): Promise<ConversationId | undefined> {
    return this.channels.read.call('byUniqueKey', app, key, this.channels.now());
  }

  everyone(app: AppId): Promise<ConversationId[]> {
    return this.channels.read.call('everyone', app);
  }
}
