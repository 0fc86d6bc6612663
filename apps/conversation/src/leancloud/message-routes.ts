import { z } from 'zod';
import { historyInput, historyOf, signedReader } from './history-page.js';
import { clientIds, content } from './inputs.js';
import type { Family, RestCall } from './rest-call.js';
import { endpoint, type LeanCloudRoute } from './route.js';
import { copiesOf, edit, messageAt, placeInput, recall, remove, send, sendInput } from './send-message.js';

const told = 'clients are told, also those that have the message';

const changeInput = placeInput.extend({ message: content });
const toClients = { to_clients: clientIds(20).optional() };

/** The message of the path, and its copies where it went to several clients. */
async function targets(
  call: RestCall<
    z.output<typeof placeInput> & { readonly to_clients?: z.output<typeof toClients.to_clients> }
  >,
  family: Family,
) {
  const found = await messageAt(call, await call.conversation(family), call.message(), call.args);
  const { to_clients: clients } = call.args;
  return clients === undefined ? [found] : copiesOf(call, found, clients);
}

function messages(family: 'conversations' | 'chatrooms'): LeanCloudRoute[] {
  const path = `/1.2/rtm/${family}/:conversation/messages`;
  const one = `${path}/:message`;
  return [
    endpoint('post', path, {
      summary: 'send a message in a client’s name',
      context: 'send',
      input: sendInput,
      ...(family === 'chatrooms'
        ? { differs: 'devices of the sender that are in the room get the message' }
        : {}),
      run: async (call) => send(call, await call.conversation(family), call.args),
    }),
    endpoint('get', path, {
      summary: 'history of the conversation',
      context: 'logs',
      access: 'signed',
      input: historyInput,
      run: async (call) => {
        const conversation = await call.conversation();
        const reader = signedReader(call, call.args, conversation); // first: the app key alone learns no kind
        await call.require(conversation, family);
        const kind = await call.kindOf(conversation);
        return historyOf(call, call.args, {
          conversation,
          kind,
          ...(reader === undefined ? {} : { reader }),
        });
      },
    }),
    endpoint('put', one, {
      summary: 'edit a message',
      context: 'patch',
      input: changeInput,
      run: async (call) => {
        for (const target of await targets(call, family)) await edit(call, target, call.args.message);
        return {};
      },
    }),
    endpoint('put', `${one}/recall`, {
      summary: 'recall a message',
      context: 'patch',
      input: placeInput,
      run: async (call) => {
        for (const target of await targets(call, family)) await recall(call, target);
        return {};
      },
    }),
    endpoint('delete', one, {
      summary: 'remove a message from history',
      context: 'patch',
      input: placeInput,
      run: async (call) => {
        for (const target of await targets(call, family)) await remove(call, target);
        return {};
      },
    }),
  ];
}

const service = '/1.2/rtm/service-conversations/:conversation';

const serviceMessages: readonly LeanCloudRoute[] = [
  endpoint('post', `${service}/broadcasts`, {
    summary: 'send to all subscribers',
    context: 'send',
    input: sendInput.omit({ push_data: true, no_sync: true }).extend({ push: sendInput.shape.push_data }),
    run: async (call) => {
      const { push, ...given } = call.args;
      return send(call, await call.conversation('service-conversations'), {
        ...given,
        ...(push === undefined ? {} : { push_data: push }),
      });
    },
  }),
  endpoint('post', `${service}/messages`, {
    summary: 'send to some clients, subscribed or not',
    context: 'send',
    input: sendInput.extend({ to_clients: clientIds(20) }),
    run: async (call) => send(call, await call.conversation('service-conversations'), call.args),
  }),
  endpoint('put', `${service}/messages/:message`, {
    summary: 'edit a broadcast, a message to subscribers, or (`to_clients`) one to some clients',
    context: 'patch',
    input: changeInput.extend(toClients),
    differs: told,
    run: async (call) => {
      for (const target of await targets(call, 'service-conversations'))
        await edit(call, target, call.args.message);
      return {};
    },
  }),
  endpoint('put', `${service}/messages/:message/recall`, {
    summary: 'recall a broadcast, a message to subscribers, or (`to_clients`) one to some clients',
    context: 'patch',
    input: placeInput.extend(toClients),
    differs: told,
    run: async (call) => {
      for (const target of await targets(call, 'service-conversations')) await recall(call, target);
      return {};
    },
  }),
  endpoint('get', `${service}/subscribers/:client/messages`, {
    summary: 'history of the service with one client',
    context: 'logs',
    input: historyInput,
    run: async (call) => {
      const conversation = await call.conversation('service-conversations');
      return historyOf(call, call.args, { conversation, kind: 'system', thread: call.client() });
    },
  }),
  endpoint('delete', `${service}/subscribers/:client/messages/:message`, {
    summary: 'remove a message from the history with one client',
    context: 'patch',
    input: placeInput,
    run: async (call) => {
      const conversation = await call.conversation('service-conversations');
      const found = await messageAt(call, conversation, call.message(), call.args);
      for (const copy of await copiesOf(call, found, [call.client()])) await remove(call, copy);
      return {};
    },
  }),
];

export const messageRoutes: readonly LeanCloudRoute[] = [
  ...messages('conversations'),
  ...messages('chatrooms'),
  ...serviceMessages,
];
