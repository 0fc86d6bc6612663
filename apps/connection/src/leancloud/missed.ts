import { CommandType, type SessionCommand, type UnreadTuple, convTypeOf } from '@hongyan/leancloud';
import type { ConversationId, EntryView, ListRow } from '@hongyan/protocol';
import type { Calls } from './calls.js';
import type { LeanCloudSession } from './leancloud-session.js';
import { encodePush, patch } from './pushed-event.js';
import { directOf, unreadTupleOf } from './wire-message.js';

const mostConversations = 50;
/** Where nothing unread is found among so many of the newest, the older ones are not looked through. */
const mostRows = 1_000;

/** What a client is told after it has logged in: unread counts, then edits and recalls that it has missed. */
export async function missed(
  calls: Calls,
  session: LeanCloudSession,
  { lastUnreadNotifTime, lastPatchTime, r }: SessionCommand,
  offlineMessages: boolean,
): Promise<Buffer[]> {
  const rows = await newestRows(calls, session);
  const first = offlineMessages
    ? await offlinePushes(calls, session, rows)
    : unreadPush(rows, lastUnreadNotifTime ?? 0);
  return [...first, ...(await patchesSince(calls, session, rows, lastPatchTime, r === true))];
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

function unreadPush(rows: readonly ListRow[], since: number): Buffer[] {
  const convs: UnreadTuple[] = rows
    .filter(({ unread, conversation }) => unread > 0 && (conversation.lastMessageAt ?? 0) > since)
    .slice(0, mostConversations)
    .map((row) => unreadTupleOf(row.conversation.id, row, row.conversation.kind, row.lastMessage));
  if (convs.length === 0) return [];
  const now = Date.now();
  return [encodePush({ cmd: CommandType.unread, serverTs: now, unreadMessage: { convs, notifTime: now } })];
}

const patchedConversations = 50;
/** So many of the last entries of each are looked at; older changes are seen in history. */
const lookBack = 100;
/**
 * The client names one time for all its conversations. A change in one of them may have been on its way when it heard a
 * later one of another and its connection was lost: changes are told again rather than not at all.
 */
const overlapMs = 10_000;

async function patchesSince(
  calls: Calls,
  session: LeanCloudSession,
  rows: readonly ListRow[],
  since: number | undefined,
  comesBack: boolean,
): Promise<Buffer[]> {
  // A client that has just been made sends its own clock: there is nothing that it could have missed.
  if (since === undefined || since <= 0 || (!comesBack && Date.now() - since < 1_000)) return [];
  const found: EntryView[] = [];
  for (const { conversation } of rows.slice(0, patchedConversations)) {
    const entries = await lastEntries(calls, session, conversation);
    found.push(...entries.filter((entry) => isPatch(entry) && entry.time > since - overlapMs));
  }
  // The client keeps the last time that it hears.
  found.sort((a, b) => a.time - b.time);
  return found.filter(isPatch).map(patch);
}

async function lastEntries(
  calls: Calls,
  session: LeanCloudSession,
  { id, seq }: { id: ConversationId; seq: number },
): Promise<readonly EntryView[]> {
  const after = Math.max(0, seq - lookBack);
  const limit = Math.min(lookBack, calls.pageOf(session));
  return (await calls.run(session, 'conversation.entries', { conversation: id, after, limit })).entries;
}

const isPatch = (entry: EntryView): entry is EntryView & { kind: 'edit' | 'recall' } =>
  entry.kind === 'edit' || entry.kind === 'recall';
