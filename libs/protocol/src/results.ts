import type { ClientId, ConversationId, MessageId } from './ids.js';
import type { Format, OperationName, Role } from './operations.js';

/** JSON as it travels. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

export type ConversationKind = 'ordinary' | 'room' | 'system' | 'temporary';

export interface MessageView {
  readonly id: MessageId;
  readonly conversation: ConversationId;
  /** Absent for transient messages. */
  readonly seq?: number;
  readonly time: number;
  /** Absent when the server side sent it in nobody's name. */
  readonly from?: ClientId;
  /** The sender's operation id; only in the sender's own copies. */
  readonly op?: string;
  /** The sender asked to hear of its receipt; only in the sender's own copies. */
  readonly receipt?: boolean;
  readonly format: Format;
  readonly type?: string;
  /** Base64 when `format` is `binary`. Empty once recalled or erased. */
  readonly body: string;
  /** What LeanCloud's typed messages carry beside text and media. */
  readonly attributes?: JsonObject;
  readonly mentions?: readonly ClientId[];
  readonly mentionAll?: boolean;
  readonly replyTo?: MessageId;
  readonly ext?: JsonObject;
  readonly silent?: boolean;
  readonly transient?: boolean;
  readonly editedAt?: number;
  readonly recalled?: boolean;
  /** System conversations: `thread` when it is between the service and one client. */
  readonly scope?: 'broadcast' | 'thread';
  readonly expiresAt?: number;
}

/** What one changed entry of a log tells members. `message` carries the content as it is now. */
export type EntryView = {
  readonly conversation: ConversationId;
  readonly seq: number;
  readonly time: number;
  /** By what `client.changes` and `client.edits` go, where that is not the time: later than all of the app before it. */
  readonly stamp?: number;
  /** Who did it; absent: the server side. */
  readonly by?: ClientId;
} & EntryBody;

export type EntryBody =
  | { readonly kind: 'message'; readonly message: MessageView }
  | { readonly kind: 'edit'; readonly message: MessageView }
  | { readonly kind: 'recall'; readonly message: MessageView }
  /** `message` has lost its content, and shows nowhere any longer. */
  | { readonly kind: 'delete'; readonly message: MessageView }
  | { readonly kind: 'created'; readonly name?: string; readonly members: readonly ClientId[] }
  | { readonly kind: 'added'; readonly members: readonly ClientId[] }
  | { readonly kind: 'joined' }
  | { readonly kind: 'left'; readonly owner?: ClientId }
  | { readonly kind: 'removed'; readonly members: readonly ClientId[] }
  | { readonly kind: 'role'; readonly member: ClientId; readonly role: Role }
  | { readonly kind: 'silenced'; readonly members: readonly ClientId[]; readonly until?: number }
  | { readonly kind: 'unsilenced'; readonly members: readonly ClientId[] }
  | { readonly kind: 'blocked'; readonly members: readonly ClientId[] }
  | { readonly kind: 'unblocked'; readonly members: readonly ClientId[] }
  | {
      readonly kind: 'updated';
      readonly name?: string;
      readonly attributes?: JsonObject;
      /** Changed columns of the app's own; like those of {@link ConversationView}. */
      readonly columns?: JsonObject;
      readonly frozen?: boolean;
    }
  | { readonly kind: 'deleted' };

export type EntryKind = EntryBody['kind'];

export interface ConversationView {
  readonly id: ConversationId;
  readonly kind: ConversationKind;
  readonly name?: string;
  readonly attributes: JsonObject;
  /** Columns of the app's own beside the attributes: told at the doors for LeanCloud's clients only. */
  readonly columns?: JsonObject;
  readonly creator?: ClientId;
  readonly unique?: boolean;
  readonly frozen?: boolean;
  readonly audience?: 'subscribers' | 'everyone';
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly expiresAt?: number;
  readonly memberCount: number;
  /** Time of the last message, if there was one. */
  readonly lastMessageAt?: number;
  /** Last sequence of the log. */
  readonly seq: number;
}

/** My own row in a conversation. */
export interface OwnState {
  readonly role?: Role;
  readonly joinedSeq: number;
  readonly readSeq: number;
  readonly deliveredSeq: number;
  readonly clearedSeq: number;
  /** null: for good. Absent: not muted. */
  readonly muteUntil?: number | null;
  readonly pinnedAt?: number;
  readonly hidden?: boolean;
  readonly markedUnread?: boolean;
  readonly custom?: JsonObject;
  /** Grows with each change of mine; the highest wins. */
  readonly revision: number;
}

export interface ListRow {
  readonly conversation: ConversationView;
  readonly own: OwnState;
  /** As of `conversation.seq`. */
  readonly unread: number;
  readonly mentionUnread: number;
  readonly lastMessage?: MessageView;
  /** For one-to-one: the other's cursors. */
  readonly peer?: { readonly client: ClientId; readonly readSeq: number; readonly deliveredSeq: number };
  /** System conversations: my thread with the service, a log of its own. `unread` above is the sum of both. */
  readonly thread?: {
    readonly conversation: ConversationId;
    readonly seq: number;
    readonly readSeq: number;
    readonly unread: number;
  };
}

/** As a member sees it: a whole row. Without membership: the conversation, and perhaps its last message. */
export type ConversationResult = Pick<ListRow, 'conversation'> & Partial<ListRow>;

/** `members`: asked for, and few enough. `muted`: who of them wants no push now, like {@link MemberView.muted}. */
export type QueriedConversation = ConversationResult & {
  readonly members?: readonly ClientId[];
  readonly muted?: readonly ClientId[];
};

export interface UnreadTotals {
  readonly unread: number;
  readonly mentionUnread: number;
  /** Without muted conversations. */
  readonly unmutedUnread: number;
}

export interface MemberView {
  readonly client: ClientId;
  readonly role: Role;
  readonly joinedAt: number;
  /** Wants no push now. Told to the server, and where the app shows it. */
  readonly muted?: true;
}

export interface ClientView {
  readonly id: ClientId;
  readonly name?: string;
  readonly avatarUrl?: string;
  readonly locale?: string;
  readonly timeZone?: string;
  readonly custom?: JsonObject;
}

/** Bulk changes answer per id, so that one bad id spoils nothing. */
export interface BulkResult {
  /** Absent when nothing changed. */
  readonly seq?: number;
  readonly done: readonly ClientId[];
  readonly failed: readonly { readonly client: ClientId; readonly code: number; readonly name: string }[];
}

export interface Page<T> {
  readonly items: readonly T[];
  /** Hand it in as `cursor` for the next page; absent on the last. */
  readonly cursor?: string;
}

interface SeqResult {
  readonly seq: number;
  readonly time: number;
}

export interface Results {
  'session.refresh': { readonly token: string; readonly expiresAt: number };
  'session.close': Record<never, never>;
  'conversation.create': {
    readonly conversation: ConversationView;
    readonly own?: OwnState;
    readonly created: boolean;
  };
  'conversation.get': ConversationResult;
  'conversation.query': Page<QueriedConversation>;
  'conversation.list': Page<ListRow> & { readonly totals: UnreadTotals; readonly token: string };
  'conversation.sync': Page<ListRow> & {
    readonly totals: UnreadTotals;
    /** Keep it for the next sync; given on the last page. */
    readonly token?: string;
    /** The token was unknown or too old: this is the full list. */
    readonly reset: boolean;
    /** Conversations I am no longer in. */
    readonly gone: readonly ConversationId[];
  };
  'conversation.update': SeqResult;
  'conversation.delete': SeqResult;
  'conversation.join': SeqResult;
  'conversation.leave': SeqResult;
  'conversation.add': BulkResult;
  'conversation.remove': BulkResult;
  'conversation.members': Page<MemberView>;
  'conversation.setRole': SeqResult;
  'conversation.silence': BulkResult;
  'conversation.unsilence': BulkResult;
  'conversation.silenced': Page<{ readonly client: ClientId; readonly until?: number }>;
  'conversation.block': BulkResult;
  'conversation.unblock': BulkResult;
  'conversation.blocked': Page<{ readonly client: ClientId }>;
  /** Where I left; absent: I was not in. */
  'conversation.refuse': { readonly seq?: number; readonly time?: number };
  'conversation.unrefuse': Record<never, never>;
  'conversation.setState': { readonly own: OwnState };
  'conversation.clear': { readonly own: OwnState };
  'conversation.read': { readonly readSeq: number; readonly unread: number; readonly mentionUnread: number };
  'conversation.unread': {
    readonly items: readonly {
      readonly client: ClientId;
      readonly unread: number;
      readonly mentionUnread: number;
    }[];
  };
  'conversation.delivered': Record<never, never>;
  'conversation.entries': {
    readonly entries: readonly EntryView[];
    /** All of the range up to here was looked at: ask on behind it, as long as it is below `until` or the log's end. */
    readonly seq: number;
    /** Everything up to here was removed by retention; take the newest page of history instead. */
    readonly floor: number;
  };
  'message.send': {
    readonly id: MessageId;
    /** Absent for transient messages. */
    readonly seq?: number;
    readonly time: number;
    /** The operation had been carried out before; this is its first result. */
    readonly duplicate?: boolean;
    /** System conversations with `to`: one per client. */
    readonly threads?: readonly { readonly client: ClientId; readonly id: MessageId; readonly seq: number }[];
  };
  'message.edit': SeqResult & { readonly message: MessageView };
  'message.recall': SeqResult;
  'message.delete': SeqResult;
  'message.get': { readonly messages: readonly MessageView[] };
  'message.history': {
    readonly messages: readonly MessageView[];
    readonly more: boolean;
    readonly floor: number;
  };
  'message.timeline': { readonly messages: readonly MessageView[]; readonly more: boolean };
  'message.receipts': Page<{ readonly client: ClientId; readonly time: number }> & {
    readonly delivered: number;
    readonly read: number;
    /** How many there could be. */
    readonly of: number;
  };
  'signal.send': Record<never, never>;
  'room.join': {
    readonly conversation: ConversationView;
    readonly online: number;
    readonly messages: readonly MessageView[];
  };
  'room.leave': Record<never, never>;
  'room.count': { readonly online: number };
  'room.members': { readonly clients: readonly ClientId[] };
  'system.subscribe': SeqResult;
  'system.unsubscribe': SeqResult;
  'client.get': { readonly clients: readonly ClientView[] };
  'client.update': { readonly client: ClientView };
  'client.block': Record<never, never>;
  'client.unblock': Record<never, never>;
  'client.blocked': Page<ClientId>;
  'client.refused': Page<ConversationId>;
  'client.changes': MissedEntries;
  'client.edits': MissedEntries;
  'client.unread': UnreadTotals;
  'presence.query': { readonly online: readonly ClientId[] };
  'presence.subscribe': { readonly online: readonly ClientId[] };
}

/** What was missed after a stamp; ascending. */
export interface MissedEntries {
  readonly entries: readonly EntryView[];
  /** Everything up to here is in it: `since` of the next page, or of the next time. */
  readonly until: number;
  readonly more: boolean;
}

export type Result<N extends OperationName> = Results[N];
