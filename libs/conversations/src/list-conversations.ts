import type { App } from '@hongyan/apps';
import { parseFilter, parseSort } from '@hongyan/filter';
import { AppError, type Args, type ClientId, type QueriedConversation, type Result } from '@hongyan/protocol';
import { type Call, bounded, clientOf, type Core } from './core.js';
import { conversationView, listRow, messageView, ownState } from './views.js';
import type { OwnPatch, Queried } from './ports.js';
import type { OwnRow } from './types.js';

/** `conversation.get`. */
export async function getConversation(
  core: Core,
  caller: Call,
  args: Args<'conversation.get'>,
): Promise<Result<'conversation.get'>> {
  const { state } = await core.visible(caller, args.conversation);
  const row =
    caller.client === undefined ? undefined : await core.members.row(caller.app, caller.client, state.id);
  if (row !== undefined) return listRow(row, caller.client as ClientId);
  const [found] = await core.conversations.find(caller.app, [state.id]);
  if (found === undefined) throw new AppError('not_found');
  const { conversation, head, memberCount, lastMessage } = found;
  const mayShow = caller.server || conversation.kind === 'system';
  return {
    conversation: conversationView(conversation, head, memberCount),
    ...(mayShow && lastMessage !== undefined
      ? { lastMessage: messageView(conversation, lastMessage, caller.client) }
      : {}),
  };
}

/** Members of larger ones are asked for in pages. */
const listedMembers = 500;

/** `conversation.query`: by filter; clients find their own only, unless the app lets them look around. */
export async function queryConversations(
  core: Core,
  caller: Call,
  args: Args<'conversation.query'>,
): Promise<Result<'conversation.query'>> {
  const app = await core.app(caller);
  const filter = parseFilter(args.where ?? {});
  const sort = parseSort(args.sort ?? '-lastMessageAt');
  const { client, server } = caller;
  const own = !server && (!app.conversations.openQueries || args.where === undefined);
  const { items, cursor } = await core.conversations.query(caller.app, {
    filter,
    sort,
    limit: bounded(args.limit, app.limits.page),
    ...(args.cursor === undefined ? {} : { cursor: args.cursor }),
    ...(own || (server && client !== undefined && args.where === undefined)
      ? { memberOf: clientOf(caller) }
      : {}),
    ...(args.own && client !== undefined ? { rowsOf: client } : {}),
    ...(args.members ? { membersUpTo: listedMembers, withMutes: showsMutes(app, caller) } : {}),
  });
  const now = core.clock();
  return {
    items: items.map((found) => queried(found, caller, own || server, now)),
    ...(cursor === undefined ? {} : { cursor }),
  };
}

/** Who muted a conversation is the members' own affair, unless the app says otherwise. */
const showsMutes = (app: App, { server }: Call): boolean => server || app.conversations.mutesShown;

const isMutedAt = (until: number | null | undefined, now: number): boolean =>
  until === null || (until !== undefined && until > now);

function queried(found: Queried, { client }: Call, mayShow: boolean, now: number): QueriedConversation {
  const { conversation, head, memberCount, lastMessage, row, members, mutes } = found;
  const muted = mutes?.filter(({ until }) => isMutedAt(until, now)).map((mute) => mute.client);
  const listed = {
    ...(members === undefined ? {} : { members }),
    ...(muted === undefined ? {} : { muted }),
  };
  if (row !== undefined) return { ...listRow(row, client as ClientId), ...listed };
  const shown = lastMessage !== undefined && (mayShow || conversation.kind === 'system');
  return {
    conversation: conversationView(conversation, head, memberCount),
    ...(shown ? { lastMessage: messageView(conversation, lastMessage, client) } : {}),
    ...listed,
  };
}

/** `conversation.list`: my conversations with last message and exact unread in one answer. */
export async function listConversations(
  core: Core,
  caller: Call,
  args: Args<'conversation.list'>,
): Promise<Result<'conversation.list'>> {
  const client = clientOf(caller);
  const { limits } = await core.app(caller);
  const { items, cursor, totals, token } = await core.members.list(caller.app, client, {
    limit: bounded(args.limit, limits.page, 50),
    hidden: args.hidden ?? false,
    ...(args.cursor === undefined ? {} : { cursor: args.cursor }),
  });
  return {
    items: items.map((row) => listRow(row, client)),
    ...(cursor === undefined ? {} : { cursor }),
    totals,
    token,
  };
}

/** `conversation.sync`: what changed since the token. */
export async function syncConversations(
  core: Core,
  caller: Call,
  args: Args<'conversation.sync'>,
): Promise<Result<'conversation.sync'>> {
  const client = clientOf(caller);
  const { limits } = await core.app(caller);
  const { items, ...rest } = await core.members.sync(caller.app, client, {
    limit: bounded(args.limit, limits.page, 50),
    ...(args.token === undefined ? {} : { token: args.token }),
    ...(args.cursor === undefined ? {} : { cursor: args.cursor }),
  });
  return { ...rest, items: items.map((row) => listRow(row, client)) };
}

/** `conversation.members`: owners first, then by client id. Of a system conversation only for the server. */
export async function listMembers(
  core: Core,
  caller: Call,
  args: Args<'conversation.members'>,
): Promise<Result<'conversation.members'>> {
  const { app, state } = await core.visible(caller, args.conversation);
  const { kind } = state.conversation;
  if (!caller.server && kind === 'system') throw new AppError('forbidden');
  if (args.after !== undefined && args.role === undefined)
    throw new AppError('bad_request', { detail: 'after needs a role' });
  const { items, ...rest } = await core.members.members(caller.app, state.id, {
    limit: bounded(args.limit, app.limits.page, 50),
    ...(args.role === undefined ? {} : { role: args.role }),
    ...(args.cursor === undefined ? {} : { cursor: args.cursor }),
    ...(args.after === undefined ? {} : { after: args.after }),
  });
  const [shown, now] = [showsMutes(app, caller), core.clock()];
  return {
    ...rest,
    items: items.map(({ muteUntil, ...member }) =>
      shown && isMutedAt(muteUntil, now) ? { ...member, muted: true } : member,
    ),
  };
}

/** `conversation.setState`: my view of it; my other devices hear. Anybody may mute a room. */
export async function setState(
  core: Core,
  caller: Call,
  args: Args<'conversation.setState'>,
): Promise<Result<'conversation.setState'>> {
  const { muteUntil, pinned, hidden, markedUnread, custom } = args;
  if (custom !== undefined && Buffer.byteLength(JSON.stringify(custom)) > 1024)
    throw new AppError('too_large', { detail: 'custom is larger than 1 KB' });
  return await changeOwn(core, caller, args.conversation, {
    ...(muteUntil === undefined ? {} : { muteUntil: muteUntil === 0 ? 'off' : muteUntil }),
    ...(pinned === undefined ? {} : { pinnedAt: pinned ? core.clock() : 'off' }),
    ...(hidden === undefined ? {} : { hidden }),
    ...(markedUnread === undefined ? {} : { markedUnread }),
    ...(custom === undefined ? {} : { custom }),
  });
}

/** `conversation.clear`: gone for me only, and read. */
export async function clearConversation(
  core: Core,
  caller: Call,
  args: Args<'conversation.clear'>,
): Promise<Result<'conversation.clear'>> {
  const client = clientOf(caller);
  const { state } = await core.visible(caller, args.conversation);
  const seq = Math.min(args.seq, state.head.last);
  const read = await core.members.advanceRead(caller.app, args.conversation, client, seq);
  if (read === undefined) throw new AppError('member_required');
  core.receipts.moved(caller.app, state, client, { read: read.readSeq });
  return await changeOwn(core, caller, args.conversation, { clearedSeq: seq });
}

const isMute = ({ muteUntil, ...more }: OwnPatch): boolean =>
  muteUntil !== undefined && Object.keys(more).length === 0;

async function changeOwn(
  core: Core,
  caller: Call,
  conversation: Args<'conversation.get'>['conversation'],
  patch: OwnPatch,
): Promise<{ own: Result<'conversation.setState'>['own'] }> {
  const client = clientOf(caller);
  const { state } = await core.visible(caller, conversation);
  const set = () => core.members.setOwn(caller.app, conversation, client, patch);
  let row: OwnRow | undefined = await set();
  if (row === undefined && state.conversation.kind === 'room' && isMute(patch)) {
    await core.members.ensure(caller.app, conversation, client, 'guest', state.head.last);
    row = await set();
  }
  if (row === undefined) throw new AppError('member_required');
  const hiddenStill = row.hiddenSeq !== undefined && state.head.lastMessageSeq <= row.hiddenSeq;
  const { hiddenSeq: _, ...visible } = row;
  const own = ownState(hiddenStill ? row : visible);
  core.broker.publish([
    {
      app: caller.app,
      audience: { kind: 'clients', clients: [client] },
      origin: caller.session,
      class: 'state',
      event: { type: 'state', conversation, own },
    },
  ]);
  return { own };
}
