import type { ListedConversation, MessageEntry } from '@hongyan/conversations';
import type { ClientId } from '@hongyan/protocol';
import { lastAnnounced } from './announcements.js';
import { foundByKey, toFound } from './conversation-reads.js';
import type { FoundColumns } from './conversation-reads.js';
import type { Database } from './database.js';
import { messageAt } from './log-reads.js';
import { ownByKey } from './member-reads.js';
import type { NarrowRow } from './narrow-rows.js';
import { toOwnRow } from './own-row.js';
import { guestCode, ordinaryCode } from './schema.js';

/** The whole of a narrow row, as of the same moment. */
export function listed(db: Database, client: number, { conv, thread }: NarrowRow): ListedConversation {
  const found = foundByKey(db, conv);
  const own = ownByKey(db, client, conv);
  if (found === undefined || own === undefined) throw new Error('a listed conversation without its row');
  const { lastMessage: last, ...rest } = toFound(db, found);
  const lastMessage = own.role === guestCode ? announcement(db, found) : last;
  const peer = found.kind === ordinaryCode && found.memberCount === 2 ? peerOf(db, client, conv) : undefined;
  return {
    ...rest,
    ...(lastMessage !== undefined && lastMessage.seq > own.clearedSeq ? { lastMessage } : {}),
    own: toOwnRow(own),
    unread: own.unread,
    mentionUnread: own.mentionUnread,
    ...(peer === undefined ? {} : { peer }),
    ...(thread === undefined ? {} : { thread: threadOf(db, client, thread) }),
  };
}

/** The last message to everyone. */
function announcement(db: Database, { key, floor }: FoundColumns): MessageEntry | undefined {
  const seq = lastAnnounced(db, key);
  return seq > floor ? messageAt(db, key, seq) : undefined;
}

function threadOf(db: Database, client: number, conv: number): NonNullable<ListedConversation['thread']> {
  const found = foundByKey(db, conv);
  const own = ownByKey(db, client, conv);
  if (found === undefined || own === undefined) throw new Error('a thread without its row');
  const { conversation, head, lastMessage } = toFound(db, found);
  return {
    conversation: conversation.id,
    head,
    own: toOwnRow(own),
    unread: own.unread,
    mentionUnread: own.mentionUnread,
    ...(lastMessage !== undefined && found.lastMessageSeq > own.clearedSeq ? { lastMessage } : {}),
  };
}

function peerOf(db: Database, client: number, conv: number): ListedConversation['peer'] {
  const row = db.get<{ id: string; readSeq: number; deliveredSeq: number }>(
    'SELECT id, readSeq, deliveredSeq FROM member WHERE conv = ? AND role IS NOT NULL AND client <> ? LIMIT 1',
    conv,
    client,
  );
  return row === undefined
    ? undefined
    : { client: row.id as ClientId, readSeq: row.readSeq, deliveredSeq: row.deliveredSeq };
}
