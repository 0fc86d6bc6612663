import type { MissedChange, MissedEdit, MissedPage } from '@hongyan/conversations';
import type { Database } from './database.js';
import { foundByKey, toConversation } from './conversation-reads.js';
import type { FoundColumns } from './conversation-reads.js';
import { entryColumns, entryFrom, toEntry } from './entry-codec.js';
import type { EntryRow } from './entry-codec.js';
import { clientKey } from './keys.js';
import { messageAt, toHead } from './log-reads.js';
import { ordinaryCode, recallCode, roleCodes, roomCode, temporaryCode } from './schema.js';

/** Reads of NotificationStore. */

/** A conversation of the client with something after the stamp. */
interface Membership {
  readonly conv: number;
  /** null: it is out. */
  readonly role: number | null;
  readonly joinedSeq: number;
  readonly clearedSeq: number;
}

interface Place {
  readonly stamp: number;
  readonly seq: number;
  readonly of: Membership;
}

const membershipsFrom = `SELECT m.conv, m.role, m.joinedSeq, m.clearedSeq FROM member m CROSS JOIN head h ON h.conv = m.conv
  WHERE m.client = ? AND h.lastStamp > ?`;
/** A thread is as gone as its service. */
const ofService = `NOT EXISTS (SELECT 1 FROM head x WHERE x.conv = h.parent AND x.deletedAt IS NOT NULL)`;
export const changedSql = `${membershipsFrom} AND h.kind IN (${ordinaryCode}, ${temporaryCode})`;
export const editedSql = `${membershipsFrom} AND m.role IS NOT NULL AND h.kind <> ${roomCode} AND h.deletedAt IS NULL AND ${ofService}`;

const placesSql = (index: string, kinds: string) => `SELECT e.stamp, e.seq FROM entry e INDEXED BY ${index}
  WHERE e.conv = ? AND e.stamp > ? AND e.kind ${kinds} ${recallCode} ORDER BY e.stamp LIMIT ?`;
export const changePlacesSql = placesSql('entry_change', '>');
export const editPlacesSql = placesSql('entry_patch', '<=');

export function changes(
  db: Database,
  app: string,
  client: string,
  since: number,
  limit: number,
): MissedPage<MissedChange> {
  const conversations = new Conversations(db);
  const places = placesOf(db, app, client, since, limit, changedSql, changePlacesSql);
  const items = places.flatMap(({ seq, of: { conv, role, joinedSeq } }): MissedChange[] => {
    const found = conversations.at(conv);
    const entry = entryAt(db, conv, seq);
    if (found === undefined || entry === undefined || seq <= found.floor) return [];
    return [{ conversation: toConversation(found), entry, ...(role === null ? {} : { own: { joinedSeq } }) }];
  });
  return { items, ...endOf(db, app, places, limit) };
}

export function edits(
  db: Database,
  app: string,
  client: string,
  since: number,
  limit: number,
): MissedPage<MissedEdit> {
  const conversations = new Conversations(db);
  const places = placesOf(db, app, client, since, limit, editedSql, editPlacesSql);
  const items = places.flatMap(({ seq, of: { conv, role, joinedSeq, clearedSeq } }): MissedEdit[] => {
    const found = conversations.at(conv);
    const entry = entryAt(db, conv, seq);
    if (found === undefined || entry === undefined || role === null) return [];
    const { payload } = entry;
    if (payload.kind !== 'edit' && payload.kind !== 'recall') return [];
    const target = payload.target > found.floor ? messageAt(db, conv, payload.target) : undefined;
    if (target === undefined) return [];
    const own = { role: roleCodes.word(role), joinedSeq, clearedSeq };
    return [{ conversation: toConversation(found), head: toHead(found), entry, target, own }];
  });
  return { items, ...endOf(db, app, places, limit) };
}

/** How far an answer reaches: to its last place, or to everything that there was. */
function endOf(db: Database, app: string, places: readonly Place[], limit: number) {
  const end = places.at(-1);
  if (end !== undefined && places.length >= limit) return { until: end.stamp, more: true };
  const row = db.get<{ last: number }>('SELECT last FROM app_stamp WHERE app = ?', app);
  return { until: row?.last ?? 0, more: false };
}

/** Documents, each read once. */
class Conversations {
  private readonly known = new Map<number, FoundColumns | undefined>();

  constructor(private readonly db: Database) {}

  at(conv: number): FoundColumns | undefined {
    if (!this.known.has(conv)) this.known.set(conv, foundByKey(this.db, conv));
    return this.known.get(conv);
  }
}

const entrySql = `SELECT ${entryColumns} FROM ${entryFrom} WHERE e.conv = ? AND e.seq = ?`;

function entryAt(db: Database, conv: number, seq: number) {
  const [row] = db.rows<EntryRow>(entrySql, conv, seq);
  return row === undefined ? undefined : toEntry(row);
}

/** The first places after a stamp over all logs, ascending; those of one stamp are never divided. */
function placesOf(
  db: Database,
  app: string,
  client: string,
  since: number,
  limit: number,
  membershipsSql: string,
  sql: string,
): Place[] {
  const key = clientKey(db, app, client);
  if (key === undefined) return [];
  const memberships = db
    .rows<[number, number | null, number, number]>(membershipsSql, key, since)
    .map(([conv, role, joinedSeq, clearedSeq]): Membership => ({ conv, role, joinedSeq, clearedSeq }));
  const atOnce = Math.max(4, Math.ceil((2 * limit) / Math.max(1, memberships.length)));
  let places: Place[] = [];
  // Logs that may have more, and from where on.
  let open = memberships.map((of) => ({ of, after: since }));
  for (;;) {
    const last = places[limit - 1]?.stamp ?? Infinity;
    const wanted = open.filter(({ after }) => after < last);
    if (wanted.length === 0) break;
    const rest = open.filter(({ after }) => after >= last);
    for (const { of, after } of wanted) {
      const found = db.rows<[number, number]>(sql, of.conv, after, atOnce);
      for (const [stamp, seq] of found) places.push({ stamp, seq, of });
      if (found.length === atOnce) rest.push({ of, after: found.at(-1)![0] });
    }
    open = rest;
    places.sort((a, b) => a.stamp - b.stamp || a.of.conv - b.of.conv || a.seq - b.seq);
    let end = Math.min(limit, places.length);
    while (end < places.length && places[end]!.stamp === places[end - 1]!.stamp) end += 1;
    places = places.slice(0, end);
  }
  return places;
}
