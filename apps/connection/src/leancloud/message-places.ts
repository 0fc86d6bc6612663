import { parseMessageId, type ConversationId } from '@hongyan/protocol';
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
  const named = mid === undefined ? undefined : parseMessageId(mid);
  if (named?.conversation === conversation && time === undefined) return named.seq;
  const seq = time === undefined ? undefined : await seqAt(calls, session, conversation, time);
  return named?.conversation === conversation ? Math.max(named.seq, seq ?? 0) : seq;
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
