import { LeanCloudError, memberInfoPlace, memberInfoRow } from '@hongyan/leancloud';
import type { ConversationId, Role } from '@hongyan/protocol';
import { z } from 'zod';
import { refuseIfNone } from './conversation-changes.js';
import { updated } from './conversation-rows.js';
import { clientId, clientIds, count, limit, skip } from './inputs.js';
import { eachMember, listed, pageOfIds } from './pages.js';
import { newOperation, type Family, type RestCall } from './rest-call.js';
import { endpoint, type LeanCloudRoute } from './route.js';

const clients = z.object({ client_ids: clientIds(500) });
const unlessDone = (done: string): string => `who could not be ${done} is listed in \`failed\``;

/** Silences for a time and until lifted. */
function silences(family: Family): LeanCloudRoute[] {
  const temporary = `/1.2/rtm/${family}/:conversation/temporary-silenceds`;
  const permanent = `/1.2/rtm/${family}/:conversation/permanent-silenceds`;
  return [
    endpoint('post', temporary, {
      summary: 'silence a client for a time',
      context: 'silence',
      input: z.object({
        client_id: clientId,
        ttl: count(86_400).refine((ttl) => ttl > 0, 'at least a second'),
      }),
      run: async (call) =>
        silenceFor(call, await call.conversation(family), call.args.client_id, call.args.ttl),
    }),
    endpoint('delete', temporary, {
      summary: 'let it speak again',
      context: 'silence',
      input: z.object({ client_id: clientId }),
      run: async (call) => unsilence(call, await call.conversation(family), [call.args.client_id]),
    }),
    endpoint('post', permanent, {
      summary: 'silence clients until lifted',
      context: 'silence',
      input: clients,
      differs: unlessDone('silenced'),
      run: async (call) => {
        const conversation = await call.conversation(family);
        const change = { op: newOperation(), conversation, members: call.args.client_ids };
        return failedOf(refuseIfNone(await call.run('conversation.silence', change)));
      },
    }),
    endpoint('delete', permanent, {
      summary: 'let them speak again',
      context: 'silence',
      input: clients,
      run: async (call) => unsilence(call, await call.conversation(family), call.args.client_ids),
    }),
    endpoint('get', permanent, {
      summary: 'who is silenced until lifted',
      input: listed,
      run: async (call) => {
        const conversation = await call.conversation(family);
        const { ids, next } = await pageOfIds(call.args, async (cursor, limited) => {
          const page = await call.run('conversation.silenced', {
            conversation,
            limit: Math.min(limited, call.app.limits.page),
            ...(cursor === undefined ? {} : { cursor }),
          });
          const forGood = page.items.filter(({ until }) => until === undefined);
          return { ids: forGood.map(({ client }) => client), cursor: page.cursor };
        });
        return { client_ids: ids, next };
      },
    }),
  ];
}

export async function silenceFor(
  call: RestCall,
  conversation: ConversationId,
  client: z.output<typeof clientId>,
  seconds: number,
): Promise<object> {
  const change = { op: newOperation(), conversation, members: [client], seconds };
  refuseIfNone(await call.run('conversation.silence', change));
  return {};
}

export async function unsilence(
  call: RestCall,
  conversation: ConversationId,
  members: z.output<typeof clients>['client_ids'],
): Promise<object> {
  const change = { op: newOperation(), conversation, members };
  return failedOf(refuseIfNone(await call.run('conversation.unsilence', change)));
}

function blocks(family: Family): LeanCloudRoute[] {
  const path = `/1.2/rtm/${family}/:conversation/blacklists`;
  return [
    endpoint('post', path, {
      summary: 'block clients: they are removed and cannot come back',
      context: 'block',
      input: clients,
      differs: unlessDone('blocked'),
      run: async (call) => {
        const conversation = await call.conversation(family);
        const change = { op: newOperation(), conversation, members: call.args.client_ids };
        return failedOf(refuseIfNone(await call.run('conversation.block', change)));
      },
    }),
    endpoint('delete', path, {
      summary: 'lift blocks',
      context: 'block',
      input: clients,
      run: async (call) => {
        const conversation = await call.conversation(family);
        const change = { op: newOperation(), conversation, members: call.args.client_ids };
        return failedOf(refuseIfNone(await call.run('conversation.unblock', change)));
      },
    }),
    endpoint('get', path, {
      summary: 'who is blocked',
      input: listed,
      run: async (call) => {
        const conversation = await call.conversation(family);
        const { ids, next } = await pageOfIds(call.args, async (cursor, limited) => {
          const page = await call.run('conversation.blocked', {
            conversation,
            limit: Math.min(limited, call.app.limits.page),
            ...(cursor === undefined ? {} : { cursor }),
          });
          return { ids: page.items.map(({ client }) => client), cursor: page.cursor };
        });
        return { client_ids: ids, next };
      },
    }),
  ];
}

const failedOf = (failed: readonly object[]): object => (failed.length === 0 ? {} : { failed });

const roles: Readonly<Record<string, Role>> = { Owner: 'owner', Manager: 'manager', Member: 'member' };

function roleFrom(name: string): Role {
  const role = Object.hasOwn(roles, name) ? roles[name] : undefined;
  if (role === undefined) throw new LeanCloudError('UNKNOWN_CONVERSATION_ROLE');
  return role;
}

function clientOfInfo(call: RestCall, conversation: ConversationId): z.output<typeof clientId> {
  const place = memberInfoPlace(call.parts.params['info'] ?? '');
  const parsed = clientId.safeParse(place?.client);
  if (place?.conversation !== conversation || !parsed.success)
    throw new LeanCloudError('CONVERSATION_UPDATE_FAILED', 'there is no such member info');
  return parsed.data;
}

const handsOver = '`Owner` hands the conversation over: who owned it is a manager then';

function memberInfos(family: Family): LeanCloudRoute[] {
  const path = `/1.2/rtm/${family}/:conversation/member-infos`;
  const role = z.string().max(32);
  const setRole = async (call: RestCall, member: z.output<typeof clientId>, given: string) => {
    const conversation = await call.conversation(family);
    await call.run('conversation.setRole', {
      op: newOperation(),
      conversation,
      member,
      role: roleFrom(given),
    });
    const { updatedAt } = await updated(call, conversation);
    return { objectId: memberInfoRow(conversation, member, roleFrom(given)).objectId, updatedAt };
  };
  return [
    endpoint('post', path, {
      summary: 'give a member a role',
      differs: handsOver,
      input: z.object({ clientId, role }),
      run: (call) => setRole(call, call.args.clientId, call.args.role),
    }),
    endpoint('put', `${path}/:info`, {
      summary: 'change the role of a member',
      differs: handsOver,
      input: z.object({ clientId: clientId.optional(), role }),
      run: async (call) => setRole(call, clientOfInfo(call, await call.conversation(family)), call.args.role),
    }),
    endpoint('delete', `${path}/:info`, {
      summary: 'make it a plain member again',
      input: z.object({}),
      run: async (call) => {
        await setRole(call, clientOfInfo(call, await call.conversation(family)), 'Member');
        return {};
      },
    }),
    endpoint('get', path, {
      summary: 'members with a role',
      input: z.object({ limit: limit(1000, 100), skip, role: role.optional() }),
      run: async (call) => {
        const conversation = await call.conversation(family);
        const { skip: passed, limit: wanted } = call.args;
        const asked =
          call.args.role === undefined ? (['owner', 'manager'] as const) : [roleFrom(call.args.role)];
        const results: object[] = [];
        let seen = 0;
        for (const one of asked) {
          for await (const { client, role: is } of eachMember(call, conversation, { role: one })) {
            if (results.length >= wanted) break;
            seen += 1;
            if (seen > passed) results.push(memberInfoRow(conversation, client, is));
          }
        }
        return { results };
      },
    }),
  ];
}

const withSilences = ['conversations', 'chatrooms'] as const;

export const disciplineRoutes: readonly LeanCloudRoute[] = [
  ...withSilences.flatMap((family) => [...silences(family), ...memberInfos(family), ...blocks(family)]),
  ...blocks('service-conversations'),
];
