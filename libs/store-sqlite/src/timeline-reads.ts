import type {
  Conversation,
  MessageEntry,
  TimelineBound,
  TimelinePart,
  TimelineQuery,
} from '@hongyan/conversations';
import { type ConversationId, messageIdOf } from '@hongyan/protocol';
import { foundByKey, toConversation } from './conversation-reads.js';
import type { Database } from './database.js';
import { messageAt } from './log-reads.js';
import { importedMark, messageCode, systemCode } from './schema.js';
import { periodMs, periodOf } from './spoken.js';

/** Reads of TimelineStore. */

/** One part looks at about so many messages and periods; a period is never divided. */
const mostMessages = 20_000;
const mostPeriods = 500;
/** So many messages of one conversation are looked at together, at first and then: most say little in five minutes. */
const firstChunk = 2;
const nextChunk = 32;

/** A message's place, without its content. */
interface Place {
  readonly time: number;
  readonly id: string;
  readonly conv: number;
  readonly seq: number;
}

const nextPeriodSql = {
  backward: 'SELECT max(period) AS period FROM spoken WHERE app = ? AND period <= ?',
  forward: 'SELECT min(period) AS period FROM spoken WHERE app = ? AND period >= ?',
};
/** [conversation, its id, where it begins to speak, where it ends] */
type Run = readonly [conv: number, id: string, from: number, to: number];
const runsSql = `SELECT s.conv, c.id, max(s.seq, h.floor + 1), CASE s.live WHEN 1 THEN ${Number.MAX_SAFE_INTEGER} ELSE h.origin END
  FROM spoken s JOIN head h ON h.conv = s.conv JOIN conversation c ON c.key = s.conv
  WHERE s.app = ? AND s.period = ? AND h.deletedAt IS NULL AND h.kind <= ${systemCode}
    AND (h.expiresAt IS NULL OR h.expiresAt > ?)`;
const placesSql = `SELECT seq, time, op, silent, deleted FROM entry WHERE conv = ? AND seq >= ? AND seq <= ? AND kind = ${messageCode}
  ORDER BY seq LIMIT ?`;

/** See TimelineStore.part. `now` judges expiry. */
export function timelinePart(db: Database, app: string, query: TimelineQuery, now: number): TimelinePart {
  const { direction, before, after } = query;
  const backward = direction === 'backward';
  const best = new Nearest(query);
  const [nearest, farthest] = backward
    ? [nearestTime(before, -1) ?? Number.MAX_SAFE_INTEGER, after?.time ?? 0]
    : [nearestTime(after, 1) ?? 0, before?.time ?? Number.MAX_SAFE_INTEGER];
  let from = periodOf(nearest);
  for (let periods = 0; ; periods += 1) {
    const period = db.get<{ period: number | null }>(nextPeriodSql[direction], app, from)?.period ?? null;
    const isBeyond =
      period === null || (backward ? period < periodOf(farthest) : period > periodOf(farthest));
    if (isBeyond || best.isFull) return { items: itemsOf(db, best.places) };
    if (periods >= mostPeriods || best.seen >= mostMessages) {
      const edge = backward ? (period + 1) * periodMs : period * periodMs - 1;
      return { items: itemsOf(db, best.places), resume: edge };
    }
    for (const run of db.rows<Run>(runsSql, app, period, now)) lookAt(db, run, (period + 1) * periodMs, best);
    from = backward ? period - 1 : period + 1;
  }
}

/** The first millisecond that is wanted. Where one part ended at the edge of a period, the next begins behind it. */
function nearestTime(bound: TimelineBound | undefined, step: 1 | -1): number | undefined {
  if (bound === undefined) return undefined;
  const excludesTime = bound.message === undefined && bound.inclusive !== true;
  return excludesTime ? bound.time + step : bound.time;
}

/** Offers the messages of one conversation up to `end`: a run's times ascend with its sequences. */
function lookAt(db: Database, [conv, id, first, last]: Run, end: number, best: Nearest): void {
  for (let [from, chunk] = [first, firstChunk]; ; chunk = nextChunk) {
    const rows = db.rows<[seq: number, time: number, op: string, silent: number, deleted: number]>(
      placesSql,
      conv,
      from,
      last,
      chunk,
    );
    for (const [seq, time, op, silent, deleted] of rows) {
      if (time >= end) return;
      if (deleted === 1) {
        best.seen += 1;
        continue;
      }
      const messageId = silent === importedMark ? op : messageIdOf(id as ConversationId, seq);
      best.offer({ time, id: messageId, conv, seq });
    }
    if (rows.length < chunk) return;
    from = rows.at(-1)![0] + 1;
  }
}

/** The places within the bounds that are nearest to the beginning, as many as are asked for. */
class Nearest {
  seen = 0;
  private kept: Place[] = [];
  private readonly sign: number;

  constructor(private readonly query: TimelineQuery) {
    this.sign = query.direction === 'backward' ? -1 : 1;
  }

  get isFull(): boolean {
    return this.kept.length >= this.query.limit;
  }

  get places(): readonly Place[] {
    this.cut();
    return this.kept;
  }

  offer(place: Place): void {
    this.seen += 1;
    if (!isWithin(place, this.query.before, true) || !isWithin(place, this.query.after, false)) return;
    this.kept.push(place);
    if (this.kept.length >= this.query.limit * 4 + 1_000) this.cut(); // however many a period has
  }

  private cut(): void {
    this.kept.sort((a, b) => this.sign * (a.time - b.time || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)));
    this.kept.length = Math.min(this.kept.length, this.query.limit);
  }
}

/** On the wanted side of a bound. */
function isWithin({ time, id }: Place, bound: TimelineBound | undefined, upper: boolean): boolean {
  if (bound === undefined) return true;
  const { message, inclusive = false } = bound;
  const side = time - bound.time || (message === undefined ? 0 : id < message ? -1 : id > message ? 1 : 0);
  return side === 0 ? inclusive : upper ? side < 0 : side > 0;
}

function itemsOf(
  db: Database,
  places: readonly Place[],
): { conversation: Conversation; message: MessageEntry }[] {
  const conversations = new Map<number, Conversation>();
  return places.map(({ conv, seq }) => {
    let conversation = conversations.get(conv);
    if (conversation === undefined) {
      conversation = toConversation(foundByKey(db, conv)!);
      conversations.set(conv, conversation);
    }
    return { conversation, message: messageAt(db, conv, seq)! };
  });
}
