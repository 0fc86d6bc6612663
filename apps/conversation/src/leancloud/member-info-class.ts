import { memberInfoPlace, memberInfoRow, memberInfosBefore, type MemberInfoRow } from '@hongyan/leancloud';
import type { ConversationId, ConversationView, JsonObject, MemberView } from '@hongyan/protocol';
import { z } from 'zod';
import { flag, jsonObject, limit, skip } from './inputs.js';
import { eachConversation, eachMember } from './pages.js';
import { conversationIdOf, type RestCall } from './rest-call.js';
import { RestRefusal } from './rest-refusal.js';
import { endpoint, type LeanCloudRoute } from './route.js';

/** Roles as a class, read by the app's server: what a pull of the whole app asks. Conversations are gone through by id. */

const path = '/1.1/classes/_ConversationMemberInfo';
const differs = 'managers, and owners who are not the creator `c`; by `cid` and `objectId` only';

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
    differs: `${differs}; apps too large to go through in a call get 4300: scan`,
    run: async (call) => {
      const { limit: most, skip: passed, count } = call.args;
      const until = call.door.now() + budgetMs;
      const where = whereOf(call.args.where);
      const results: MemberInfoRow[] = [];
      let seen = 0;
      for await (const conversation of conversationsOf(call, where)) {
        if (call.door.now() > until) throw new RestRefusal(400, 4300, 'Too many conversations for one call.');
        for (const row of await rowsIn(call, conversation, where.after)) {
          if (seen >= passed && results.length < most) results.push(row);
          seen += 1;
        }
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
    differs: `${differs}; in a large app a page may be short, or empty, and lead on`,
    run: async (call) => {
      const given = whereOf(call.args.where);
      const where = { ...given, after: call.args.cursor ?? given.after };
      const most = Math.max(1, call.args.limit);
      const until = call.door.now() + budgetMs;
      const results: MemberInfoRow[] = [];
      let looked = false;
      for await (const conversation of conversationsOf(call, where)) {
        if (looked && call.door.now() > until) return { results, cursor: memberInfosBefore(conversation.id) };
        results.push(...(await rowsIn(call, conversation, where.after)));
        if (results.length >= most)
          return { results: results.slice(0, most), cursor: results[most - 1]!.objectId };
        looked = true;
      }
      return { results };
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

/** How long one call may go through conversations. */
const budgetMs = 12_000;
/** Members with a role that are read at once: most conversations have fewer. */
const perRead = 10;

/** Conversations that may have rows, in the order of their ids, which is that of the rows. */
async function* conversationsOf(
  call: RestCall,
  { conversation, after }: Where,
): AsyncGenerator<ConversationView> {
  if (conversation !== undefined) {
    yield (await call.run('conversation.get', { conversation })).conversation;
    return;
  }
  const from = after === undefined ? undefined : memberInfoPlace(after)?.conversation;
  const where = { kind: 'ordinary', ...(from === undefined ? {} : { id: { $gte: from } }) };
  for await (const found of eachConversation(call, where, 'id')) yield found.conversation;
}

/** In the order of client ids. */
async function rowsIn(
  call: RestCall,
  { id, creator }: ConversationView,
  after: string | undefined,
): Promise<MemberInfoRow[]> {
  const members: MemberView[] = [];
  // The higher roles come first.
  for await (const member of eachMember(call, id, { perPage: perRead })) {
    if (member.role === 'member') break;
    members.push(member);
  }
  return members
    .filter(({ client, role }) => role !== 'owner' || client !== creator)
    .map(({ client, role }) => memberInfoRow(id, client, role))
    .filter(({ objectId }) => after === undefined || objectId > after)
    .sort((a, b) => (a.objectId < b.objectId ? -1 : 1));
}
