import { isObject, OpType } from '@hongyan/leancloud';
import { AppError, type Caller, type ConversationView, type EntryView } from '@hongyan/protocol';
import type { ConnectionParts } from '../connection-parts.js';
import { membershipPushes, type ConvPush } from './membership-pushes.js';
import { reliable, stampOf } from './pushed-event.js';
import { runFor } from './run-for.js';
import type { ToldLive } from './told-live.js';
import { updatedPush } from './updated-push.js';

const names = new Map(Object.entries(OpType).map(([name, op]) => [op as number, name]));

/** Swift clients look up as many conversations at once as are told of, and nothing happens where these are more. */
const mostChanges = 100;
/** Pages that are looked through for one answer: an empty one must say that there is no more, or the client asks it again. */
const mostPages = 100;

/**
 * `GET /1.1/rtm/notifications`: the pushes about conversations that a client has missed after a time, ascending. Those
 * that ask for one type get a list, in which names have underscores; the others get an object of two, with dashes.
 */
export async function notifications(
  parts: ConnectionParts,
  caller: Caller,
  query: URLSearchParams,
  told?: ToldLive,
): Promise<object> {
  const since = Number(query.get('start_ts') ?? Number.NaN);
  if (!Number.isSafeInteger(since) || since < 0)
    throw new AppError('bad_request', { detail: 'start_ts is a time in milliseconds' });
  const limit = Math.min(parts.apps.known(caller.app)?.limits.page ?? mostChanges, mostChanges);
  const views = new Views(parts, caller);
  const found: object[] = [];
  const list = query.has('notification_type');
  let [until, more] = [since, true];
  for (let page = 0; more && found.length === 0 && page < mostPages; page += 1) {
    const read = await runFor(parts, caller, 'client.changes', { since: until, limit });
    ({ until, more } = read);
    const missed = more ? read.entries : (told?.withoutTail(read.entries) ?? read.entries);
    for (const entry of missed) {
      for (const push of await pushesOf(entry, caller, views))
        found.push(list ? underscored(push, entry) : dashed(push, entry));
    }
  }
  if (list) return { hasMore: more, notifications: found };
  // What is left out makes the client look its conversations up anew.
  return {
    permanent: { notifications: found },
    droppable: { invalidLocalConvCache: more, notifications: [] },
  };
}

/** Conversations as they are now, each looked up once. */
class Views {
  private readonly known = new Map<string, Promise<ConversationView | undefined>>();

  constructor(
    private readonly parts: ConnectionParts,
    private readonly caller: Caller,
  ) {}

  of(entry: EntryView): Promise<ConversationView | undefined> {
    const { conversation } = entry;
    let view = this.known.get(conversation);
    if (view === undefined) this.known.set(conversation, (view = this.look(entry)));
    return view;
  }

  private async look({ conversation }: EntryView): Promise<ConversationView | undefined> {
    try {
      return (await runFor(this.parts, this.caller, 'conversation.get', { conversation })).conversation;
    } catch (error) {
      if (error instanceof AppError && !error.definition.temporary) return undefined;
      throw error;
    }
  }
}

async function pushesOf(entry: EntryView, { client }: Caller, views: Views): Promise<readonly ConvPush[]> {
  if (entry.kind === 'updated') {
    const view = await views.of(entry);
    return view === undefined ? [] : [updatedPush(entry, view)];
  }
  const view = entry.kind === 'created' ? await views.of(entry) : undefined;
  return (client && membershipPushes(entry, client, false, view)) ?? [];
}

const underscored = ({ op, conv }: ConvPush, entry: EntryView): object => ({
  ...{ cmd: 'conv', op: names.get(op), serverTs: stampOf(entry), notificationType: reliable },
  ...conv,
});

function dashed({ op, conv }: ConvPush, entry: EntryView): object {
  const { attr, attrModified, ...rest } = conv;
  const name = names.get(op)?.replaceAll('_', '-');
  return {
    ...{ cmd: 'conv', op: name, serverTs: stampOf(entry), notificationType: reliable },
    ...rest,
    ...(attr === undefined ? {} : { attr: contentOf(attr) }),
    ...(attrModified === undefined ? {} : { attrModified: contentOf(attrModified) }),
  };
}

function contentOf({ data = '{}' }: { readonly data?: string }): object {
  const content: unknown = JSON.parse(data);
  return isObject(content) ? content : {};
}
