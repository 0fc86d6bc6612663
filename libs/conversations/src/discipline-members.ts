import { AppError, type Args, type ClientId, type ErrorName, type Result } from '@hongyan/protocol';
import { bulkResult } from './change-members.js';
import { type Call, bounded, type Core } from './core.js';
import { mayDiscipline, mayManage } from './permissions.js';
import type { ConversationState } from './state.js';
import type { EntryPayload } from './types.js';

/** Silencing and blocking: ordinary conversations, rooms and services know them. */
type Bulk = {
  op: Args<'conversation.block'>['op'];
  conversation: Args<'conversation.block'>['conversation'];
  members: readonly ClientId[];
};

async function discipline(
  core: Core,
  caller: Call,
  args: Bulk,
  refuseOne: (state: ConversationState, client: ClientId) => AppError | undefined,
  entry: (state: ConversationState, clients: readonly ClientId[]) => EntryPayload | undefined,
): Promise<Result<'conversation.block'>> {
  const app = await core.app(caller);
  const asked = [...new Set(args.members)];
  const failures: { client: ClientId; name: ErrorName }[] = [];
  const outcome = await core.change(app, caller, args.conversation, args.op, (state) => {
    const { kind } = state.conversation;
    if (kind === 'thread' || kind === 'temporary') return new AppError('wrong_kind');
    const refusal = mayManage(state, caller);
    if (refusal !== undefined) return refusal;
    failures.length = 0;
    const possible: ClientId[] = [];
    for (const client of asked) {
      const refused = refuseOne(state, client);
      if (refused === undefined) possible.push(client);
      else failures.push({ client, name: refused.error });
    }
    return possible.length === 0 ? undefined : entry(state, possible);
  });
  const failed = new Set(failures.map(({ client }) => client));
  return bulkResult(
    outcome,
    asked.filter((client) => !failed.has(client)),
    failures,
  );
}

/** `conversation.silence`: these may not send until it ends or is lifted. */
export async function silenceMembers(
  core: Core,
  caller: Call,
  args: Args<'conversation.silence'>,
): Promise<Result<'conversation.silence'>> {
  const { limits } = await core.app(caller);
  return await discipline(
    core,
    caller,
    args,
    (state, client) => {
      const now = core.clock();
      const full = !state.silences.has(client) && activeSilences(state, now).length >= limits.silencedMembers;
      return mayDiscipline(state, caller, client) ?? (full ? new AppError('limit_exceeded') : undefined);
    },
    (_state, members) => ({
      kind: 'silenced',
      members,
      ...(args.seconds === undefined ? {} : { until: core.clock() + args.seconds * 1000 }),
    }),
  );
}

/** `conversation.unsilence`: who is not silenced is done. */
export function unsilenceMembers(
  core: Core,
  caller: Call,
  args: Args<'conversation.unsilence'>,
): Promise<Result<'conversation.unsilence'>> {
  return discipline(
    core,
    caller,
    args,
    (state, client) => mayDiscipline(state, caller, client),
    (state, members) => {
      const silenced = members.filter((client) => state.silences.has(client));
      return silenced.length === 0 ? undefined : { kind: 'unsilenced', members: silenced };
    },
  );
}

/** `conversation.block`: these are put out and may neither come back nor be added. */
export async function blockMembers(
  core: Core,
  caller: Call,
  args: Args<'conversation.block'>,
): Promise<Result<'conversation.block'>> {
  const { limits } = await core.app(caller);
  const result = await discipline(
    core,
    caller,
    args,
    (state, client) =>
      mayDiscipline(state, caller, client) ??
      (state.blocked.size >= limits.blockedMembers && !state.blocked.has(client)
        ? new AppError('limit_exceeded')
        : undefined),
    (state, members) => {
      const fresh = members.filter((client) => !state.blocked.has(client));
      return fresh.length === 0
        ? undefined
        : {
            kind: 'blocked',
            members: fresh,
            removed:
              state.conversation.kind === 'system'
                ? fresh
                : fresh.filter((client) => state.members.has(client)),
          };
    },
  );
  await core.rooms.expel(caller.app, args.conversation, result.done);
  return result;
}

/** `conversation.unblock`: they may come back or be added; nobody is taken in again by it. */
export function unblockMembers(
  core: Core,
  caller: Call,
  args: Args<'conversation.unblock'>,
): Promise<Result<'conversation.unblock'>> {
  return discipline(
    core,
    caller,
    args,
    () => undefined,
    (state, members) => {
      const blocked = members.filter((client) => state.blocked.has(client));
      return blocked.length === 0 ? undefined : { kind: 'unblocked', members: blocked };
    },
  );
}

const activeSilences = (state: ConversationState, now: number) =>
  [...state.silences]
    .filter(([, until]) => until === undefined || until > now)
    .map(([client, until]) => ({ client, until }));

/** `conversation.silenced`: by client id, without those whose time is over. For managers. */
export async function listSilenced(
  core: Core,
  caller: Call,
  args: Args<'conversation.silenced'>,
): Promise<Result<'conversation.silenced'>> {
  const { app, state } = await core.visible(caller, args.conversation);
  const refusal = mayManage(state, caller);
  if (refusal !== undefined) throw refusal;
  const rows = activeSilences(state, core.clock()).map(({ client, until }) => ({
    client,
    ...(until === undefined ? {} : { until }),
  }));
  return pageBy(rows, (row) => row.client, bounded(args.limit, app.limits.page), args.cursor);
}

/** `conversation.blocked`: by client id. For managers. */
export async function listBlocked(
  core: Core,
  caller: Call,
  args: Args<'conversation.blocked'>,
): Promise<Result<'conversation.blocked'>> {
  const { app, state } = await core.visible(caller, args.conversation);
  const refusal = mayManage(state, caller);
  if (refusal !== undefined) throw refusal;
  return pageBy(
    [...state.blocked].map((client) => ({ client })),
    (row) => row.client,
    bounded(args.limit, app.limits.page),
    args.cursor,
  );
}

/** A page of rows that are in memory, ordered by client id; the cursor is the last id given. */
function pageBy<T>(
  rows: readonly T[],
  key: (row: T) => string,
  limit: number,
  cursor: string | undefined,
): { items: T[]; cursor?: string } {
  const sorted = rows
    .filter((row) => cursor === undefined || key(row) > cursor)
    .sort((a, b) => (key(a) < key(b) ? -1 : 1));
  const items = sorted.slice(0, limit);
  const last = items.at(-1);
  return { items, ...(sorted.length > limit && last !== undefined ? { cursor: key(last) } : {}) };
}
