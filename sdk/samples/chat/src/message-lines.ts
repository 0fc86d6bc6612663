import type { LocalMessage, MessageView } from '@hongyan/sdk';
import { h, type Keyed } from './dom.js';
import { dayKey, dayOf } from './format.js';
import { excerpt } from './list-view.js';
import { bubble, type Bubble, type BubbleActions } from './message-view.js';
import type { People } from './people.js';
import type { Timeline } from './timeline.js';

const sameRunMs = 5 * 60_000;

/** A message of the log, or one of mine that waits. */
interface Said {
  readonly message: MessageView | undefined;
  readonly outgoing: LocalMessage | undefined;
  readonly from: string;
  readonly time: number;
}

export interface Reader {
  readonly me: string | undefined;
  readonly people: People;
  readonly offline: boolean;
  /** What can be done with a message of this author. */
  actionsOn(author: string): BubbleActions;
}

/** The lines of an open conversation, oldest first: messages, and between them days, notes and where the unread begin. */
export function linesOf(timeline: Timeline, reader: Reader): Keyed[] {
  const said = inOrder(timeline, reader.me);
  const oldest = said[0]?.message?.seq ?? 0;
  const notes = [...timeline.notes.values()]
    .filter(({ seq }) => !timeline.hasOlder || seq >= oldest)
    .sort((a, b) => a.seq - b.seq);
  const lines: Keyed[] = [];
  let day: string | undefined;
  let divided = timeline.unreadAfter === undefined;

  function dayAt(time: number): void {
    if (dayKey(time) === day) return;
    day = dayKey(time);
    lines.push(line(`day ${day}`, 'day', dayOf(time)));
  }

  function notesBefore(seq: number): void {
    while (notes[0] !== undefined && notes[0].seq < seq) {
      const note = notes.shift() as (typeof notes)[0];
      dayAt(note.time);
      lines.push(line(`note ${note.seq}`, 'note', note.text));
    }
  }

  function newBefore({ message, from }: Said): void {
    if (divided || message?.seq === undefined || from === reader.me) return;
    if (message.seq <= (timeline.unreadAfter ?? 0)) return;
    divided = true;
    lines.push(line('unread', 'unread-line', 'New'));
  }

  said.forEach((one, index) => {
    const drawn = lines.length;
    notesBefore(one.message?.seq ?? Infinity);
    dayAt(one.time);
    newBefore(one);
    const apart = lines.length > drawn;
    const model: Bubble = {
      ...contentOf(one, timeline, reader),
      first: apart || !inOneRun(said[index - 1], one),
      last: !inOneRun(one, said[index + 1]),
      tabStop: index === said.length - 1,
    };
    const op = one.message?.op ?? one.outgoing?.op;
    lines.push({
      key: op === undefined ? `m ${one.message?.seq}` : `o ${op}`, // the same element before and after it is sent
      print: JSON.stringify(model),
      make: () => bubble(model, reader.actionsOn(one.from)),
    });
  });
  notesBefore(Infinity);
  const missing = missingOf(timeline, reader);
  if (missing !== undefined) lines.unshift(line('missing', 'note', missing));
  else if (said.length === 0 && !timeline.loading) lines.push(line('empty', 'note', 'Say something.'));
  return lines;
}

/** Why what was said before is not here, if it is not. */
function missingOf({ failure, loading, hasOlder }: Timeline, { offline }: Reader): string | undefined {
  if (failure !== undefined) return 'The messages could not be loaded.';
  return loading && offline && !hasOlder ? 'Messages are loaded when the connection is back.' : undefined;
}

function inOrder(timeline: Timeline, me = ''): Said[] {
  const stored = [...timeline.messages.values()].sort((a, b) => (a.seq ?? 0) - (b.seq ?? 0));
  const waiting = [...timeline.outgoing.values()].sort((a, b) => a.createdAt - b.createdAt);
  return [
    ...stored.map((message) => ({
      message,
      outgoing: undefined,
      from: message.from ?? '',
      time: message.time,
    })),
    ...waiting.map((outgoing) => ({ message: undefined, outgoing, from: me, time: outgoing.createdAt })),
  ];
}

/** What a bubble shows, apart from its place among the others. */
function contentOf(
  { message, outgoing, from, time }: Said,
  timeline: Timeline,
  { me, people }: Reader,
): Omit<Bubble, 'first' | 'last' | 'tabStop'> {
  const { conversation } = timeline;
  const room = conversation.kind === 'room';
  const mine = from === me;
  const replyTo = message?.replyTo ?? outgoing?.replyTo;
  const progress = message === undefined ? outgoing?.state : timeline.progressOf(message);
  const mentionsMe = message?.mentionAll === true || message?.mentions?.includes(me as never) === true;
  return {
    mine,
    author: from === '' ? 'service' : from,
    body: message === undefined ? (outgoing?.body ?? '') : bodyOf(message),
    time,
    message,
    outgoing,
    progress: mine ? progress : undefined,
    counts: mine && message !== undefined ? timeline.counts.get(message.seq ?? 0) : undefined,
    quote: replyTo === undefined ? undefined : timeline.quotedBy({ replyTo }),
    isAnswer: replyTo !== undefined && message?.recalled !== true,
    group: room || people.isGroup(conversation),
    room,
    mentionsMe: !mine && mentionsMe,
  };
}

const bodyOf = (message: MessageView): string =>
  message.format === 'text' ? message.body : excerpt(message);

/** Drawn close together: of one author, on one day, soon after each other. */
function inOneRun(before: Said | undefined, after: Said | undefined): boolean {
  if (before === undefined || after === undefined) return false;
  const soon = after.time - before.time < sameRunMs && dayKey(before.time) === dayKey(after.time);
  return before.from === after.from && soon;
}

const line = (key: string, kind: string, text: string): Keyed => ({
  key,
  print: text,
  make: () => h('div', { class: kind }, h('span', {}, text)),
});
