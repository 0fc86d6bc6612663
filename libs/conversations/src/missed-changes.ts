import { AppError, type Args, type ClientId, type ConversationId, type Result } from '@hongyan/protocol';
import { type Call, bounded, clientOf, type Core } from './core.js';
import type { NotificationStore } from './ports.js';
import type { EntryPayload } from './types.js';
import { entryView } from './views.js';

/** Older changes are not told: who was away for longer looks everything up anew. */
const keptMs = 7 * 86_400_000;
/** So many of the changes after the time are looked at for one page. */
const mostRead = 2_000;

type Change = Awaited<ReturnType<NotificationStore['since']>>[number];

/** `client.changes`: what happened in my conversations besides messages, while I was in them. */
export async function missedChanges(
  core: Core,
  caller: Call,
  args: Args<'client.changes'>,
): Promise<Result<'client.changes'>> {
  const client = clientOf(caller);
  const { limits } = await core.app(caller);
  if (core.notifications === undefined)
    throw new AppError('unknown_operation', { detail: 'this store does not tell changes by time' });
  const limit = bounded(args.limit, limits.page, 100);
  const since = Math.max(args.since, core.clock() - keptMs);
  const read = await core.notifications.since(caller.app, client, since, mostRead);
  const heard = heardBy(client, read);
  // The next page begins behind a time: what happened at one time belongs together.
  let end = Math.min(limit, heard.length);
  while (end > 0 && end < heard.length && heard[end]?.entry.time === heard[end - 1]?.entry.time) end += 1;
  const entries = heard
    .slice(0, end)
    .flatMap(({ conversation, entry }) => entryView(conversation, entry, undefined, client) ?? []);
  return { entries, more: end < heard.length };
}

/** Those that the client heard, or would have heard: while it was in, and what concerns itself. */
export function heardBy(client: ClientId, changes: readonly Change[]): Change[] {
  const inside = new Map<ConversationId, boolean>();
  for (const { conversation, entry } of changes) {
    const moved = movementOf(client, entry.payload);
    if (moved !== undefined && !inside.has(conversation.id)) inside.set(conversation.id, moved === 'out');
  }
  return changes.filter(({ conversation: { id }, entry, own }) => {
    const moved = movementOf(client, entry.payload);
    const isIn = inside.get(id) ?? (own !== undefined && own.joinedSeq <= entry.seq);
    if (moved !== undefined) inside.set(id, moved === 'in');
    return isIn || moved !== undefined || concerns(client, entry.payload);
  });
}

function movementOf(client: ClientId, payload: EntryPayload): 'in' | 'out' | undefined {
  switch (payload.kind) {
    case 'created':
      return payload.members.some((member) => member.client === client) ? 'in' : undefined;
    case 'added':
      return payload.members.includes(client) ? 'in' : undefined;
    case 'joined':
      return payload.member === client ? 'in' : undefined;
    case 'left':
      return payload.member === client ? 'out' : undefined;
    case 'removed':
      return payload.members.includes(client) ? 'out' : undefined;
    case 'blocked':
      return payload.removed.includes(client) ? 'out' : undefined;
    default:
      return undefined;
  }
}

const concerns = (client: ClientId, payload: EntryPayload): boolean =>
  (payload.kind === 'blocked' || payload.kind === 'unblocked') && payload.members.includes(client);
