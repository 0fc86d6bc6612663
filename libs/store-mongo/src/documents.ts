import type { EntryKind, Format, JsonObject, Role } from '@hongyan/protocol';
import type { Conversation, Head } from '@hongyan/conversations';
import type { mongo } from 'mongoose';

/**
 * The documents as stored. Those but entries have a string key as `_id` (see {@link keyOf}), so that one exists at most
 * once without a further index. `reflects` is the sequence up to which a projection follows its log: it only grows.
 */

/**
 * Joins parts to one key. Each is preceded by its length, so that no two lists of parts give the same key whatever
 * characters they hold, and no key of one app is a key of another.
 */
export const keyOf = (...parts: readonly string[]): string =>
  parts.map((part) => `${part.length}:${part}`).join('');

/** One entry of a log, the commit point of everything. */
export interface EntryDocument {
  /** Made by the writer, so that it knows its own entry again whatever the server answered. */
  readonly _id: mongo.ObjectId;
  readonly app: string;
  readonly conversation: string;
  readonly seq: number;
  readonly time: number;
  /** '' is the server side. */
  readonly author: string;
  readonly op: string;
  readonly kind: EntryKind;
  /** Running count of counting messages, this one included. */
  readonly count: number;
  /** The author's own share of it. */
  readonly own: number;
  /** This one counts. */
  readonly counts?: true;
  readonly silent?: boolean;
  /** Edits, recalls and deletes: the message. */
  readonly target?: number;
  readonly format?: Format;
  readonly type?: string;
  /** Binary for bytes, and for text that UTF-8 cannot carry (UTF-16 then). */
  readonly body?: string | mongo.Binary;
  readonly mentions?: readonly string[];
  readonly mentionAll?: boolean;
  readonly everyone?: true;
  /** The other fields of the payload as JSON text. */
  readonly rest?: string;
  /** Messages: projections of edits, recalls and deletes. */
  readonly editedAt?: number;
  readonly editedSeq?: number;
  readonly recalled?: boolean;
  readonly deleted?: boolean;
  /** Edits: the message has the content (or did not take it); it is not kept twice. */
  readonly moved?: boolean;
}

/** Where a log ends. `last` only grows, and the other fields are what they are at it. */
export interface HeadDocument extends Head {
  readonly _id: string;
  readonly app: string;
  readonly conversation: string;
}

export interface ConversationDocument extends Omit<Conversation, 'attributes'> {
  readonly _id: string;
  readonly app: string;
  readonly attributes: JsonObject;
  /** Begins with the app: one sparse string, because a compound unique index would hold the missing ones too. */
  readonly uniqueKey?: string;
  /** The first entry, as JSON text with its time and origin, while the conversation is being made. */
  readonly opening?: string;
  readonly reflects: number;
}

/** One client in one conversation, also after it left: a replay must find what it has to leave alone. */
export interface MemberDocument {
  readonly _id: string;
  readonly app: string;
  readonly conversation: string;
  readonly client: string;
  /** False: no member (any more); the fields below are of the last membership then. */
  readonly in: boolean;
  readonly role?: Role | 'guest';
  readonly joinedSeq: number;
  readonly joinedAt: number;
  readonly readSeq: number;
  readonly deliveredSeq: number;
  readonly clearedSeq: number;
  readonly muteUntil?: number | null;
  readonly pinnedAt?: number;
  readonly hiddenSeq?: number;
  readonly markedUnread: boolean;
  /** JSON text. */
  readonly custom?: string;
  readonly revision: number;
  /** Counting messages that the client wrote here, ever. */
  readonly own: number;
  readonly reflects: number;
}

/** A silence or a block; kept when lifted, for the same reason. */
export interface RestrictionDocument {
  readonly _id: string;
  readonly app: string;
  readonly conversation: string;
  readonly client: string;
  readonly what: 'silence' | 'block';
  readonly on: boolean;
  readonly until?: number;
  readonly reflects: number;
}

/** Messages that unread counts cannot take from running counts: recalled or deleted ones, those with mentions, and those to everyone. */
export interface MarkDocument {
  readonly _id: string;
  readonly app: string;
  readonly conversation: string;
  readonly seq: number;
  readonly author: string;
  readonly recalled: boolean;
  /** Client ids as the content now names them; '' is everybody. */
  readonly mentioned: readonly string[];
  /** Of a service, to everyone and not to the subscribers only. */
  readonly everyone?: true;
  /** Counts for nobody, and is marked for another reason. */
  readonly silent?: true;
  readonly reflects: number;
}

/** Revisions of a client's personal state. */
export interface RevisionDocument {
  readonly _id: string;
  readonly app: string;
  readonly n: number;
}
