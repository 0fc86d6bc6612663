import { importedMark, messageCode, ordinaryCode, roomCode, systemCode } from './schema.js';
import type { HeadState, WriteContext } from './write-context.js';

/**
 * Which conversations spoke in which five minutes, and from which sequence on: how messages of a whole app are found by
 * time. What was imported lies below what was written here and may be younger: each has rows of its own. There may be rows
 * of messages that are gone; there is no message without one.
 */

/** The files are written with it: it never changes. */
export const periodMs = 300_000;
export const periodOf = (time: number): number => Math.floor(time / periodMs);

const insertLive =
  'INSERT INTO spoken (app, period, conv, live, seq) VALUES (?,?,?,1,?) ON CONFLICT DO NOTHING';
const insertImported = `INSERT INTO spoken (app, period, conv, live, seq) VALUES (?,?,?,0,?)
  ON CONFLICT DO UPDATE SET seq = excluded.seq WHERE excluded.seq < seq`;

/** Threads and temporary conversations are in no timeline. */
const isShown = (kind: number): boolean => kind <= systemCode;

/** A message was appended. The writer remembers the period: one row per conversation and period. */
export function spoke(w: WriteContext, app: string, head: HeadState, seq: number, time: number): void {
  const period = periodOf(time);
  if (period === head.period) return;
  head.period = period;
  if (isShown(head.kind)) w.db.run(insertLive, app, period, head.key, seq);
}

/** A message was taken over, in any order. */
export function spokeElsewhere(
  w: WriteContext,
  app: string,
  head: HeadState,
  seq: number,
  time: number,
): void {
  if (isShown(head.kind)) w.db.run(insertImported, app, periodOf(time), head.key, seq);
}

interface Gone {
  readonly seq: number;
  readonly time: number;
  readonly kind: number;
}

/** Entries of the low end were removed, in order: periods of which nothing is left go, too. */
export function unspoken(w: WriteContext, app: string, head: HeadState, gone: readonly Gone[]): void {
  const last = gone.at(-1);
  if (last === undefined || !isShown(head.kind)) return;
  const next = w.db.get<{ seq: number; time: number }>(
    'SELECT seq, time FROM entry WHERE conv = ? AND seq > ? ORDER BY seq LIMIT 1',
    head.key,
    last.seq,
  );
  const isLive = (seq: number): boolean => seq > head.origin;
  const periods = new Set<string>();
  for (const { seq, time, kind } of gone) {
    const period = periodOf(time);
    const isLeft = next !== undefined && isLive(next.seq) === isLive(seq) && periodOf(next.time) === period;
    if (kind !== messageCode || isLeft || periods.has(`${period} ${isLive(seq)}`)) continue;
    periods.add(`${period} ${isLive(seq)}`);
    w.db.run(
      'DELETE FROM spoken WHERE app = ? AND period = ? AND conv = ? AND live = ?',
      app,
      period,
      head.key,
      Number(isLive(seq)),
    );
  }
}

/** What the table must have, with the last message of each row: for the check. */
export const spokenSql = `SELECT c.app AS app, e.time / ${periodMs} AS period, e.conv AS conv, e.silent <> ${importedMark} AS live, min(e.seq) AS seq, max(e.seq) AS last
  FROM entry e JOIN conversation c ON c.key = e.conv
  WHERE e.kind = ${messageCode} AND c.kind IN (${ordinaryCode}, ${roomCode}, ${systemCode}) GROUP BY 1, 2, 3, 4`;
