import { CommandType, type SessionCommand, type UnreadTuple, convTypeOf } from '@hongyan/leancloud';
import type { ListRow } from '@hongyan/protocol';
import type { Calls } from './calls.js';
import type { LeanCloudSession } from './leancloud-session.js';
import { encodePush } from './pushed-event.js';
import { directOf, unreadTupleOf } from './wire-message.js';

const mostConversations = 50;
/** Where nothing unread is found among so many of the newest, the older ones are not looked through. */
const mostRows = 1_000;

/** What a client is told after it has logged in: unread counts, or the messages themselves. */
export async function missed(
  calls: Calls,
  session: LeanCloudSession,
  { lastUnreadNotifTime }: SessionCommand,
  offlineMessages: boolean,
  serverTs: number,
): Promise<Buffer[]> {
  const rows = await newestRows(calls, session);
  return offlineMessages
    ? await offlinePushes(calls, session, rows)
    : unreadPush(rows, lastUnreadNotifTime ?? 0, serverTs);
}

/** So many of the last messages of each conversation are pushed to clients that want messages instead of counts. */
const offlinePerConversation = 20;

/** Messages that have not been delivered, eldest conversation first; what was left out is in history. */
async function offlinePushes(
  calls: Calls,
  session: LeanCloudSession,
  rows: readonly ListRow[],
): Promise<Buffer[]> {
  const found: Buffer[] = [];
  const waiting = rows.filter(
    ({ unread, own, conversation }) => unread > 0 && own.deliveredSeq < conversation.seq,
  );
  for (const { conversation, own } of waiting.slice(0, mostConversations).reverse()) {
    const { messages, more } = await calls.run(session, 'message.history', {
      conversation: conversation.id,
      after: { seq: own.deliveredSeq },
      limit: offlinePerConversation,
    });
    for (const message of messages) {
      if (message.from === session.client || message.recalled) continue;
      const direct = directOf(message, convTypeOf(conversation.kind));
      const directMessage = { ...direct, offline: true, hasMore: more };
      found.push(encodePush({ cmd: CommandType.direct, serverTs: message.time, directMessage }));
    }
  }
  return found;
}

/** Rows until every unread message is accounted for. */
async function newestRows(calls: Calls, session: LeanCloudSession): Promise<ListRow[]> {
  const limit = calls.pageOf(session);
  const rows: ListRow[] = [];
  let cursor: string | undefined;
  let counted = 0;
  do {
    const page = await calls.run(session, 'conversation.list', {
      limit,
      hidden: true,
      ...(cursor === undefined ? {} : { cursor }),
    });
    rows.push(...page.items);
    counted += page.items.reduce((sum, { unread }) => sum + unread, 0);
    cursor = counted >= page.totals.unread ? undefined : page.cursor;
  } while (cursor !== undefined && rows.length < mostRows);
  return rows;
}

function unreadPush(rows: readonly ListRow[], since: number, serverTs: number): Buffer[] {
  const convs: UnreadTuple[] = rows
    .filter(({ unread, conversation }) => unread > 0 && (conversation.lastMessageAt ?? 0) > since)
    .slice(0, mostConversations)
    .map((row) => unreadTupleOf(row.conversation.id, row, row.conversation.kind, row.lastMessage));
  if (convs.length === 0) return [];
  return [encodePush({ cmd: CommandType.unread, serverTs, unreadMessage: { convs, notifTime: Date.now() } })];
}
