import type { RetiredStep } from '@hongyan/conversations';
import { unannounced } from './announcements.js';
import { blankedExtra, blankFormat } from './entry-codec.js';
import { dropMentions } from './projections.js';
import { type CursorRow, raiseCursors } from './raise-cursors.js';
import { messageCode } from './schema.js';
import { unspoken } from './spoken.js';
import type { HeadState, WriteContext } from './write-context.js';

/** Rows that one step writes: one or two milliseconds of the writer. */
const atOnce = 200;
/** Entries that a round covers: a round goes through all members, who may be many. */
const perRound = 1_000;

/** Where a step ended among the members: role and id. */
type Place = readonly [role: number, id: string];

/**
 * See RetentionStore.retire. A round raises the floor over some entries, moves the cursors of all members who are below it,
 * then deletes. Members go first: what they wrote up to the floor is counted while it is there. `next` is a place among the
 * members, 'rows' while there are rows to delete, or 'round'.
 */
export function retire(
  w: WriteContext,
  app: string,
  conversation: string,
  before: number,
  next = 'round',
): RetiredStep {
  const head = w.conversation(app, conversation);
  if (head === undefined) return { removed: 0, floor: 0 };
  if (next === 'round' && !isUnfinished(w, head) && !raise(w, head, before))
    return { removed: 0, floor: head.floor };
  if (next !== 'rows') {
    const reached = settle(w, head, next === 'round' ? [-1, ''] : (JSON.parse(next) as Place));
    if (reached !== undefined) return { removed: 0, floor: head.floor, next: JSON.stringify(reached) };
  }
  const removed = remove(w, app, head);
  return { removed, floor: head.floor, next: isUnfinished(w, head) ? 'rows' : 'round' };
}

interface Entry {
  readonly seq: number;
  readonly time: number;
}

/** Rows below the floor: an earlier round was interrupted, or its newest row had to stay. */
function isUnfinished({ db }: WriteContext, head: HeadState): boolean {
  const lowest = db.get<Entry>('SELECT seq, time FROM entry WHERE conv = ? ORDER BY seq LIMIT 1', head.key);
  return lowest !== undefined && lowest.seq <= head.floor && lowest.seq < head.last;
}

/** False: the oldest entry that shows is to stay. */
function raise(w: WriteContext, head: HeadState, before: number): boolean {
  const sql = 'SELECT seq, time FROM entry WHERE conv = ? AND seq > ? ORDER BY seq LIMIT ?';
  const lowest = w.db.all<Entry>(sql, head.key, head.floor, perRound);
  const young = lowest.findIndex(({ time }) => time >= before);
  const floor = (young < 0 ? lowest : lowest.slice(0, young)).at(-1)?.seq;
  if (floor === undefined) return false;
  const former = head.floor;
  head.floor = floor;
  // Members see that the last message went; that older ones did they see in their own rows, as far as it matters.
  if (head.lastMessageSeq > former && head.lastMessageSeq <= floor) w.touchCold(head);
  else w.db.run('UPDATE head SET floor = ? WHERE conv = ?', floor, head.key);
  return true;
}

/** Answers the place to go on from; undefined: all members are done. */
function settle(w: WriteContext, head: HeadState, [role, id]: Place): Place | undefined {
  w.flushOwn(head);
  const rows = w.db.all<CursorRow & { readonly id: string; readonly role: number }>(
    `SELECT client, id, role, readSeq, lastOwnSeq FROM member WHERE conv = ? AND role IS NOT NULL AND (role, id) > (?, ?)
     ORDER BY role, id LIMIT ?`,
    head.key,
    role,
    id,
    atOnce,
  );
  raiseCursors(w, head, rows);
  const end = rows.at(-1);
  return rows.length < atOnce || end === undefined ? undefined : [end.role, end.id];
}

interface OldEntry {
  readonly seq: number;
  readonly time: number;
  readonly kind: number;
  readonly silent: number;
  readonly extra: string | null;
}

/** Takes out rows up to the floor. The newest of the log stays without its content. */
function remove(w: WriteContext, app: string, head: HeadState): number {
  const sql =
    'SELECT seq, time, kind, silent, extra FROM entry WHERE conv = ? AND seq <= ? ORDER BY seq LIMIT ?';
  const rows = w.db.all<OldEntry>(sql, head.key, head.floor, atOnce);
  for (const { seq, kind, silent, extra } of rows)
    if (kind === messageCode && silent === 0) dropMentions(w, app, head, seq, extra);
  const newest = rows.at(-1)?.seq === head.last ? rows.pop() : undefined;
  if (newest?.kind === messageCode) {
    w.db.run(
      `UPDATE entry SET format = ${blankFormat}, type = NULL, body = '', extra = ? WHERE conv = ? AND seq = ?`,
      blankedExtra(newest.extra),
      head.key,
      newest.seq,
    );
  }
  unannounced(w, head, 0, newest?.seq ?? rows.at(-1)?.seq ?? 0);
  const end = rows.at(-1);
  if (end !== undefined) w.db.run('DELETE FROM entry WHERE conv = ? AND seq <= ?', head.key, end.seq);
  unspoken(w, app, head, rows);
  return rows.length;
}
