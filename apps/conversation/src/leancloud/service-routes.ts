import { AppError, type ClientId, type ConversationId } from '@hongyan/protocol';
import { z } from 'zod';
import { clientId, conversationId, limit, time } from './inputs.js';
import { eachConversation, inTurns } from './pages.js';
import type { RestCall } from './rest-call.js';
import { endpoint, type LeanCloudRoute } from './route.js';

/** One client's subscription to one service. */
export interface Subscription {
  readonly subscriber: ClientId;
  readonly conv_id: ConversationId;
  readonly timestamp: number;
}

export async function subscribe(
  call: RestCall,
  conversation: ConversationId,
  client: ClientId,
): Promise<object> {
  await call.run('system.subscribe', { op: call.parts.op, conversation }, client);
  return {};
}

export async function unsubscribe(
  call: RestCall,
  conversation: ConversationId,
  client: ClientId,
): Promise<object> {
  await call.run('system.unsubscribe', { op: call.parts.op, conversation }, client);
  return {};
}

export async function isSubscribed(
  call: RestCall,
  conversation: ConversationId,
  client: ClientId,
): Promise<boolean> {
  const { own } = await call.run('conversation.get', { conversation }, client);
  return own?.role !== undefined;
}

export const subscribersInput = z.object({ limit: limit(50, 50), client_id: clientId.optional() });

/** Subscribers by id, those after `client_id`. */
export async function subscribers(
  call: RestCall<z.output<typeof subscribersInput>>,
  conversation: ConversationId,
): Promise<Subscription[]> {
  const { client_id: after, limit: most } = call.args;
  if (most === 0) return [];
  const { items } = await call.run('conversation.members', {
    conversation,
    role: 'member',
    limit: Math.min(most, call.app.limits.page),
    ...(after === undefined ? {} : { after }),
  });
  return items.map(({ client, joinedAt }) => ({
    subscriber: client,
    conv_id: conversation,
    timestamp: joinedAt,
  }));
}

export async function subscriberCount(call: RestCall, conversation: ConversationId): Promise<number> {
  return (await call.run('conversation.get', { conversation })).conversation.memberCount;
}

export const subscriptionsInput = z.object({
  conv_id: conversationId.optional(),
  timestamp: time.optional(),
  limit: limit(1000, 50),
  direction: z.enum(['old', 'new', 'OLD', 'NEW']).default('old'),
});

/** A client is subscribed to so many services at most, as far as this list goes. */
const mostServices = 1000;

/** Services that a client is subscribed to, newest subscription first (`new`: eldest first), behind the given place. */
export async function subscriptions(
  call: RestCall<z.output<typeof subscriptionsInput>>,
  client: ClientId,
): Promise<Subscription[]> {
  const { conv_id: from, timestamp = 0, limit: most, direction } = call.args;
  const services: ConversationId[] = [];
  for await (const { conversation } of eachConversation(
    call,
    { kind: 'system', members: client },
    '-createdAt',
  )) {
    services.push(conversation.id);
    if (services.length >= mostServices) break;
  }
  const all = await inTurns(services, async (service): Promise<Subscription> => {
    const at = await subscribedAt(call, service, client);
    return { subscriber: client, conv_id: service, timestamp: at };
  });
  const sign = direction.toLowerCase() === 'new' ? 1 : -1;
  const order = (a: Place, b: Place) =>
    sign * (a.timestamp - b.timestamp || (a.conv_id < b.conv_id ? -1 : a.conv_id > b.conv_id ? 1 : 0));
  const sorted = all.sort(order);
  const place = from === undefined ? undefined : { conv_id: from, timestamp };
  return (place === undefined ? sorted : sorted.filter((one) => order(one, place) > 0)).slice(0, most);
}

type Place = Pick<Subscription, 'conv_id' | 'timestamp'>;

async function subscribedAt(call: RestCall, conversation: ConversationId, client: ClientId): Promise<number> {
  const { own, conversation: service } = await call.run('conversation.get', { conversation }, client);
  if (own === undefined) throw new AppError('not_found');
  const after = Math.max(0, own.joinedSeq - 1);
  const { entries } = await call.run('conversation.entries', { conversation, after, limit: 1 });
  return entries[0]?.time ?? service.createdAt;
}

const path = '/1.2/rtm/service-conversations/:conversation/subscribers';

export const serviceRoutes: readonly LeanCloudRoute[] = [
  endpoint('post', path, {
    summary: 'subscribe a client',
    input: z.object({ client_id: clientId }),
    run: async (call) =>
      subscribe(call, await call.conversation('service-conversations'), call.args.client_id),
  }),
  endpoint('delete', `${path}/:client`, {
    summary: 'end a subscription',
    input: z.object({}),
    run: async (call) => unsubscribe(call, await call.conversation('service-conversations'), call.client()),
  }),
  endpoint('get', path, {
    summary: 'subscribers, 50 a page',
    input: subscribersInput,
    run: async (call) => subscribers(call, await call.conversation('service-conversations')),
  }),
  endpoint('get', `${path}/count`, {
    summary: 'how many subscribers',
    input: z.object({}),
    run: async (call) => ({
      count: await subscriberCount(call, await call.conversation('service-conversations')),
    }),
  }),
];
