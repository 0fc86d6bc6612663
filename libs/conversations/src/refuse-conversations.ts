import type { App } from '@hongyan/apps';
import { AppError, type Args, type ClientId, type ConversationId, type Result } from '@hongyan/protocol';
import { leaving } from './change-members.js';
import { type Call, bounded, clientOf, type Core } from './core.js';
import { mayLeave, maySee } from './permissions.js';
import type { Verdict } from './sequencer.js';
import type { ConversationState } from './state.js';
import { staysGuest } from './subscriptions.js';

/**
 * Conversations that a client refuses: nobody else adds it to them, neither members nor the tenant's server. Rooms are not
 * among them, because everybody joins them by himself; nor temporary conversations, whose members are fixed.
 */

/**
 * `conversation.refuse`: from its answer on. It is stored before the client leaves, so that whoever adds it meanwhile is
 * before the leaving in the conversation's queue. If leaving fails it stays refused; asking again is harmless.
 */
export async function refuseConversation(
  core: Core,
  caller: Call,
  args: Args<'conversation.refuse'>,
): Promise<Result<'conversation.refuse'>> {
  const app = await core.app(caller);
  const client = clientOf(caller);
  const state = await refusable(core, app, caller, client, args.conversation);
  const decide = (now: ConversationState) => goOut(core, app, caller, client, now);
  const verdict = await decide(state);
  if (verdict instanceof AppError) throw verdict;
  const most = app.limits.refusedConversations;
  if (!(await core.clients.refuse(caller.app, client, state.id, most, core.clock())))
    throw new AppError('limit_exceeded', { detail: `at most ${most} refused conversations per client` });
  const { entry } = await core.sequencer.submit(caller.app, state.id, {
    author: client,
    op: args.op,
    origin: caller.session,
    wait: caller,
    alone: true,
    decide,
  });
  if (entry === undefined) return {};
  if (state.conversation.kind === 'system') await staysGuest(core, caller.app, state.id, client);
  return { seq: entry.seq, time: entry.time };
}

/** Also who may not see it any more, but was in it, knows of it and may refuse it. */
async function refusable(
  core: Core,
  app: App,
  caller: Call,
  client: ClientId,
  conversation: ConversationId,
): Promise<ConversationState> {
  const state = await core.states.get(caller.app, conversation);
  if (state === undefined) throw new AppError('not_found');
  const unseen = maySee(app, state, caller, core.clock());
  if (unseen !== undefined && (await core.members.everAmong(caller.app, state.id, [client])).length === 0)
    throw unseen;
  const { kind, audience } = state.conversation;
  if (kind !== 'ordinary' && kind !== 'system') throw new AppError('wrong_kind');
  if (audience === 'everyone') throw new AppError('forbidden', { detail: 'this service is for everyone' });
  return state;
}

async function goOut(
  core: Core,
  app: App,
  caller: Call,
  client: ClientId,
  state: ConversationState,
): Promise<Verdict> {
  if (state.conversation.kind === 'system') {
    const [subscribed] = await core.members.among(caller.app, state.id, [client]);
    return subscribed === undefined ? undefined : { kind: 'left', member: client };
  }
  if (!state.isMember(client)) return undefined;
  return mayLeave(app, state, client) ?? leaving(app, state, client);
}

/** `conversation.unrefuse`: others may add it again; nobody is taken in by it. Also of one that is gone. */
export async function unrefuseConversation(
  core: Core,
  caller: Call,
  args: Args<'conversation.unrefuse'>,
): Promise<Result<'conversation.unrefuse'>> {
  await core.clients.unrefuse(caller.app, clientOf(caller), args.conversation);
  return {};
}

/** `client.refused`: by id. */
export async function listRefusedConversations(
  core: Core,
  caller: Call,
  args: Args<'client.refused'>,
): Promise<Result<'client.refused'>> {
  const { limits } = await core.app(caller);
  return await core.clients.refused(caller.app, clientOf(caller), {
    limit: bounded(args.limit, limits.page, 50),
    ...(args.cursor === undefined ? {} : { cursor: args.cursor }),
  });
}
