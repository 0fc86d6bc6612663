import type { App } from '@hongyan/apps';
import {
  AppError,
  type Args,
  type BulkResult,
  type ClientId,
  type ErrorName,
  type Result,
} from '@hongyan/protocol';
import { refuses } from './clients.js';
import { type Call, clientOf, type Core, seqResult } from './core.js';
import { mayAdd, mayJoin, mayLeave, mayRemove } from './permissions.js';
import type { Outcome } from './sequencer.js';
import type { ConversationState } from './state.js';
import type { EntryPayload } from './types.js';
import { isUnique } from './views.js';

type Failure = { client: ClientId; name: ErrorName };

/** Ordinary conversations only: rooms are joined by sessions, services subscribed to, the members of the rest are fixed. */
function changeableMembers(state: ConversationState): AppError | undefined {
  return state.conversation.kind === 'ordinary' ? undefined : new AppError('wrong_kind');
}

/** The answer to a command about several clients: where it stands in the log, if anything changed, and each id’s fate. */
export function bulkResult(
  outcome: Outcome,
  done: readonly ClientId[],
  failures: readonly Failure[],
): BulkResult {
  return {
    ...(outcome.entry === undefined ? {} : { seq: outcome.entry.seq }),
    done,
    failed: failures.map(({ client, name }) => ({ client, code: new AppError(name).definition.code, name })),
  };
}

/** `conversation.add`: who is in already is done; who may not be is named with the reason; the rest is one entry. */
export async function addMembers(
  core: Core,
  caller: Call,
  args: Args<'conversation.add'>,
): Promise<Result<'conversation.add'>> {
  const app = await core.app(caller);
  const asked = [...new Set(args.members)];
  const failures: Failure[] = [];
  const outcome = await core.change(app, caller, args.conversation, args.op, async (state) => {
    const refusal = changeableMembers(state) ?? mayAdd(state, caller);
    if (refusal !== undefined) return refusal;
    failures.length = 0;
    const refusing = new Set(
      caller.client === undefined ? [] : await core.clients.refusing(caller.app, caller.client, asked),
    );
    const missing = asked.filter((client) => !state.isMember(client));
    for (const client of await core.clients.refusers(caller.app, state.id, missing)) refusing.add(client);
    const full = await withTooManyConversations(core, app, caller, missing);
    const added: ClientId[] = [];
    for (const client of missing) {
      if (state.blocked.has(client) || refusing.has(client)) failures.push({ client, name: 'blocked' });
      else if (full.has(client)) failures.push({ client, name: 'limit_exceeded' });
      else if (state.memberCount + added.length >= app.limits.members)
        failures.push({ client, name: 'conversation_full' });
      else added.push(client);
    }
    if (added.length === 0) return undefined;
    return { kind: 'added', members: added, ...(await detachment(core, caller, state, added)) };
  });
  const failed = new Set(failures.map(({ client }) => client));
  return bulkResult(
    outcome,
    asked.filter((client) => !failed.has(client)),
    failures,
  );
}

async function withTooManyConversations(
  core: Core,
  app: App,
  caller: Call,
  clients: readonly ClientId[],
): Promise<Set<ClientId>> {
  const full = new Set<ClientId>();
  for (let i = 0; i < clients.length; i += 500) {
    const some = clients.slice(i, i + 500);
    const counts = await Promise.all(some.map((client) => core.members.count(caller.app, client)));
    for (const [j, client] of some.entries())
      if ((counts[j] ?? 0) >= app.limits.conversationsPerClient) full.add(client);
  }
  return full;
}

/**
 * Anyone from outside the creation set ends a conversation's being the unique one. While it is that one, who is or was a
 * member is in the set, however old the log is.
 */
async function detachment(
  core: Core,
  caller: Call,
  state: ConversationState,
  added: readonly ClientId[],
): Promise<{ detach?: boolean }> {
  if (!isUnique(state.conversation)) return {};
  const inSet = new Set(await core.members.everAmong(caller.app, state.id, added));
  return added.every((client) => inSet.has(client)) ? {} : { detach: true };
}

/** `conversation.remove`: a change per call, a reason per id that could not be removed. */
export async function removeMembers(
  core: Core,
  caller: Call,
  args: Args<'conversation.remove'>,
): Promise<Result<'conversation.remove'>> {
  const app = await core.app(caller);
  const asked = [...new Set(args.members)];
  const failures: Failure[] = [];
  const outcome = await core.change(app, caller, args.conversation, args.op, (state) => {
    const refusal =
      changeableMembers(state) ??
      (caller.server || state.isMember(caller.client as ClientId)
        ? undefined
        : new AppError('member_required'));
    if (refusal !== undefined) return refusal;
    failures.length = 0;
    const removed: ClientId[] = [];
    for (const client of asked) {
      if (!state.isMember(client)) continue;
      const refused = mayRemove(app, state, caller, client);
      if (refused === undefined) removed.push(client);
      else failures.push({ client, name: refused.error });
    }
    if (removed.length === 0) return undefined;
    return { kind: 'removed', members: removed, ...succession(state, removed), ...afterLeaving(app, state) };
  });
  const failed = new Set(failures.map(({ client }) => client));
  return bulkResult(
    outcome,
    asked.filter((client) => !failed.has(client)),
    failures,
  );
}

/** `conversation.join`: by oneself, where the app lets; ends that one refuses the conversation. */
export async function joinConversation(
  core: Core,
  caller: Call,
  args: Args<'conversation.join'>,
): Promise<Result<'conversation.join'>> {
  const app = await core.app(caller);
  const client = clientOf(caller);
  const mine = await core.members.count(caller.app, client);
  let refused = false;
  const outcome = await core.change(app, caller, args.conversation, args.op, async (state) => {
    const refusal = changeableMembers(state);
    if (refusal !== undefined) return refusal;
    refused = await refuses(core, caller, state.id);
    if (state.isMember(client)) return undefined;
    const forbidden = mayJoin(app, state, caller);
    if (forbidden !== undefined) return forbidden;
    if (refused && caller.server) return new AppError('blocked');
    if (state.memberCount >= app.limits.members) return new AppError('conversation_full');
    if (mine >= app.limits.conversationsPerClient) return new AppError('limit_exceeded');
    return { kind: 'joined', member: client, ...(await detachment(core, caller, state, [client])) };
  });
  if (refused && !caller.server) await core.clients.unrefuse(caller.app, client, args.conversation);
  return seqResult(outcome);
}

/** `conversation.leave`. Ownership passes on by the app's policy. */
export async function leaveConversation(
  core: Core,
  caller: Call,
  args: Args<'conversation.leave'>,
): Promise<Result<'conversation.leave'>> {
  const app = await core.app(caller);
  const client = clientOf(caller);
  return seqResult(
    await core.change(
      app,
      caller,
      args.conversation,
      args.op,
      (state) => changeableMembers(state) ?? mayLeave(app, state, client) ?? leaving(app, state, client),
    ),
  );
}

/** A member's leaving by itself. */
export const leaving = (app: App, state: ConversationState, client: ClientId): EntryPayload => ({
  ...{ kind: 'left', member: client },
  ...succession(state, [client]),
  ...afterLeaving(app, state),
});

function succession(state: ConversationState, leaving: readonly ClientId[]): { owner?: ClientId } {
  const { owner } = state;
  if (owner === undefined || !leaving.includes(owner)) return {};
  const next = state.successor(new Set(leaving));
  return next === undefined ? {} : { owner: next };
}

const afterLeaving = (app: App, state: ConversationState): { detach?: boolean } =>
  app.conversations.uniqueAfterLeave === 'detach' && isUnique(state.conversation) ? { detach: true } : {};
