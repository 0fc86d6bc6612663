import { iso } from '@hongyan/leancloud';
import { AppError, type QueriedConversation } from '@hongyan/protocol';
import { z } from 'zod';
import { changeColumns, createFromColumns, kindIn } from './conversation-changes.js';
import { filterOf, findRows, nothingToChange, queryInput, rowOf, updated } from './conversation-rows.js';
import { flag, jsonObject, limit } from './inputs.js';
import { inTurns } from './pages.js';
import { conversationIdOf, type RestCall } from './rest-call.js';
import { endpoint, type LeanCloudRoute } from './route.js';

const path = '/1.1/classes/_Conversation';
const mostDeleted = 100;
const columns = z.looseObject({ fetchWhenSave: flag.optional() });

/** A conversation as a row of its class, which is how the storage SDKs see it. Clients are told what changes. */
export const classRoutes: readonly LeanCloudRoute[] = [
  endpoint('post', path, {
    summary: 'create a conversation of any kind (`tr`, `sys`)',
    context: 'class',
    status: 201,
    input: columns,
    run: async (call) => {
      const { conversation } = await createFromColumns(call, call.parts.body, kindIn(call.parts.body));
      const row = call.args.fetchWhenSave ? await rowOf(call, { conversation }) : {};
      return { ...row, objectId: conversation.id, createdAt: iso(conversation.createdAt) };
    },
  }),
  endpoint('get', path, {
    summary: 'find conversations; `count=1` counts them, up to 100,000',
    context: 'class',
    input: queryInput,
    run: (call) => findRows(call),
  }),
  endpoint('get', '/1.1/scan/classes/_Conversation', {
    summary: 'all conversations, in pages',
    context: 'class',
    input: z.object({
      where: jsonObject.optional(),
      limit: limit(1000, 100),
      cursor: z.string().max(4096).optional(),
    }),
    differs: 'a cursor does not end after ten minutes',
    run: (call) => scan(call),
  }),
  endpoint('get', `${path}/:conversation`, {
    summary: 'one conversation',
    context: 'class',
    input: z.object({}),
    run: async (call) => {
      const conversation = await call.conversation();
      return rowOf(call, await call.run('conversation.get', { conversation }));
    },
  }),
  endpoint('put', `${path}/:conversation`, {
    summary: 'change columns; `m` and `mu` by `AddUnique` and `Remove`',
    context: 'class',
    input: columns,
    differs: 'clients are told of members that come and go',
    run: async (call) => {
      nothingToChange(call.parts.body);
      const conversation = await call.conversation();
      const { conversation: before } = await call.run('conversation.get', { conversation });
      await changeColumns(call, before, call.parts.body);
      if (!call.args.fetchWhenSave) return updated(call, conversation);
      return rowOf(call, await call.run('conversation.get', { conversation }));
    },
  }),
  endpoint('delete', `${path}/:conversation`, {
    summary: 'delete a conversation, or up to 100 whose ids are separated by commas',
    context: 'class',
    input: z.object({}),
    run: async (call) => {
      const ids = (call.parts.params['conversation'] ?? '').split(',');
      if (ids.length > mostDeleted)
        throw new AppError('bad_request', { detail: `at most ${mostDeleted} ids` });
      for (const id of ids)
        await call.run('conversation.delete', { op: call.parts.op, conversation: conversationIdOf(id) });
      return {};
    },
  }),
];

interface Scan {
  readonly where?: z.output<typeof jsonObject> | undefined;
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/** `{results, cursor?}`, by id. */
async function scan(call: RestCall<Scan>): Promise<object> {
  const where = filterOf(call.args.where, undefined);
  const found: QueriedConversation[] = [];
  let { cursor } = call.args;
  do {
    const page = await call.run('conversation.query', {
      ...(where === undefined ? {} : { where }),
      sort: 'id',
      members: true,
      limit: Math.max(1, Math.min(call.app.limits.page, call.args.limit - found.length)),
      ...(cursor === undefined ? {} : { cursor }),
    });
    found.push(...page.items);
    cursor = page.cursor;
  } while (cursor !== undefined && found.length < call.args.limit);
  const results = await inTurns(found, (one) => rowOf(call, one));
  return { results, ...(cursor === undefined ? {} : { cursor }) };
}
