import {
  type ClientId,
  type ConversationId,
  type ConversationView,
  type EntryBody,
  type EntryView,
  type ListRow,
  type MessageView,
  messageIdOf,
  type OwnState,
} from '@hongyan/protocol';
import type { ListedConversation } from './ports.js';
import type { Conversation, Entry, Head, MessageEntry, OwnRow } from './types.js';

/** Builds what leaves the domain. A stored document never does. */

/**
 * A message as it is told of. Its author, being the `reader`, finds its operation id again; a message of a thread names the
 * conversation of the service.
 */
export function messageView(conversation: Conversation, entry: MessageEntry, reader?: ClientId): MessageView {
  const { payload } = entry;
  const inThread = conversation.kind === 'thread';
  const view: Mutable<MessageView> = {
    id: entry.importedId ?? messageIdOf(conversation.id, entry.seq),
    conversation: inThread ? (conversation.parent as ConversationId) : conversation.id,
    seq: entry.seq,
    time: entry.time,
    format: payload.format,
    body: entry.recalled ? '' : bodyText(payload.body),
  };
  if (entry.author !== '') view.from = entry.author;
  if (payload.type !== undefined) view.type = payload.type;
  if (payload.replyTo !== undefined) view.replyTo = payload.replyTo;
  if (payload.silent && conversation.kind !== 'room') view.silent = true;
  if (payload.expiresAt !== undefined) view.expiresAt = payload.expiresAt;
  if (inThread) view.scope = 'thread';
  else if (conversation.kind === 'system') view.scope = 'broadcast';
  if (entry.recalled) {
    view.recalled = true;
  } else {
    if (payload.mentions !== undefined && payload.mentions.length > 0) view.mentions = payload.mentions;
    if (payload.mentionAll) view.mentionAll = true;
    if (payload.ext !== undefined) view.ext = payload.ext;
    if (entry.editedAt !== undefined) view.editedAt = entry.editedAt;
  }
  if (reader !== undefined && reader === entry.author && entry.importedId === undefined) {
    view.op = entry.op;
    if (payload.receipt) view.receipt = true;
  }
  return view;
}

const bodyText = (body: string | Uint8Array): string =>
  typeof body === 'string'
    ? body
    : Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('base64');

/** `target`: for edits, recalls and deletes, the message as it is now. Of a deleted one only the delete is told. */
export function entryView(
  conversation: Conversation,
  entry: Entry,
  target: MessageEntry | undefined,
  reader?: ClientId,
): EntryView | undefined {
  const body = entryBody(conversation, entry, target, reader);
  if (body === undefined) return undefined;
  const { seq, time, stamp, author } = entry;
  return {
    conversation: conversation.id,
    seq,
    time,
    ...(stamp === undefined ? {} : { stamp }),
    ...(author === '' ? {} : { by: author }),
    ...body,
  };
}

function entryBody(
  conversation: Conversation,
  entry: Entry,
  target: MessageEntry | undefined,
  reader?: ClientId,
): EntryBody | undefined {
  const { payload } = entry;
  switch (payload.kind) {
    case 'message':
      return entry.deleted
        ? undefined
        : { kind: 'message', message: messageView(conversation, entry as MessageEntry, reader) };
    case 'edit':
    case 'recall':
    case 'delete':
      return target === undefined || (target.deleted && payload.kind !== 'delete')
        ? undefined
        : { kind: payload.kind, message: messageView(conversation, target, reader) };
    case 'created': {
      const { name } = payload.conversation;
      return {
        kind: 'created',
        ...(name === undefined ? {} : { name }),
        members: payload.members.map(({ client }) => client),
      };
    }
    case 'joined':
      return { kind: 'joined' };
    case 'left':
      return { kind: 'left', ...(payload.owner === undefined ? {} : { owner: payload.owner }) };
    case 'role':
      return { kind: 'role', member: payload.member, role: payload.role };
    case 'silenced':
      return {
        kind: 'silenced',
        members: payload.members,
        ...(payload.until === undefined ? {} : { until: payload.until }),
      };
    case 'updated': {
      const { name, changed, changedColumns, frozen } = payload;
      return {
        kind: 'updated',
        ...(name === undefined ? {} : { name }),
        ...(changed === undefined ? {} : { attributes: changed }),
        ...(changedColumns === undefined ? {} : { columns: changedColumns }),
        ...(frozen === undefined ? {} : { frozen }),
      };
    }
    case 'added':
    case 'removed':
    case 'unsilenced':
    case 'blocked':
    case 'unblocked':
      return { kind: payload.kind, members: payload.members };
    case 'deleted':
      return { kind: 'deleted' };
  }
}

export function conversationView(
  conversation: Conversation,
  head: Head,
  memberCount: number,
): ConversationView {
  const { id, kind, name, attributes, columns, creator, frozen, audience, createdAt, updatedAt, expiresAt } =
    conversation;
  return {
    id,
    kind: kind === 'thread' ? 'system' : kind,
    ...(name === undefined ? {} : { name }),
    attributes,
    ...(columns === undefined ? {} : { columns }),
    ...(creator === undefined ? {} : { creator }),
    ...(isUnique(conversation) ? { unique: true } : {}),
    ...(frozen ? { frozen } : {}),
    ...(audience === undefined ? {} : { audience }),
    createdAt,
    updatedAt,
    ...(expiresAt === undefined ? {} : { expiresAt }),
    memberCount,
    ...(head.lastMessageTime === 0 ? {} : { lastMessageAt: head.lastMessageTime }),
    seq: head.last,
  };
}

/** Is it the one conversation of its creation set? */
export const isUnique = ({ uniqueKey }: Conversation): boolean =>
  uniqueKey !== undefined && /^(?:temporary:)?members:/.test(uniqueKey);

export function ownState(own: OwnRow): OwnState {
  const {
    role,
    joinedSeq,
    readSeq,
    deliveredSeq,
    clearedSeq,
    muteUntil,
    pinnedAt,
    hiddenSeq,
    markedUnread,
    custom,
    revision,
  } = own;
  return {
    ...(role === 'guest' ? {} : { role }),
    joinedSeq,
    readSeq,
    deliveredSeq,
    clearedSeq,
    ...(muteUntil === undefined ? {} : { muteUntil }),
    ...(pinnedAt === undefined ? {} : { pinnedAt }),
    ...(hiddenSeq === undefined ? {} : { hidden: true }),
    ...(markedUnread ? { markedUnread } : {}),
    ...(custom === undefined ? {} : { custom }),
    revision,
  };
}

export function listRow(row: ListedConversation, reader: ClientId): ListRow {
  const { conversation, head, memberCount, own, thread } = row;
  const hidden = own.hiddenSeq !== undefined && head.lastMessageSeq <= own.hiddenSeq;
  const { hiddenSeq: _, ...visible } = own;
  const last = lastMessage(row, reader);
  return {
    conversation: conversationView(conversation, head, memberCount),
    own: ownState(hidden ? own : visible),
    unread: row.unread + (thread?.unread ?? 0),
    mentionUnread: row.mentionUnread + (thread?.mentionUnread ?? 0),
    ...(last === undefined ? {} : { lastMessage: last }),
    ...(row.peer === undefined ? {} : { peer: row.peer }),
    ...(thread === undefined
      ? {}
      : {
          thread: {
            conversation: thread.conversation,
            seq: thread.head.last,
            readSeq: thread.own.readSeq,
            unread: thread.unread,
          },
        }),
  };
}

/** The later of broadcast and thread; nothing that I cleared. */
function lastMessage(row: ListedConversation, reader: ClientId): MessageView | undefined {
  const { conversation, thread } = row;
  const own =
    row.lastMessage !== undefined && row.lastMessage.seq > row.own.clearedSeq ? row.lastMessage : undefined;
  const threaded = thread?.lastMessage;
  if (
    thread !== undefined &&
    threaded !== undefined &&
    threaded.seq > thread.own.clearedSeq &&
    (own === undefined || threaded.time > own.time)
  ) {
    return messageView(
      { ...conversation, id: thread.conversation, kind: 'thread', parent: conversation.id },
      threaded,
      reader,
    );
  }
  return own === undefined ? undefined : messageView(conversation, own, reader);
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** A message as it is after this edit, recall or delete of it. */
export function afterChange(target: MessageEntry, change: Entry): MessageEntry {
  const { payload } = change;
  if (payload.kind === 'recall' || payload.kind === 'delete') {
    const deleted = payload.kind === 'delete' ? { deleted: true } : {};
    return { ...target, recalled: true, ...deleted, payload: { ...target.payload, body: '' } };
  }
  if (payload.kind !== 'edit' || target.recalled) return target;
  const { format, type, body, mentions, mentionAll } = payload;
  return {
    ...target,
    payload: { ...target.payload, format, type, body, mentions, mentionAll },
    editedAt: change.time,
    editedSeq: change.seq,
  };
}
