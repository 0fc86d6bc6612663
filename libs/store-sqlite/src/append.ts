import type { Entry } from '@hongyan/conversations';
import { changesOf } from '@hongyan/conversations';
import type { ClientId, OperationId } from '@hongyan/protocol';
import { AppError } from '@hongyan/protocol';
import { announced } from './announcements.js';
import {
  entryWithTargetColumns,
  entryWithTargetFrom,
  everyoneFlag,
  mentionsFlag,
  mentionsOf,
  silentFlag,
  slotsPerEntry,
  toEntry,
  toNewPayload,
} from './entry-codec.js';
import type { EntryRow, Slot } from './entry-codec.js';
import { addMentions, applyChanges } from './projections.js';
import {
  deleteCode,
  editCode,
  messageCode,
  ordinaryCode,
  recallCode,
  roomCode,
  temporaryCode,
} from './schema.js';
import { spoke } from './spoken.js';
import type { HeadState, WriteContext } from './write-context.js';

const insertEntry = `INSERT INTO entry (conv, seq, time, author, op, kind, count, silent, target, format, type, body, extra, stamp)
  VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT DO NOTHING`;
const selectByOp = `SELECT ${entryWithTargetColumns} FROM ${entryWithTargetFrom} WHERE e.op = ? AND e.author = ? AND e.conv = ?`;

/**
 * The seven numbers of a head, then per entry either its sequence and time, or -1 and the entry of then. -2 and a stamp come
 * before the entry that has another stamp than its time.
 */
export type AppendAnswer = (number | Entry)[];

/** See LogStore.append. `slots` is what pushSlots made of the entries. */
export function append(
  w: WriteContext,
  app: string,
  conversation: string,
  expected: number,
  now: number,
  slots: Slot[],
): AppendAnswer {
  const head = w.conversation(app, conversation);
  if (head === undefined) throw new AppError('not_found');
  const results: (number | Entry)[] = [];
  if (head.last === expected) {
    for (let at = 0; at < slots.length; at += slotsPerEntry) appendOne(w, app, head, now, slots, at, results);
  } else {
    // Somebody was faster. A retry may still be answered.
    for (let at = 0; at < slots.length; at += slotsPerEntry) {
      const found = byOperation(w, app, head, slots[at] as string, slots[at + 1] as string);
      if (found === undefined) break;
      results.push(-1, found);
    }
  }
  return [...headAnswer(head), ...results];
}

export const headAnswer = (head: HeadState): number[] => [
  head.last,
  head.lastTime,
  head.count,
  head.lastMessageSeq,
  head.lastMessageTime,
  head.floor,
  head.origin,
];

function appendOne(
  w: WriteContext,
  app: string,
  head: HeadState,
  now: number,
  slots: Slot[],
  at: number,
  results: (number | Entry)[],
): void {
  const author = slots[at] as string;
  const op = slots[at + 1] as string;
  const kind = slots[at + 2] as number;
  const target = slots[at + 3] as number | null;
  const format = slots[at + 4] as number | null;
  const type = slots[at + 5] as string | null;
  const body = slots[at + 6] as Slot;
  const extra = slots[at + 7] as string | null;
  const flags = slots[at + 8] as number;

  const silent = flags & silentFlag;
  const counting = kind === messageCode && silent === 0;
  const seq = head.last + 1;
  const time = Math.max(now, head.lastTime + 1);
  const count = counting ? head.count + 1 : head.count;
  const authorKey = author === '' ? 0 : w.client(app, author, time);
  const stamp = isAskedFor(kind, head.kind) ? w.nextStamp(app, time) : null;
  // The rows of edits hold no content: it lives in the message.
  const kept = kind !== editCode;
  const { changes } = w.db.run(
    insertEntry, head.key, seq, time, authorKey, op, kind, count, silent, target,
    kept ? format : null, kept ? type : null, kept ? body : null, kept ? extra : null, stamp,
  ); // prettier-ignore
  if (Number(changes) === 0) {
    const found = byOperation(w, app, head, author, op);
    if (found === undefined)
      throw new Error(`sequence ${seq} of conversation key ${head.key} is taken: the head is wrong`);
    results.push(-1, found);
    return;
  }

  head.last = seq;
  head.lastTime = time;
  head.count = count;
  w.touch(head);
  if (kind === messageCode) {
    head.lastMessageSeq = seq;
    head.lastMessageTime = time;
    spoke(w, app, head, seq, time);
    if ((flags & everyoneFlag) !== 0) announced(w, app, head, seq, time);
    if (!counting && authorKey !== 0 && head.kind === ordinaryCode) w.wroteUncounted(head, authorKey);
    if (counting) {
      if (authorKey !== 0) w.countOwn(head, authorKey, seq);
      if ((flags & mentionsFlag) !== 0) addMentions(w, app, head, seq, authorKey, mentionsOf(extra), time);
    }
  } else {
    const payload = toNewPayload(kind, target, format, type, body, extra);
    const entry: Entry = { author: author as ClientId | '', op: op as OperationId, payload, seq, time };
    if (stamp !== null) {
      head.lastStamp = stamp;
      w.touchCold(head);
      if (stamp !== time) results.push(-2, stamp);
    }
    w.flushOwn(head);
    applyChanges(w, app, head, entry, changesOf(entry), kept ? undefined : { format, type, body, extra });
  }
  results.push(seq, time);
}

/** Does anybody ask for such entries by time? See NotificationStore. */
export const isAskedFor = (kind: number, conversationKind: number): boolean =>
  kind === editCode || kind === recallCode
    ? conversationKind !== roomCode
    : kind !== messageCode &&
      kind !== deleteCode &&
      (conversationKind === ordinaryCode || conversationKind === temporaryCode);

function byOperation(
  w: WriteContext,
  app: string,
  head: HeadState,
  author: string,
  op: string,
): Entry | undefined {
  const key = author === '' ? 0 : w.knownClient(app, author);
  if (key === undefined) return undefined;
  const [row] = w.db.rows<EntryRow>(selectByOp, op, key, head.key);
  return row === undefined ? undefined : toEntry(row);
}
