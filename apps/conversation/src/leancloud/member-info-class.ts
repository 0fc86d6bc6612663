import { memberInfoPlace, memberInfoRow, type MemberInfoRow } from '@hongyan/leancloud';
import type { ConversationId, ConversationView, JsonObject, MemberView } from '@hongyan/protocol';
import { z } from 'zod';
import { flag, jsonObject, limit, skip } from './inputs.js';
import { eachConversation, eachMember } from './pages.js';
import { conversationIdOf, type RestCall } from './rest-call.js';
import { RestRefusal } from './rest-refusal.js';
import { endpoint, type LeanCloudRoute } from './route.js';

/** Roles as a class, read by the app's server: what a pull of the whole app asks. Conversations are gone through by id. */

const path = '/1.1/classes/_ConversationMemberInfo';
const differs =
  'managers, and owners who are not the creator `c`; by `cid` and `objectId` only; apps too large to go through in a call get 4300: ask conversation by conversation';

export const memberInfoClassRoutes: readonly LeanCloudRoute[] = [
  endpoint('get', path, {
    summary: 'roles in all conversations, or (`where`) in one; `count=1` counts them',
    context: 'class',
    input: z.object({
      where: jsonObject.optional(),
      limit: limit(1000, 100),
      skip,
      count: flag.optional(),
    }),
    differs,
    run: async (call) => {
      const { limit: most, skip: passed, count } = call.args;
      const results: MemberInfoRow[] = [];
      let seen = 0;
      for await (const row of rowsOf(call, whereOf(call.args.where))) {
        if (seen >= passed && results.length < most) results.push(row);
        seen += 1;
        if (!count && results.length >= most) break;
      }
      return { results, ...(count ? { count: seen } : {}) };
    },
  }),
  endpoint('get', '/1.1/scan/classes/_ConversationMemberInfo', {
    summary: 'roles in all conversations, in pages',
    context: 'class',
    input: z.object({
      where: jsonObject.optional(),
      limit: limit(1000, 100),
      cursor: z.string().max(200).optional(),
    }),
    differs,
    run: async (call) => {
      const where = whereOf(call.args.where);
      const most = Math.max(1, call.args.limit);
      const results: MemberInfoRow[] = [];
      for await (const row of rowsOf(call, { ...where, after: call.args.cursor ?? where.after })) {
        results.push(row);
        if (results.length >= most) break;
      }
      const last = results.at(-1);
      return { results, ...(results.length < most ? {} : { cursor: last!.objectId }) };
    },
  }),
];

interface Where {
  readonly conversation?: ConversationId | undefined;
  /** Rows behind this object id. */
  readonly after?: string | undefined;
}

/** Rows have no times: whoever asks for those that changed since some time gets them all. */
function whereOf(given: JsonObject = {}): Where {
  const { cid, objectId } = given;
  const after = typeof objectId === 'object' ? (objectId as { $gt?: unknown } | null)?.$gt : undefined;
  return {
    ...(typeof cid === 'string' ? { conversation: conversationIdOf(cid) } : {}),
    ...(typeof after === 'string' ? { after } : {}),
  };
}

const budgetMs = 12_000;

/** Rows in the order of conversation ids, within a conversation in that of client ids. */
async function* rowsOf(call: RestCall, { conversation, after }: Where): AsyncGenerator<MemberInfoRow> {
  const until = call.door.now() + budgetMs;
  if (conversation !== undefined) {
    const { conversation: found } = await call.run('conversation.get', { conversation });
    yield* rowsIn(call, found, after);
    return;
  }
  const from = after === undefined ? undefined : memberInfoPlace(after)?.conversation;
  const where = { kind: 'ordinary', ...(from === undefined ? {} : { id: { $gte: from } }) };
  for await (const { conversation: found } of eachConversation(call, where, 'id')) {
    if (call.door.now() > until) throw new RestRefusal(400, 4300, 'Too many conversations for one call.');
    yield* rowsIn(call, found, after);
  }
}

async function* rowsIn(
  call: RestCall,
  { id, creator }: ConversationView,
  after: string | undefined,
): AsyncGenerator<MemberInfoRow> {
  const members: MemberView[] = [];
  // The higher roles come first.
  for await (const member of eachMember(call, id)) {
    if (member.role === 'member') break;
    members.push(member);
  }
  yield* members
    .filter(({ client, role }) => role !== 'owner' || client !== creator)
    .map(({ client, role }) => memberInfoRow(id, client, role))
    .filter(({ objectId }) => after === undefined || objectId > after)
    .sort((a, b) => (a.objectId < b.objectId ? -1 : 1));
}
