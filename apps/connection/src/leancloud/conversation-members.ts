import {
  CommandType,
  codes,
  codeNameOf,
  LeanCloudError,
  OpType,
  type ErrorCommand,
  iso,
} from '@hongyan/leancloud';
import {
  AppError,
  type BulkResult,
  type ClientId,
  type ConversationId,
  type EntryView,
  type ErrorName,
} from '@hongyan/protocol';
import { conversationOf, distinct, newOperation, type Call, type Reply } from './calls.js';
import { checkSigned } from './signed-operations.js';

/** Who could be added or removed, who could not and why, and when. */
interface Outcome {
  readonly done: ClientId[];
  readonly failed: { client: ClientId; name: ErrorName }[];
  time: number;
}

/** `conv/add`: inviting, joining, entering a chat room, subscribing to a service. */
export async function addMembers(call: Call): Promise<Reply> {
  const { convMessage: conv = {} } = call.command;
  const conversation = conversationOf(conv.cid);
  const members = clientsOf(conv.m);
  const { client } = call.session;
  checkSigned(call, conv, { kind: 'members', client, conversation, members, action: 'invite' });
  const kind = await call.calls.kindOf(call.session, conversation);
  const outcome =
    kind === 'room'
      ? await enterRoom(call, conversation, members)
      : kind === 'system'
        ? await subscribe(call, conversation, members, 'system.subscribe')
        : await addToOrdinary(call, conversation, members);
  return partial(OpType.added, conversation, outcome);
}

/** `conv/remove`: removing, quitting, leaving a chat room, unsubscribing. */
export async function removeMembers(call: Call): Promise<Reply> {
  const { convMessage: conv = {} } = call.command;
  const conversation = conversationOf(conv.cid);
  const members = clientsOf(conv.m);
  const { client } = call.session;
  // Java signs nothing when a client quits, and Objective-C an invitation.
  const quits = members.length === 1 && members[0] === client;
  if (!quits) checkSigned(call, conv, { kind: 'members', client, conversation, members, action: 'kick' });
  const kind = await call.calls.kindOf(call.session, conversation);
  const outcome =
    kind === 'room'
      ? await leaveRoom(call, conversation, members)
      : kind === 'system'
        ? await subscribe(call, conversation, members, 'system.unsubscribe')
        : await removeFromOrdinary(call, conversation, members);
  return partial(OpType.removed, conversation, outcome);
}

function partial(op: number, cid: ConversationId, { done, failed, time }: Outcome): Reply {
  return {
    cmd: CommandType.conv,
    op,
    convMessage: { cid, allowedPids: done, failedPids: failuresOf(failed), udate: iso(time) },
  };
}

/** One error per reason, with the ids that it is about. */
export function failuresOf(
  failed: readonly { readonly client: ClientId; readonly name: string }[],
  context: 'conv' | 'silence' | 'block' = 'conv',
): ErrorCommand[] {
  const byReason = new Map<string, { code: number; reason: string; pids: string[] }>();
  for (const { client, name } of failed) {
    const reason = codeNameOf(name as ErrorName, context);
    const known = byReason.get(reason) ?? { code: codes[reason], reason, pids: [] };
    known.pids.push(client);
    byReason.set(reason, known);
  }
  return [...byReason.values()];
}

const clientsOf = (ids: readonly string[] | undefined): ClientId[] => {
  const clients = distinct(ids) as ClientId[];
  if (clients.length === 0) throw new LeanCloudError('CONVERSATION_API_FAILED', 'm is empty');
  return clients;
};

const nothingYet = (): Outcome => ({ done: [], failed: [], time: Date.now() });

async function addToOrdinary(
  call: Call,
  conversation: ConversationId,
  members: ClientId[],
): Promise<Outcome> {
  const { session, calls } = call;
  const outcome = nothingYet();
  const others = members.filter((client) => client !== session.client);
  if (others.length < members.length) await joinOneself(call, conversation, outcome);
  if (others.length === 0) return outcome;
  const result = await calls.run(session, 'conversation.add', {
    op: newOperation(),
    conversation,
    members: others,
  });
  await settle(call, conversation, outcome, result, 'added');
  return outcome;
}

async function joinOneself(call: Call, conversation: ConversationId, outcome: Outcome): Promise<void> {
  const { session, calls } = call;
  const before = await calls.run(session, 'conversation.get', { conversation });
  if (before.own?.role === undefined) {
    const op = newOperation();
    const { seq, time } = await calls.run(session, 'conversation.join', { op, conversation });
    const entry: EntryView = { conversation, seq, time, by: session.client, kind: 'joined' };
    await calls.tellSelf(session, undefined, entry);
    outcome.time = time;
  }
  outcome.done.push(session.client);
}

async function removeFromOrdinary(
  call: Call,
  conversation: ConversationId,
  members: ClientId[],
): Promise<Outcome> {
  const { session, calls } = call;
  const outcome = nothingYet();
  const others = members.filter((client) => client !== session.client);
  if (others.length > 0) {
    const result = await calls.run(session, 'conversation.remove', {
      op: newOperation(),
      conversation,
      members: others,
    });
    await settle(call, conversation, outcome, result, 'removed');
  }
  if (others.length < members.length) await leaveOneself(call, conversation, outcome);
  return outcome;
}

async function leaveOneself(call: Call, conversation: ConversationId, outcome: Outcome): Promise<void> {
  const { session, calls } = call;
  try {
    const op = newOperation();
    const { seq, time } = await calls.run(session, 'conversation.leave', { op, conversation });
    outcome.time = time;
    await calls.tellSelf(session, undefined, { conversation, seq, time, by: session.client, kind: 'left' });
    outcome.done.push(session.client);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    // Who is not in has nothing to leave.
    if (error.error === 'member_required') outcome.done.push(session.client);
    else if (error.error === 'owner_required')
      outcome.failed.push({ client: session.client, name: error.error });
    else throw error;
  }
}

async function settle(
  { session, calls }: Call,
  conversation: ConversationId,
  outcome: Outcome,
  result: BulkResult,
  kind: 'added' | 'removed',
): Promise<void> {
  outcome.done.push(...result.done);
  outcome.failed.push(...(result.failed as readonly Outcome['failed'][number][]));
  if (result.seq === undefined) return;
  const entry = {
    conversation,
    seq: result.seq,
    time: Date.now(),
    by: session.client,
    kind,
    members: result.done,
  };
  outcome.time = (await calls.tellSelf(session, result.seq, entry)).time;
}

async function enterRoom(
  { session, calls }: Call,
  conversation: ConversationId,
  members: ClientId[],
): Promise<Outcome> {
  if (members.some((client) => client !== session.client))
    throw new LeanCloudError('NORMAL_CONVERSATION_REQUIRED', 'Chat rooms are joined, not invited to.');
  await calls.run(session, 'room.join', { conversation });
  session.rooms.clear();
  session.rooms.add(conversation);
  return { ...nothingYet(), done: members };
}

async function leaveRoom(
  { session, calls }: Call,
  conversation: ConversationId,
  members: ClientId[],
): Promise<Outcome> {
  if (members.some((client) => client !== session.client))
    throw new LeanCloudError(
      'NORMAL_CONVERSATION_REQUIRED',
      'Nobody is removed from a chat room; block instead.',
    );
  await calls.run(session, 'room.leave', { conversation });
  session.rooms.delete(conversation);
  return { ...nothingYet(), done: members };
}

async function subscribe(
  { session, calls }: Call,
  conversation: ConversationId,
  members: ClientId[],
  operation: 'system.subscribe' | 'system.unsubscribe',
): Promise<Outcome> {
  if (members.some((client) => client !== session.client))
    throw new LeanCloudError('CONVERSATION_NOT_ALLOWED', 'Everybody subscribes by himself.');
  const { time } = await calls.run(session, operation, { op: newOperation(), conversation });
  return { done: members, failed: [], time };
}
