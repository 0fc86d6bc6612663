import { CommandType, type ReadTuple, type UnreadTuple } from '@hongyan/leancloud';
import { AppError, type ConversationId } from '@hongyan/protocol';
import { conversationOf, type Call, type Reply } from './calls.js';
import { placeOf, seqUpTo } from './message-places.js';
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
    const seq = await readUpTo(call, conversation, tuple);
    if (seq === undefined) return undefined;
    const counts = await calls.run(session, 'conversation.read', { conversation, seq });
    await readThread(call, conversation, tuple.mid);
    return unreadTupleOf(conversation, counts, await calls.kindOf(session, conversation));
  } catch (error) {
    // One conversation that the client is no longer in must not keep the others from being read.
    if (error instanceof AppError && !error.definition.temporary) return undefined;
    throw error;
  }
}

function readUpTo(
  { session, calls }: Call,
  conversation: ConversationId,
  { mid, timestamp }: ReadTuple,
): Promise<number | undefined> {
  if (mid === undefined && timestamp === undefined) return Promise.resolve(wholeLog);
  return seqUpTo(calls, session, conversation, { mid, time: timestamp });
}

/** A message of the thread with a service is in a log of its own. */
async function readThread(
  { session, calls }: Call,
  parent: ConversationId,
  mid: string | undefined,
): Promise<void> {
  const place = mid === undefined ? undefined : await placeOf(calls, session, mid);
  if (place === undefined || place.conversation === parent) return;
  await calls.run(session, 'conversation.read', { conversation: place.conversation, seq: place.seq });
}
