import { CommandType, LeanCloudError, OpType, type BlacklistCommand } from '@hongyan/leancloud';
import { AppError, type ClientId, type ConversationId } from '@hongyan/protocol';
import { conversationOf, distinct, newOperation, type Call, type Reply } from './calls.js';
import { checkSigned } from './signed-operations.js';

/**
 * The block list of a client: conversations that it is not to be added to. The commands are those of a conversation's block
 * list, with `srcPid` and `toCids` in place of `srcCid` and `toPids`. No SDK sends them.
 */
export const isOwnList = ({ srcCid, srcPid }: BlacklistCommand): boolean =>
  srcCid === undefined && srcPid !== undefined;

/** The caller, whose list it must be. */
function owner({ session }: Call, { srcPid }: BlacklistCommand): ClientId {
  if (srcPid !== session.client)
    throw new LeanCloudError('CONVERSATION_OPERATION_UNAUTHORIZED', 'srcPid is another client');
  return session.client;
}

/** `blacklist/block`, `blacklist/unblock`: of one conversation, which is what a signature is about. */
export async function changeRefusal(call: Call, name: 'block' | 'unblock'): Promise<Reply> {
  const { session, calls, command } = call;
  const { blacklistMessage: list = {} } = command;
  const client = owner(call, list);
  const [cid, ...more] = distinct(list.toCids);
  const conversation = conversationOf(cid);
  if (more.length > 0) throw new LeanCloudError('CONVERSATION_API_FAILED', 'toCids names one conversation');
  const signed = {
    kind: 'client-block',
    client,
    conversation,
    action: `client-${name}-conversations`,
  } as const;
  checkSigned(call, list, signed, 'BLACKLIST_SIGNATURE_FAILED');
  if (name === 'block') await refuse(call, conversation);
  else await calls.run(session, 'conversation.unrefuse', { conversation });
  return {
    cmd: CommandType.blacklist,
    op: name === 'block' ? OpType.blocked : OpType.unblocked,
    blacklistMessage: { srcPid: client, ...(name === 'block' ? { blockedCids: [conversation] } : {}) },
  };
}

async function refuse({ session, calls }: Call, conversation: ConversationId): Promise<void> {
  // Asked before it leaves: afterwards it may not see the conversation.
  const kind = await calls.kindOf(session, conversation).catch((error: unknown) => {
    if (error instanceof AppError && !error.definition.temporary) return undefined;
    throw error;
  });
  const change = { op: newOperation(), conversation };
  const { seq, time } = await calls.run(session, 'conversation.refuse', change);
  if (seq === undefined || time === undefined || kind !== 'ordinary') return;
  await calls.tellSelf(session, undefined, { conversation, seq, time, by: session.client, kind: 'left' });
}

const defaultPage = 10;
const mostPerPage = 100;

/** `blacklist/query`. */
export async function queryRefused(call: Call): Promise<Reply> {
  const { blacklistMessage: list = {} } = call.command;
  const srcPid = owner(call, list);
  const wanted = list.limit === undefined || list.limit <= 0 ? defaultPage : list.limit;
  const { items, cursor } = await page(call, wanted, list.next === '' ? undefined : list.next);
  return {
    cmd: CommandType.blacklist,
    op: OpType.query_result,
    blacklistMessage: { srcPid, blockedCids: items, ...(cursor === undefined ? {} : { next: cursor }) },
  };
}

/** `blacklist/check_block`: which of `toCids` are on the list. */
export async function checkRefused(call: Call): Promise<Reply> {
  const { blacklistMessage: list = {} } = call.command;
  const srcPid = owner(call, list);
  const refused = new Set<string>();
  let next: string | undefined;
  do {
    const { items, cursor } = await page(call, mostPerPage, next);
    for (const id of items) refused.add(id);
    next = cursor;
  } while (next !== undefined);
  const blockedCids = distinct(list.toCids).filter((id) => refused.has(id));
  return { cmd: CommandType.blacklist, op: OpType.check_result, blacklistMessage: { srcPid, blockedCids } };
}

const page = ({ session, calls }: Call, limit: number, cursor: string | undefined) =>
  calls.run(session, 'client.refused', {
    limit: Math.min(limit, mostPerPage, calls.pageOf(session)),
    ...(cursor === undefined ? {} : { cursor }),
  });
