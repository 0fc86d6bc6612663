import type {
  AppId,
  ClientId,
  ConversationId,
  EntryKind,
  JsonObject,
  OperationId,
  Role,
} from '@hongyan/protocol';
import type { Filter, SortKey } from '@hongyan/filter';
import type { Amount } from './page.js';
import type { Conversation, Entry, Head, Loaded, MessageEntry, NewEntry, OwnRow } from './types.js';

/**
 * What the conversation rules need of a store. Two engines implement each port and pass the same contract suite.
 * Every method takes the app first; nothing of another app is ever read or written. Failures are AppErrors:
 * `unavailable` (cannot be reached, outcome unknown), `storage_full`, `deadline_exceeded`; anything else is a bug.
 */

export interface AppendRequest {
  readonly conversation: ConversationId;
  /** Last sequence that the caller's decision was based on. */
  readonly expected: number;
  /** The caller's clock. An entry's time is max(now, time of the entry before + 1). */
  readonly now: number;
  /** At most 1,000. */
  readonly entries: readonly NewEntry[];
}

export type Appended =
  | { readonly duplicate: false; readonly seq: number; readonly time: number; readonly stamp?: number }
  /** The author had used this operation id in this conversation: nothing was written; this is the entry of then. */
  | { readonly duplicate: true; readonly entry: Entry };

export interface AppendResult {
  /** As of after this request. */
  readonly head: Head;
  /** One per entry, in order. Fewer than asked for: the rest lost a race for its sequence and was not written; decide it anew. */
  readonly results: readonly Appended[];
}

/** The log: the only place where a change of a conversation becomes a fact. */
export interface LogStore {
  /**
   * Appends in order: sequences go on from the head, without holes. When it returns, the entries, their projections
   * ({@link changesOf}), the head and the author's own counts are durable and visible to every later read.
   * If the head is not at `expected`, nothing is written and `results` is empty, except that duplicates at the front
   * of the request may be answered. Several requests may be under way; one conversation's take effect in call order.
   * A conversation without a head answers AppError `not_found`.
   */
  append(app: AppId, request: AppendRequest): Promise<AppendResult>;
  head(app: AppId, conversation: ConversationId): Promise<Head | undefined>;
  /** Entries with after < seq <= until (default: head), ascending. Messages and edits carry current content. */
  entries(app: AppId, conversation: ConversationId, range: EntryRange): Promise<Entry[]>;
  /** Messages only, deleted ones left out, ascending. `more`: there are further ones in the direction asked. */
  history(
    app: AppId,
    conversation: ConversationId,
    query: HistoryQuery,
  ): Promise<{ messages: MessageEntry[]; more: boolean }>;
  /** The messages at these sequences, deleted ones too, in the order asked; what is missing or no message is left out. */
  messages(app: AppId, conversation: ConversationId, seqs: readonly number[]): Promise<MessageEntry[]>;
  /** The entry that an author made with this operation id. */
  byOperation(
    app: AppId,
    conversation: ConversationId,
    author: ClientId | '',
    op: OperationId,
  ): Promise<Entry | undefined>;
  /** Last sequence whose time is <= `time`; the origin when there is none. */
  seqAt(app: AppId, conversation: ConversationId, time: number): Promise<number>;
}

export interface EntryRange extends Amount {
  readonly after: number;
  readonly until?: number;
  readonly kinds?: readonly EntryKind[];
}

export interface HistoryQuery extends Amount {
  readonly direction: 'backward' | 'forward';
  /** Exclusive bounds. */
  readonly after: number;
  readonly before: number;
  readonly types?: readonly string[];
  /** Only messages to everyone. */
  readonly everyone?: boolean;
}

/** Conversations as documents, and finding them. */
export interface ConversationStore {
  /**
   * Makes a conversation: document, entry 1 (`created`), head and first members become durable together. With a
   * `uniqueKey` that another living conversation holds, or with an id in use, nothing is made and that one is the
   * answer. Concurrent calls with one key give one conversation.
   */
  create(
    app: AppId,
    entry: NewEntry,
    now: number,
    origin?: number,
  ): Promise<{ created: boolean; id: ConversationId; head: Head; stamp?: number }>;
  /** Document, head, members, silences and blocks as of one moment. Deleted ones are answered with `deletedAt`. */
  load(app: AppId, conversation: ConversationId): Promise<Loaded | undefined>;
  /** Documents of these, with heads and member counts; unknown and deleted ones are left out. */
  find(app: AppId, conversations: readonly ConversationId[]): Promise<Found[]>;
  /** By filter, sorted, in pages; `memberOf` restricts to a client's own. Threads, temporary and deleted ones are never in it. */
  query(app: AppId, query: ConversationQuery): Promise<{ items: Queried[]; cursor?: string }>;
  /** The living conversation that holds this unique key. */
  byUniqueKey(app: AppId, key: string): Promise<ConversationId | undefined>;
  /** System conversations with audience `everyone`, and those with a message to everyone in their log. */
  everyone(app: AppId): Promise<ConversationId[]>;
}

export interface Found {
  readonly conversation: Conversation;
  readonly head: Head;
  readonly memberCount: number;
  readonly lastMessage?: MessageEntry;
}

/** What was found, with what was asked for of each. */
export interface Queried extends Found {
  readonly row?: ListedConversation;
  readonly members?: readonly ClientId[];
  readonly mutes?: readonly Mute[];
}

/** A member that wants no push until then (maybe over), or for good (null). */
export interface Mute {
  readonly client: ClientId;
  readonly until: number | null;
}

export interface ConversationQuery {
  readonly filter: Filter;
  readonly sort: readonly SortKey[];
  readonly limit: number;
  readonly cursor?: string;
  readonly memberOf?: ClientId;
  /**
   * Instead of `memberOf`: ordinary ones where there may be messages of this client, because it is or was in, or wrote without
   * being in (the app's server sent in its name, or it had left before the conversation was taken over).
   */
  readonly writtenBy?: ClientId;
  /** With this client's row, {@link MemberStore.row}, of each that it is in. */
  readonly rowsOf?: ClientId;
  /** With the members, by role and id, of each ordinary one that has at most so many. */
  readonly membersUpTo?: number;
  /** With the members: who of them muted it, by role and id. */
  readonly withMutes?: boolean;
}

/**
 * A row of a client's list: everything as of one moment, `head.last`. A guest of a system conversation is shown, and counts,
 * its messages to everyone only.
 */
export interface ListedConversation extends Found {
  readonly own: OwnRow;
  readonly unread: number;
  readonly mentionUnread: number;
  /** Two-member conversations: the other's cursors. */
  readonly peer?: { readonly client: ClientId; readonly readSeq: number; readonly deliveredSeq: number };
  /** System conversations: this client's thread, whose counts are not in the numbers above. */
  readonly thread?: {
    readonly conversation: ConversationId;
    readonly head: Head;
    readonly own: OwnRow;
    readonly unread: number;
    readonly mentionUnread: number;
    readonly lastMessage?: MessageEntry;
  };
}

export interface Totals {
  readonly unread: number;
  readonly mentionUnread: number;
  readonly unmutedUnread: number;
}

/** A member as a page tells of it. */
export interface MemberItem {
  readonly client: ClientId;
  readonly role: Role;
  readonly joinedAt: number;
  /** null: for good. */
  readonly muteUntil?: number | null;
}

/** Membership as the client sees it: cursors, personal state, the list. Unread is model.md's definition, exactly. */
export interface MemberStore {
  /** Undefined: not a member. */
  own(
    app: AppId,
    conversation: ConversationId,
    client: ClientId,
  ): Promise<(OwnRow & { unread: number; mentionUnread: number }) | undefined>;
  /** Which of these are members; guests only with `guests`. */
  among(
    app: AppId,
    conversation: ConversationId,
    clients: readonly ClientId[],
    guests?: boolean,
  ): Promise<ClientId[]>;
  /** Which of these are members or once were (guests: unsaid). */
  everAmong(app: AppId, conversation: ConversationId, clients: readonly ClientId[]): Promise<ClientId[]>;
  /** Members by (role, client id), paged. `after`, with a role: those behind this id, without a cursor. */
  members(
    app: AppId,
    conversation: ConversationId,
    page: { role?: Role; limit: number; cursor?: string; after?: ClientId },
  ): Promise<{ items: MemberItem[]; cursor?: string }>;
  /**
   * Moves a read cursor forward, clamped to the head; read implies delivered. Ends `markedUnread`, even if the cursor
   * was there already. Durable when it returns. Undefined: not a member.
   */
  advanceRead(
    app: AppId,
    conversation: ConversationId,
    client: ClientId,
    seq: number,
  ): Promise<
    { readSeq: number; unread: number; mentionUnread: number; moved: boolean; revision: number } | undefined
  >;
  /** Moves delivery cursors forward, clamped. Rows of non-members are ignored. A change for sync only where a `peer` is shown. */
  advanceDelivered(
    app: AppId,
    rows: readonly { conversation: ConversationId; client: ClientId; seq: number }[],
  ): Promise<void>;
  /** Changes personal state; answers the whole row. Undefined: not a member. */
  setOwn(
    app: AppId,
    conversation: ConversationId,
    client: ClientId,
    patch: OwnPatch,
  ): Promise<OwnRow | undefined>;
  /**
   * Subscribes to a system conversation without an entry: guests (of a thread, or a broadcast to everyone), and everybody's; a
   * room's guest has muted it. Keeps an existing row, but `member` makes a member of a guest, reading from `readSeq`. A former
   * member reads on from where its cursor was, if that is further.
   */
  ensure(
    app: AppId,
    conversation: ConversationId,
    client: ClientId,
    role: 'member' | 'guest',
    readSeq: number,
  ): Promise<void>;
  /**
   * Who has a cursor at or past `seq`, by id; `delivered` and `read` count them, `of` counts everyone who could. Left
   * out: the author, guests, ex-members and who joined after `seq`. `time` is that of the entry at the cursor.
   */
  receipts(
    app: AppId,
    conversation: ConversationId,
    seq: number,
    author: ClientId | '',
    page: { kind: 'delivered' | 'read'; limit: number; cursor?: string },
  ): Promise<{
    items: { client: ClientId; time: number }[];
    cursor?: string;
    delivered: number;
    read: number;
    of: number;
  }>;
  /** One row of {@link list}, hidden or not. Undefined: not a member, or the conversation is gone. */
  row(app: AppId, client: ClientId, conversation: ConversationId): Promise<ListedConversation | undefined>;
  /** A client's conversations: pinned first, then by last activity, newest first. */
  list(
    app: AppId,
    client: ClientId,
    page: { limit: number; cursor?: string; hidden: boolean },
  ): Promise<{ items: ListedConversation[]; cursor?: string; totals: Totals; token: string }>;
  /**
   * What changed since the token: maybe too many, never too few. No token, or one that is not of this store: `reset`
   * and the full list. `gone`: left, removed, deleted, expired. The last page has the token, as of the first.
   */
  sync(
    app: AppId,
    client: ClientId,
    page: { token?: string; limit: number; cursor?: string },
  ): Promise<{
    items: ListedConversation[];
    cursor?: string;
    totals: Totals;
    token?: string;
    reset: boolean;
    gone: ConversationId[];
  }>;
  totals(app: AppId, client: ClientId): Promise<Totals>;
  /** How many conversations the client is in. */
  count(app: AppId, client: ClientId): Promise<number>;
}

export interface OwnPatch {
  readonly muteUntil?: number | null | 'off';
  readonly pinnedAt?: number | 'off';
  readonly hidden?: boolean;
  readonly markedUnread?: boolean;
  readonly custom?: JsonObject;
  /** Never goes back. */
  readonly clearedSeq?: number;
}

/** Something besides messages that happened to a conversation. */
export interface MissedChange {
  readonly conversation: Conversation;
  readonly entry: Entry;
  /** The client's row now; absent: it is out. */
  readonly own?: { readonly joinedSeq: number };
}

/** An edit or a recall. */
export interface MissedEdit {
  readonly conversation: Conversation;
  readonly head: Head;
  readonly entry: Entry;
  /** The message as it is now. */
  readonly target: MessageEntry;
  readonly own: Pick<OwnRow, 'role' | 'joinedSeq' | 'clearedSeq'>;
}

export interface MissedPage<T> {
  /** Ascending by stamp; what has one stamp is not divided between two pages. */
  readonly items: readonly T[];
  /** All up to this stamp is in it: its last one's or, without `more`, the last that the app had given out. */
  readonly until: number;
  readonly more: boolean;
}

/**
 * What happened in a client's conversations besides messages, for clients that keep no sequences. Each such entry of an
 * app has a later stamp (see {@link stampOf}) than those committed before it. Both answer with what came after a stamp, up
 * to about `limit`, and without what retention took. Cost: a look at each conversation that the client is or was in, one
 * into each log with something after the stamp.
 */
export interface NotificationStore {
  /** Neither messages nor edits, recalls or deletes, in the ordinary and temporary conversations that the client is or was in. */
  changes(app: AppId, client: ClientId, since: number, limit: number): Promise<MissedPage<MissedChange>>;
  /** Edits and recalls in the conversations that the client is in, of all kinds but rooms; not in deleted ones. */
  edits(app: AppId, client: ClientId, since: number, limit: number): Promise<MissedPage<MissedEdit>>;
}
