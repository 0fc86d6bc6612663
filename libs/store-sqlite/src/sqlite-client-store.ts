import type { ClientPatch, ClientRecord, ClientStore } from '@hongyan/conversations';
import type { AppId, ClientId, ConversationId } from '@hongyan/protocol';
import type { Channels } from './channels.js';

interface Page {
  readonly limit: number;
  readonly cursor?: string;
}

export class SqliteClientStore implements ClientStore {
  constructor(private readonly channels: Channels) {}

  get(app: AppId, clients: readonly ClientId[]): Promise<ClientRecord[]> {
    return this.channels.read.call('clients', app, clients);
  }

  upsert(
    app: AppId,
    client: ClientId,
    patch: ClientPatch,
    now: number,
  ): Promise<{ record: ClientRecord; created: boolean }> {
    return this.channels.write.call('upsertClient', app, client, patch, now);
  }

  list(app: AppId, page: Page): Promise<{ items: ClientRecord[]; cursor?: string }> {
    return this.channels.read.call('clientPage', app, page);
  }

  seenSince(app: AppId, time: number): Promise<number> {
    return this.channels.read.call('seenSince', app, time);
  }

  async block(app: AppId, client: ClientId, others: readonly ClientId[], now: number): Promise<void> {
    await this.channels.write.call('refuse', app, client, others, now);
  }

  async unblock(app: AppId, client: ClientId, others: readonly ClientId[]): Promise<void> {
    await this.channels.write.call('unrefuse', app, client, others);
  }

  blocked(app: AppId, client: ClientId, page: Page): Promise<{ items: ClientId[]; cursor?: string }> {
    return this.channels.read.call('blockedBy', app, client, page);
  }

  refusing(app: AppId, other: ClientId, clients: readonly ClientId[]): Promise<ClientId[]> {
    return this.channels.read.call('refusing', app, other, clients);
  }

  refuse(
    app: AppId,
    client: ClientId,
    conversation: ConversationId,
    most: number,
    now: number,
  ): Promise<boolean> {
    return this.channels.write.call('refuseConversation', app, client, conversation, most, now);
  }

  async unrefuse(app: AppId, client: ClientId, conversation: ConversationId): Promise<void> {
    await this.channels.write.call('unrefuseConversation', app, client, conversation);
  }

  refused(app: AppId, client: ClientId, page: Page): Promise<{ items: ConversationId[]; cursor?: string }> {
    return this.channels.read.call('refusedBy', app, client, page);
  }

  refusers(app: AppId, conversation: ConversationId, clients: readonly ClientId[]): Promise<ClientId[]> {
    return this.channels.read.call('refusers', app, conversation, clients);
  }
}
