import type { RetiredStep } from '@hongyan/conversations';
import { blankedExtra, blankFormat } from './entry-codec.js';
import { dropMentions } from './projections.js';
import { messageCode } from './schema.js';
import { countAt } from './unread.js';
import type { HeadState, WriteContext } from './write-context.js';

/** Entries and members that one step goes through: one or two milliseconds of the writer. */
const atOnce = 200;

/** Where a step ended among the members: role and id. */
type Place = readonly [role: number, id: string];

/**
 * See RetentionStore.retire. A round raises the floor over some entries, moves the cursors of all members who are below it,
 * then deletes. Members go first: what they wrote up to the floor is counted while it is there. With many members a round
 * takes several steps; `next` is the place among them, or empty between two rounds.
 */
export function retire(
  w: WriteContext,
  app: string,
  conversation: string,
  before: number,
  next?: string,
): RetiredStep {
  const head = w.conversation(app, conversation);
  if (head === undefined) return { removed: 0, floor: 0 };
  const place = next === undefined || next === '' ? undefined : (JSON.parse(next) as Place);
  if (place === undefined && !isUnfinished(w, head) && !raise(w, head, before))
    return { removed: 0, floor: head.floor };
  const reached = settle(w, head, place ?? [-1, '']);
  if (reached !== undefined) return { removed: 0, floor: head.floor, next: JSON.stringify(reached) };
  return { removed: remove(w, app, head), floor: head.floor, next: '' };
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
  const lowest = w.db.all<Entry>(sql, head.key, head.floor, atOnce);
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

interface MemberRow {
  readonly client: number;
  readonly id: string;
  readonly role: number;
  readonly readSeq: number;
  readonly lastOwnSeq: number;
}

/** What is at or below the floor counts as read. Answers the place to go on from; undefined: all members are done. */
function settle(w: WriteContext, head: HeadState, [role, id]: Place): Place | undefined {
  w.flushOwn(head);
  const rows = w.db.all<MemberRow>(
    `SELECT client, id, role, readSeq, lastOwnSeq FROM member WHERE conv = ? AND role IS NOT NULL AND (role, id) > (?, ?)
     ORDER BY role, id LIMIT ?`,
    head.key,
    role,
    id,
    atOnce,
  );
  const behind = rows.filter(({ readSeq }) => readSeq < head.floor);
  if (behind.length > 0) {
    const count = countAt(w.db, head.key, head.floor);
    const own = ownUpTo(w, head);
    for (const { client, readSeq, lastOwnSeq } of behind) {
      const passed =
        lastOwnSeq <= readSeq ? 0 : (own.get(client) ?? []).filter((seq) => seq > readSeq).length;
      w.db.run(
        `UPDATE member SET readSeq = ?, readCount = ?, readOwn = readOwn + ?, deliveredSeq = max(deliveredSeq, ?), rev = ?
         WHERE client = ? AND conv = ?`,
        head.floor, count, passed, head.floor, w.nextRev(), client, head.key,
      ); // prettier-ignore
    }
  }
  const end = rows.at(-1);
  return rows.length < atOnce || end === undefined ? undefined : [end.role, end.id];
}

/** Sequences of counting messages that are still there, up to the floor, by author. */
function ownUpTo(w: WriteContext, head: HeadState): Map<number, number[]> {
  const sql = `SELECT seq, author FROM entry WHERE conv = ? AND seq <= ? AND kind = ${messageCode} AND silent = 0 ORDER BY seq`;
  const byAuthor = new Map<number, number[]>();
  for (const { seq, author } of w.db.all<{ seq: number; author: number }>(sql, head.key, head.floor)) {
    const seqs = byAuthor.get(author);
    if (seqs === undefined) byAuthor.set(author, [seq]);
    else seqs.push(seq);
  }
  return byAuthor;
}

interface OldEntry {
  readonly seq: number;
  readonly kind: number;
  readonly silent: number;
  readonly extra: string | null;
}

/** Takes out rows up to the floor. The newest of the log stays without its content. */
function remove(w: WriteContext, app: string, head: HeadState): number {
  const sql = 'SELECT seq, kind, silent, extra FROM entry WHERE conv = ? AND seq <= ? ORDER BY seq LIMIT ?';
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
  const end = rows.at(-1);
  if (end !== undefined) w.db.run('DELETE FROM entry WHERE conv = ? AND seq <= ?', head.key, end.seq);
  return rows.length;
}
