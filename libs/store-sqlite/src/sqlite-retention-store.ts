import type { RetentionStore, RetiredStep } from '@hongyan/conversations';
import type { AppId, ConversationId } from '@hongyan/protocol';
import type { Channels } from './channels.js';

export class SqliteRetentionStore implements RetentionStore {
  constructor(private readonly channels: Channels) {}

  expired(
    app: AppId,
    before: number,
    cursor?: string,
  ): Promise<{ items: ConversationId[]; cursor?: string }> {
    return this.channels.read.call('expired', app, before, cursor);
  }

  retire(app: AppId, conversation: ConversationId, before: number, next?: string): Promise<RetiredStep> {
    return this.channels.write.call('retire', app, conversation, before, next);
  }
}
