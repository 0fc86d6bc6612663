import type { ClientId, ConversationId } from '@hongyan/protocol';
import { z } from 'zod';
import { timelineOf } from './app-history.js';
import { historyInput } from './history-page.js';
import { clientIds, conversationId } from './inputs.js';
import { listed, pageOfIds } from './pages.js';
import type { RestCall } from './rest-call.js';
import { endpoint, type LeanCloudRoute } from './route.js';
import { subscriptions, subscriptionsInput } from './service-routes.js';

/** Which of these are online; who is unknown is not. */
export async function onlineOf(call: RestCall, clients: ClientId[]): Promise<object> {
  return { results: (await call.run('presence.query', { clients })).online };
}

/** Unread of a client, in one conversation or in all. */
export async function unreadOf(
  call: RestCall,
  client: ClientId,
  conversation: ConversationId | undefined,
): Promise<object> {
  if (conversation === undefined) return { count: (await call.run('client.unread', {}, client)).unread };
  const { unread = 0 } = await call.run('conversation.get', { conversation }, client);
  return { count: unread };
}

export const kickInput = z.object({ reason: z.string().max(20).optional() });

/** Closes the sessions of a client; its tokens are void. */
export async function kick(call: RestCall, client: ClientId, reason: string | undefined): Promise<object> {
  await call.door.clients.kick(call.app, client, reason === undefined ? {} : { message: reason });
  return {};
}

const path = '/1.2/rtm/clients';
const refused = `${path}/:client/blacklists`;

export const clientRoutes: readonly LeanCloudRoute[] = [
  endpoint('post', `${path}/check-online`, {
    summary: 'which of up to 20 clients are online',
    context: 'session',
    input: z.object({ client_ids: clientIds(20) }),
    run: (call) => onlineOf(call, call.args.client_ids),
  }),
  endpoint('get', `${path}/:client/unread-count`, {
    summary: 'unread messages of a client, in one conversation (`conv_id`) or in all',
    access: 'key',
    input: z.object({ conv_id: conversationId.optional() }),
    differs: 'exact, where LeanCloud stops counting at 100',
    run: (call) => unreadOf(call, call.client(), call.args.conv_id),
  }),
  endpoint('post', `${path}/:client/kick`, {
    summary: 'close the sessions of a client',
    context: 'session',
    input: kickInput,
    run: (call) => kick(call, call.client(), call.args.reason),
  }),
  endpoint('get', `${path}/:client/service-conversations`, {
    summary: 'services that a client is subscribed to',
    input: subscriptionsInput,
    run: (call) => subscriptions(call, call.client()),
  }),
  endpoint('get', `${path}/:client/messages`, {
    summary: 'messages that a client sent, in all conversations',
    context: 'logs',
    input: historyInput,
    run: (call) => timelineOf(call, call.args, call.client()),
  }),
  endpoint('post', refused, {
    summary: 'a client leaves a conversation and is not added to it again',
    context: 'block',
    input: z.object({ conv_id: conversationId }),
    differs: 'chat rooms, to which nobody is added, are refused with 4308',
    run: async (call) => {
      const change = { op: call.parts.op, conversation: call.args.conv_id };
      await call.run('conversation.refuse', change, call.client());
      return {};
    },
  }),
  endpoint('delete', refused, {
    summary: 'it may be added again',
    context: 'block',
    input: z.object({ conv_id: conversationId }),
    run: async (call) => {
      await call.run('conversation.unrefuse', { conversation: call.args.conv_id }, call.client());
      return {};
    },
  }),
  endpoint('get', refused, {
    summary: 'conversations that a client wants not to be added to',
    context: 'block',
    input: listed,
    run: async (call) => {
      const { ids, next } = await pageOfIds(call.args, async (cursor, limited) => {
        const limit = Math.min(limited, call.app.limits.page);
        const given = { limit, ...(cursor === undefined ? {} : { cursor }) };
        const page = await call.run('client.refused', given, call.client());
        return { ids: page.items, cursor: page.cursor };
      });
      return { conv_ids: ids, next };
    },
  }),
];
