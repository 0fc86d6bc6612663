import { AppError, type AppId, type Args, type ConversationId } from '@hongyan/protocol';
import { findMessage } from './change-message.js';
import type { Call, Core } from './core.js';

type Bounds = Pick<Args<'message.history'>, 'after' | 'before'>;
type Bound = NonNullable<Bounds['before']>;

/** Exclusive sequences of one log. */
export interface Range {
  readonly after: number;
  readonly before: number;
}

/** Where a bound stands: at a message of one of the logs, at a sequence of all, or at a time. */
interface Place {
  readonly log?: number;
  readonly seq?: number | undefined;
  readonly time?: number | undefined;
  readonly isInclusive: boolean;
}

/**
 * What the bounds of a page mean in each of the logs that it is merged from, in their order: messages stand by time, those of
 * the same time by log, and in a log by sequence. Nothing behind compares times. Throws `message_not_found` for a bound that
 * names a message of none of them, and no time.
 */
export async function rangesOf(
  core: Core,
  caller: Call,
  logs: readonly ConversationId[],
  { after, before }: Bounds,
): Promise<Range[]> {
  const [low, high] = await Promise.all([
    placeOf(core, caller, logs, after),
    placeOf(core, caller, logs, before),
  ]);
  return Promise.all(
    logs.map(async (log, at) => ({
      after: low === undefined ? 0 : await lastUntil(core, caller.app, log, at, low, !low.isInclusive),
      before:
        high === undefined
          ? Number.MAX_SAFE_INTEGER
          : (await lastUntil(core, caller.app, log, at, high, high.isInclusive)) + 1,
    })),
  );
}

async function placeOf(
  core: Core,
  caller: Call,
  logs: readonly ConversationId[],
  bound: Bound | undefined,
): Promise<Place | undefined> {
  if (bound === undefined) return undefined;
  const { message, seq, time, inclusive: isInclusive = false } = bound;
  const isNowhere = seq === undefined && time === undefined;
  if (message === undefined) return isNowhere ? undefined : { seq, time, isInclusive };
  const found = await findMessage(core, caller, message);
  const log = found === undefined ? -1 : logs.indexOf(found.conversation);
  if (found === undefined || log === -1) {
    if (isNowhere) throw new AppError('message_not_found');
    return { seq, time, isInclusive };
  }
  if (logs.length === 1) return { log, seq: found.seq, isInclusive };
  const [entry] = await core.log.messages(caller.app, found.conversation, [found.seq]);
  const at = entry?.time ?? time;
  if (at === undefined) throw new AppError('message_not_found');
  return { log, seq: found.seq, time: at, isInclusive };
}

/** The last sequence of a log before a place, or (`including`) at it. */
async function lastUntil(
  core: Core,
  app: AppId,
  conversation: ConversationId,
  at: number,
  { log, seq, time = 0 }: Place,
  including: boolean,
): Promise<number> {
  if (seq !== undefined && (log === undefined || log === at)) return including ? seq : Math.max(0, seq - 1);
  const isBefore = log === undefined ? including : at < log;
  return core.log.seqAt(app, conversation, isBefore ? time : time - 1);
}
