import { AppError, type Args, type Result } from '@hongyan/protocol';
import { type Call, bounded, clientOf, type Core } from './core.js';
import type { ConversationState } from './state.js';
import { conversationView, messageView } from './views.js';

async function room(core: Core, caller: Call, conversation: Args<'room.join'>['conversation']) {
  const found = await core.visible(caller, conversation);
  if (found.state.conversation.kind !== 'room') throw new AppError('wrong_kind');
  return found;
}

/** `room.join`: belongs to the session. The answer carries the last stored messages. */
export async function joinRoom(
  core: Core,
  caller: Call,
  args: Args<'room.join'>,
): Promise<Result<'room.join'>> {
  const { app, state } = await room(core, caller, args.conversation);
  const client = clientOf(caller);
  if (caller.session === undefined)
    throw new AppError('bad_request', { detail: 'only a connected session can join a room' });
  if (state.blocked.has(client)) throw new AppError('blocked');
  const session = { app: caller.app, client, session: caller.session, device: caller.device ?? '' };
  // Joined before the messages are read: what is said in between arrives twice rather than never.
  await core.rooms.join(caller.app, state.id, session, app.limits.roomsPerSession);
  if (state.blocked.has(client)) {
    await core.rooms.leave(caller.app, state.id, caller.session);
    throw new AppError('blocked');
  }
  const [online, messages] = await Promise.all([
    core.rooms.count(caller.app, state.id),
    lastMessages(core, caller, state, args.last ?? 0),
  ]);
  return { conversation: conversationView(state.conversation, state.head, online), online, messages };
}

async function lastMessages(core: Core, caller: Call, state: ConversationState, limit: number) {
  if (limit === 0) return [];
  const { messages } = await core.log.history(caller.app, state.id, {
    direction: 'backward',
    after: 0,
    before: Number.MAX_SAFE_INTEGER,
    limit,
  });
  return messages.map((message) => messageView(state.conversation, message, caller.client));
}

/** `room.leave`: of this session; who is not in is none the worse. */
export async function leaveRoom(
  core: Core,
  caller: Call,
  args: Args<'room.leave'>,
): Promise<Result<'room.leave'>> {
  await room(core, caller, args.conversation);
  if (caller.session !== undefined) await core.rooms.leave(caller.app, args.conversation, caller.session);
  return {};
}

/** `room.count`: clients, not sessions. */
export async function countRoom(
  core: Core,
  caller: Call,
  args: Args<'room.count'>,
): Promise<Result<'room.count'>> {
  const { state } = await room(core, caller, args.conversation);
  return { online: await core.rooms.count(caller.app, state.id) };
}

/** `room.members`: some of those in it, in no order. */
export async function sampleRoom(
  core: Core,
  caller: Call,
  args: Args<'room.members'>,
): Promise<Result<'room.members'>> {
  const { app, state } = await room(core, caller, args.conversation);
  return { clients: await core.rooms.sample(caller.app, state.id, bounded(args.limit, app.limits.page, 50)) };
}
