import type { SessionCommand } from '@hongyan/leancloud';
import type { ConversationId, EntryView } from '@hongyan/protocol';
import type { Calls } from './calls.js';
import type { LeanCloudSession } from './leancloud-session.js';
import { patch, type Patch } from './pushed-event.js';

/** What a client is told of edits and recalls after its login. */
export interface MissedEdits {
  readonly pushes: readonly Buffer[];
  /** Where others' messages were recalled: they may have been unread, and told of as such. */
  readonly recalledIn: ReadonlySet<ConversationId>;
  /**
   * What the client is to keep as the time of the last change until it hears a later one: everything up to here was
   * told to its earlier sessions. Not before all of `pushes` came through.
   */
  readonly knownUntil: number;
  /** Everything up to here has been committed, and is in `pushes` if the client has missed it. */
  readonly readUntil: number;
}

/** More than this and they are looked up in history: the eldest are told. */
const mostEntries = 1_000;
/** No change is on its way for longer: what was committed at a time has a stamp that is at most this much before it. */
const longestCommitMs = 60_000;

/**
 * Edits and recalls since the last that the client has heard of. Their stamps have the order of the commits, and that of
 * the pushes: since the last one nothing is left out and nothing comes twice. To be called when the session is told
 * what happens live. Throws AppError.
 */
export async function missedEdits(
  calls: Calls,
  session: LeanCloudSession,
  { lastPatchTime = 0, r, ua }: SessionCommand,
): Promise<MissedEdits> {
  const now = Date.now();
  // A client of this SDK that was just made sends its own clock: there is nothing that it could have missed.
  const isNew = lastPatchTime <= 0 || (r !== true && ua?.startsWith('js/') === true);
  const { entries, until } = await editsSince(calls, session, isNew ? now : lastPatchTime);
  const readUntil = Math.max(until, now - longestCommitMs);
  const missed = isNew ? [] : session.told.withoutTail(entries).filter(isPatch);
  // What is told live from now on is among the entries, too.
  const knownUntil = entries.length === 0 ? readUntil : isNew ? now : lastPatchTime;
  const recalled = missed.filter(({ kind, message }) => kind === 'recall' && message.from !== session.client);
  const recalledIn = new Set(recalled.map(({ message }) => message.conversation));
  return { pushes: missed.map(patch), recalledIn, knownUntil, readUntil };
}

/** What is said when nothing could be read: the client asks from where it was. */
export function nothingRead({ lastPatchTime = 0, r }: SessionCommand): MissedEdits {
  const since = Date.now() - longestCommitMs;
  const knownUntil = r === true && lastPatchTime > 0 ? Math.min(lastPatchTime, since) : since;
  return { pushes: [], recalledIn: new Set(), knownUntil, readUntil: knownUntil };
}

async function editsSince(calls: Calls, session: LeanCloudSession, since: number) {
  const limit = calls.pageOf(session);
  const entries: EntryView[] = [];
  let until = since;
  for (let more = true; more && entries.length < mostEntries;) {
    const page = await calls.run(session, 'client.edits', { since: until, limit });
    entries.push(...page.entries);
    ({ until, more } = page);
  }
  return { entries, until };
}

const isPatch = (entry: EntryView): entry is Patch => entry.kind === 'edit' || entry.kind === 'recall';
