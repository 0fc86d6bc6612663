import type { ListedConversation, Totals } from '@hongyan/conversations';
import type { ConversationId } from '@hongyan/protocol';
import type { Database } from './database.js';
import { clientKey, conversationKey, decodeCursor, encodeCursor } from './keys.js';
import { listed } from './list-rows.js';
import { addUp, compare, firstOf, isGone, mergeThreads, readNarrowRow } from './narrow-rows.js';
import type { NarrowRow, Position } from './narrow-rows.js';
import { narrowRows } from './remembered-rows.js';
import { systemCode } from './schema.js';

/** MemberStore.list, sync and totals. */

/**
 * A moment of the store: its revision, and the time at which expiry was judged. What changed later has a higher
 * revision, because one writer gives them out and a reader sees all of a transaction or nothing.
 */
interface Moment {
  readonly rev: number;
  readonly time: number;
}

/** Clocks may be set back; what expired this long before a moment is told again. */
const clockSlack = 60_000;

function momentOf(db: Database, now: number): Moment {
  const rev = db.get<{ value: number }>(`SELECT value FROM store WHERE name = 'rev'`)?.value ?? 0;
  return { rev, time: now };
}

const encodeToken = (db: Database, { rev, time }: Moment): string => encodeCursor(db, [rev, time]);

/** Undefined: garbled, of another store, or of a later state of this one than there is (it was restored). */
function decodeToken(db: Database, token: string | undefined): Moment | undefined {
  const [rev, time, ...more] = decodeCursor(db, token) ?? [];
  if (typeof rev !== 'number' || typeof time !== 'number' || more.length > 0) return undefined;
  return rev <= momentOf(db, 0).rev ? { rev, time } : undefined;
}

export interface ListPage {
  readonly limit: number;
  readonly cursor?: string;
  readonly hidden: boolean;
}

type ListPosition = readonly [pinned: boolean, activity: number, conv: number];

const toListPosition = ({ pinned, activity, conv }: Position): ListPosition => [pinned, activity, conv];
const fromListPosition = ([pinned, activity, conv]: ListPosition): Position => ({ pinned, activity, conv });

/** All rows that the client has or had, as a list shows them. */
const rowsOf = (db: Database, client: number | undefined, now: number): readonly NarrowRow[] =>
  client === undefined ? [] : mergeThreads(narrowRows(db, client), now);

export function list(
  db: Database,
  app: string,
  client: string,
  page: ListPage,
  now: number,
): { items: ListedConversation[]; cursor?: string; totals: Totals; token: string } {
  const key = clientKey(db, app, client);
  const rows = rowsOf(db, key, now);
  // The token of all pages is the first one's: a row that moves ahead between two pages is in the next sync.
  const [position, first = momentOf(db, now)] = (decodeCursor(db, page.cursor) ?? []) as [
    ListPosition?,
    Moment?,
  ];
  const after = position === undefined ? undefined : fromListPosition(position);
  const shown = rows.filter(
    (row) =>
      !isGone(row, now) &&
      !row.isOutside &&
      (page.hidden || !row.hidden) &&
      (after === undefined || compare(row, after) > 0),
  );
  const items = firstOf(shown, page.limit);
  const last = items.at(-1);
  return {
    items: key === undefined ? [] : items.map((row) => listed(db, key, row)),
    ...(shown.length > items.length && last !== undefined
      ? { cursor: encodeCursor(db, [toListPosition(last), first]) }
      : {}),
    totals: addUp(rows, now),
    token: encodeToken(db, first),
  };
}

/** See MemberStore.row. */
export function row(
  db: Database,
  app: string,
  client: string,
  conversation: string,
  now: number,
): ListedConversation | undefined {
  const conv = conversationKey(db, app, conversation);
  return conv === undefined ? undefined : rowReader(db, app, client, now)(conv);
}

/** Reads a client's rows of conversations by their keys. */
export function rowReader(
  db: Database,
  app: string,
  client: string,
  now: number,
): (conv: number) => ListedConversation | undefined {
  const key = clientKey(db, app, client);
  if (key === undefined) return () => undefined;
  let all: readonly NarrowRow[] | undefined;
  const narrowRow = (conv: number): NarrowRow | undefined => {
    const kind = db.get<{ kind: number }>('SELECT kind FROM head WHERE conv = ?', conv)?.kind;
    if (kind !== systemCode) return readNarrowRow(db, key, conv);
    // Only a service may have a thread, and clients have few services: look through all rows for it.
    all ??= rowsOf(db, key, now);
    return all.find((one) => one.conv === conv);
  };
  return (conv) => {
    const narrow = narrowRow(conv);
    return narrow === undefined || isGone(narrow, now) ? undefined : listed(db, key, narrow);
  };
}

export interface SyncPage {
  readonly token?: string;
  readonly limit: number;
  readonly cursor?: string;
}

export interface Synced {
  readonly items: ListedConversation[];
  readonly cursor?: string;
  readonly totals: Totals;
  readonly token?: string;
  readonly reset: boolean;
  readonly gone: ConversationId[];
}

/** Pages go by conversation key, which never changes, so that nothing can slip from a later page to an earlier one. */
export function sync(db: Database, app: string, client: string, page: SyncPage, now: number): Synced {
  const key = clientKey(db, app, client);
  const rows = rowsOf(db, key, now);
  const [after, since, first] = syncPosition(db, page, now);
  const changed = rows.filter(
    (row) =>
      row.conv > after &&
      !row.isOutside &&
      (since === undefined ? !isGone(row, now) : isNews(row, since, now)),
  );
  const taken = changed.slice(0, page.limit);
  const last = taken.at(-1);
  const more = changed.length > taken.length && last !== undefined;
  return {
    items:
      key === undefined ? [] : taken.filter((row) => !isGone(row, now)).map((row) => listed(db, key, row)),
    gone: taken.filter((row) => isGone(row, now)).map((row) => conversationId(db, row.conv)),
    totals: addUp(rows, now),
    reset: since === undefined,
    ...(more
      ? { cursor: encodeCursor(db, [last.conv, since ?? null, first]) }
      : { token: encodeToken(db, first) }),
  };
}

type SyncPosition = readonly [after: number, since: Moment | undefined, first: Moment];

function syncPosition(db: Database, page: SyncPage, now: number): SyncPosition {
  const parts = decodeCursor(db, page.cursor) as [number, Moment | null, Moment] | undefined;
  if (parts !== undefined) return [parts[0], parts[1] ?? undefined, parts[2]];
  return [0, decodeToken(db, page.token), momentOf(db, now)];
}

function isNews(row: NarrowRow, since: Moment, now: number): boolean {
  if (row.rev > since.rev) return true;
  return row.expiresAt !== null && row.expiresAt > since.time - clockSlack && isGone(row, now);
}

function conversationId(db: Database, conv: number): ConversationId {
  const row = db.get<{ id: string }>('SELECT id FROM conversation WHERE key = ?', conv);
  if (row === undefined) throw new Error('a member row without its conversation');
  return row.id as ConversationId;
}

export function totals(db: Database, app: string, client: string, now: number): Totals {
  const key = clientKey(db, app, client);
  return addUp(rowsOf(db, key, now), now);
}
