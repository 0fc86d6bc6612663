import { parseFilter, parseSort } from '@hongyan/filter';
import {
  AppError,
  type AppId,
  type Args,
  type MessageView,
  type Result,
  hardLimits,
} from '@hongyan/protocol';
import { type Call, bounded, type Core, requireServer } from './core.js';
import type { Found } from './ports.js';
import type { TimelineStore } from './timeline-ports.js';
import type { MessageEntry } from './types.js';
import { messageView } from './views.js';

type Timeline = Args<'message.timeline'>;

/** So many conversations are read at a time: the store answers them together. */
const atATime = 200;
const conversationsPerPage = 1000;
/** So many messages of one conversation are read at first, and then: most conversations have few on a page. */
const firstChunk = 4;
const chunk = 50;
/** An app that is larger than can be merged in this time gets an error, not a hole. */
const budgetMs = 10_000;

/**
 * `message.timeline`: messages of all conversations (of one author, if one is named) by time; of the same time by id. Threads
 * of services and temporary conversations are not in it. The store finds an app's by time; one author's, and those of a store
 * that cannot, are merged from the logs: an old page then asks every conversation that has a newer message where it was.
 */
export async function timeline(
  core: Core,
  caller: Call,
  args: Timeline,
): Promise<Result<'message.timeline'>> {
  requireServer(caller);
  const app = await core.app(caller);
  // Each page asks many conversations, however short it is: servers may ask for long ones.
  const limit = bounded(args.limit, hardLimits.page, app.limits.page);
  const deadline = Math.min(core.clock() + budgetMs, caller.deadline);
  const { timeline: store } = core;
  const views =
    store === undefined || args.author !== undefined
      ? await merged(core, caller.app, args, limit + 1, deadline)
      : await found(core, store, caller.app, args, limit + 1, deadline);
  const page = views.slice(0, limit);
  return {
    messages: args.direction === 'backward' ? page.reverse() : page,
    more: views.length > limit,
  };
}

async function found(
  core: Core,
  store: TimelineStore,
  app: AppId,
  { direction, before, after }: Timeline,
  limit: number,
  deadline: number,
): Promise<MessageView[]> {
  const views: MessageView[] = [];
  const bounds = { ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) };
  for (let nearest: object = {}; ;) {
    const query = { direction, ...bounds, ...nearest, limit: limit - views.length };
    const { items, resume } = await store.part(app, query);
    views.push(...items.map(({ conversation, message }) => messageView(conversation, message)));
    if (resume === undefined || views.length >= limit) return views;
    requireTime(core, deadline);
    nearest = { [direction === 'backward' ? 'before' : 'after']: { time: resume } };
  }
}

function requireTime(core: Core, deadline: number): void {
  if (core.clock() > deadline)
    throw new AppError('deadline_exceeded', { detail: 'too many conversations for one page' });
}

async function merged(
  core: Core,
  app: AppId,
  args: Timeline,
  limit: number,
  deadline: number,
): Promise<readonly MessageView[]> {
  const best = new Best(args.direction, limit);
  for await (const group of candidates(core, app, args, best)) {
    requireTime(core, deadline);
    await Promise.all(group.map((one) => offer(core, app, args, one, best, deadline)));
  }
  return best.views;
}

/** The first messages in the asked direction, in order. */
class Best {
  views: MessageView[] = [];
  readonly compare: (a: MessageView, b: MessageView) => number;

  constructor(
    direction: Timeline['direction'],
    private readonly size: number,
  ) {
    const sign = direction === 'backward' ? -1 : 1;
    this.compare = (a, b) => sign * (a.time - b.time || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
  }

  /** The time beyond which nothing is wanted any longer; undefined: everything is. */
  get limit(): number | undefined {
    return this.views.length < this.size ? undefined : this.views.at(-1)?.time;
  }

  add(views: readonly MessageView[]): void {
    const last = this.views.length < this.size ? undefined : this.views.at(-1);
    const wanted = last === undefined ? views : views.filter((view) => this.compare(view, last) < 0);
    if (wanted.length === 0) return;
    this.views = [...this.views, ...wanted].sort(this.compare).slice(0, this.size);
  }
}

/** Conversations that may have wanted messages, those with the newest (or, forward, the eldest) first. */
async function* candidates(
  core: Core,
  app: AppId,
  { author, direction, before, after }: Timeline,
  best: Best,
): AsyncGenerator<Found[]> {
  const backward = direction === 'backward';
  const time = (at: number): string => new Date(at).toISOString();
  const where = {
    ...(after === undefined
      ? { lastMessageAt: { $exists: true } }
      : { lastMessageAt: { $gte: time(after.time) } }),
    ...(before === undefined ? {} : { createdAt: { $lte: time(before.time) } }),
  };
  const all = { people: {}, filter: where };
  // Whoever writes in rooms and services has no row there.
  const open = { people: {}, filter: { ...where, kind: { $in: ['room', 'system'] } } };
  const parts = author === undefined ? [all] : [{ people: { writtenBy: author }, filter: where }, open];
  for (const { people, filter } of parts) {
    let cursor: string | undefined;
    do {
      const page = await core.conversations.query(app, {
        filter: parseFilter(filter),
        sort: parseSort(backward ? '-lastMessageAt' : 'createdAt'),
        limit: conversationsPerPage,
        ...(cursor === undefined ? {} : { cursor }),
        ...people,
      });
      for (let at = 0; at < page.items.length; at += atATime) {
        const group = page.items.slice(at, at + atATime);
        if (group.every((found) => isBeyond(found, backward, best.limit))) {
          cursor = undefined;
          break;
        }
        yield group;
        cursor = page.cursor;
      }
    } while (cursor !== undefined);
  }
}

/** Nothing in it, nor in those that come after it, is wanted. */
const isBeyond = ({ head, conversation }: Found, backward: boolean, limit: number | undefined): boolean =>
  limit !== undefined && (backward ? head.lastMessageTime < limit : conversation.createdAt > limit);

async function offer(
  core: Core,
  app: AppId,
  { author, direction, before, after }: Timeline,
  { conversation, head }: Found,
  best: Best,
  deadline: number,
): Promise<void> {
  const backward = direction === 'backward';
  let [low, high] = await Promise.all([
    after === undefined ? 0 : core.log.seqAt(app, conversation.id, after.time - 1),
    before === undefined || head.lastTime <= before.time
      ? Number.MAX_SAFE_INTEGER
      : core.log.seqAt(app, conversation.id, before.time).then((seq) => seq + 1),
  ]);
  for (let limit = author === undefined ? firstChunk : chunk; ; limit = chunk) {
    requireTime(core, deadline);
    const range = { direction, after: low, before: high, limit };
    const { messages, more } = await core.log.history(app, conversation.id, range);
    best.add(
      messages
        .filter((message) => author === undefined || message.author === author)
        .map((message) => messageView(conversation, message))
        .filter((view) => isWithin(view, before, true) && isWithin(view, after, false)),
    );
    const last = backward ? messages[0] : messages.at(-1);
    if (!more || last === undefined || isPast(last, backward, best.limit)) return;
    if (backward) high = last.seq;
    else low = last.seq;
  }
}

const isPast = ({ time }: MessageEntry, backward: boolean, limit: number | undefined): boolean =>
  limit !== undefined && (backward ? time < limit : time > limit);

/** On the wanted side of a bound. A bound without a message excludes its whole millisecond, unless it is inclusive. */
function isWithin(view: MessageView, bound: Timeline['before'], upper: boolean): boolean {
  if (bound === undefined) return true;
  const { time, message, inclusive = false } = bound;
  const side =
    view.time - time || (message === undefined ? 0 : view.id < message ? -1 : view.id > message ? 1 : 0);
  return side === 0 ? inclusive : upper ? side < 0 : side > 0;
}
