import { conversationRow, iso, nativeSort, nativeWhere } from '@hongyan/leancloud';
import {
  AppError,
  type ConversationId,
  type ConversationView,
  type Json,
  type JsonObject,
  type QueriedConversation,
} from '@hongyan/protocol';
import { z } from 'zod';
import { flag, jsonObject, limit, skip } from './inputs.js';
import { eachConversation, inTurns, membersOf } from './pages.js';
import type { RestCall } from './rest-call.js';

type Row = Record<string, Json>;

/** A conversation as the class `_Conversation` has it; its members are looked up where a query did not tell them. */
export async function rowOf(
  call: RestCall,
  { conversation, members: told, muted: toldMuted = [] }: QueriedConversation,
): Promise<Row> {
  const { members, muted } =
    told === undefined ? await membersOf(call, conversation) : { members: told, muted: toldMuted };
  // What the query of a client adds about that client.
  const {
    conv_type: _type,
    muted: _muted,
    joined: _joined,
    ...row
  } = conversationRow({ conversation, members, muted }, call.door.now());
  if (conversation.kind === 'room' || conversation.kind === 'system') {
    delete row['m'];
    delete row['mu'];
  }
  return row;
}

/** `{objectId, updatedAt}`: what changes answer. */
export async function updated(call: RestCall, conversation: ConversationId): Promise<Row> {
  const { updatedAt } = (await call.run('conversation.get', { conversation })).conversation;
  return { objectId: conversation, updatedAt: iso(updatedAt) };
}

const most = 1000;
/** A count goes through what it counts. */
const mostCounted = 100_000;

export const queryInput = z.object({
  where: jsonObject.optional(),
  limit: limit(most, 100),
  skip,
  order: z.string().max(200).optional(),
  keys: z.string().max(2000).optional(),
  count: flag.optional(),
});

type Query = z.output<typeof queryInput>;

/** `{results, count?}`: conversations by filter. `kind`: only such. */
export async function findRows(
  call: RestCall<Query>,
  kind?: ConversationView['kind'],
): Promise<{ results: Row[]; count?: number }> {
  const { limit: wanted, skip: passed, order, keys, count } = call.args;
  const where = filterOf(call.args.where, kind);
  const found: QueriedConversation[] = [];
  let seen = 0;
  const pages = {
    most: count ? mostCounted : passed + wanted,
    withMembers: (page: number) => seen + page > passed && found.length < wanted,
  };
  for await (const one of eachConversation(call, where, sortOf(order), pages)) {
    if (seen >= passed && found.length < wanted) found.push(one);
    seen += 1;
    if (count ? seen >= mostCounted : found.length >= wanted) break;
  }
  const rows = await inTurns(found, (one) => rowOf(call, one));
  return { results: rows.map((row) => withKeys(row, keys)), ...(count ? { count: seen } : {}) };
}

export function filterOf(
  given: JsonObject | undefined,
  kind: ConversationView['kind'] | undefined,
): JsonObject | undefined {
  const own = given === undefined || Object.keys(given).length === 0 ? undefined : nativeWhere(given);
  if (kind === undefined) return own;
  return own === undefined ? { kind } : { $and: [{ kind }, own] };
}

const sortOf = (order: string | undefined): string =>
  order === undefined || order.trim() === '' ? '-createdAt' : nativeSort(order);

function withKeys(row: Row, keys: string | undefined): Row {
  if (keys === undefined || keys.trim() === '') return row;
  const asked = keys.split(',').map((key) => key.trim().split('.')[0]!);
  const named = new Set(asked.filter((key) => !key.startsWith('-')));
  const without = new Set(asked.filter((key) => key.startsWith('-')).map((key) => key.slice(1)));
  const always = new Set(['objectId', 'createdAt', 'updatedAt']);
  return Object.fromEntries(
    Object.entries(row).filter(
      ([key]) => always.has(key) || (!without.has(key) && (named.size === 0 || named.has(key))),
    ),
  );
}

export function nothingToChange(columns: object): void {
  if (Object.keys(columns).length === 0) throw new AppError('bad_request', { detail: 'nothing to update' });
}
