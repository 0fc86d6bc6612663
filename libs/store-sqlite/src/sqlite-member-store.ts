import type { ListedConversation, MemberStore, OwnPatch, OwnRow, Totals } from '@hongyan/conversations';
import type { AppId, ClientId, ConversationId, Role } from '@hongyan/protocol';
import type { Channels } from './channels.js';
import type { ReadAnswer } from './cursors.js';
import type { ListPage, Synced, SyncPage } from './list-reads.js';
import type { MemberPage, ReceiptPage, Receipts } from './member-reads.js';

export class SqliteMemberStore implements MemberStore {
  constructor(private readonly channels: Channels) {}

  own(
    app: AppId,
    conversation: ConversationId,
    client: ClientId,
  ): Promise<(OwnRow & { unread: number; mentionUnread: number }) | undefined> {
    return this.channels.read.call('own', app, conversation, client);
  }

  among(
    app: AppId,
    conversation: ConversationId,
    clients: readonly ClientId[],
    guests = false,
  ): Promise<ClientId[]> {
    return this.channels.read.call('among', app, conversation, clients, guests);
  }

  everAmong(app: AppId, conversation: ConversationId, clients: readonly ClientId[]): Promise<ClientId[]> {
    return this.channels.read.call('everAmong', app, conversation, clients);
  }

  members(
    app: AppId,
    conversation: ConversationId,
    page: MemberPage,
  ): Promise<{ items: { client: ClientId; role: Role; joinedAt: number }[]; cursor?: string }> {
    return this.channels.read.call('memberPage', app, conversation, page);
  }

  advanceRead(
    app: AppId,
    conversation: ConversationId,
    client: ClientId,
    seq: number,
  ): Promise<ReadAnswer | undefined> {
    return this.channels.write.call('advanceRead', app, conversation, client, seq);
  }

  async advanceDelivered(
    app: AppId,
    rows: readonly { conversation: ConversationId; client: ClientId; seq: number }[],
  ): Promise<void> {
    if (rows.length === 0) return;
    const flat = rows.flatMap(({ conversation, client, seq }) => [conversation, client, seq]);
    await this.channels.write.call('advanceDelivered', app, flat);
  }

  setOwn(
    app: AppId,
    conversation: ConversationId,
    client: ClientId,
    patch: OwnPatch,
  ): Promise<OwnRow | undefined> {
    return this.channels.write.call('setOwn', app, conversation, client, patch);
  }

  async ensure(
    app: AppId,
    conversation: ConversationId,
    client: ClientId,
    role: 'member' | 'guest',
    readSeq: number,
  ): Promise<void> {
    await this.channels.write.call('ensure', app, conversation, client, role, readSeq, this.channels.now());
  }

  receipts(
    app: AppId,
    conversation: ConversationId,
    seq: number,
    author: ClientId | '',
    page: ReceiptPage,
  ): Promise<Receipts> {
    return this.channels.read.call('receipts', app, conversation, seq, author, page);
  }

  row(app: AppId, client: ClientId, conversation: ConversationId): Promise<ListedConversation | undefined> {
    return this.channels.read.call('row', app, client, conversation, this.channels.now());
  }

  list(
    app: AppId,
    client: ClientId,
    page: ListPage,
  ): Promise<{ items: ListedConversation[]; cursor?: string; totals: Totals; token: string }> {
    return this.channels.read.call('list', app, client, page, this.channels.now());
  }

  sync(app: AppId, client: ClientId, page: SyncPage): Promise<Synced> {
    return this.channels.read.call('sync', app, client, page, this.channels.now());
  }

  totals(app: AppId, client: ClientId): Promise<Totals> {
    return this.channels.read.call('totals', app, client, this.channels.now());
  }

  count(app: AppId, client: ClientId): Promise<number> {
    return this.channels.read.call('count', app, client, this.channels.now());
  }
}
