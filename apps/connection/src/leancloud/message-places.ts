import { AppError, parseMessageId, type ConversationId, type MessageId } from '@hongyan/protocol';
import type { Calls } from './calls.js';
import type { LeanCloudSession } from './leancloud-session.js';

/** A place in a conversation as these clients name it. */
export interface Place {
  readonly mid?: string | undefined;
  readonly time?: number | undefined;
}

/**
 * The sequence up to and including a place: that of the message if it is named, otherwise that of the last message
 * until then. Undefined: there is none.
 */
export async function seqUpTo(
  calls: Calls,
  session: LeanCloudSession,
  conversation: ConversationId,
  { mid, time }: Place,
): Promise<number | undefined> {
  const named = mid === undefined ? undefined : await placeOf(calls, session, mid);
  if (named?.conversation === conversation && time === undefined) return named.seq;
  const seq = time === undefined ? undefined : await seqAt(calls, session, conversation, time);
  return named?.conversation === conversation ? Math.max(named.seq, seq ?? 0) : seq;
}

/** Where a message lies. Ids that came with a history from elsewhere say nothing: the message is asked for. */
export async function placeOf(
  calls: Calls,
  session: LeanCloudSession,
  mid: string,
): Promise<{ conversation: ConversationId; seq: number } | undefined> {
  const place = parseMessageId(mid);
  if (place !== undefined || mid.length < 3 || mid.length > 80) return place;
  try {
    const { messages } = await calls.run(session, 'message.get', { messages: [mid as MessageId] });
    const [message] = messages;
    return message?.seq === undefined || message.scope === 'thread'
      ? undefined
      : { conversation: message.conversation, seq: message.seq };
  } catch (error) {
    if (error instanceof AppError && !error.definition.temporary) return undefined;
    throw error;
  }
}

async function seqAt(
  calls: Calls,
  session: LeanCloudSession,
  conversation: ConversationId,
  time: number,
): Promise<number | undefined> {
  const known = session.recent.seqAt(conversation, time);
  if (known !== undefined) return known;
  const { messages } = await calls.run(session, 'message.history', {
    conversation,
    before: { time: Math.max(0, time), inclusive: true },
    limit: 1,
  });
  return messages[0]?.seq;
}
