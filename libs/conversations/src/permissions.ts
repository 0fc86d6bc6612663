import type { App } from '@hongyan/apps';
import { AppError, type Caller, type ClientId, type Role } from '@hongyan/protocol';
import type { ConversationState } from './state.js';

/**
 * Who may do what (docs/model.md, "Members and who may do what"). Pure functions of an app's policy, a state and a
 * caller; undefined means yes. The tenant's server may do everything; a block, a silence or a freeze never binds it.
 */
type Refusal = AppError | undefined;

const ranks: Readonly<Record<Role, number>> = { member: 1, manager: 2, owner: 3 };

const refuse = (name: 'member_required' | 'role_required' | 'forbidden' | 'not_found'): AppError =>
  new AppError(name);

/** Is the conversation there at all, for this caller? Otherwise the answer is that of one that does not exist. */
export function maySee(app: App, state: ConversationState, caller: Caller, now: number): Refusal {
  const { conversation } = state;
  if (conversation.deletedAt !== undefined) return refuse('not_found');
  if (conversation.expiresAt !== undefined && conversation.expiresAt <= now) return new AppError('expired');
  if (caller.server || caller.client === undefined) return caller.server ? undefined : refuse('not_found');
  switch (conversation.kind) {
    case 'room':
    case 'system':
      return undefined;
    case 'thread':
    case 'temporary':
      return state.isMember(caller.client) ? undefined : refuse('member_required');
    case 'ordinary':
      return state.isMember(caller.client) || app.conversations.openQueries
        ? undefined
        : refuse('member_required');
  }
}

/** Reading what was said. `joined`: rooms, whether the asking session is in. */
export function mayReadMessages(
  app: App,
  state: ConversationState,
  caller: Caller,
  joined: boolean,
): Refusal {
  if (caller.server || caller.client === undefined) return undefined;
  const { kind } = state.conversation;
  if (kind === 'system') return undefined;
  if (kind === 'room') {
    if (state.blocked.has(caller.client)) return new AppError('blocked');
    return joined || app.rooms.historyOpen || state.rankOf(caller.client) >= ranks.manager
      ? undefined
      : new AppError('join_required');
  }
  return state.isMember(caller.client) ? undefined : refuse('member_required');
}

export interface SendFacts {
  readonly mentionAll: boolean;
  /** Rooms: has the sending session joined? */
  readonly joined: boolean;
}

export function maySend(
  app: App,
  state: ConversationState,
  caller: Caller,
  facts: SendFacts,
  now: number,
): Refusal {
  if (caller.server) return undefined;
  const client = caller.client;
  if (client === undefined) return refuse('forbidden');
  const { kind, frozen } = state.conversation;
  if (kind === 'room') {
    if (state.blocked.has(client)) return new AppError('blocked');
    if (!facts.joined && !app.rooms.sendWithoutJoin) return new AppError('join_required');
  } else {
    if (!state.isMember(client)) return refuse('member_required');
    if (state.refusing.length > 0 && state.refusing.some((other) => other !== client))
      return new AppError('blocked');
  }
  if (state.isSilenced(client, now)) return new AppError('silenced');
  if (frozen && state.rankOf(client) < ranks.manager) return new AppError('frozen');
  if (
    facts.mentionAll &&
    app.conversations.mentionAll === 'manager' &&
    !isOneToOne(state) &&
    state.rankOf(client) < ranks.manager
  ) {
    return refuse('role_required');
  }
  return undefined;
}

/** In a conversation of two there is nobody to protect from a mention of all. */
const isOneToOne = (state: ConversationState): boolean => state.memberCount <= 2;

/** Typing and other signals need what sending needs, but a silence or freeze only stops messages. */
export function maySignal(app: App, state: ConversationState, caller: Caller, joined: boolean): Refusal {
  if (caller.server) return undefined;
  if (caller.client === undefined) return refuse('forbidden');
  if (state.conversation.kind === 'room') {
    if (state.blocked.has(caller.client)) return new AppError('blocked');
    return joined || app.rooms.sendWithoutJoin ? undefined : new AppError('join_required');
  }
  if (!state.isMember(caller.client)) return refuse('member_required');
  return state.refusing.some((other) => other !== caller.client) ? new AppError('blocked') : undefined;
}

/** By oneself. */
export function mayJoin(app: App, state: ConversationState, caller: Caller): Refusal {
  if (caller.client === undefined) return refuse('forbidden');
  if (state.blocked.has(caller.client)) return new AppError('blocked');
  if (caller.server) return undefined;
  return app.conversations.join === 'open' ? undefined : refuse('forbidden');
}

/** Others. */
export function mayAdd(state: ConversationState, caller: Caller): Refusal {
  if (caller.server) return undefined;
  return caller.client !== undefined && state.isMember(caller.client) ? undefined : refuse('member_required');
}

/** Has somebody been given a role besides the owner? Until then the preset lets any member remove others. */
const hasRoles = (state: ConversationState): boolean =>
  [...state.members.values()].some(({ role }) => role === 'manager');

/** Others: {@link mayLeave} is about oneself. */
export function mayRemove(app: App, state: ConversationState, caller: Caller, target: ClientId): Refusal {
  if (caller.server) return undefined;
  if (caller.client === undefined || !state.isMember(caller.client)) return refuse('member_required');
  if (app.conversations.removeOthers === 'any-member' && !hasRoles(state)) return undefined;
  return state.rankOf(caller.client) > state.rankOf(target) ? undefined : refuse('role_required');
}

/** By oneself. */
export function mayLeave(app: App, state: ConversationState, client: ClientId): Refusal {
  if (!state.isMember(client)) return refuse('member_required');
  const ownerStays =
    app.conversations.ownerLeaves === 'refuse-with-roles' &&
    hasRoles(state) &&
    state.rankOf(client) === ranks.owner;
  return ownerStays ? new AppError('owner_required') : undefined;
}

/** Name, attributes, columns; `frozen`: whether the freeze is set or lifted, too. */
export function mayUpdate(
  app: App,
  state: ConversationState,
  caller: Caller,
  change: { frozen: boolean },
): Refusal {
  if (caller.server) return undefined;
  const client = caller.client;
  if (state.conversation.kind === 'system' || state.conversation.kind === 'thread')
    return refuse('forbidden');
  if (client === undefined) return refuse('forbidden');
  const isRoom = state.conversation.kind === 'room';
  if (!isRoom && !state.isMember(client)) return refuse('member_required');
  const needed =
    change.frozen || isRoom || app.conversations.update === 'manager' ? ranks.manager : ranks.member;
  return state.rankOf(client) >= needed ? undefined : refuse('role_required');
}

/** Silence and block: managers and owners, over lower ones. */
export function mayDiscipline(state: ConversationState, caller: Caller, target: ClientId): Refusal {
  return (
    mayManage(state, caller) ??
    (caller.server || state.rankOf(caller.client as ClientId) > state.rankOf(target)
      ? undefined
      : refuse('role_required'))
  );
}

/** Seeing and lifting silences and blocks. */
export function mayManage(state: ConversationState, caller: Caller): Refusal {
  if (caller.server) return undefined;
  if (caller.client === undefined) return refuse('forbidden');
  const isRoom = state.conversation.kind === 'room';
  if (!isRoom && !state.isMember(caller.client)) return refuse('member_required');
  return state.rankOf(caller.client) >= ranks.manager ? undefined : refuse('role_required');
}

/**
 * A change is for those above both what the target is and what it becomes; ownership is handed on by the owner. In a room
 * anybody may be given a role.
 */
export function maySetRole(state: ConversationState, caller: Caller, target: ClientId, role: Role): Refusal {
  if (state.conversation.kind !== 'room' && !state.isMember(target))
    return new AppError('not_found', { detail: 'This client is not a member.' });
  if (caller.server) return undefined;
  if (caller.client === undefined || !state.isMember(caller.client)) return refuse('member_required');
  const mine = state.rankOf(caller.client);
  if (role === 'owner')
    return mine === ranks.owner && caller.client !== target ? undefined : refuse('role_required');
  if (target === caller.client && mine === ranks.owner) return new AppError('owner_required');
  return mine > state.rankOf(target) && mine > ranks[role] ? undefined : refuse('role_required');
}

/** The owner, or the server. */
export function mayDelete(state: ConversationState, caller: Caller): Refusal {
  if (caller.server) return undefined;
  if (caller.client === undefined || (state.conversation.kind !== 'room' && !state.isMember(caller.client)))
    return refuse('member_required');
  return state.rankOf(caller.client) === ranks.owner ? undefined : refuse('role_required');
}

/** The author, within the app’s window (seconds; 0: for good). */
export function mayEdit(
  app: App,
  state: ConversationState,
  caller: Caller,
  message: { author: ClientId | ''; time: number },
  now: number,
): Refusal {
  if (caller.server) return undefined;
  const refused = mayStillWrite(state, caller, now);
  if (refused !== undefined) return refused;
  if (message.author !== caller.client) return new AppError('not_author');
  return app.messages.edit && withinWindow(app.messages.editWindow, message.time, now)
    ? undefined
    : new AppError('edit_disabled');
}

/** The author, within the app’s window; others of a higher role where the policy lets them, at any time. */
export function mayRecall(
  app: App,
  state: ConversationState,
  caller: Caller,
  message: { author: ClientId | ''; time: number },
  now: number,
): Refusal {
  if (caller.server) return undefined;
  const client = caller.client;
  if (client === undefined) return refuse('forbidden');
  if (message.author !== client) {
    const refused = mayReadMessages(app, state, caller, true);
    if (refused !== undefined) return refused;
    const over =
      app.conversations.recallOthers === 'higher-role' &&
      message.author !== '' &&
      state.rankOf(client) > Math.max(1, state.rankOf(message.author));
    return over ? undefined : new AppError('not_author');
  }
  const refused = mayStillWrite(state, caller, now, true);
  if (refused !== undefined) return refused;
  return app.messages.recall && withinWindow(app.messages.recallWindow, message.time, now)
    ? undefined
    : new AppError('recall_disabled');
}

/** Authors who left, are blocked or silenced do not change what they said; taking it back is always open to members. */
function mayStillWrite(state: ConversationState, caller: Caller, now: number, recall = false): Refusal {
  const client = caller.client as ClientId;
  if (state.conversation.kind === 'room') {
    if (state.blocked.has(client)) return new AppError('blocked');
  } else if (!state.isMember(client)) return refuse('member_required');
  return !recall && state.isSilenced(client, now) ? new AppError('silenced') : undefined;
}

const withinWindow = (seconds: number, time: number, now: number): boolean =>
  seconds === 0 || now - time <= seconds * 1000;
