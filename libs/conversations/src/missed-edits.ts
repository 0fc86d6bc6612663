import type { App } from '@hongyan/apps';
import type { Args, Result } from '@hongyan/protocol';
import { type Call, bounded, clientOf, type Core } from './core.js';
import { missedSince } from './missed-changes.js';
import type { MissedEdit } from './ports.js';
import { firstReadable } from './read-history.js';
import { entryView } from './views.js';

/** `client.edits`: edits and recalls of messages that my history shows, the last of each message. */
export async function missedEdits(
  core: Core,
  caller: Call,
  args: Args<'client.edits'>,
): Promise<Result<'client.edits'>> {
  const client = clientOf(caller);
  const app = await core.app(caller);
  const { store, since } = missedSince(core, args.since);
  const limit = bounded(args.limit, app.limits.page, 100);
  const { items, until, more } = await store.edits(caller.app, client, since, limit);
  const now = core.clock();
  const entries = items
    .filter((edit) => isLast(edit) && isShown(app, edit, now))
    .flatMap(({ conversation, entry, target }) => entryView(conversation, entry, target, client) ?? []);
  return { entries, until, more };
}

/** What a later edit or recall replaced is told with that one. */
const isLast = ({ entry, target }: MissedEdit): boolean =>
  entry.payload.kind === 'recall' || (target.recalled !== true && target.editedSeq === entry.seq);

/** As in the history of messages. */
function isShown(app: App, { conversation, head, target, own }: MissedEdit, now: number): boolean {
  const { kind, expiresAt = Infinity } = conversation;
  if (expiresAt <= now) return false;
  if (kind === 'system' && own.role === 'guest' && target.payload.everyone !== true) return false;
  if ((kind === 'system' || kind === 'thread') && (target.payload.expiresAt ?? Infinity) <= now) return false;
  return target.seq > firstReadable(app, conversation, head, own);
}
