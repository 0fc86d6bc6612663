import { type ClientId, type ConversationId, type MessageId, format, role } from '@hongyan/protocol';
import { z } from 'zod';

/** The views of libs/protocol as schemas, for the API document. `results.ts` makes the compiler hold them to the types. */

export const clientId = z.string() as unknown as z.ZodType<ClientId>;
export const conversationId = z.string() as unknown as z.ZodType<ConversationId>;
export const messageId = z.string() as unknown as z.ZodType<MessageId>;
export const seq = z.int().describe('Place in the log of the conversation: 1, 2, 3 …');
export const time = z.int().describe('Milliseconds since 1970 (UTC).');
export const jsonObject = z.record(z.string(), z.json());

const kind = z.enum(['ordinary', 'room', 'system', 'temporary']);

export const messageView = z
  .object({
    id: messageId,
    conversation: conversationId,
    seq: seq.optional(),
    time,
    from: clientId.optional().describe('Absent: sent by the service in nobody’s name.'),
    op: z.string().optional(),
    receipt: z.boolean().optional(),
    format,
    type: z.string().optional(),
    body: z
      .string()
      .describe('Text or JSON text verbatim; base64 when `format` is `binary`; empty once recalled.'),
    attributes: jsonObject
      .optional()
      .describe('What LeanCloud’s typed messages carry beside text and media.'),
    mentions: z.array(clientId).optional(),
    mentionAll: z.boolean().optional(),
    replyTo: messageId.optional(),
    ext: jsonObject.optional(),
    silent: z.boolean().optional(),
    transient: z.boolean().optional(),
    editedAt: time.optional(),
    recalled: z.boolean().optional(),
    scope: z.enum(['broadcast', 'thread']).optional(),
    expiresAt: time.optional(),
  })
  .meta({ id: 'Message' });

export const conversationView = z
  .object({
    id: conversationId,
    kind,
    name: z.string().optional(),
    attributes: jsonObject,
    creator: clientId.optional(),
    unique: z.boolean().optional(),
    frozen: z.boolean().optional(),
    audience: z.enum(['subscribers', 'everyone']).optional(),
    createdAt: time,
    updatedAt: time,
    expiresAt: time.optional(),
    memberCount: z.int(),
    lastMessageAt: time.optional(),
    seq,
  })
  .meta({ id: 'Conversation' });

export const ownState = z
  .object({
    role: role.optional(),
    joinedSeq: seq,
    readSeq: seq,
    deliveredSeq: seq,
    clearedSeq: seq,
    muteUntil: time.nullable().optional(),
    pinnedAt: time.optional(),
    hidden: z.boolean().optional(),
    markedUnread: z.boolean().optional(),
    custom: jsonObject.optional(),
    revision: z.int(),
  })
  .meta({ id: 'OwnState' });

const thread = z.object({ conversation: conversationId, seq, readSeq: seq, unread: z.int() });

export const listRow = z
  .object({
    conversation: conversationView,
    own: ownState,
    unread: z.int(),
    mentionUnread: z.int(),
    lastMessage: messageView.optional(),
    peer: z.object({ client: clientId, readSeq: seq, deliveredSeq: seq }).optional(),
    thread: thread.optional(),
  })
  .meta({ id: 'ListRow' });

export const totals = z
  .object({ unread: z.int(), mentionUnread: z.int(), unmutedUnread: z.int() })
  .meta({ id: 'UnreadTotals' });

export const memberView = z
  .object({ client: clientId, role, joinedAt: time, muted: z.literal(true).optional() })
  .meta({ id: 'Member' });

export const clientView = z
  .object({
    id: clientId,
    name: z.string().optional(),
    avatarUrl: z.string().optional(),
    locale: z.string().optional(),
    timeZone: z.string().optional(),
    custom: jsonObject.optional(),
  })
  .meta({ id: 'Client' });

const base = { conversation: conversationId, seq, time, stamp: time.optional(), by: clientId.optional() };
const clients = z.array(clientId);
const entry = <K extends string, S extends z.ZodRawShape>(kindName: K, shape: S) =>
  z.object({ ...base, kind: z.literal(kindName), ...shape });

export const entryView = z
  .discriminatedUnion('kind', [
    entry('message', { message: messageView }),
    entry('edit', { message: messageView }),
    entry('recall', { message: messageView }),
    entry('delete', { message: messageView }),
    entry('created', { name: z.string().optional(), members: clients }),
    entry('added', { members: clients }),
    entry('joined', {}),
    entry('left', { owner: clientId.optional() }),
    entry('removed', { members: clients }),
    entry('role', { member: clientId, role }),
    entry('silenced', { members: clients, until: time.optional() }),
    entry('unsilenced', { members: clients }),
    entry('blocked', { members: clients }),
    entry('unblocked', { members: clients }),
    entry('updated', {
      name: z.string().optional(),
      attributes: jsonObject.optional(),
      frozen: z.boolean().optional(),
    }),
    entry('deleted', {}),
  ])
  .meta({ id: 'Entry' });

export const bulk = z
  .object({
    seq: seq.optional(),
    done: clients,
    failed: z.array(z.object({ client: clientId, code: z.int(), name: z.string() })),
  })
  .meta({ id: 'BulkResult' });

export const page = <T extends z.ZodType, S extends z.ZodRawShape>(item: T, more: S) =>
  z.object({
    items: z.array(item),
    cursor: z.string().optional().describe('For the next page; absent on the last.'),
    ...more,
  });
