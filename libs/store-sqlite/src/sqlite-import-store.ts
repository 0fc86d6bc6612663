import { createHash } from 'node:crypto';
import type {
  ImportDigest,
  ImportStore,
  ImportedConversation,
  ImportedMessages,
  ImportedUnread,
  Taken,
  TakenMessages,
} from '@hongyan/conversations';
import { digestPageSize } from '@hongyan/conversations';
import type { AppId, ClientId, ConversationId, MessageId } from '@hongyan/protocol';
import type { Channels } from './channels.js';
import type { DigestPage } from './import-reads.js';

export class SqliteImportStore implements ImportStore {
  constructor(private readonly channels: Channels) {}

  takeConversation(app: AppId, imported: ImportedConversation, now: number): Promise<Taken> {
    return this.channels.write.call('takeConversation', app, imported, now);
  }

  takeMessages(app: AppId, parts: readonly ImportedMessages[]): Promise<TakenMessages[]> {
    return this.channels.write.call('takeMessages', app, parts);
  }

  takeSubscribers(
    app: AppId,
    conversation: ConversationId,
    subscribers: readonly { readonly client: ClientId; readonly at: number }[],
  ): Promise<{ added: number }> {
    return this.channels.write.call('takeSubscribers', app, conversation, subscribers);
  }

  takeUnread(app: AppId, parts: readonly ImportedUnread[]): Promise<number[]> {
    return this.channels.write.call('takeUnread', app, parts);
  }

  async digest(app: AppId, conversation: ConversationId): Promise<ImportDigest | undefined> {
    const order = createHash('sha256');
    const content = createHash('sha256');
    let messages = 0;
    for (let after: number | undefined = 0; after !== undefined;) {
      const page: DigestPage | undefined = await this.channels.read.call(
        'digestPage',
        app,
        conversation,
        after,
        digestPageSize,
      );
      if (page === undefined) return undefined;
      messages += page.messages;
      if (page.messages > 0) {
        order.update(page.order);
        content.update(page.content);
      }
      after = page.next;
    }
    const changedHere = await this.channels.read.call('changedHere', app, conversation);
    return { messages, order: order.digest('hex'), content: content.digest('hex'), changedHere };
  }

  find(app: AppId, id: MessageId): Promise<{ conversation: ConversationId; seq: number } | undefined> {
    return this.channels.read.call('findImported', app, id);
  }
}
