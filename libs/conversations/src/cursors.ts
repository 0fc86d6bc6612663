import { AppError, type Args, type ConversationId, type Result } from '@hongyan/protocol';
import { type Call, bounded, clientOf, type Core, requireServer } from './core.js';
import { locate } from './change-message.js';
import { hasJoined } from './message-intent.js';
import { mayReadMessages } from './permissions.js';
import { existingThread } from './system-threads.js';

/**
 * `conversation.read`: durable before it is answered; my other devices and, where receipts are on, the others hear of it.
 * A service and my thread with it are read together when a time is given: the two logs share no sequence.
 */
export async function read(
  core: Core,
  caller: Call,
  args: Args<'conversation.read'>,
): Promise<Result<'conversation.read'>> {
  const client = clientOf(caller);
  const { app, state } = await core.visible(caller, args.conversation);
  const { kind } = state.conversation;
  if (kind === 'room') throw new AppError('wrong_kind');
  const { seq, time } = args;
  if (seq === undefined && time === undefined)
    throw new AppError('bad_request', { detail: 'either seq or time says up to where' });
  const advance = async (conversation: ConversationId, upTo?: number) =>
    await core.members.advanceRead(
      caller.app,
      conversation,
      client,
      upTo ?? (await core.log.seqAt(caller.app, conversation, time ?? 0)),
    );
  const own = await advance(args.conversation, seq);
  if (own === undefined) throw new AppError('member_required');
  const threadId =
    kind === 'system' && seq === undefined
      ? await existingThread(core, caller.app, state.id, client)
      : undefined;
  const thread = threadId === undefined ? undefined : await advance(threadId);
  const { readSeq } = own;
  const unread = own.unread + (thread?.unread ?? 0);
  const mentionUnread = own.mentionUnread + (thread?.mentionUnread ?? 0);
  const tell = (conversation: ConversationId, cursor: object) =>
    core.broker.publish([
      {
        app: caller.app,
        audience: { kind: 'clients', clients: [client] },
        origin: caller.session,
        class: 'cursor',
        event: { type: 'cursor', conversation, client, ...cursor },
      },
    ]);
  if (threadId !== undefined && thread?.moved === true) tell(threadId, { read: thread.readSeq });
  if (own.moved || thread?.moved === true) tell(args.conversation, { read: readSeq, unread, mentionUnread });
  if (own.moved) {
    if (app.messages.receipts) core.receipts.moved(caller.app, state, client, { read: readSeq });
    else noteCursor(state.members.get(client), readSeq);
  }
  return { readSeq, unread, mentionUnread };
}

/**
 * `conversation.unread`: for whoever serves many of its members at once. Of a service, what its broadcasts are; who is no
 * member, or has read up to `of`, is left out.
 */
export async function unreadOf(
  core: Core,
  caller: Call,
  args: Args<'conversation.unread'>,
): Promise<Result<'conversation.unread'>> {
  requireServer(caller);
  const { app, state } = await core.visible(caller, args.conversation);
  if (args.clients.length > app.limits.idsPerCall)
    throw new AppError('limit_exceeded', { detail: `at most ${app.limits.idsPerCall} ids per call` });
  const { of } = args;
  const subscribers = state.conversation.kind === 'system';
  // Cursors in memory are never ahead of the store's: nobody is left out wrongly.
  const asked = [...new Set(args.clients)].filter(
    (client) =>
      (subscribers || state.isMember(client)) &&
      (of === undefined || (state.members.get(client)?.readSeq ?? 0) < of),
  );
  const rows = await Promise.all(asked.map((client) => core.members.own(caller.app, state.id, client)));
  return {
    items: rows.flatMap((row) =>
      row === undefined || (of !== undefined && row.readSeq >= of)
        ? []
        : [{ client: row.client, unread: row.unread, mentionUnread: row.mentionUnread }],
    ),
  };
}

function noteCursor(member: { readSeq: number; deliveredSeq: number } | undefined, readSeq: number): void {
  if (member === undefined) return;
  member.readSeq = Math.max(member.readSeq, readSeq);
  member.deliveredSeq = Math.max(member.deliveredSeq, readSeq);
}

/** `conversation.delivered`: many cursors, coalesced; rows that make no sense are ignored. */
export async function delivered(
  core: Core,
  caller: Call,
  args: Args<'conversation.delivered'>,
): Promise<Result<'conversation.delivered'>> {
  const client = clientOf(caller);
  const app = await core.app(caller);
  if (!app.messages.receipts) return {};
  for (const { conversation, seq } of args.cursors) {
    const state = await core.states.get(caller.app, conversation);
    const member = state?.members.get(client);
    if (state === undefined || member === undefined || state.conversation.kind === 'room') continue;
    const clamped = Math.min(seq, state.head.last);
    if (clamped > member.deliveredSeq) core.receipts.moved(caller.app, state, client, { delivered: clamped });
  }
  return {};
}

/** `message.receipts`: who received or read a message, by name. */
export async function listReceipts(
  core: Core,
  caller: Call,
  args: Args<'message.receipts'>,
): Promise<Result<'message.receipts'>> {
  const { conversation, seq } = await locate(core, caller, args.message);
  const { app, state } = await core.visible(caller, conversation);
  const refusal = mayReadMessages(app, state, caller, hasJoined(core, caller, state));
  if (refusal !== undefined) throw refusal;
  if (state.conversation.kind === 'room' || state.conversation.kind === 'system')
    throw new AppError('wrong_kind');
  if (!app.messages.receipts && !caller.server)
    throw new AppError('forbidden', { detail: 'receipts are switched off' });
  const [message] = await core.log.messages(caller.app, conversation, [seq]);
  if (message === undefined || message.deleted) throw new AppError('message_not_found');
  await core.receipts.flush(caller.app, conversation);
  return await core.members.receipts(caller.app, conversation, seq, message.author, {
    kind: args.kind,
    limit: bounded(args.limit, app.limits.page, 50),
    ...(args.cursor === undefined ? {} : { cursor: args.cursor }),
  });
}
