import { AppError } from '@hongyan/protocol';
import { z } from 'zod';
import { timelineOf } from './app-history.js';
import { broadcast, broadcastInput, broadcasts, broadcastsInput, endBroadcast } from './app-routes.js';
import { kick, kickInput, onlineOf, unreadOf } from './client-routes.js';
import { silenceFor, unsilence } from './discipline-routes.js';
import { historyInput, historyOf, signedReader } from './history-page.js';
import {
  clientId,
  clientIds,
  content,
  conversationId,
  count,
  flag,
  messageId,
  priority,
  push,
  time,
} from './inputs.js';
import { onlineIn, sampleOf } from './conversation-routes.js';
import { conversationIdOf, messageIdOf, type RestCall } from './rest-call.js';
import { endpoint, type LeanCloudRoute } from './route.js';
import { copiesOf, edit, messageAt, recall, remove, send, sendInput } from './send-message.js';
import {
  isSubscribed,
  subscribe,
  subscriberCount,
  subscribers,
  subscribersInput,
  subscriptions,
  subscriptionsInput,
  unsubscribe,
} from './service-routes.js';

const path = '/1.1/rtm';

const history = historyInput.extend({ convid: conversationId.optional(), from: clientId.optional() });

/** History of a conversation (`convid`), of a sender (`from`), or of the whole app. */
async function historyAsked(call: RestCall<z.output<typeof history>>): Promise<object[]> {
  const { convid, from } = call.args;
  if (convid === undefined) {
    if (!call.parts.master) throw new AppError('unauthenticated', { detail: 'the master key is needed' });
    return timelineOf(call, call.args, from);
  }
  const reader = signedReader(call, call.args, convid);
  const kind = await call.kindOf(convid);
  return historyOf(call, call.args, {
    conversation: convid,
    kind,
    ...(reader === undefined ? {} : { reader }),
  });
}

const messages: readonly LeanCloudRoute[] = [
  endpoint('post', `${path}/messages`, {
    summary: 'send a message; transient unless it says otherwise',
    context: 'send',
    input: z.object({
      from_peer: clientId,
      conv_id: conversationId,
      message: content,
      transient: flag.default(true),
      no_sync: flag.optional(),
      push_data: push.optional(),
      priority: priority.default('high'),
      to_peers: clientIds(20).optional(),
      mention_all: sendInput.shape.mention_all,
      mention_client_ids: sendInput.shape.mention_client_ids,
    }),
    run: (call) => {
      const { from_peer: from_client, conv_id, to_peers, ...given } = call.args;
      const to = to_peers === undefined ? {} : { to_clients: to_peers };
      return send(call, conv_id, { from_client, ...given, ...to });
    },
  }),
  ...(['history', 'logs'] as const).map((name) =>
    endpoint('get', `${path}/messages/${name}`, {
      summary: 'history of a conversation, of a sender, or of the app',
      context: 'logs',
      access: 'signed',
      input: history,
      run: historyAsked,
    }),
  ),
  endpoint('put', `${path}/messages/logs`, {
    summary: 'overwrite a row of history',
    context: 'patch',
    differs: 'done as an edit: clients are told; only `data` changes',
    input: z.object({
      'msg-id': messageId,
      to: conversationId.optional(),
      'conv-id': conversationId.optional(),
      from: clientId,
      timestamp: time,
      data: content,
    }),
    run: async (call) => {
      const { 'msg-id': id, to, 'conv-id': key, from: from_client, timestamp, data } = call.args;
      const conversation = to ?? key ?? conversationIdOf('');
      return edit(
        call,
        await messageAt(call, conversation, messageIdOf(id), { from_client, timestamp }),
        data,
      );
    },
  }),
  endpoint('delete', `${path}/messages/logs`, {
    summary: 'remove a message from history',
    context: 'patch',
    input: z.object({ convid: conversationId, msgid: messageId, timestamp: time, from: clientId }),
    run: async (call) => {
      const { convid, msgid, timestamp, from: from_client } = call.args;
      return remove(call, await messageAt(call, convid, messageIdOf(msgid), { from_client, timestamp }));
    },
  }),
  endpoint('post', `${path}/patch/message`, {
    summary: 'edit or recall a message',
    context: 'patch',
    input: z.object({
      conv_id: conversationId,
      msg_id: messageId,
      timestamp: time,
      from_peer: clientId,
      message: content.optional(),
      recall: flag.default(false),
      to_peers: clientIds(20).optional(),
    }),
    run: async (call) => {
      const { conv_id, msg_id, timestamp, from_peer: from_client, message = '', to_peers } = call.args;
      const found = await messageAt(call, conv_id, messageIdOf(msg_id), { from_client, timestamp });
      for (const target of to_peers === undefined ? [found] : await copiesOf(call, found, to_peers))
        await (call.args.recall ? recall(call, target) : edit(call, target, message));
      return {};
    },
  }),
  ...([`${path}/messages/unread/:client`, `${path}/messages/unread/:client/:conversation`] as const).map(
    (of) =>
      endpoint('get', of, {
        summary: of.endsWith(':client') ? 'unread messages of a client' : 'those in one conversation',
        access: 'key',
        differs: 'exact, where LeanCloud stops counting at 100',
        input: z.object({}),
        run: async (call) =>
          unreadOf(call, call.client(), of.endsWith(':client') ? undefined : await call.conversation()),
      }),
  ),
];

const service = z.object({ conv_id: conversationId });
const subscription = service.extend({ client_id: clientId });

const services: readonly LeanCloudRoute[] = [
  endpoint('post', `${path}/broadcast`, {
    summary: 'send to all clients',
    context: 'send',
    input: broadcastInput
      .omit({ from_client: true })
      .extend({ from_peer: clientId, push_data: push.optional() }),
    run: (call) => {
      const { from_peer: from_client, push_data, ...given } = call.args;
      return broadcast(call, { from_client, ...given, push: given.push ?? push_data });
    },
  }),
  endpoint('get', `${path}/broadcast`, {
    summary: 'broadcasts that are not over',
    context: 'logs',
    input: broadcastsInput,
    run: broadcasts,
  }),
  endpoint('delete', `${path}/broadcast`, {
    summary: 'take a broadcast back',
    context: 'patch',
    input: z.object({ mid: messageId }),
    run: (call) => endBroadcast(call, messageIdOf(call.args.mid)),
  }),
  endpoint('post', `${path}/broadcast/subscriber`, {
    summary: 'send to all subscribers of a service',
    context: 'send',
    input: z.object({
      from_peer: clientId,
      conv_id: conversationId,
      message: content,
      push: push.optional(),
    }),
    run: async (call) => {
      const { from_peer: from_client, conv_id, message, push: push_data } = call.args;
      await call.require(conv_id, 'service-conversations');
      return send(call, conv_id, { from_client, message, transient: false, push_data });
    },
  }),
  endpoint('post', `${path}/conversation/subscription`, {
    summary: 'subscribe a client to a service',
    input: subscription,
    run: async (call) => {
      await call.require(call.args.conv_id, 'service-conversations');
      return subscribe(call, call.args.conv_id, call.args.client_id);
    },
  }),
  endpoint('delete', `${path}/conversation/subscription`, {
    summary: 'end a subscription',
    input: subscription,
    run: async (call) => {
      await call.require(call.args.conv_id, 'service-conversations');
      return unsubscribe(call, call.args.conv_id, call.args.client_id);
    },
  }),
  endpoint('get', `${path}/conversation/subscription`, {
    summary: 'services that a client is subscribed to',
    input: subscriptionsInput.extend({ client_id: clientId }),
    run: (call) => subscriptions(call, call.args.client_id),
  }),
  endpoint('get', `${path}/conversation/subscribers`, {
    summary: 'subscribers of a service, 50 a page',
    input: subscribersInput.extend({ conv_id: conversationId }),
    run: async (call) => {
      await call.require(call.args.conv_id, 'service-conversations');
      return subscribers(call, call.args.conv_id);
    },
  }),
  endpoint('get', `${path}/conversation/subscribers/count`, {
    summary: 'how many subscribers',
    input: service,
    run: async (call) => {
      await call.require(call.args.conv_id, 'service-conversations');
      return { count: await subscriberCount(call, call.args.conv_id) };
    },
  }),
  endpoint('get', `${path}/conversation/subscribed`, {
    summary: 'whether a client is subscribed',
    input: subscription,
    run: async (call) => {
      await call.require(call.args.conv_id, 'service-conversations');
      return { result: await isSubscribed(call, call.args.conv_id, call.args.client_id) };
    },
  }),
];

const room = z.object({ gid: conversationId });

const others: readonly LeanCloudRoute[] = [
  endpoint('get', `${path}/transient_group/onlines`, {
    summary: 'how many are in a chat room',
    access: 'key',
    input: room,
    run: async (call) => ({ result: await onlineIn(call, call.args.gid) }),
  }),
  endpoint('get', `${path}/transient_group/members`, {
    summary: 'a sample of who is in a chat room',
    access: 'key',
    input: room,
    run: async (call) => ({ result: await sampleOf(call, call.args.gid) }),
  }),
  endpoint('post', `${path}/online`, {
    summary: 'which of up to 20 clients are online',
    context: 'session',
    input: z.object({ peers: clientIds(20) }),
    run: (call) => onlineOf(call, call.args.peers),
  }),
  endpoint('post', `${path}/conversation/blacklist`, {
    summary: 'silence a client for a time, despite the name',
    context: 'silence',
    input: subscription.extend({ ttl: count(86_400).refine((ttl) => ttl > 0, 'at least a second') }),
    run: (call) => silenceFor(call, call.args.conv_id, call.args.client_id, call.args.ttl),
  }),
  endpoint('delete', `${path}/conversation/blacklist`, {
    summary: 'let it speak again',
    context: 'silence',
    input: subscription,
    run: (call) => unsilence(call, call.args.conv_id, [call.args.client_id]),
  }),
  endpoint('post', `${path}/client/kick`, {
    summary: 'close the sessions of a client',
    context: 'session',
    input: kickInput.extend({ client_id: clientId }),
    run: (call) => kick(call, call.args.client_id, call.args.reason),
  }),
];

export const v1Routes: readonly LeanCloudRoute[] = [...messages, ...services, ...others];
