import type {
  ClientId,
  ConversationId,
  EntryKind,
  Format,
  JsonObject,
  MessageId,
  OperationId,
  Role,
} from '@hongyan/protocol';

/**
 * `thread`: the private log between a system conversation (its `parent`) and one client. Clients see it as part of
 * the parent's row.
 */
export type StoredKind = 'ordinary' | 'room' | 'system' | 'temporary' | 'thread';

/** The document of a conversation. Small, and not rewritten per message. */
export interface Conversation {
  readonly id: ConversationId;
  readonly kind: StoredKind;
  readonly name?: string;
  readonly attributes: JsonObject;
  /** Columns of the app's own beside the attributes, which only LeanCloud's clients and API know. */
  readonly columns?: JsonObject;
  /** Who made it; absent: the server side. */
  readonly creator?: ClientId;
  readonly frozen: boolean;
  /** System conversations. */
  readonly audience?: 'subscribers' | 'everyone';
  /** Threads: the system conversation. */
  readonly parent?: ConversationId;
  /**
   * A key that only one living conversation of the app may hold: its creation set (`members:…`), its thread
   * (`thread:…`), or the operation that made it (`op:…`). Given up by `detach`.
   */
  readonly uniqueKey?: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly expiresAt?: number;
  readonly deletedAt?: number;
}

/** Where a log ends. Never behind an acknowledged entry. */
export interface Head {
  /** Last sequence; `origin` when there is no live entry yet. */
  readonly last: number;
  /** Time of the last entry. */
  readonly lastTime: number;
  /** Running count of counting messages (model: unread). */
  readonly count: number;
  /** Sequence and time of the last message entry that is not deleted; 0 when there is none. */
  readonly lastMessageSeq: number;
  readonly lastMessageTime: number;
  /** Entries up to here were removed by retention. */
  readonly floor: number;
  /** The first live entry is origin + 1. */
  readonly origin: number;
}

/** Verbatim content of a message. */
export interface Content {
  readonly format: Format;
  readonly type?: string;
  /** Text or JSON text as sent; bytes when `format` is `binary`. */
  readonly body: string | Uint8Array;
  readonly mentions?: readonly ClientId[];
  readonly mentionAll?: boolean;
}

export interface MessagePayload extends Content {
  readonly kind: 'message';
  readonly replyTo?: MessageId;
  readonly ext?: JsonObject;
  /** Counts as unread for nobody. Always true in rooms. */
  readonly silent?: boolean;
  readonly priority?: 'high' | 'low';
  readonly expiresAt?: number;
  /** A broadcast to all clients of the app, by a service whose broadcasts are for its subscribers otherwise. */
  readonly everyone?: true;
  readonly push?: JsonObject;
  /** The author asked to hear of its receipt. */
  readonly receipt?: boolean;
}

/** What an entry says. Everything that changes what members see is one of these. */
export type EntryPayload =
  | MessagePayload
  /** `target` is the sequence of the message; its content is now this. Reads give the target's current content. */
  | ({ readonly kind: 'edit'; readonly target: number } & Content)
  | { readonly kind: 'recall'; readonly target: number }
  | { readonly kind: 'delete'; readonly target: number }
  | {
      readonly kind: 'created';
      readonly conversation: Conversation;
      /** First members with their roles, creator first. Their cursors start at 0. */
      readonly members: readonly { readonly client: ClientId; readonly role: Role }[];
    }
  /** `detach` (here and below): the conversation stops being the unique one of its creation set. */
  | { readonly kind: 'added'; readonly members: readonly ClientId[]; readonly detach?: boolean }
  | { readonly kind: 'joined'; readonly member: ClientId; readonly detach?: boolean }
  /** `owner`: who owns the conversation from now on, when the owner left. */
  | { readonly kind: 'left'; readonly member: ClientId; readonly owner?: ClientId; readonly detach?: boolean }
  | {
      readonly kind: 'removed';
      readonly members: readonly ClientId[];
      readonly owner?: ClientId;
      readonly detach?: boolean;
    }
  | {
      readonly kind: 'role';
      readonly member: ClientId;
      readonly role: Role;
      /** The former owner, now a manager. */ readonly former?: ClientId;
      /** Rooms, where only those with a role have a row: it gets one, or loses it. */ readonly row?:
        'in' | 'out';
    }
  | { readonly kind: 'silenced'; readonly members: readonly ClientId[]; readonly until?: number }
  | { readonly kind: 'unsilenced'; readonly members: readonly ClientId[] }
  /** Blocked members are removed by the same entry. */
  | { readonly kind: 'blocked'; readonly members: readonly ClientId[]; readonly removed: readonly ClientId[] }
  | { readonly kind: 'unblocked'; readonly members: readonly ClientId[] }
  /** `attributes`, `columns`: the whole object as it is from now on; `changed…`: what members are told (null = removed). */
  | {
      readonly kind: 'updated';
      readonly name?: string;
      readonly attributes?: JsonObject;
      readonly changed?: JsonObject;
      readonly columns?: JsonObject;
      readonly changedColumns?: JsonObject;
      readonly frozen?: boolean;
    }
  | { readonly kind: 'deleted' };

/** An entry before it has its place. `author` '' is the server side. */
export interface NewEntry {
  readonly author: ClientId | '';
  readonly op: OperationId;
  readonly payload: EntryPayload;
}

/** One numbered change of a conversation's log. */
export interface Entry extends NewEntry {
  readonly seq: number;
  readonly time: number;
  /** What is no message: see {@link stampOf}. */
  readonly stamp?: number;
  /** Messages: when and by which entry the content was last edited. */
  readonly editedAt?: number;
  readonly editedSeq?: number;
  /** Messages: the content is gone. */
  readonly recalled?: boolean;
  /** Messages: shown nowhere any longer; always `recalled`, too. */
  readonly deleted?: boolean;
  /** Messages taken over from elsewhere: the id that they came with and keep. */
  readonly importedId?: MessageId;
}

/**
 * A time by which clients ask for what they missed: the entry's own, or somewhat later where the app had given that one
 * out. Engines that tell changes by time (NotificationStore) give each such entry of an app a later one than those before.
 */
export const stampOf = ({ time, stamp = time }: { readonly time: number; readonly stamp?: number }): number =>
  stamp;

/** The sequence of the message that an edit, a recall or a delete is about. */
export const targetOf = (payload: EntryPayload): number | undefined =>
  'target' in payload ? payload.target : undefined;

export type MessageEntry = Entry & { readonly payload: MessagePayload };

export function isMessage(entry: Entry): entry is MessageEntry {
  return entry.payload.kind === 'message';
}

/** A message to everyone, or an edit or recall of one (`target`). */
export const isForEveryone = (entry: Entry, target: Entry = entry): boolean =>
  isMessage(target) && target.payload.everyone === true;

/** A member as rules and deliveries see it: what the sequencer keeps in memory, 10,000 of them in a large group. */
export interface Member {
  readonly client: ClientId;
  /** `guest`: no subscriber of a system conversation; of its broadcasts only those to everyone reach and count. In rooms: has muted it. */
  role: Role | 'guest';
  joinedSeq: number;
  joinedAt: number;
  readSeq: number;
  deliveredSeq: number;
}

/** A client's own row in a conversation, as stored. */
export interface OwnRow extends Member {
  readonly clearedSeq: number;
  /** null: for good. */
  readonly muteUntil?: number | null;
  readonly pinnedAt?: number;
  /** Hidden while the last message's sequence is not above this. */
  readonly hiddenSeq?: number;
  readonly markedUnread: boolean;
  readonly custom?: JsonObject;
  readonly revision: number;
}

/** Everything the rules need to know of a conversation, as of `head.last`. */
export interface Loaded {
  readonly conversation: Conversation;
  readonly head: Head;
  /** All members, but for system conversations: none (their subscribers are asked for by name); of rooms no guests. */
  readonly members: readonly Member[];
  /** Silenced clients; `until` absent: until lifted. Ended ones may be among them. */
  readonly silences: readonly { readonly client: ClientId; readonly until?: number }[];
  readonly blocked: readonly ClientId[];
}

export const entryKinds: readonly EntryKind[] = [
  'message',
  'edit',
  'recall',
  'delete',
  'created',
  'added',
  'joined',
  'left',
  'removed',
  'role',
  'silenced',
  'unsilenced',
  'blocked',
  'unblocked',
  'updated',
  'deleted',
];

/** A message counts as unread for the others unless it was sent silently. */
export const countsAsUnread = (payload: EntryPayload): boolean =>
  payload.kind === 'message' && payload.silent !== true;
