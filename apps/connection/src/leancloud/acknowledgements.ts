import { CommandType, type ReadTuple, type UnreadTuple } from '@hongyan/leancloud';
import { AppError, type ConversationId, type MessageId } from '@hongyan/protocol';
import { conversationOf, type Call, type Reply } from './calls.js';
import { seqUpTo } from './message-places.js';
import { encodePush } from './pushed-event.js';
import { unreadTupleOf } from './wire-message.js';

/** `ack` from a client: it has received a message, or everything up to a time. Nobody waits for an answer. */
export async function acknowledge({ session, calls, command }: Call): Promise<Reply> {
  const { cid, mid, tots } = command.ackMessage ?? {};
  // Without a conversation it is about pushes and live queries.
  if (cid === undefined) return undefined;
  const conversation = conversationOf(cid);
  const seq = await seqUpTo(calls, session, conversation, { mid, time: tots });
  if (seq === undefined) return undefined;
  await calls.run(session, 'conversation.delivered', { cursors: [{ conversation, seq }] });
  return undefined;
}

const wholeLog = Number.MAX_SAFE_INTEGER;
/** The last that a clock can show. */
const lastTime = 8.64e15;

/** `read`: everything up to a message is read. All sessions of the client hear the new count, this one too. */
export async function read(call: Call): Promise<Reply> {
  const { cid, cids = [], convs = [] } = call.command.readMessage ?? {};
  const whole = cid === undefined ? cids : [...cids, cid];
  const tuples: UnreadTuple[] = [];
  for (const one of [...convs, ...whole.map((id): ReadTuple => ({ cid: id }))]) {
    const tuple = await readOne(call, one);
    if (tuple !== undefined) tuples.push(tuple);
  }
  const { session } = call;
  if (tuples.length > 0) {
    const unreadMessage = { convs: tuples, notifTime: Date.now() };
    session.push([encodePush({ cmd: CommandType.unread, serverTs: Date.now(), unreadMessage })]);
  }
  return { cmd: CommandType.read };
}

async function readOne(call: Call, tuple: ReadTuple): Promise<UnreadTuple | undefined> {
  const { session, calls } = call;
  const conversation = conversationOf(tuple.cid);
  try {
    const kind = await calls.kindOf(session, conversation);
    const upTo = await (kind === 'system' ? serviceUpTo(call, tuple) : readUpTo(call, conversation, tuple));
    if (upTo === undefined) return undefined;
    const counts = await calls.run(session, 'conversation.read', { conversation, ...upTo });
    return unreadTupleOf(conversation, counts, ...(await calls.unreadParts(session, conversation)));
  } catch (error) {
    // One conversation that the client is no longer in must not keep the others from being read.
    if (error instanceof AppError && !error.definition.temporary) return undefined;
    throw error;
  }
}

async function readUpTo(
  { session, calls }: Call,
  conversation: ConversationId,
  { mid, timestamp }: ReadTuple,
): Promise<{ seq: number } | undefined> {
  if (mid === undefined && timestamp === undefined) return { seq: wholeLog };
  const seq = await seqUpTo(calls, session, conversation, { mid, time: timestamp });
  return seq === undefined ? undefined : { seq };
}

/** A service's broadcasts and the client's thread with it are two logs: only a time means the same in both. */
async function serviceUpTo(
  { session, calls }: Call,
  { mid, timestamp }: ReadTuple,
): Promise<{ time: number } | undefined> {
  if (timestamp !== undefined) return { time: Math.max(timestamp, 0) };
  if (mid === undefined) return { time: lastTime };
  const { messages } = await calls.run(session, 'message.get', { messages: [mid as MessageId] });
  return messages[0] && { time: messages[0].time };
}
