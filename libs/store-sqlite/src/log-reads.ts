import { Page, weightOf } from '@hongyan/conversations';
import type { Entry, EntryRange, Head, HistoryQuery, MessageEntry } from '@hongyan/conversations';
import type { Database } from './database.js';
import {
  entryColumns,
  entryFrom,
  entryWithTargetColumns,
  entryWithTargetFrom,
  kindCodesOf,
  toEntry,
} from './entry-codec.js';
import type { EntryRow } from './entry-codec.js';
import { clientKey, conversationKey } from './keys.js';
import { messageCode } from './schema.js';

/** Reads of LogStore. */

export interface HeadColumns {
  readonly last: number;
  readonly lastTime: number;
  readonly count: number;
  readonly lastMessageSeq: number;
  readonly lastMessageTime: number;
  readonly floor: number;
  readonly origin: number;
}

export const headColumns =
  'h.last, h.lastTime, h.count, h.lastMessageSeq, h.lastMessageTime, h.floor, h.origin';

export const toHead = ({
  last,
  lastTime,
  count,
  lastMessageSeq,
  lastMessageTime,
  floor,
  origin,
}: HeadColumns): Head => ({
  last,
  lastTime,
  count,
  lastMessageSeq,
  lastMessageTime,
  floor,
  origin,
});

export function head(db: Database, app: string, conversation: string): Head | undefined {
  const sql = `SELECT ${headColumns} FROM conversation c JOIN head h ON h.conv = c.key WHERE c.app = ? AND c.id = ?`;
  const row = db.get<HeadColumns>(sql, app, conversation);
  return row === undefined ? undefined : toHead(row);
}

/** What is at or below the floor shows nowhere, whether it is there still or not. */
const openLog = (db: Database, app: string, id: string) =>
  db.get<{ key: number; floor: number }>(
    'SELECT c.key, h.floor FROM conversation c JOIN head h ON h.conv = c.key WHERE c.app = ? AND c.id = ?',
    app,
    id,
  );

export function entries(db: Database, app: string, conversation: string, range: EntryRange): Entry[] {
  const log = openLog(db, app, conversation);
  if (log === undefined) return [];
  const { after, until = Number.MAX_SAFE_INTEGER, kinds } = range;
  const ofKinds = kinds === undefined ? '' : 'AND e.kind IN (SELECT value FROM json_each(?))';
  const sql = `SELECT ${entryWithTargetColumns} FROM ${entryWithTargetFrom}
    WHERE e.conv = ? AND e.seq > ? AND e.seq <= ? ${ofKinds} ORDER BY e.seq LIMIT ?`;
  const wanted = kinds === undefined ? [] : [JSON.stringify(kindCodesOf(kinds))];
  const rows = db.each<EntryRow>(sql, log.key, Math.max(after, log.floor), until, ...wanted, range.limit);
  return new Page(range, weightOf).fill(rows, toEntry).items;
}

export function history(
  db: Database,
  app: string,
  conversation: string,
  query: HistoryQuery,
): { messages: MessageEntry[]; more: boolean } {
  const log = openLog(db, app, conversation);
  if (log === undefined) return { messages: [], more: false };
  const { direction, after, before, types, everyone = false } = query;
  const ofTypes = types === undefined ? '' : 'AND e.type IN (SELECT value FROM json_each(?))';
  // What is for everyone is found without going through all the rest.
  const [from, at] = everyone ? [`announcement n CROSS JOIN ${entryFrom}`, 'n'] : [entryFrom, 'e'];
  const join = everyone ? 'AND e.conv = n.conv AND e.seq = n.seq' : '';
  const sql = `SELECT ${entryColumns} FROM ${from}
    WHERE ${at}.conv = ? AND ${at}.seq > ? AND ${at}.seq < ? ${join} AND e.kind = ${messageCode} AND e.deleted = 0 ${ofTypes}
    ORDER BY ${at}.seq ${direction === 'backward' ? 'DESC' : 'ASC'} LIMIT ?`;
  const wanted = types === undefined ? [] : [JSON.stringify(types)];
  const rows = db.each<EntryRow>(
    sql,
    log.key,
    Math.max(after, log.floor),
    before,
    ...wanted,
    query.limit + 1,
  );
  const page = new Page<MessageEntry>(query, weightOf);
  const { items, more } = page.fill(rows, (row) => toEntry(row) as MessageEntry);
  return { messages: direction === 'backward' ? items.reverse() : items, more };
}

const messageAtSql = `SELECT ${entryColumns} FROM ${entryFrom} WHERE e.conv = ? AND e.seq = ? AND e.kind = ${messageCode}`;

export function messageAt(db: Database, conv: number, seq: number): MessageEntry | undefined {
  if (seq === 0) return undefined;
  const [row] = db.rows<EntryRow>(messageAtSql, conv, seq);
  return row === undefined ? undefined : (toEntry(row) as MessageEntry);
}

export function messages(
  db: Database,
  app: string,
  conversation: string,
  seqs: readonly number[],
): MessageEntry[] {
  const log = openLog(db, app, conversation);
  if (log === undefined) return [];
  return seqs
    .filter((seq) => seq > log.floor)
    .map((seq) => messageAt(db, log.key, seq))
    .filter((message) => message !== undefined);
}

export function byOperation(
  db: Database,
  app: string,
  conversation: string,
  author: string,
  op: string,
): Entry | undefined {
  const conv = conversationKey(db, app, conversation);
  const key = author === '' ? 0 : clientKey(db, app, author);
  if (conv === undefined || key === undefined) return undefined;
  const sql = `SELECT ${entryWithTargetColumns} FROM ${entryWithTargetFrom} WHERE e.op = ? AND e.author = ? AND e.conv = ?`;
  const [row] = db.rows<EntryRow>(sql, op, key, conv);
  return row === undefined ? undefined : toEntry(row);
}

/**
 * Times grow with sequences: a binary search through the index, some twenty look-ups in a log of a million. An imported
 * history is a log of its own below the live one: what was written elsewhere may be younger than what was written here.
 */
export function seqAt(db: Database, app: string, conversation: string, time: number): number {
  const conv = conversationKey(db, app, conversation);
  const found = conv === undefined ? undefined : head(db, app, conversation);
  if (conv === undefined || found === undefined) return 0;
  if (found.lastTime <= time) return found.last;
  const atOrAfter = 'SELECT seq, time FROM entry WHERE conv = ? AND seq >= ? ORDER BY seq LIMIT 1';
  const first = (from: number) => db.get<{ seq: number; time: number }>(atOrAfter, conv, from);
  let low = first(found.floor)?.seq ?? found.last;
  let high = found.last;
  let best = Math.max(found.origin, found.floor);
  if (low <= found.origin) {
    const live = first(found.origin + 1);
    if (live !== undefined && live.time <= time) best = low = live.seq;
    else {
      best = low - 1;
      high = found.origin;
    }
  }
  while (low <= high) {
    const middle = Math.floor((low + high) / 2);
    const entry = db.get<{ seq: number; time: number }>(atOrAfter, conv, middle);
    if (entry !== undefined && entry.time <= time) {
      best = entry.seq;
      low = entry.seq + 1;
    } else high = middle - 1;
  }
  return best;
}
