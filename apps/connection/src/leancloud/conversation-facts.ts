import {
  CommandType,
  LeanCloudError,
  OpType,
  type ConvCommand,
  type MaxReadTuple,
  iso,
} from '@hongyan/leancloud';
import { AppError, type ClientId, type ConversationId, type Json } from '@hongyan/protocol';
import { conversationOf, distinct, newOperation, type Call, type Handler, type Reply } from './calls.js';

const reply = (op: number, convMessage: ConvCommand): Reply => ({ cmd: CommandType.conv, op, convMessage });

/** `conv/mute`, `conv/unmute`: no push for me. */
export const setMute =
  (muted: boolean): Handler =>
  async ({ session, calls, command }) => {
    const conversation = conversationOf(command.convMessage?.cid);
    await calls.run(session, 'conversation.setState', { conversation, muteUntil: muted ? null : 0 });
    return reply(OpType.updated, { cid: conversation, udate: iso(Date.now()) });
  };

/** `conv/count`: members, or who is in a chat room now. */
export async function countMembers({ session, calls, command }: Call): Promise<Reply> {
  const conversation = conversationOf(command.convMessage?.cid);
  const isRoom = (await calls.kindOf(session, conversation)) === 'room';
  const count = isRoom
    ? (await calls.run(session, 'room.count', { conversation })).online
    : (await calls.run(session, 'conversation.get', { conversation })).conversation.memberCount;
  return reply(OpType.result, { cid: conversation, count });
}

/** `conv/members`: a sample of who is in a chat room; the first members elsewhere. */
export async function listMembers({ session, calls, command }: Call): Promise<Reply> {
  const { convMessage: conv = {} } = command;
  const conversation = conversationOf(conv.cid);
  const limit = Math.max(1, Math.min(conv.limit ?? 50, calls.pageOf(session)));
  const isRoom = (await calls.kindOf(session, conversation)) === 'room';
  const m = isRoom
    ? (await calls.run(session, 'room.members', { conversation, limit })).clients
    : (await calls.run(session, 'conversation.members', { conversation, limit })).items.map(
        ({ client }) => client,
      );
  return reply(OpType.result, { cid: conversation, m });
}

const mostAsked = 100;

/** `conv/is_member`: for each of several conversations, whether I am in it. */
export async function isMember(call: Call): Promise<Reply> {
  const asked = distinct(call.command.convMessage?.cids).slice(0, mostAsked);
  const entries = await Promise.all(
    asked.map(async (cid): Promise<[string, Json]> => [cid, await amIn(call, cid)]),
  );
  return reply(OpType.result, { results: { data: JSON.stringify(Object.fromEntries(entries)) } });
}

async function amIn({ session, calls }: Call, cid: string): Promise<boolean> {
  try {
    const conversation = conversationOf(cid);
    if (session.rooms.has(conversation)) return true;
    const found = await calls.run(session, 'conversation.get', { conversation });
    return found.conversation.kind !== 'room' && found.own?.role !== undefined;
  } catch (error) {
    if (error instanceof AppError && !error.definition.temporary) return false;
    throw error;
  }
}

const roles = { Owner: 'owner', Manager: 'manager', Member: 'member' } as const;

/** `conv/member_info_update`: a role. */
export async function setRole({ session, calls, command }: Call): Promise<Reply> {
  const { convMessage: conv = {} } = command;
  const conversation = conversationOf(conv.cid);
  const member = (conv.targetClientId ?? conv.info?.pid ?? '') as ClientId;
  const role = Object.hasOwn(roles, conv.info?.role ?? '') ? roles[conv.info!.role as 'Owner'] : undefined;
  if (role === undefined) throw new LeanCloudError('UNKNOWN_CONVERSATION_ROLE');
  await calls.run(session, 'conversation.setRole', { op: newOperation(), conversation, member, role });
  return reply(OpType.member_info_updated, { cid: conversation });
}

/** `conv/max_read`: up to when others have received and read, as times of messages. */
export async function maxRead(call: Call): Promise<Reply> {
  const { convMessage: conv = {} } = call.command;
  const conversation = conversationOf(conv.cid);
  const tuples = await cursorsOfOthers(call, conversation);
  if (conv.queryAllMembers) return reply(OpType.max_read, { cid: conversation, maxReadTuples: tuples });
  const highest = (field: 'maxReadTimestamp' | 'maxAckTimestamp') =>
    Math.max(0, ...tuples.map((tuple) => tuple[field] ?? 0));
  const read = highest('maxReadTimestamp');
  const acknowledged = highest('maxAckTimestamp');
  return reply(OpType.max_read, {
    cid: conversation,
    ...(read === 0 ? {} : { maxReadTimestamp: read }),
    ...(acknowledged === 0 ? {} : { maxAckTimestamp: acknowledged }),
  });
}

/**
 * The cursors of all others that have reached any of my last messages: those at or past the eldest of them. A member
 * that has read nothing of mine has nothing to tell.
 */
async function cursorsOfOthers(
  { session, calls }: Call,
  conversation: ConversationId,
): Promise<MaxReadTuple[]> {
  const limit = calls.pageOf(session);
  const { messages } = await calls.run(session, 'message.history', { conversation, limit });
  const eldest = messages.find(({ from }) => from === session.client);
  if (eldest === undefined) return [];
  const times = async (kind: 'delivered' | 'read') => {
    const found = new Map<string, number>();
    let cursor: string | undefined;
    do {
      const page = await calls.run(session, 'message.receipts', {
        ...{ message: eldest.id, kind, limit },
        ...(cursor === undefined ? {} : { cursor }),
      });
      for (const { client, time } of page.items) found.set(client, time);
      cursor = page.cursor;
    } while (cursor !== undefined);
    return found;
  };
  const [delivered, read] = await Promise.all([times('delivered'), times('read')]);
  return [...new Set([...delivered.keys(), ...read.keys()])].map((pid) => {
    const readTime = read.get(pid);
    const ackTime = Math.max(delivered.get(pid) ?? 0, readTime ?? 0);
    return {
      pid,
      maxAckTimestamp: ackTime,
      ...(readTime === undefined ? {} : { maxReadTimestamp: readTime }),
    };
  });
}
