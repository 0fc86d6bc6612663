import type { OperationName } from '@hongyan/protocol';
import { clientRoutes } from './client-routes.js';
import { type Route, command } from './route.js';

const conversations: readonly Route[] = [
  command('post', '/conversations', 'conversation.create', {
    tag: 'Conversations',
    summary:
      'Create a conversation of any kind. `id` may be given; with `unique` an existing one is the answer.',
    onBehalf: true,
  }),
  command('get', '/conversations', 'conversation.query', {
    tag: 'Conversations',
    summary: 'Find conversations by a filter (`where`, as JSON), sorted, in pages.',
  }),
  command('get', '/conversations/:conversation', 'conversation.get', {
    tag: 'Conversations',
    summary: 'Read a conversation.',
  }),
  command('patch', '/conversations/:conversation', 'conversation.update', {
    tag: 'Conversations',
    summary: 'Change name, attributes or the freeze.',
    onBehalf: true,
  }),
  command('delete', '/conversations/:conversation', 'conversation.delete', {
    tag: 'Conversations',
    summary: 'Delete a conversation. Its id is never used again.',
    onBehalf: true,
  }),
  command('get', '/conversations/:conversation/entries', 'conversation.entries', {
    tag: 'Conversations',
    summary: 'Everything that changed what members see, in order: messages, members, edits …',
  }),
];

const members: readonly Route[] = [
  command('get', '/conversations/:conversation/members', 'conversation.members', {
    tag: 'Members',
    summary: 'Members with their roles, in pages.',
  }),
  command('post', '/conversations/:conversation/unread', 'conversation.unread', {
    tag: 'Members',
    summary: 'How much each of these members has not read.',
  }),
  command('post', '/conversations/:conversation/members', 'conversation.add', {
    tag: 'Members',
    summary: 'Add members. Answers per client.',
    onBehalf: true,
  }),
  command('post', '/conversations/:conversation/members/remove', 'conversation.remove', {
    tag: 'Members',
    summary: 'Remove members. Answers per client.',
    onBehalf: true,
  }),
  command('put', '/conversations/:conversation/members/:member/role', 'conversation.setRole', {
    tag: 'Members',
    summary: 'Give a member a role. A new owner makes the former one a manager.',
    onBehalf: true,
  }),
  command('get', '/conversations/:conversation/silences', 'conversation.silenced', {
    tag: 'Members',
    summary: 'Who may not send, and until when.',
  }),
  command('post', '/conversations/:conversation/silences', 'conversation.silence', {
    tag: 'Members',
    summary: 'Silence clients, for a time or until lifted.',
    onBehalf: true,
  }),
  command('post', '/conversations/:conversation/silences/lift', 'conversation.unsilence', {
    tag: 'Members',
    summary: 'Let silenced clients send again.',
    onBehalf: true,
  }),
  command('get', '/conversations/:conversation/blocks', 'conversation.blocked', {
    tag: 'Members',
    summary: 'Who may not be in the conversation.',
  }),
  command('post', '/conversations/:conversation/blocks', 'conversation.block', {
    tag: 'Members',
    summary: 'Block clients from the conversation; members among them are removed.',
    onBehalf: true,
  }),
  command('post', '/conversations/:conversation/blocks/lift', 'conversation.unblock', {
    tag: 'Members',
    summary: 'Lift blocks.',
    onBehalf: true,
  }),
];

const messages: readonly Route[] = [
  command('post', '/conversations/:conversation/messages', 'message.send', {
    tag: 'Messages',
    summary:
      'Send a message as the service, or as a client (`from`). With `to`: into threads of a system conversation.',
    onBehalf: true,
  }),
  command('get', '/conversations/:conversation/messages', 'message.history', {
    tag: 'Messages',
    summary: 'A page of messages, by time or sequence, both ways. Without bounds: the newest.',
  }),
  command('get', '/messages', 'message.get', {
    tag: 'Messages',
    summary: 'Messages by id; unknown ones are left out.',
  }),
  command('get', '/messages/timeline', 'message.timeline', {
    tag: 'Messages',
    summary:
      'Messages of all conversations, or of one `author`, by time. Old pages ask every conversation: not for apps of very many.',
  }),
  command('patch', '/messages/:message', 'message.edit', {
    tag: 'Messages',
    summary: 'Change the content of a message.',
    onBehalf: true,
  }),
  command('post', '/messages/:message/recall', 'message.recall', {
    tag: 'Messages',
    summary: 'Take a message back: its content is gone for everybody.',
    onBehalf: true,
  }),
  command('delete', '/messages/:message', 'message.delete', {
    tag: 'Messages',
    summary: 'Remove a message: from now on it is as if it had not been sent.',
  }),
  command('get', '/messages/:message/receipts', 'message.receipts', {
    tag: 'Messages',
    summary: 'Who received or read a message.',
  }),
  command('post', '/conversations/:conversation/signals', 'signal.send', {
    tag: 'Messages',
    summary: 'Tell members who are online now; nothing is kept.',
    onBehalf: true,
  }),
];

const rooms: readonly Route[] = [
  command('get', '/rooms/:conversation/count', 'room.count', {
    tag: 'Rooms',
    summary: 'How many clients are in a room.',
  }),
  command('get', '/rooms/:conversation/members', 'room.members', {
    tag: 'Rooms',
    summary: 'A sample of who is in a room.',
  }),
];

/** The server API, all of it. */
export const routes: readonly Route[] = [
  ...conversations,
  ...members,
  ...messages,
  ...rooms,
  ...clientRoutes,
];

/** Operations that mean something on a connection only, and why they have no route. A spec holds this complete. */
export const withoutRoute: Partial<Record<OperationName, string>> = {
  'session.refresh': 'a server has no session',
  'session.close': 'a server has no session',
  'conversation.delivered': 'receipts of delivery come from devices',
  'room.join': 'a join belongs to a session',
  'room.leave': 'a join belongs to a session',
  'presence.subscribe': 'events go to sessions',
};
