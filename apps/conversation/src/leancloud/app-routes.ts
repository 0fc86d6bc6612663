import { AppError, type MessageId } from '@hongyan/protocol';
import { z } from 'zod';
import { timelineOf } from './app-history.js';
import { findRows, queryInput } from './conversation-rows.js';
import { historyInput, historyRow, type Bound } from './history-page.js';
import { clientId, content, conversationId, flag, limit, push, skip, time } from './inputs.js';
import { type RestCall } from './rest-call.js';
import { endpoint, type LeanCloudRoute } from './route.js';
import { remove, send } from './send-message.js';

export const broadcastInput = z.object({
  from_client: clientId,
  conv_id: conversationId,
  message: content,
  valid_till: time.optional(),
  push: push.optional(),
  transient: flag.default(false),
});

const longestMs = 30 * 86_400_000;

/** Sends to every client of the app, whether it has subscribed to the service or not. */
export async function broadcast(
  call: RestCall,
  { conv_id: conversation, valid_till: until, push: pushed, ...given }: z.output<typeof broadcastInput>,
): Promise<object> {
  const latest = call.door.now() + longestMs;
  if (until !== undefined && (until <= call.door.now() || until > latest))
    throw new AppError('bad_request', { detail: 'valid_till: within a month from now' });
  await call.require(conversation, 'service-conversations');
  return send(call, conversation, {
    ...given,
    audience: 'everyone',
    expiresAt: until ?? latest,
    ...(pushed === undefined ? {} : { push_data: pushed }),
  });
}

export const broadcastsInput = z.object({
  conv_id: conversationId,
  limit: limit(1000, 100),
  skip,
});

/** Broadcasts that are not over, newest first. */
export async function broadcasts(call: RestCall<z.output<typeof broadcastsInput>>): Promise<object[]> {
  const { conv_id: conversation, limit: most, skip: passed } = call.args;
  await call.require(conversation, 'service-conversations');
  const rows: object[] = [];
  let before: Bound | undefined;
  for (;;) {
    const page = await call.run('message.history', {
      conversation,
      ...(before === undefined ? {} : { before }),
      limit: call.app.limits.page,
    });
    for (const message of page.messages.toReversed())
      if (message.expiresAt !== undefined && !message.recalled)
        rows.push({ ...historyRow(message, 'system'), 'valid-till': message.expiresAt });
    const eldest = page.messages[0];
    if (rows.length >= passed + most || !page.more || eldest === undefined)
      return rows.slice(passed, passed + most);
    before = { time: eldest.time, message: eldest.id };
  }
}

/** Takes a broadcast back: who has it keeps it. */
export async function endBroadcast(call: RestCall, message: MessageId): Promise<object> {
  const [found] = (await call.run('message.get', { messages: [message] })).messages;
  if (found?.scope !== 'broadcast') throw new AppError('message_not_found');
  return remove(call, found);
}

export const appRoutes: readonly LeanCloudRoute[] = [
  endpoint('post', '/1.2/rtm/broadcasts', {
    summary: 'send to all clients',
    context: 'send',
    input: broadcastInput,
    run: (call) => broadcast(call, call.args),
  }),
  endpoint('get', '/1.2/rtm/broadcasts', {
    summary: 'broadcasts that are not over',
    context: 'logs',
    input: broadcastsInput,
    run: broadcasts,
  }),
  endpoint('delete', '/1.2/rtm/broadcasts/:message', {
    summary: 'take a broadcast back',
    context: 'patch',
    input: z.object({}),
    run: (call) => endBroadcast(call, call.message()),
  }),
  endpoint('get', '/1.2/rtm/messages', {
    summary: 'messages of the whole app',
    context: 'logs',
    input: historyInput,
    run: (call) => timelineOf(call, call.args),
  }),
  endpoint('get', '/1.2/rtm/all-conversations', {
    summary: 'find conversations of any kind',
    context: 'query',
    input: queryInput,
    run: (call) => findRows(call),
  }),
  endpoint('get', '/1.2/rtm/stats', {
    summary: 'how many clients are online, and were today',
    context: 'session',
    input: z.object({}),
    differs: '`user_count_today`: online since midnight, by the clock of the server',
    run: async ({ app, door }) => ({
      result: {
        online_user_count: await door.presence.onlineCount(app.id),
        user_count_today: await door.activeSince(app.id, new Date(door.now()).setHours(0, 0, 0, 0)),
      },
    }),
  }),
];
