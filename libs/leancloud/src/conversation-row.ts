import { createHash } from 'node:crypto';
import type { ConversationView, Json, MessageView, OwnState } from '@hongyan/protocol';
import { columnsOf } from './columns.js';
import { toWire } from './content.js';
import { convTypeOf } from './conversation-kinds.js';
import { iso } from './values.js';

/** What a row is made of. */
export interface RowParts {
  readonly conversation: ConversationView;
  /** Absent: not asked for, or none. */
  readonly members?: readonly string[];
  /** Who of them wants no push. Absent: not to be told. */
  readonly muted?: readonly string[];
  readonly own?: OwnState;
  readonly lastMessage?: MessageView;
}

type Row = Record<string, Json>;

/** A conversation as these clients get it from a query. */
export function conversationRow(
  { conversation, members, muted, own, lastMessage }: RowParts,
  now: number,
): Row {
  const { attr, own: columns } = columnsOf(conversation);
  const { id, kind, name, creator, createdAt, updatedAt, lastMessageAt, expiresAt, unique } = conversation;
  const row: Row = {
    ...columns,
    objectId: id,
    createdAt: iso(createdAt),
    updatedAt: iso(updatedAt),
    conv_type: convTypeOf(kind),
    muted: own?.muteUntil === null || (own?.muteUntil ?? 0) > now,
  };
  if (name !== undefined) row['name'] = name;
  if (creator !== undefined) row['c'] = creator;
  if (Object.keys(attr).length > 0) row['attr'] = attr;
  if (members !== undefined) row['m'] = members;
  if (muted !== undefined) row['mu'] = muted;
  if (lastMessageAt !== undefined && kind !== 'system')
    row['lm'] = { __type: 'Date', iso: iso(lastMessageAt) };
  if (kind === 'room') row['tr'] = true;
  if (kind === 'system') Object.assign(row, { sys: true, joined: own?.role !== undefined });
  if (unique) {
    row['unique'] = true;
    // That of an imported conversation is among its columns.
    if (members !== undefined) row['uniqueId'] ??= uniqueIdOf(members);
  }
  if (kind === 'temporary') {
    const ttl = Math.max(0, Math.ceil(((expiresAt ?? now) - now) / 1000));
    Object.assign(row, { temp: true, ttl, tempConv: true, tempConvTTL: ttl });
  }
  return lastMessage === undefined ? row : { ...row, ...lastMessageColumns(lastMessage) };
}

function lastMessageColumns(message: MessageView): Row {
  const { msg, binaryMsg } = toWire(message);
  return {
    msg: binaryMsg === undefined ? (msg ?? '') : message.body,
    // C# reads no message without it.
    bin: binaryMsg !== undefined,
    msg_mid: message.id,
    msg_timestamp: message.time,
    ...(message.from === undefined ? {} : { msg_from: message.from }),
    ...(message.editedAt === undefined ? {} : { patch_timestamp: message.editedAt }),
    ...(message.mentions === undefined ? {} : { mention_pids: message.mentions }),
    ...(message.mentionAll ? { mention_all: true } : {}),
  };
}

/** Names a set of members in a short and stable way. */
export function uniqueIdOf(members: readonly string[]): string {
  const sorted = [...new Set(members)].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  return createHash('md5').update(sorted.join('\n')).digest('hex');
}
