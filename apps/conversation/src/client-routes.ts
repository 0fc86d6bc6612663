import { z } from 'zod';
import { type Route, command, serverOnly } from './route.js';

const nothing = z.object({});
const sessionsResult = z.object({
  sessions: z.array(z.object({ session: z.string(), device: z.string(), tag: z.string().optional() })),
});

/** What concerns one client: done in its name, or to it. */
export const clientRoutes: readonly Route[] = [
  command('post', '/clients/query', 'client.get', { tag: 'Clients', summary: 'Records of clients by id.' }),
  command('patch', '/clients/:client', 'client.update', {
    tag: 'Clients',
    summary:
      'Set the record of a client: name, avatar … It is made when there is none; null removes a value.',
  }),
  command('get', '/clients/:client/conversations', 'conversation.list', {
    tag: 'Clients',
    summary: 'The conversations of a client with last message and exact unread, in pages.',
  }),
  command('get', '/clients/:client/sync', 'conversation.sync', {
    tag: 'Clients',
    summary: 'What changed for a client since a token.',
  }),
  command('get', '/clients/:client/changes', 'client.changes', {
    tag: 'Conversations',
    summary:
      'What happened in the conversations of a client besides messages, after a time of the last week.',
  }),
  command('get', '/clients/:client/edits', 'client.edits', {
    tag: 'Messages',
    summary: 'Edits and recalls of messages that a client may read, after a time of the last week.',
  }),
  command('get', '/clients/:client/unread', 'client.unread', {
    tag: 'Clients',
    summary: 'Unread of a client over all conversations.',
  }),
  command('get', '/clients/:client/conversations/:conversation', 'conversation.get', {
    tag: 'Clients',
    id: 'conversation.get.own',
    summary: 'A conversation as a client sees it, with its unread and own state.',
  }),
  command('patch', '/clients/:client/conversations/:conversation', 'conversation.setState', {
    tag: 'Clients',
    summary: 'Mute, pin, hide or mark unread for a client.',
  }),
  command('post', '/clients/:client/conversations/:conversation/read', 'conversation.read', {
    tag: 'Clients',
    summary: 'Move the read cursor of a client forward.',
  }),
  command('post', '/clients/:client/conversations/:conversation/clear', 'conversation.clear', {
    tag: 'Clients',
    summary: 'Remove messages up to a sequence for one client only.',
  }),
  command('post', '/clients/:client/conversations/:conversation/join', 'conversation.join', {
    tag: 'Clients',
    summary: 'Let a client join.',
  }),
  command('post', '/clients/:client/conversations/:conversation/leave', 'conversation.leave', {
    tag: 'Clients',
    summary: 'Let a client leave.',
  }),
  command('put', '/clients/:client/subscriptions/:conversation', 'system.subscribe', {
    tag: 'Clients',
    summary: 'Subscribe a client to a system conversation.',
  }),
  command('delete', '/clients/:client/subscriptions/:conversation', 'system.unsubscribe', {
    tag: 'Clients',
    summary: 'End the subscription of a client.',
  }),
  command('get', '/clients/:client/blocks', 'client.blocked', {
    tag: 'Clients',
    summary: 'Whom a client refuses.',
  }),
  command('post', '/clients/:client/blocks', 'client.block', {
    tag: 'Clients',
    summary: 'Let a client refuse others: they cannot write to it one-to-one nor add it anywhere.',
  }),
  command('post', '/clients/:client/blocks/lift', 'client.unblock', {
    tag: 'Clients',
    summary: 'Let a client accept others again.',
  }),
  command('get', '/clients/:client/refusals', 'client.refused', {
    tag: 'Clients',
    summary: 'Conversations that a client refuses to be added to, by id.',
  }),
  command('put', '/clients/:client/refusals/:conversation', 'conversation.refuse', {
    tag: 'Clients',
    summary: 'Let a client refuse a conversation: it leaves, and nobody adds it again, not even the server.',
  }),
  command('delete', '/clients/:client/refusals/:conversation', 'conversation.unrefuse', {
    tag: 'Clients',
    summary: 'Let a client be added to a conversation again.',
  }),
  serverOnly('post', '/clients/:client/kick', {
    id: 'client.kick',
    tag: 'Clients',
    summary: 'Close the sessions of a client and revoke their tokens; of one `tag` only, if given.',
    input: z.object({ message: z.string().max(255).optional(), tag: z.string().min(1).max(64).optional() }),
    result: nothing,
    run: async ({ clients }, { app, client, args }) => {
      await clients.kick(app, client!, args);
      return {};
    },
  }),
  serverOnly('post', '/clients/:client/ban', {
    id: 'client.ban',
    tag: 'Clients',
    summary: 'Close the sessions of a client and let it in no more, for a time or until lifted.',
    input: z.object({
      seconds: z
        .int()
        .min(1)
        .max(3_660 * 86_400)
        .optional(),
      message: z.string().max(255).optional(),
    }),
    result: z.object({ until: z.number() }),
    run: async ({ clients, now }, { app, client, args }) => {
      const until = args.seconds === undefined ? FOREVER : now() + args.seconds * 1000;
      await clients.ban(app, client!, { until, message: args.message });
      return { until };
    },
  }),
  serverOnly('delete', '/clients/:client/ban', {
    id: 'client.unban',
    tag: 'Clients',
    summary: 'Let a banned client in again.',
    input: nothing,
    result: nothing,
    run: async ({ clients }, { app, client }) => {
      await clients.unban(app, client!);
      return {};
    },
  }),
  serverOnly('get', '/clients/:client/sessions', {
    id: 'client.sessions',
    tag: 'Presence',
    summary: 'The open sessions of a client.',
    input: nothing,
    result: sessionsResult,
    run: async ({ presence }, { app, client }) => {
      const sessions = await presence.sessionsOf(app.id, client!);
      return { sessions: sessions.map(({ session, device, tag }) => ({ session, device, tag })) };
    },
  }),
  command('post', '/presence/query', 'presence.query', {
    tag: 'Presence',
    summary: 'Which of these clients are online.',
  }),
  serverOnly('get', '/presence/count', {
    id: 'presence.count',
    tag: 'Presence',
    summary: 'How many clients of the app are online.',
    input: nothing,
    result: z.object({ online: z.int() }),
    run: async ({ presence }, { app }) => ({ online: await presence.onlineCount(app.id) }),
  }),
];

/** The last time a Date can hold. */
const FOREVER = 8.64e15;
