import type { OperationName, Results } from '@hongyan/protocol';
import { z } from 'zod';
import {
  bulk,
  clientId,
  clientView,
  conversationId,
  conversationView,
  entryView,
  listRow,
  memberView,
  messageId,
  messageView,
  ownState,
  page,
  seq,
  time,
  totals,
} from './result-views.js';

const seqResult = z.object({ seq, time }).meta({ id: 'SeqResult' });
const nothing = z.object({});
const own = z.object({ own: ownState });
const online = z.object({ online: z.array(clientId) });
const missed = z
  .object({
    entries: z.array(entryView),
    until: time.describe('Everything up to here is in it: since of the next page, or of the next time.'),
    more: z.boolean(),
  })
  .meta({ id: 'MissedEntries' });

/** What each operation answers, as schemas: for the API document and the tests. The compiler holds them to the types. */
export const results = {
  'session.refresh': z.object({ token: z.string(), expiresAt: time }),
  'session.close': nothing,
  'conversation.create': z.object({
    conversation: conversationView,
    own: ownState.optional(),
    created: z.boolean(),
  }),
  'conversation.get': z.object({
    conversation: conversationView,
    own: ownState.optional(),
    unread: z.int().optional(),
    mentionUnread: z.int().optional(),
    lastMessage: messageView.optional(),
  }),
  'conversation.query': page(
    listRow.partial().extend({
      conversation: conversationView,
      members: z.array(clientId).optional(),
      muted: z.array(clientId).optional(),
    }),
    {},
  ),
  'conversation.list': page(listRow, { totals, token: z.string() }),
  'conversation.sync': page(listRow, {
    totals,
    token: z.string().optional(),
    reset: z.boolean(),
    gone: z.array(conversationId),
  }),
  'conversation.update': seqResult,
  'conversation.delete': seqResult,
  'conversation.join': seqResult,
  'conversation.leave': seqResult,
  'conversation.add': bulk,
  'conversation.remove': bulk,
  'conversation.members': page(memberView, {}),
  'conversation.setRole': seqResult,
  'conversation.silence': bulk,
  'conversation.unsilence': bulk,
  'conversation.silenced': page(z.object({ client: clientId, until: time.optional() }), {}),
  'conversation.block': bulk,
  'conversation.unblock': bulk,
  'conversation.blocked': page(z.object({ client: clientId }), {}),
  'conversation.refuse': z.object({ seq: seq.optional(), time: time.optional() }),
  'conversation.unrefuse': nothing,
  'conversation.setState': own,
  'conversation.clear': own,
  'conversation.read': z.object({ readSeq: seq, unread: z.int(), mentionUnread: z.int() }),
  'conversation.unread': z.object({
    items: z.array(z.object({ client: clientId, unread: z.int(), mentionUnread: z.int() })),
  }),
  'conversation.delivered': nothing,
  'conversation.entries': z.object({ entries: z.array(entryView), seq, floor: z.int() }),
  'message.send': z.object({
    id: messageId,
    seq: seq.optional(),
    time,
    duplicate: z.boolean().optional(),
    threads: z.array(z.object({ client: clientId, id: messageId, seq })).optional(),
  }),
  'message.edit': z.object({ seq, time, message: messageView }),
  'message.recall': seqResult,
  'message.delete': seqResult,
  'message.get': z.object({ messages: z.array(messageView) }),
  'message.history': z.object({ messages: z.array(messageView), more: z.boolean(), floor: z.int() }),
  'message.timeline': z.object({ messages: z.array(messageView), more: z.boolean() }),
  'message.receipts': page(z.object({ client: clientId, time }), {
    delivered: z.int(),
    read: z.int(),
    of: z.int(),
  }),
  'signal.send': nothing,
  'room.join': z.object({ conversation: conversationView, online: z.int(), messages: z.array(messageView) }),
  'room.leave': nothing,
  'room.count': z.object({ online: z.int() }),
  'room.members': z.object({ clients: z.array(clientId) }),
  'system.subscribe': seqResult,
  'system.unsubscribe': seqResult,
  'client.get': z.object({ clients: z.array(clientView) }),
  'client.update': z.object({ client: clientView }),
  'client.block': nothing,
  'client.unblock': nothing,
  'client.blocked': page(clientId, {}),
  'client.refused': page(conversationId, {}),
  'client.changes': missed,
  'client.edits': missed,
  'client.unread': totals,
  'presence.query': online,
  'presence.subscribe': online,
} as const satisfies { readonly [N in OperationName]: z.ZodType<Results[N]> };
