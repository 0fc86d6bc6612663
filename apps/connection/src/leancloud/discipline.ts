import { CommandType, LeanCloudError, OpType, type GenericCommand } from '@hongyan/leancloud';
import type { BulkResult, ClientId, ConversationId, EntryView } from '@hongyan/protocol';
import { conversationOf, distinct, newOperation, type Call, type Handler, type Reply } from './calls.js';
import { failuresOf } from './conversation-members.js';
import { changeRefusal, checkRefused, isOwnList, queryRefused } from './refused-conversations.js';
import { checkSigned } from './signed-operations.js';

type Change = 'silence' | 'unsilence' | 'block' | 'unblock';

const entryKinds = {
  silence: 'silenced',
  unsilence: 'unsilenced',
  block: 'blocked',
  unblock: 'unblocked',
} as const;

/** One bulk change, told to this session too. */
async function change(
  { session, calls }: Call,
  name: Change,
  conversation: ConversationId,
  ids: readonly string[],
): Promise<BulkResult> {
  const result = await calls.run(session, `conversation.${name}`, {
    op: newOperation(),
    conversation,
    members: distinct(ids),
  });
  if (result.seq === undefined) return result;
  const entry = {
    conversation,
    seq: result.seq,
    time: Date.now(),
    by: session.client,
    kind: entryKinds[name],
    members: result.done,
  } as EntryView;
  await calls.tellSelf(session, result.seq, entry);
  return result;
}

/** `conv/add_shutup`, `conv/remove_shutup`. */
export const changeSilence =
  (name: 'silence' | 'unsilence'): Handler =>
  async (call) => {
    const { convMessage: conv = {} } = call.command;
    const cid = conversationOf(conv.cid);
    const { done, failed } = await change(call, name, cid, conv.m ?? []);
    return {
      cmd: CommandType.conv,
      op: name === 'silence' ? OpType.shutup_added : OpType.shutup_removed,
      convMessage: { cid, allowedPids: done, failedPids: failuresOf(failed, 'silence') },
    };
  };

/** `blacklist/block`, `blacklist/unblock`. */
export const changeBlock =
  (name: 'block' | 'unblock'): Handler =>
  async (call) => {
    const { blacklistMessage: list = {} } = call.command;
    if (isOwnList(list)) return await changeRefusal(call, name);
    const srcCid = conversationOf(list.srcCid);
    const members = distinct(list.toPids);
    const { client } = call.session;
    const action = `conversation-${name}-clients` as const;
    const signed = { kind: 'members', client, conversation: srcCid, members, action } as const;
    checkSigned(call, list, signed, 'BLACKLIST_SIGNATURE_FAILED');
    const { done, failed } = await change(call, name, srcCid, members);
    return {
      cmd: CommandType.blacklist,
      op: name === 'block' ? OpType.blocked : OpType.unblocked,
      blacklistMessage: { srcCid, allowedPids: done, failedPids: failuresOf(failed, 'block') },
    };
  };

const defaultPage = 10;
const mostPerPage = 100;

type List = 'conversation.silenced' | 'conversation.blocked';

/** So far into a list a page is looked for that does not follow the one before. */
const mostSkipped = 1_000;
const mostPages = 8;

/** `next` is a number, because Java counts: how many ids were before. */
async function page(
  call: Call,
  list: List,
  conversation: ConversationId,
  { limit, next = '' }: { limit?: number; next?: string },
): Promise<{ ids: ClientId[]; next?: string }> {
  const { pages } = call.session;
  const key = `${list} ${conversation}`;
  const known = pages.get(key);
  const cursor = known?.next === next ? known.cursor : await cursorAt(call, list, conversation, next);
  if (cursor === undefined && next !== '') return { ids: [] };
  const wanted = limit === undefined || limit <= 0 ? defaultPage : Math.min(limit, mostPerPage);
  const found = await read(call, list, conversation, wanted, cursor);
  const ids = found.items.map(({ client }) => client);
  if (found.cursor === undefined) return { ids };
  if (pages.size >= mostPages) pages.clear(); // they are looked for
  const following = String(Number(next) + ids.length);
  pages.set(key, { next: following, cursor: found.cursor });
  return { ids, next: following };
}

/** Undefined: at the beginning, or behind the end. */
async function cursorAt(
  call: Call,
  list: List,
  conversation: ConversationId,
  next: string,
): Promise<string | undefined> {
  const skipped = Number(next);
  if (!Number.isSafeInteger(skipped) || skipped < 0 || skipped > mostSkipped)
    throw new LeanCloudError('CONVERSATION_API_FAILED', 'next is not what the page before said');
  let cursor: string | undefined;
  for (let passed = 0; passed < skipped;) {
    const before = await read(call, list, conversation, Math.min(skipped - passed, mostPerPage), cursor);
    if (before.cursor === undefined) return undefined;
    passed += before.items.length;
    ({ cursor } = before);
  }
  return cursor;
}

const read = (
  { session, calls }: Call,
  list: List,
  conversation: ConversationId,
  limit: number,
  cursor?: string,
) =>
  calls.run(session, list, {
    conversation,
    limit: Math.min(limit, calls.pageOf(session)),
    ...(cursor === undefined ? {} : { cursor }),
  });

/** Which of `asked` are on a list. */
async function among(
  call: Call,
  list: List,
  conversation: ConversationId,
  asked: readonly string[],
): Promise<string[]> {
  const listed = new Set<string>();
  let cursor: string | undefined;
  do {
    const found = await read(call, list, conversation, mostPerPage, cursor);
    for (const { client } of found.items) listed.add(client);
    ({ cursor } = found);
  } while (cursor !== undefined);
  return asked.filter((id) => listed.has(id));
}

export async function querySilenced(call: Call): Promise<Reply> {
  const { convMessage: conv = {} } = call.command;
  const cid = conversationOf(conv.cid);
  const { ids, next } = await page(call, 'conversation.silenced', cid, conv);
  return shutupReply(OpType.shutup_result, { cid, m: ids, ...(next === undefined ? {} : { next }) });
}

export async function checkSilenced(call: Call): Promise<Reply> {
  const { convMessage: conv = {} } = call.command;
  const cid = conversationOf(conv.cid);
  return shutupReply(OpType.check_result, {
    cid,
    m: await among(call, 'conversation.silenced', cid, distinct(conv.m)),
  });
}

const shutupReply = (op: number, convMessage: GenericCommand['convMessage']): Reply => ({
  cmd: CommandType.conv,
  op,
  ...(convMessage === undefined ? {} : { convMessage }),
});

export async function queryBlocked(call: Call): Promise<Reply> {
  const { blacklistMessage: list = {} } = call.command;
  if (isOwnList(list)) return await queryRefused(call);
  const srcCid = conversationOf(list.srcCid);
  const { ids, next } = await page(call, 'conversation.blocked', srcCid, list);
  return {
    cmd: CommandType.blacklist,
    op: OpType.query_result,
    blacklistMessage: { srcCid, blockedPids: ids, ...(next === undefined ? {} : { next }) },
  };
}

export async function checkBlocked(call: Call): Promise<Reply> {
  const { blacklistMessage: list = {} } = call.command;
  if (isOwnList(list)) return await checkRefused(call);
  const srcCid = conversationOf(list.srcCid);
  const blockedPids = await among(call, 'conversation.blocked', srcCid, distinct(list.toPids));
  return { cmd: CommandType.blacklist, op: OpType.check_result, blacklistMessage: { srcCid, blockedPids } };
}
