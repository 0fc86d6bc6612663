import { z } from 'zod';
import { isClientId, isConversationId, type MessageId, type OperationId } from './ids.js';
import { hardLimits } from './limits.js';

/**
 * Every operation of Hongyan: its arguments as a schema, its result as a type. The native protocol carries exactly
 * these; other doors translate to them. Limits of an app (page size, members …) are checked by the use cases; the
 * schemas hold the hard bounds only. Unknown fields are ignored.
 *
 * Times are milliseconds since 1970 (UTC). Sequences are positive integers.
 */

const clientId = z
  .string()
  .max(128)
  .refine(isClientId, 'a client id is 1–64 characters without control characters');
const conversationId = z
  .string()
  .refine(isConversationId, 'a conversation id is 1–64 letters, digits, _, : or -');
const messageId = z
  .string()
  .min(3)
  .max(80)
  .transform((value) => value as MessageId);
/** Client-made id of the operation, best time-ordered (a UUIDv7 or ULID): index pages stay hot. */
const operationId = z
  .string()
  .min(1)
  .max(hardLimits.opIdLength)
  .regex(/^[\x21-\x7e]+$/, 'an operation id is 1–64 visible ASCII characters')
  .transform((value) => value as OperationId);
const clientIds = z.array(clientId).min(1).max(hardLimits.idsPerCall);
const seq = z.int().min(0).max(Number.MAX_SAFE_INTEGER);
const time = z.int().min(0).max(8.64e15);
const page = z.int().min(1).max(hardLimits.page);
const cursor = z.string().max(4096);
const jsonObject = z.record(z.string(), z.json());

export const format = z.enum(['text', 'json', 'binary']);
/** How a body is to be read: text, JSON text (kept verbatim), or bytes (base64 on the wire). */
export type Format = z.infer<typeof format>;

export const role = z.enum(['owner', 'manager', 'member']);
export type Role = z.infer<typeof role>;

const content = {
  format: format.default('text'),
  /** App-defined type, filterable; at most 32 characters. */
  type: z.string().min(1).max(hardLimits.typeLength).optional(),
  /** Text, JSON text, or base64 for `binary`. Stored verbatim. */
  body: z.string().max(hardLimits.frameBytes),
  mentions: z.array(clientId).max(1000).optional(),
  mentionAll: z.boolean().optional(),
};

/**
 * A place in a conversation: of the message, where one of it is named, else of the sequence, else of the time. Sequences say
 * nothing in services, whose pages are merged from two logs. Exclusive unless `inclusive`; a time excludes its whole millisecond.
 */
const placeInConversation = z.object({
  message: messageId.optional(),
  seq: seq.optional(),
  time: time.optional(),
  inclusive: z.boolean().optional(),
});

/** Exclusive unless `inclusive`; without `message` all of that millisecond. */
const placeInTime = z.object({ time, message: messageId.optional(), inclusive: z.boolean().optional() });

const memberState = z.object({
  /** No push until this time; 0 ends it, null mutes for good. */
  muteUntil: time.nullable().optional(),
  /** Time of the pin; null unpins. */
  pinned: z.boolean().optional(),
  /** Not in the list until the next message. */
  hidden: z.boolean().optional(),
  markedUnread: z.boolean().optional(),
  /** At most 1 KB as JSON. */
  custom: jsonObject.optional(),
});

export const operations = {
  // ── session ────────────────────────────────────────────────────────────────────────────────────────────────
  /** A new session token before the old one ends. */
  'session.refresh': z.object({}),
  /** Logs out: the token is revoked; the connection is closed by the server. */
  'session.close': z.object({}),

  // ── conversations ──────────────────────────────────────────────────────────────────────────────────────────
  'conversation.create': z.object({
    op: operationId,
    /** Clients make ordinary conversations and rooms; system conversations are made by the server side. */
    kind: z.enum(['ordinary', 'room', 'system', 'temporary']).default('ordinary'),
    /** Server side only: the id to use. */
    id: conversationId.optional(),
    name: z.string().max(255).optional(),
    attributes: jsonObject.optional(),
    /** The app's own columns, which LeanCloud's clients and API know; as large as attributes may be. */
    columns: jsonObject.optional(),
    members: z.array(clientId).max(hardLimits.members).optional(),
    /** At most one conversation for this exact set of members. */
    unique: z.boolean().optional(),
    /** Server side only, system conversations: `everyone` counts every client as a subscriber. */
    audience: z.enum(['subscribers', 'everyone']).optional(),
    /** Temporary conversations: seconds to live. */
    ttl: z
      .int()
      .min(1)
      .max(30 * 86_400)
      .optional(),
  }),
  'conversation.get': z.object({ conversation: conversationId }),
  'conversation.query': z.object({
    /** Bounded filter; see docs/reference/filters.md. */
    where: jsonObject.optional(),
    /** `-lastMessageAt,name`; at most three keys. */
    sort: z.string().max(200).optional(),
    limit: page.optional(),
    cursor: cursor.optional(),
    /** With my own row of each that I am in: state, unread, last message. */
    own: z.boolean().optional(),
    /** With the ids of the members of each ordinary one that has at most 500, and of those who muted it, where the app shows them. */
    members: z.boolean().optional(),
  }),
  /** My conversations, newest activity first (pinned before), with last message and exact unread. */
  'conversation.list': z.object({
    limit: page.optional(),
    cursor: cursor.optional(),
    hidden: z.boolean().optional(),
  }),
  /** What changed since `token`: maybe too many, never too few. */
  'conversation.sync': z.object({
    token: z.string().max(512).optional(),
    limit: page.optional(),
    cursor: cursor.optional(),
  }),
  'conversation.update': z.object({
    op: operationId,
    conversation: conversationId,
    name: z.string().max(255).optional(),
    /** Keys to set; a key with null is removed. Dotted keys reach inside. */
    attributes: jsonObject.optional(),
    /** The same for the app's own columns. */
    columns: jsonObject.optional(),
    /** Only managers may send while frozen. */
    frozen: z.boolean().optional(),
  }),
  'conversation.delete': z.object({ op: operationId, conversation: conversationId }),
  'conversation.join': z.object({ op: operationId, conversation: conversationId }),
  'conversation.leave': z.object({ op: operationId, conversation: conversationId }),
  'conversation.add': z.object({ op: operationId, conversation: conversationId, members: clientIds }),
  'conversation.remove': z.object({ op: operationId, conversation: conversationId, members: clientIds }),
  'conversation.members': z.object({
    conversation: conversationId,
    role: role.optional(),
    limit: page.optional(),
    cursor: cursor.optional(),
    /** With `role`, instead of a cursor: those whose id comes after this one. */
    after: clientId.optional(),
  }),
  'conversation.setRole': z.object({ op: operationId, conversation: conversationId, member: clientId, role }),
  'conversation.silence': z.object({
    op: operationId,
    conversation: conversationId,
    members: clientIds,
    /** Absent: until lifted. */
    seconds: z
      .int()
      .min(1)
      .max(366 * 86_400)
      .optional(),
  }),
  'conversation.unsilence': z.object({ op: operationId, conversation: conversationId, members: clientIds }),
  'conversation.silenced': z.object({
    conversation: conversationId,
    limit: page.optional(),
    cursor: cursor.optional(),
  }),
  'conversation.block': z.object({ op: operationId, conversation: conversationId, members: clientIds }),
  'conversation.unblock': z.object({ op: operationId, conversation: conversationId, members: clientIds }),
  'conversation.blocked': z.object({
    conversation: conversationId,
    limit: page.optional(),
    cursor: cursor.optional(),
  }),
  /**
   * I leave, and am not added to this conversation by others any more, nor by the server; joining it myself ends that.
   * For conversations and services, also ones that I was in.
   */
  'conversation.refuse': z.object({ op: operationId, conversation: conversationId }),
  'conversation.unrefuse': z.object({ conversation: conversationId }),
  /** My own view of a conversation: mute, pin, hide, mark unread, custom. */
  'conversation.setState': memberState.extend({ conversation: conversationId }),
  /** Everything up to and including `seq` is gone for me only. */
  'conversation.clear': z.object({ conversation: conversationId, seq }),
  /**
   * Sets my read cursor, to a sequence or to the last one until a time; it never goes back and is clamped to the head.
   * Also ends `markedUnread`. Of a service a time moves the cursor of my thread, too.
   */
  'conversation.read': z.object({ conversation: conversationId, seq: seq.optional(), time: time.optional() }),
  /** Server side only: what these members have not read; with `of`, only those of them who have not read up to there. */
  'conversation.unread': z.object({ conversation: conversationId, clients: clientIds, of: seq.optional() }),
  /** Delivery cursors of this client, many at once; coalesced, never an error for single rows. */
  'conversation.delivered': z.object({
    cursors: z
      .array(z.object({ conversation: conversationId, seq }))
      .min(1)
      .max(500),
  }),
  /** Entries of every kind with `after < seq <= until`, in order: what a client that missed them asks for. */
  'conversation.entries': z.object({
    conversation: conversationId,
    after: seq,
    until: seq.optional(),
    limit: page.optional(),
  }),

  // ── messages ───────────────────────────────────────────────────────────────────────────────────────────────
  'message.send': z.object({
    op: operationId,
    conversation: conversationId,
    ...content,
    replyTo: messageId.optional(),
    /** Not stored, only for who is online. */
    transient: z.boolean().optional(),
    /** Transient messages: the id to tell, for who names it before it is sent: the conversation's, `.0.`, and up to 12 letters, digits, _ or -. */
    id: messageId.optional(),
    /** The author asks to hear of this message's own receipt; kept with it and told in the author's copies. */
    receipt: z.boolean().optional(),
    /** Stored, but counts as unread for nobody and is not pushed. */
    silent: z.boolean().optional(),
    /** Rooms: what is dropped first when a reader is slow. */
    priority: z.enum(['high', 'normal', 'low']).optional(),
    /** Server side only, at most 2 KB as JSON. */
    ext: jsonObject.optional(),
    /** Server side: the author's own devices are not told; they find the message in the history. */
    noSync: z.boolean().optional(),
    /** Server side, system conversations: these clients' threads (≤ 100) instead of a broadcast. */
    to: z.array(clientId).min(1).max(100).optional(),
    /** Server side, system conversations: a broadcast to every client of the app, not to the subscribers only. */
    audience: z.literal('everyone').optional(),
    /** System conversations: broadcasts may expire. */
    expiresAt: time.optional(),
    /** What the same operation id with another content gets: a refusal (the default), or the first result. */
    onConflict: z.enum(['refuse', 'first']).optional(),
    /** Overrides the app's push content; kept for the push, never shown to clients. */
    push: jsonObject.optional(),
  }),
  'message.edit': z.object({ op: operationId, message: messageId, ...content }),
  'message.recall': z.object({ op: operationId, message: messageId }),
  /** Server side only: the message is gone from history, lists and counts as if it had not been sent. */
  'message.delete': z.object({ op: operationId, message: messageId }),
  'message.get': z.object({
    messages: z.array(messageId).min(1).max(hardLimits.page),
    /** Server side only: what is left of deleted ones, too, which look like recalled ones. */
    deleted: z.boolean().optional(),
  }),
  /** A page of messages, ascending by sequence whatever the direction. Without bounds: the newest page. */
  'message.history': z.object({
    conversation: conversationId,
    direction: z.enum(['backward', 'forward']).default('backward'),
    /** Backward: the newest to take (exclusive unless inclusive). Forward: the newest allowed. */
    before: placeInConversation.optional(),
    after: placeInConversation.optional(),
    types: z.array(z.string().max(hardLimits.typeLength)).min(1).max(20).optional(),
    limit: page.optional(),
    /** System conversations: whose thread; server side only, clients see their own. */
    thread: clientId.optional(),
  }),
  /**
   * Server side only: messages of all conversations, or of one author, ascending by time and id. Threads of services and
   * temporary conversations are left out.
   */
  'message.timeline': z.object({
    author: clientId.optional(),
    direction: z.enum(['backward', 'forward']).default('backward'),
    before: placeInTime.optional(),
    after: placeInTime.optional(),
    limit: page.optional(),
  }),
  /** Who received or read a message, by name, in pages. */
  'message.receipts': z.object({
    message: messageId,
    kind: z.enum(['delivered', 'read']).default('read'),
    limit: page.optional(),
    cursor: cursor.optional(),
  }),

  // ── signals ────────────────────────────────────────────────────────────────────────────────────────────────
  /** Typing and the like: to members online now, kept by nobody. */
  'signal.send': z.object({
    conversation: conversationId,
    name: z.string().min(1).max(32),
    data: z.json().optional(),
  }),

  // ── rooms ──────────────────────────────────────────────────────────────────────────────────────────────────
  'room.join': z.object({
    conversation: conversationId,
    /** So many of the last stored messages in the answer. */
    last: z.int().min(0).max(100).optional(),
  }),
  'room.leave': z.object({ conversation: conversationId }),
  'room.count': z.object({ conversation: conversationId }),
  /** A sample of who is in, at most 100. */
  'room.members': z.object({ conversation: conversationId, limit: page.optional() }),

  // ── system conversations ───────────────────────────────────────────────────────────────────────────────────
  'system.subscribe': z.object({ op: operationId, conversation: conversationId }),
  'system.unsubscribe': z.object({ op: operationId, conversation: conversationId }),

  // ── clients ────────────────────────────────────────────────────────────────────────────────────────────────
  'client.get': z.object({ clients: clientIds }),
  'client.update': z.object({
    name: z.string().max(255).nullable().optional(),
    avatarUrl: z.string().max(2048).nullable().optional(),
    locale: z.string().max(35).nullable().optional(),
    timeZone: z.string().max(64).nullable().optional(),
    custom: jsonObject.nullable().optional(),
  }),
  /** I refuse these clients: they cannot write to me one-to-one, nor add me anywhere. */
  'client.block': z.object({ clients: clientIds }),
  'client.unblock': z.object({ clients: clientIds }),
  'client.blocked': z.object({ limit: page.optional(), cursor: cursor.optional() }),
  /** Conversations that I refuse. */
  'client.refused': z.object({ limit: page.optional(), cursor: cursor.optional() }),
  /**
   * What changed in my ordinary and temporary conversations, messages apart, after a time or the `until` of an earlier
   * answer; for clients that keep no sequences. Changes are kept for a week, and end where I was put out.
   */
  'client.changes': z.object({ since: time, limit: page.optional() }),
  /** Edits and recalls of messages that I may read, in all my conversations but rooms, likewise; the last of each message. */
  'client.edits': z.object({ since: time, limit: page.optional() }),
  /** Totals over all my conversations. */
  'client.unread': z.object({}),

  // ── presence ───────────────────────────────────────────────────────────────────────────────────────────────
  'presence.query': z.object({ clients: clientIds }),
  /** Replaces the session's subscription; at most 100 ids. */
  'presence.subscribe': z.object({ clients: z.array(clientId).max(1000) }),
} as const satisfies Record<string, z.ZodType>;

export type OperationName = keyof typeof operations;
/** Parsed arguments of an operation. */
export type Args<N extends OperationName> = z.output<(typeof operations)[N]>;
/** Arguments as a client writes them (defaults absent). */
export type Input<N extends OperationName> = z.input<(typeof operations)[N]>;

export const operationNames = Object.freeze(Object.keys(operations)) as readonly OperationName[];

export function isOperationName(name: unknown): name is OperationName {
  return typeof name === 'string' && Object.hasOwn(operations, name);
}
