import type { ImportedMessage, ImportedMessages, TakenMessages } from '@hongyan/conversations';
import { importOrigin } from '@hongyan/conversations';
import { announced } from './announcements.js';
import { blankFormat, pushContent } from './entry-codec.js';
import type { Slot } from './entry-codec.js';
import { lastShown } from './projections.js';
import { importedMark, messageCode, systemCode } from './schema.js';
import { spokeElsewhere } from './spoken.js';
import type { HeadState, WriteContext } from './write-context.js';

/** Messages of ImportStore. */

/**
 * A conversation's first imported message lies here; newer ones above, older ones below, each this far from the one
 * before. So a later import finds room on both sides and in between, and no message ever moves.
 */
const middle = importOrigin / 2;
const stride = 64;

/** See ImportStore.takeMessages. */
export function takeMessages(
  w: WriteContext,
  app: string,
  parts: readonly ImportedMessages[],
): TakenMessages[] {
  return parts.map(({ conversation, messages }) => {
    const head = w.conversation(app, conversation);
    if (head === undefined || head.origin !== importOrigin || head.deletedAt !== null)
      return { ...nothing, refused: messages.map(({ id }) => ({ id, why: 'no_conversation' as const })) };
    return takeInto(w, app, head, messages);
  });
}

const nothing = { added: 0, changed: 0, same: 0, kept: 0 };

interface Place {
  readonly seq: number;
  readonly time: number;
  readonly op: string;
}

function takeInto(
  w: WriteContext,
  app: string,
  head: HeadState,
  messages: readonly ImportedMessage[],
): TakenMessages {
  const counts = { ...nothing };
  const refused: { id: ImportedMessage['id']; why: 'other_message' | 'no_room' }[] = [];
  const ends = endsOf(w, head);
  const authors = new Set<number>();
  for (const message of messages) {
    const found = storedOf(w, head, message.id);
    if (found !== undefined) {
      if (
        found.time !== message.time ||
        found.author !== (message.author === '' ? 0 : w.client(app, message.author, message.time))
      )
        refused.push({ id: message.id, why: 'other_message' });
      else counts[bringUpToDate(w, head, found, message)] += 1;
      continue;
    }
    const seq = placeFor(w, head, ends, message);
    if (seq === undefined) {
      refused.push({ id: message.id, why: 'no_room' });
      continue;
    }
    authors.add(insert(w, app, head, seq, message));
    const place: Place = { seq, time: message.time, op: message.id };
    if (ends.high === undefined || seq > ends.high.seq) ends.high = place;
    if (ends.low === undefined || seq < ends.low.seq) ends.low = place;
    counts.added += 1;
  }
  if (counts.added > 0 && ends.high !== undefined && head.lastMessageSeq < ends.high.seq) {
    const { seq, time } = lastShown(w, head); // the highest may have been deleted
    head.lastMessageSeq = seq;
    head.lastMessageTime = time;
  }
  for (const author of authors) if (author !== 0) w.noteAuthor(head, author);
  if (counts.added + counts.changed > 0) w.touch(head);
  return { ...counts, refused };
}

interface Stored {
  readonly seq: number;
  readonly time: number;
  readonly author: number;
  readonly recalled: number;
  readonly editedAt: number | null;
  readonly editedSeq: number | null;
  readonly format: number;
  readonly type: string | null;
  readonly body: string | Uint8Array;
}

const storedOf = (w: WriteContext, head: HeadState, id: string): Stored | undefined =>
  w.db.get<Stored>(
    `SELECT seq, time, author, recalled, editedAt, editedSeq, format, type, body FROM entry INDEXED BY entry_op WHERE op = ? AND conv = ? AND silent = ${importedMark}`,
    id,
    head.key,
  );

interface Ends {
  low: Place | undefined;
  high: Place | undefined;
}

function endsOf(w: WriteContext, head: HeadState): Ends {
  const place = (order: string) =>
    w.db.get<Place>(
      `SELECT seq, time, op FROM entry WHERE conv = ? AND seq <= ${importOrigin} ORDER BY seq ${order} LIMIT 1`,
      head.key,
    );
  return { low: place('ASC'), high: place('DESC') };
}

const isBefore = (a: { time: number; op: string }, b: { time: number; op: string }): boolean =>
  a.time < b.time || (a.time === b.time && a.op < b.op);

/** A free sequence where the message belongs by time and id; undefined: there is none. */
function placeFor(
  w: WriteContext,
  head: HeadState,
  { low, high }: Ends,
  { id, time }: ImportedMessage,
): number | undefined {
  const message = { time, op: id };
  if (low === undefined || high === undefined) return middle;
  if (isBefore(high, message)) return between(high.seq, Math.min(high.seq + 2 * stride, importOrigin + 1));
  if (isBefore(message, low)) return between(Math.max(low.seq - 2 * stride, 0), low.seq);
  // Somewhere inside: found by halving, through the index.
  let [below, above] = [low.seq, high.seq];
  for (;;) {
    const half = Math.floor((below + above) / 2);
    const at =
      w.db.get<Place>(nextPlace, head.key, half, below, above) ??
      w.db.get<Place>(previousPlace, head.key, half, below);
    if (at === undefined) return between(below, above);
    if (isBefore(at, message)) below = at.seq;
    else above = at.seq;
  }
}

const nextPlace =
  'SELECT seq, time, op FROM entry WHERE conv = ? AND seq >= max(?, ? + 1) AND seq < ? ORDER BY seq LIMIT 1';
const previousPlace =
  'SELECT seq, time, op FROM entry WHERE conv = ? AND seq < ? AND seq > ? ORDER BY seq DESC LIMIT 1';

/** Exclusive bounds. */
const between = (below: number, above: number): number | undefined =>
  above - below < 2 ? undefined : Math.floor((below + above) / 2);

const insertEntry = `INSERT INTO entry (conv, seq, time, author, op, kind, count, silent, format, type, body, extra, recalled, editedAt)
  VALUES (?,?,?,?,?,${messageCode},0,${importedMark},?,?,?,?,?,?)`;

/** Answers its author's key. */
function insert(
  w: WriteContext,
  app: string,
  head: HeadState,
  seq: number,
  message: ImportedMessage,
): number {
  const { id, time, editedAt, recalled, expiresAt } = message;
  const everyone = head.kind === systemCode && message.everyone === true ? true : undefined;
  const author = message.author === '' ? 0 : w.client(app, message.author, time);
  w.db.run(
    insertEntry,
    head.key,
    seq,
    time,
    author,
    id,
    ...contentOf(message),
    expiresAt === undefined && everyone === undefined ? null : JSON.stringify({ expiresAt, everyone }),
    Number(recalled === true),
    editedAt ?? null,
  );
  spokeElsewhere(w, app, head, seq, time);
  if (everyone) announced(w, app, head, seq, time);
  return author;
}

function contentOf(message: ImportedMessage): [number, string | null, string | Uint8Array] {
  if (message.recalled === true) return [blankFormat, null, ''];
  const slots: Slot[] = [];
  pushContent(slots, message);
  return slots as [number, string | null, string | Uint8Array];
}

function bringUpToDate(
  w: WriteContext,
  head: HeadState,
  stored: Stored,
  message: ImportedMessage,
): 'same' | 'changed' | 'kept' {
  const recalls = message.recalled === true && stored.recalled === 0;
  const content = contentOf(message);
  if (!recalls) {
    const edits =
      message.recalled !== true &&
      (isOther(content, stored) || (message.editedAt ?? 0) > (stored.editedAt ?? 0));
    if (!edits) return 'same';
    if (stored.recalled === 1 || stored.editedSeq !== null) return 'kept';
    // An older copy of the source does not undo what a younger one told.
    if ((message.editedAt ?? stored.editedAt ?? 0) < (stored.editedAt ?? 0)) return 'same';
  }
  w.db.run(
    'UPDATE entry SET format = ?, type = ?, body = ?, recalled = ?, editedAt = ? WHERE conv = ? AND seq = ?',
    ...content,
    Number(recalls),
    message.editedAt ?? stored.editedAt,
    head.key,
    stored.seq,
  );
  return 'changed';
}

const isOther = (
  [format, type, body]: ReturnType<typeof contentOf>,
  stored: Pick<Stored, 'format' | 'type' | 'body'>,
): boolean =>
  format !== stored.format ||
  type !== stored.type ||
  (typeof body === 'string' || typeof stored.body === 'string'
    ? body !== stored.body
    : Buffer.compare(body, stored.body) !== 0);
