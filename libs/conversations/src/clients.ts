import { AppError, type Args, type ClientView, type ConversationId, type Result } from '@hongyan/protocol';
import { type Call, bounded, clientOf, type Core } from './core.js';
import type { ClientRecord } from './client-ports.js';

export function clientView(record: ClientRecord): ClientView {
  const { id, name, avatarUrl, locale, timeZone, custom } = record;
  return {
    id,
    ...(name === undefined ? {} : { name }),
    ...(avatarUrl === undefined ? {} : { avatarUrl }),
    ...(locale === undefined ? {} : { locale }),
    ...(timeZone === undefined ? {} : { timeZone }),
    ...(custom === undefined ? {} : { custom }),
  };
}

/** `client.get`: unknown ones are left out. */
export async function getClients(
  core: Core,
  caller: Call,
  args: Args<'client.get'>,
): Promise<Result<'client.get'>> {
  const { limits } = await core.app(caller);
  if (args.clients.length > limits.idsPerCall)
    throw new AppError('limit_exceeded', { detail: `at most ${limits.idsPerCall} ids` });
  return { clients: (await core.clients.get(caller.app, args.clients)).map(clientView) };
}

/** `client.update`: by the tenant's server, or by the client itself where the app lets. */
export async function updateClient(
  core: Core,
  caller: Call,
  args: Args<'client.update'>,
): Promise<Result<'client.update'>> {
  const app = await core.app(caller);
  if (!caller.server && !app.clientsEditThemselves)
    throw new AppError('forbidden', { detail: 'the app does not let clients change their own record' });
  if (
    args.custom !== null &&
    args.custom !== undefined &&
    Buffer.byteLength(JSON.stringify(args.custom)) > 1024
  ) {
    throw new AppError('too_large', { detail: 'custom is larger than 1 KB' });
  }
  const { record } = await core.clients.upsert(caller.app, clientOf(caller), args, core.clock());
  return { client: clientView(record) };
}

/** `client.block`: the caller refuses these from now on, in conversations of two. */
export async function blockClients(
  core: Core,
  caller: Call,
  args: Args<'client.block'>,
): Promise<Result<'client.block'>> {
  const client = clientOf(caller);
  if (args.clients.includes(client))
    throw new AppError('bad_request', { detail: 'a client cannot refuse itself' });
  await core.clients.block(caller.app, client, args.clients, core.clock());
  core.states.refusalsChanged(caller.app);
  return {};
}

/** `client.unblock`: those who were not refused are none the worse. */
export async function unblockClients(
  core: Core,
  caller: Call,
  args: Args<'client.unblock'>,
): Promise<Result<'client.unblock'>> {
  await core.clients.unblock(caller.app, clientOf(caller), args.clients);
  core.states.refusalsChanged(caller.app);
  return {};
}

/** `client.blocked`: whom the caller refuses. */
export async function listBlockedClients(
  core: Core,
  caller: Call,
  args: Args<'client.blocked'>,
): Promise<Result<'client.blocked'>> {
  const { limits } = await core.app(caller);
  return await core.clients.blocked(caller.app, clientOf(caller), {
    limit: bounded(args.limit, limits.page, 50),
    ...(args.cursor === undefined ? {} : { cursor: args.cursor }),
  });
}

/**
 * Does the caller's client refuse this conversation? Asked within a decision, so that it is as of the conversation's queue.
 * Who comes in by a session of its own ends its refusal by it; the tenant's server, acting for it, is somebody else.
 */
export const refuses = async (core: Core, caller: Call, conversation: ConversationId): Promise<boolean> =>
  (await core.clients.refusers(caller.app, conversation, [clientOf(caller)])).length > 0;

/** `client.unread`: over all conversations of the caller. */
export function unreadTotals(core: Core, caller: Call): Promise<Result<'client.unread'>> {
  return core.members.totals(caller.app, clientOf(caller));
}
