import { type PullContext } from './context.js';
import {
  pullBlocked,
  pullBroadcasts,
  pullMemberInfos,
  pullSilenced,
  pullSubscriptions,
  pullThreads,
} from './conversation-streams.js';
import { PullError } from './errors.js';
import { type MediaOptions, pullMedia } from './pull-media.js';
import type { Source } from './ports.js';
import { Progress } from './progress.js';
import { countOf, pullClass } from './pull-class.js';
import { PullFolder, type PulledApp } from './pull-folder.js';
import { pullMessages } from './pull-messages.js';
import { pullUnread } from './pull-unread.js';
import { readState } from './stream-writer.js';
import { type Manifest, type PullEvent, standardStreams } from './types.js';

export interface PullOptions {
  readonly out: string;
  readonly app: PulledApp;
  readonly source: Source;
  /** `users`, `files`, `media`, `unread`, `class:Name`. */
  readonly include?: readonly string[];
  /** Streams that are not wanted. */
  readonly skip?: readonly string[];
  readonly parallel?: number;
  readonly pageSize?: number;
  readonly partBytes?: number;
  readonly reReadMs?: number;
  readonly media?: MediaOptions;
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: PullEvent) => void;
}

const DAY_MS = 86_400_000;

/** A stream with those that must be complete before it. */
interface Plan {
  readonly stream: string;
  readonly after: readonly string[];
  run(context: PullContext): Promise<void>;
}

/**
 * Saves an app to a folder. Begins, goes on with what was interrupted, or, on a folder that is complete, adds what
 * changed since. Answers the manifest.
 */
export async function pull(options: PullOptions): Promise<Manifest> {
  const plans = planOf(options);
  const folder = await PullFolder.open(options.out);
  try {
    // Whoever is refused has nothing to save: a folder must not belong to an app id that was mistyped.
    await countOf(options, '_Conversation');
    const number = await folder.claim(options.app);
    const waiting = plans.map(({ stream }) => stream);
    const progress = new Progress(options.source, waiting, options.onEvent ?? (() => undefined));
    const context: PullContext = {
      source: options.source,
      folder,
      pull: number,
      progress,
      parallel: options.parallel ?? 3,
      pageSize: options.pageSize ?? 1_000,
      partBytes: options.partBytes ?? 64 * 1024 * 1024,
      reReadMs: options.reReadMs ?? 7 * DAY_MS,
      signal: options.signal,
    };
    await runPlans(plans, context, () => folder.writeManifest(options.app, 'running', number));
    return await folder.writeManifest(options.app, 'complete', number);
  } finally {
    await folder.release();
  }
}

/**
 * Streams that wait for no other run side by side; requests keep to the source's bounds. The first failure ends all,
 * each behind its last checkpoint.
 */
async function runPlans(
  plans: readonly Plan[],
  context: PullContext,
  onEnd: () => Promise<unknown>,
): Promise<void> {
  const running = new Map<string, Promise<void>>();
  let failure: { error: unknown } | undefined;
  let writing = Promise.resolve<unknown>(undefined);
  const start = async (plan: Plan) => {
    for (const name of plan.after) await running.get(name);
    if (failure !== undefined) return;
    try {
      if (context.signal?.aborted) throw context.signal.reason as Error;
      await plan.run(stopping(context));
      writing = writing.then(onEnd);
      await writing;
    } catch (error) {
      failure ??= { error };
    }
  };
  /** Once a stream failed, the others end at their next report. */
  const stopping = (given: PullContext): PullContext => ({
    ...given,
    progress: {
      moved(stream, rows, fraction) {
        if (failure !== undefined) throw new PullError('stopped', 'another stream failed');
        given.progress.moved(stream, rows, fraction);
      },
      finished: (stream, rows, unavailable) => given.progress.finished(stream, rows, unavailable),
      note: (text) => given.progress.note(text),
    },
  });
  for (const plan of plans) running.set(plan.stream, start(plan));
  await Promise.all(running.values());
  if (failure !== undefined) throw failure.error;
}

const classes: Readonly<Record<string, string>> = { users: '_User', files: '_File' };

function planOf({ include = [], skip = [], media }: PullOptions): readonly Plan[] {
  const classPlan = (stream: string, className: string): Plan => ({
    stream,
    after: [],
    run: (context) => pullClass(context, stream, className),
  });
  const plan = (stream: string, after: string[], run: (context: PullContext) => Promise<void>): Plan => ({
    stream,
    after,
    run,
  });
  const standard: Plan[] = [
    plan('messages', [], pullMessages),
    plan('conversations', [], (context) =>
      pullClass(context, 'conversations', '_Conversation', { required: true }),
    ),
    classPlan('installations', '_Installation'),
    plan('member-infos', ['conversations'], pullRoles),
    plan('silenced', ['conversations'], pullSilenced),
    plan('blocked', ['conversations', 'silenced'], pullBlocked),
    plan('subscriptions', ['conversations'], pullSubscriptions),
    plan('threads', ['subscriptions'], pullThreads),
    plan('broadcasts', ['conversations'], pullBroadcasts),
  ];
  const included = include.map((name): Plan => {
    const custom = /^class:(\w+)$/.exec(name)?.[1];
    if (custom !== undefined) return classPlan(`class-${custom}`, custom);
    if (name === 'media')
      return plan('media', ['messages', 'threads', 'files'], (context) => pullMedia(context, media));
    if (name === 'unread') return plan('unread', ['conversations', 'messages'], pullUnread);
    const className = classes[name];
    if (className === undefined)
      throw new PullError('usage', `--include takes users, files, media, unread and class:Name, not ${name}`);
    return classPlan(name, className);
  });
  for (const name of skip)
    if (!(standardStreams as readonly string[]).includes(name))
      throw new PullError('usage', `--skip takes ${standardStreams.join(', ')}, not ${name}`);
  const last = (one: Plan) => (one.stream === 'media' ? 1 : 0); // a plan comes behind those it waits for
  included.sort((one, other) => last(one) - last(other));
  return [...standard, ...included].filter(
    ({ stream }, at, all) =>
      !skip.includes(stream) && all.findIndex((other) => other.stream === stream) === at,
  );
}

/** Roles are a class; where it may not be scanned, each conversation is asked. */
async function pullRoles(context: PullContext): Promise<void> {
  // Not counted: a source that keeps roles with its conversations goes through all of them for it.
  await pullClass(context, 'member-infos', '_ConversationMemberInfo', { counted: false });
  const state = await readState(context.folder.path, 'member-infos');
  if (state?.unavailable !== undefined) await pullMemberInfos(context);
}
