import type { ClientId, ConversationId, ConversationView, JsonObject, MemberView } from '@hongyan/protocol';
import { z } from 'zod';
import { limit } from './inputs.js';
import type { RestCall } from './rest-call.js';

/** All members; rooms and services list none. */
export async function membersOf(
  call: RestCall,
  { id, kind }: { readonly id: ConversationId; readonly kind: ConversationView['kind'] },
): Promise<ClientId[]> {
  if (kind === 'room' || kind === 'system') return [];
  const members: ClientId[] = [];
  for await (const { client } of eachMember(call, id)) members.push(client);
  return members;
}

export async function* eachMember(
  call: RestCall,
  conversation: ConversationId,
  role?: MemberView['role'],
): AsyncGenerator<MemberView> {
  let cursor: string | undefined;
  do {
    const page = await call.run('conversation.members', {
      conversation,
      limit: call.app.limits.page,
      ...(role === undefined ? {} : { role }),
      ...(cursor === undefined ? {} : { cursor }),
    });
    yield* page.items;
    cursor = page.cursor;
  } while (cursor !== undefined);
}

/** Conversations that a filter finds, in its order. */
export async function* eachConversation(
  call: RestCall,
  where: JsonObject | undefined,
  sort: string,
): AsyncGenerator<ConversationView> {
  let cursor: string | undefined;
  do {
    const page = await call.run('conversation.query', {
      ...(where === undefined ? {} : { where }),
      sort,
      limit: call.app.limits.page,
      ...(cursor === undefined ? {} : { cursor }),
    });
    for (const { conversation } of page.items) yield conversation;
    cursor = page.cursor;
  } while (cursor !== undefined);
}

/** What endpoints that list ids take. */
export const listed = z.object({ limit: limit(1000, 10), next: z.string().max(4096).optional() });

/** So many ids as are asked for, from as many pages as that takes. `next` is empty on the last one. */
export async function pageOfIds(
  { limit: wanted, next }: z.output<typeof listed>,
  read: (
    cursor: string | undefined,
    limit: number,
  ) => Promise<{ readonly ids: readonly string[]; readonly cursor: string | undefined }>,
): Promise<{ ids: string[]; next: string }> {
  const ids: string[] = [];
  let cursor = next === '' ? undefined : next;
  do {
    const page = await read(cursor, Math.max(1, wanted - ids.length));
    ids.push(...page.ids);
    cursor = page.cursor;
  } while (cursor !== undefined && ids.length < wanted);
  return { ids, next: cursor ?? '' };
}

/** `action` for each, a few at a time: a long list must not take the store for itself. */
export async function inTurns<T, R>(items: readonly T[], action: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let i = 0; i < items.length; i += atATime)
    results.push(...(await Promise.all(items.slice(i, i + atATime).map(action))));
  return results;
}

const atATime = 20;
