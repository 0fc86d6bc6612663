import { iso } from '@hongyan/leancloud';
import type { ClientId, ConversationId, ConversationKind } from '@hongyan/protocol';
import { z } from 'zod';
import { changeColumns, createFromColumns, refuseIfNone, setMuted } from './conversation-changes.js';
import { findRows, nothingToChange, queryInput, rowOf, updated } from './conversation-rows.js';
import { clientIds } from './inputs.js';
import { membersOf } from './pages.js';
import { newOperation, type Family, type RestCall } from './rest-call.js';
import { endpoint, type LeanCloudRoute } from './route.js';

/** Any columns: what they mean is decided where they are translated. */
const columns = z.looseObject({});
const clients = z.object({ client_ids: clientIds(500) });
const nothing = z.object({});

const kinds: Readonly<Record<Family, ConversationKind>> = {
  conversations: 'ordinary',
  chatrooms: 'room',
  'service-conversations': 'system',
};
const words: Readonly<Record<Family, string>> = {
  conversations: 'a conversation',
  chatrooms: 'a chat room',
  'service-conversations': 'a service conversation',
};

/** Making, finding, changing and deleting conversations of one kind. */
function documents(family: Family): LeanCloudRoute[] {
  const path = `/1.2/rtm/${family}`;
  const kind = kinds[family];
  return [
    endpoint('post', path, {
      summary: `create ${words[family]}`,
      input: columns,
      run: async (call) => {
        const { conversation } = await createFromColumns(call, call.parts.body, kind);
        if (family === 'conversations') return rowOf(call, { conversation });
        return { objectId: conversation.id, createdAt: iso(conversation.createdAt) };
      },
    }),
    endpoint('get', path, {
      summary: `find ${words[family].replace(/^a /, '')}s`,
      input: queryInput,
      context: 'query',
      run: (call) => findRows(call, kind),
    }),
    endpoint('put', `${path}/:conversation`, {
      summary: `change columns of ${words[family]}`,
      input: columns,
      context: 'update',
      run: async (call) => {
        nothingToChange(call.parts.body);
        const conversation = await call.conversation(family);
        const before = (await call.run('conversation.get', { conversation })).conversation;
        await changeColumns(call, before, call.parts.body);
        return updated(call, conversation);
      },
    }),
    endpoint('delete', `${path}/:conversation`, {
      summary: `delete ${words[family]}`,
      input: nothing,
      run: async (call) => {
        const conversation = await call.conversation(family);
        await call.run('conversation.delete', { op: call.parts.op, conversation });
        return {};
      },
    }),
  ];
}

const members = '/1.2/rtm/conversations/:conversation/members';
const mutes = '/1.2/rtm/conversations/:conversation/mutes';

/** Who is in a conversation, and who of them wants no push. */
const people: readonly LeanCloudRoute[] = [
  endpoint('post', members, {
    summary: 'add members',
    input: clients,
    differs: 'who could not be added is listed in `failed`',
    run: async (call) => {
      const conversation = await call.conversation('conversations');
      const change = { op: newOperation(), conversation, members: call.args.client_ids };
      const failed = refuseIfNone(await call.run('conversation.add', change));
      return { ...(await updated(call, conversation)), ...(failed.length === 0 ? {} : { failed }) };
    },
  }),
  endpoint('delete', members, {
    summary: 'remove members',
    input: clients,
    differs: 'who could not be removed is listed in `failed`',
    run: async (call) => {
      const conversation = await call.conversation('conversations');
      const change = { op: newOperation(), conversation, members: call.args.client_ids };
      const failed = refuseIfNone(await call.run('conversation.remove', change));
      return { ...(await updated(call, conversation)), ...(failed.length === 0 ? {} : { failed }) };
    },
  }),
  endpoint('get', members, {
    summary: 'members',
    input: nothing,
    run: async (call) => {
      const conversation = await call.conversation('conversations');
      return { result: (await membersOf(call, { id: conversation, kind: 'ordinary' })).members };
    },
  }),
  ...(['post', 'delete'] as const).map((method) =>
    endpoint(method, mutes, {
      summary: method === 'post' ? 'no push for these members' : 'push for these members again',
      input: clients,
      run: async (call) => {
        const conversation = await call.conversation('conversations');
        await setMuted(call, conversation, call.args.client_ids, method === 'post');
        return updated(call, conversation);
      },
    }),
  ),
  endpoint('get', mutes, {
    summary: 'members that want no push',
    input: nothing,
    run: async (call) => {
      const conversation = await call.conversation('conversations');
      return { result: (await membersOf(call, { id: conversation, kind: 'ordinary' })).muted };
    },
  }),
];

/** Some of the clients in a chat room. */
export async function sampleOf(call: RestCall, room: ConversationId): Promise<readonly ClientId[]> {
  await call.require(room, 'chatrooms');
  const limit = Math.min(50, call.app.limits.page);
  return (await call.run('room.members', { conversation: room, limit })).clients;
}

/** How many clients are in a chat room. */
export async function onlineIn(call: RestCall, room: ConversationId): Promise<number> {
  await call.require(room, 'chatrooms');
  return (await call.run('room.count', { conversation: room })).online;
}

const rooms: readonly LeanCloudRoute[] = [
  endpoint('get', '/1.2/rtm/chatrooms/:conversation/members', {
    summary: 'a sample of who is in a chat room',
    input: nothing,
    run: async (call) => ({ result: await sampleOf(call, await call.conversation()) }),
  }),
  endpoint('get', '/1.2/rtm/chatrooms/:conversation/members/online-count', {
    summary: 'how many are in a chat room',
    input: nothing,
    run: async (call) => ({ result: await onlineIn(call, await call.conversation()) }),
  }),
];

export const conversationRoutes: readonly LeanCloudRoute[] = [
  ...documents('conversations'),
  ...people,
  ...documents('chatrooms'),
  ...rooms,
  ...documents('service-conversations'),
];
