import { AppError, type Args, type ClientId, type ConversationId, type Result } from '@hongyan/protocol';
import { type Call, bounded, clientOf, type Core } from './core.js';
import type { MissedChange, NotificationStore } from './ports.js';
import { type EntryPayload, stampOf } from './types.js';
import { entryView } from './views.js';

/** Older changes are not told: who was away for longer looks everything up anew. */
const keptMs = 7 * 86_400_000;
/** So many of the changes after the stamp are looked at for one page. */
const mostRead = 2_000;

/** Who tells, and from where on. AppError `unknown_operation`: this engine does not. */
export function missedSince(core: Core, since: number): { store: NotificationStore; since: number } {
  if (core.notifications === undefined)
    throw new AppError('unknown_operation', { detail: 'this store does not tell changes by time' });
  return { store: core.notifications, since: Math.max(since, core.clock() - keptMs) };
}

/** `client.changes`: what happened in my conversations besides messages, while I was in them. */
export async function missedChanges(
  core: Core,
  caller: Call,
  args: Args<'client.changes'>,
): Promise<Result<'client.changes'>> {
  const client = clientOf(caller);
  const { limits } = await core.app(caller);
  const { store, since } = missedSince(core, args.since);
  const limit = bounded(args.limit, limits.page, 100);
  const read = await store.changes(caller.app, client, since, mostRead);
  const heard = heardBy(client, read.items);
  // The next page begins behind a stamp: what has one stamp belongs together.
  let end = Math.min(limit, heard.length);
  while (end > 0 && end < heard.length && stampAt(heard, end) === stampAt(heard, end - 1)) end += 1;
  const entries = heard
    .slice(0, end)
    .flatMap(({ conversation, entry }) => entryView(conversation, entry, undefined, client) ?? []);
  return end < heard.length
    ? { entries, until: stampAt(heard, end - 1), more: true }
    : { entries, until: read.until, more: read.more };
}

const stampAt = (changes: readonly MissedChange[], at: number): number => stampOf(changes[at]!.entry);

/** Those that the client heard, or would have heard: while it was in, and what concerns itself. */
export function heardBy(client: ClientId, changes: readonly MissedChange[]): MissedChange[] {
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
