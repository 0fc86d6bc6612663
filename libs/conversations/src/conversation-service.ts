import {
  type Args,
  AppError,
  type AppId,
  type CallOptions,
  type Caller,
  type Commands,
  type ConversationId,
  type OpenSession,
  type OperationName,
  type Result,
} from '@hongyan/protocol';
import { deleteMessage, editMessage, recallMessage } from './change-message.js';
import { addMembers, joinConversation, leaveConversation, removeMembers } from './change-members.js';
import {
  blockClients,
  getClients,
  listBlockedClients,
  unblockClients,
  unreadTotals,
  updateClient,
} from './clients.js';
import { type Call, type ConversationParts, Core } from './core.js';
import { missedChanges } from './missed-changes.js';
import { missedEdits } from './missed-edits.js';
import { createConversation } from './create-conversation.js';
import { ConversationImport } from './import-conversations.js';
import { delivered, listReceipts, read, unreadOf } from './cursors.js';
import {
  blockMembers,
  listBlocked,
  listSilenced,
  silenceMembers,
  unblockMembers,
  unsilenceMembers,
} from './discipline-members.js';
import {
  clearConversation,
  getConversation,
  listConversations,
  listMembers,
  queryConversations,
  setState,
  syncConversations,
} from './list-conversations.js';
import {
  listRefusedConversations,
  refuseConversation,
  unrefuseConversation,
} from './refuse-conversations.js';
import { announcePresence, queryPresence, sendSignal, subscribePresence } from './presence.js';
import { entries, getMessages, history } from './read-history.js';
import { timeline } from './read-timeline.js';
import { countRoom, joinRoom, leaveRoom, sampleRoom } from './rooms.js';
import { sendMessage } from './send-message.js';
import { subscribe, subscribeToEveryone, unsubscribe } from './subscriptions.js';
import { deleteConversation, setRole, updateConversation } from './update-conversation.js';

/** Operations about the session itself are the connection's own affair. */
export type ConversationOperation = Exclude<OperationName, 'session.refresh' | 'session.close'>;

type Table = {
  readonly [N in ConversationOperation]: (core: Core, call: Call, args: Args<N>) => Promise<Result<N>>;
};

type AnyHandler = (core: Core, call: Call, args: never) => Promise<unknown>;

const handlers: Table = {
  'conversation.create': createConversation,
  'conversation.get': getConversation,
  'conversation.query': queryConversations,
  'conversation.list': listConversations,
  'conversation.sync': syncConversations,
  'conversation.update': updateConversation,
  'conversation.delete': deleteConversation,
  'conversation.join': joinConversation,
  'conversation.leave': leaveConversation,
  'conversation.add': addMembers,
  'conversation.remove': removeMembers,
  'conversation.members': listMembers,
  'conversation.setRole': setRole,
  'conversation.silence': silenceMembers,
  'conversation.unsilence': unsilenceMembers,
  'conversation.silenced': listSilenced,
  'conversation.block': blockMembers,
  'conversation.unblock': unblockMembers,
  'conversation.blocked': listBlocked,
  'conversation.refuse': refuseConversation,
  'conversation.unrefuse': unrefuseConversation,
  'conversation.setState': setState,
  'conversation.clear': clearConversation,
  'conversation.read': read,
  'conversation.unread': unreadOf,
  'conversation.delivered': delivered,
  'conversation.entries': entries,
  'message.send': sendMessage,
  'message.edit': editMessage,
  'message.recall': recallMessage,
  'message.delete': deleteMessage,
  'message.get': getMessages,
  'message.history': history,
  'message.timeline': timeline,
  'message.receipts': listReceipts,
  'signal.send': sendSignal,
  'room.join': joinRoom,
  'room.leave': leaveRoom,
  'room.count': countRoom,
  'room.members': sampleRoom,
  'system.subscribe': subscribe,
  'system.unsubscribe': unsubscribe,
  'client.get': getClients,
  'client.update': updateClient,
  'client.block': blockClients,
  'client.unblock': unblockClients,
  'client.blocked': listBlockedClients,
  'client.refused': listRefusedConversations,
  'client.changes': missedChanges,
  'client.edits': missedEdits,
  'client.unread': unreadTotals,
  'presence.query': queryPresence,
  'presence.subscribe': subscribePresence,
};

/**
 * The conversation service: `Commands` on top of the stores and signals it is given. It keeps nothing that cannot be
 * rebuilt from them.
 */
export class ConversationService implements Commands {
  /** For operators: takes conversations over from elsewhere. Absent if the store cannot. */
  readonly imports: ConversationImport | undefined;
  private readonly core: Core;

  constructor(parts: ConversationParts) {
    this.core = new Core(parts);
    this.imports = parts.imports && new ConversationImport(this.core, parts.imports);
  }

  execute<N extends OperationName>(
    caller: Caller,
    name: N,
    args: Args<N>,
    options: CallOptions,
  ): Promise<Result<N>> {
    if (options.signal?.aborted === true || options.deadline <= this.core.clock()) {
      return Promise.reject(
        new AppError(options.signal?.aborted === true ? 'cancelled' : 'deadline_exceeded'),
      );
    }
    const handler = (handlers as Partial<Record<OperationName, AnyHandler>>)[name];
    if (handler === undefined) return Promise.reject(new AppError('unknown_operation'));
    return handler(this.core, { ...caller, ...options }, args as never) as Promise<Result<N>>;
  }

  async sessionOpened(session: OpenSession): Promise<void> {
    const { app, client } = session;
    const now = this.core.clock();
    const { record } = await this.core.clients.upsert(app, client, { lastSeen: now }, now);
    const { first } = await this.core.presence.opened(session);
    await subscribeToEveryone(this.core, app, client, record.firstLogin ?? now);
    if (first) await announcePresence(this.core, app, client, true);
  }

  async sessionClosed(
    session: OpenSession,
    reason: 'logout' | 'lost' | 'kicked' | 'conflict',
  ): Promise<void> {
    const { app, client } = session;
    const policy = this.core.knownApp(app);
    const keepRoomsMs = reason === 'lost' ? (policy?.rooms.rejoinWindow ?? 60) * 1000 : 0;
    const { last } = await this.core.presence.closed(session, keepRoomsMs);
    if (!last) return;
    const now = this.core.clock();
    await this.core.clients.upsert(app, client, { lastSeen: now }, now);
    await announcePresence(this.core, app, client, false);
  }

  /** Retention took entries out of a conversation: what is in memory says so, too. */
  floorRaised(app: AppId, conversation: ConversationId, floor: number): void {
    this.core.states.floorRaised(app, conversation, floor);
  }

  /** Finishes what is under way and stores what waits. New commands should not come any longer. */
  async close(): Promise<void> {
    await this.core.sequencer.idle();
    await this.core.receipts.close();
  }
}

export const createConversationService = (parts: ConversationParts): ConversationService =>
  new ConversationService(parts);
