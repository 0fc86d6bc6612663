import { CommandType, type SessionCommand, type UnreadTuple, convTypeOf } from '@hongyan/leancloud';
import {
  AppError,
  type ConversationId,
  type ConversationResult,
  type ListRow,
  type MessageView,
} from '@hongyan/protocol';
import type { Calls } from './calls.js';
import type { LeanCloudSession } from './leancloud-session.js';
import { encodePush } from './pushed-event.js';
import { directOf, unreadTupleOf } from './wire-message.js';

const mostConversations = 50;
/** Where nothing unread is found among so many of the newest, the older ones are not looked through. */
const mostRows = 1_000;

interface Missed {
  /** The client wants messages instead of counts. */
  readonly offlineMessages: boolean;
  /** Where others' messages were recalled since the client was here. */
  readonly recalledIn: ReadonlySet<ConversationId>;
  readonly serverTs: number;
}

/** What a client is told after it has logged in: unread counts, or the messages themselves. */
export async function missed(
  calls: Calls,
  session: LeanCloudSession,
  { lastUnreadNotifTime: since = 0 }: SessionCommand,
  { offlineMessages, recalledIn, serverTs }: Missed,
): Promise<Buffer[]> {
  const rows = await newestRows(calls, session);
  if (offlineMessages) return await offlinePushes(calls, session, rows);
  const news = rows
    .filter(({ unread, conversation }) => unread > 0 && (conversation.lastMessageAt ?? 0) > since)
    .slice(0, mostConversations);
  const told = new Set(news.map(({ conversation }) => conversation.id));
  const fewer = [...recalledIn].filter((id) => !told.has(id)).slice(0, mostConversations);
  const tuples = news.map(tupleOf);
  for (const conversation of since > 0 ? fewer : [])
    tuples.push(...(await tupleNow(calls, session, conversation)));
  return tuples.length === 0 ? [] : [unreadPush(tuples, serverTs)];
}

const tupleOf = ({
  conversation,
  unread = 0,
  mentionUnread = 0,
  lastMessage,
}: ConversationResult): UnreadTuple =>
  unreadTupleOf(conversation.id, { unread, mentionUnread }, conversation.kind, lastMessage);

/** None of one that the client may not look into any longer. */
async function tupleNow(
  calls: Calls,
  session: LeanCloudSession,
  conversation: ConversationId,
): Promise<UnreadTuple[]> {
  try {
    return [tupleOf(await calls.run(session, 'conversation.get', { conversation }))];
  } catch (error) {
    if (error instanceof AppError && !error.definition.temporary) return [];
    throw error;
  }
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
    ({ unread, own, conversation: { kind, seq } }) =>
      unread > 0 && (kind === 'system' || own.deliveredSeq < seq),
  );
  for (const row of waiting.slice(0, mostConversations).reverse()) {
    const { conversation, own } = row;
    const isService = conversation.kind === 'system';
    const page = await calls.run(session, 'message.history', {
      conversation: conversation.id,
      ...(isService ? {} : { after: { seq: own.deliveredSeq } }),
      limit: offlinePerConversation,
    });
    const messages = isService ? unreadOf(row, page.messages) : page.messages;
    const more = page.more && messages.length === page.messages.length;
    for (const message of messages) {
      if (message.from === session.client || message.recalled) continue;
      const direct = directOf(message, convTypeOf(conversation.kind));
      const directMessage = { ...direct, offline: true, hasMore: more };
      found.push(encodePush({ cmd: CommandType.direct, serverTs: message.time, directMessage }));
    }
  }
  return found;
}

/** A service's broadcasts and the client's thread with it are two logs, each read up to a sequence of its own. */
const unreadOf = ({ own, thread }: ListRow, messages: readonly MessageView[]): readonly MessageView[] =>
  messages.filter(({ scope, seq = 0 }) => seq > (scope === 'thread' ? (thread?.readSeq ?? 0) : own.readSeq));

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

const unreadPush = (convs: UnreadTuple[], serverTs: number): Buffer =>
  encodePush({ cmd: CommandType.unread, serverTs, unreadMessage: { convs, notifTime: Date.now() } });
