import type { AppId, ClientId, ConversationId, MessageId, Role } from '@hongyan/protocol';
import type { Content, Conversation } from './types.js';

/**
 * Conversations taken over from elsewhere. Their live log begins above {@link importOrigin}; their history lies below
 * it, counts for nobody, and keeps the ids and times that it had (docs/decisions/0008).
 */
export const importOrigin = 2 ** 30;

/** A conversation as it was elsewhere. */
export interface ImportedConversation {
  readonly conversation: Conversation;
  readonly members: readonly ImportedMember[];
  readonly silenced: readonly ClientId[];
  readonly blocked: readonly ClientId[];
}

export interface ImportedMember {
  readonly client: ClientId;
  readonly role: Role;
  /** Wants no push. */
  readonly muted?: boolean;
}

/** A message as it is elsewhere now. `id` is opaque, and one message's within its conversation. */
export interface ImportedMessage extends Pick<Content, 'format' | 'type' | 'body'> {
  readonly id: MessageId;
  readonly time: number;
  /** '' : the server side. */
  readonly author: ClientId | '';
  readonly editedAt?: number;
  readonly recalled?: boolean;
  readonly expiresAt?: number;
  /** A broadcast of a service that is for all clients, whoever has subscribed. */
  readonly everyone?: boolean;
}

export interface ImportedMessages {
  readonly conversation: ConversationId;
  /** Any order; oldest first costs least. */
  readonly messages: readonly ImportedMessage[];
}

/** Who has not read how many of the newest messages elsewhere; everybody else has read all. */
export interface ImportedUnread {
  readonly conversation: ConversationId;
  readonly unread: readonly { readonly client: ClientId; readonly count: number }[];
}

export type Taken =
  /** `keyTaken`: another conversation here is the unique one of these members; this one is none. */
  | { readonly state: 'created'; readonly keyTaken: boolean }
  /** It was imported before. Nothing was changed. */
  | { readonly state: 'known' }
  /** The id is that of a conversation that began here (`native`), or was deleted here. */
  | { readonly state: 'native' | 'deleted' };

export type MessageRefusal =
  /** There is no such conversation, or it is not an imported one. */
  | 'no_conversation'
  /** A message with this id has another time or author. */
  | 'other_message'
  /** There is no free sequence where it belongs. */
  | 'no_room';

export interface TakenMessages {
  readonly added: number;
  /** Edited or recalled since an earlier import. */
  readonly changed: number;
  readonly same: number;
  /** Edited or recalled both there and here: what was done here stays. */
  readonly kept: number;
  readonly refused: readonly { readonly id: MessageId; readonly why: MessageRefusal }[];
}

/** What is there of an import, to be compared with the source. */
export interface ImportDigest {
  readonly messages: number;
  /**
   * SHA-256 (hex) over the SHA-256 (hex) of each {@link digestPageSize} messages' ids, times and authors, oldest first; see
   * {@link digestLine}.
   */
  readonly order: string;
  /** The same over contents. */
  readonly content: string;
  /** Imported messages that were edited or recalled here since: the content is then another on purpose. */
  readonly changedHere: number;
}

/** History taken over from elsewhere. Each call is one step that happens as a whole or not at all, and may be repeated. */
export interface ImportStore {
  /**
   * Makes the conversation with its log at {@link importOrigin}, its members reading from there (everything imported is
   * read), its silences and blocks. One that was imported before stays as it is.
   */
  takeConversation(app: AppId, imported: ImportedConversation, now: number): Promise<Taken>;
  /**
   * Puts messages below the origin of their conversations, ordered by time and id, or brings those up to date that are
   * there already. At most some hundred at a time: live traffic waits for as long as this takes.
   */
  takeMessages(app: AppId, parts: readonly ImportedMessages[]): Promise<TakenMessages[]>;
  /** Subscribers of a system conversation who never were any; their cursors are at its end. */
  takeSubscribers(
    app: AppId,
    conversation: ConversationId,
    subscribers: readonly { readonly client: ClientId; readonly at: number }[],
  ): Promise<{ added: number }>;
  /**
   * How much is unread of what was imported, for members who have read nothing here since; after the messages were taken.
   * Answers for how many members of each conversation something changed.
   */
  takeUnread(app: AppId, parts: readonly ImportedUnread[]): Promise<number[]>;
  /** Undefined: no imported conversation. */
  digest(app: AppId, conversation: ConversationId): Promise<ImportDigest | undefined>;
  /** Where the message with this id of elsewhere lies. */
  find(app: AppId, id: MessageId): Promise<{ conversation: ConversationId; seq: number } | undefined>;
}

export const digestPageSize = 2_000;

/** What both sides hash, per message. */
export const digestLine = {
  order: (id: string, time: number, author: string): string => `${id}\n${time}\n${author}\n`,
  content: (body: string | Uint8Array, editedAt: number, recalled: boolean): string =>
    recalled
      ? `recalled\n`
      : `${editedAt}\n${typeof body === 'string' ? body : Buffer.from(body).toString('base64')}\n`,
};
