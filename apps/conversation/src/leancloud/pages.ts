import type {
  ClientId,
  ConversationId,
  ConversationView,
  JsonObject,
  MemberView,
  QueriedConversation,
} from '@hongyan/protocol';
import { z } from 'zod';
import { limit } from './inputs.js';
import type { RestCall } from './rest-call.js';

/** All members, and who of them wants no push; rooms and services list none. */
export async function membersOf(
  call: RestCall,
  { id, kind }: { readonly id: ConversationId; readonly kind: ConversationView['kind'] },
): Promise<{ members: ClientId[]; muted: ClientId[] }> {
  const members: ClientId[] = [];
  const muted: ClientId[] = [];
  if (kind === 'room' || kind === 'system') return { members, muted };
  for await (const member of eachMember(call, id)) {
    members.push(member.client);
    if (member.muted) muted.push(member.client);
  }
  return { members, muted };
}

export async function* eachMember(
  call: RestCall,
  conversation: ConversationId,
  {
    role,
    perPage = call.app.limits.page,
  }: { readonly role?: MemberView['role']; readonly perPage?: number } = {},
): AsyncGenerator<MemberView> {
  let cursor: string | undefined;
  do {
    const page = await call.run('conversation.members', {
      conversation,
      limit: Math.min(perPage, call.app.limits.page),
      ...(role === undefined ? {} : { role }),
      ...(cursor === undefined ? {} : { cursor }),
    });
    yield* page.items;
    cursor = page.cursor;
  } while (cursor !== undefined);
}

/** Conversations that a filter finds, in its order, `most` at most; with their members on pages for which `withMembers` says so. */
export async function* eachConversation(
  call: RestCall,
  where: JsonObject | undefined,
  sort: string,
  {
    most = Infinity,
    withMembers = () => false,
  }: { readonly most?: number; readonly withMembers?: (page: number) => boolean } = {},
): AsyncGenerator<QueriedConversation> {
  let left = most;
  let cursor: string | undefined;
  do {
    const limit = Math.max(1, Math.min(call.app.limits.page, left));
    const page = await call.run('conversation.query', {
      ...(where === undefined ? {} : { where }),
      sort,
      members: withMembers(limit),
      limit,
      ...(cursor === undefined ? {} : { cursor }),
    });
    yield* page.items;
    left -= page.items.length;
    cursor = page.cursor;
  } while (cursor !== undefined && left > 0);
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
