import {
  ConvType,
  toWire,
  type DirectCommand,
  type LogItem,
  type PatchItem,
  type UnreadTuple,
  convTypeOf,
  temporaryPrefix,
} from '@hongyan/leancloud';
import type { ConversationId, ConversationKind, MessageView } from '@hongyan/protocol';

/** The kind as far as a message tells it: an ordinary conversation and a room look the same. */
export function convTypeOfMessage(message: MessageView, inRoom: boolean): number {
  if (message.scope !== undefined) return ConvType.system;
  if (message.conversation.startsWith(temporaryPrefix)) return ConvType.temporary;
  return inRoom ? ConvType.room : ConvType.normal;
}

/** A message as it is pushed: for each one, so without copies. */
export function directOf(message: MessageView, convType: number): DirectCommand {
  const { msg, binaryMsg } = toWire(message);
  return {
    msg,
    binaryMsg,
    id: message.id,
    cid: message.conversation,
    fromPeerId: message.from,
    timestamp: message.time,
    convType,
    transient: message.transient ? true : undefined,
    patchTimestamp: message.editedAt,
    mentionPids: message.mentions,
    mentionAll: message.mentionAll ? true : undefined,
  };
}

/** A message as a row of history. `receipt`: how far the only other member has received and read, as times. */
export function logItemOf(
  message: MessageView,
  convType: number,
  receipt: { delivered?: number; read?: number } = {},
): LogItem {
  const { msg, binaryMsg } = toWire(message);
  const { delivered = 0, read = 0 } = receipt;
  return {
    ...(message.from === undefined ? {} : { from: message.from }),
    ...(binaryMsg === undefined ? { data: msg ?? '' } : { data: message.body, bin: true }),
    timestamp: message.time,
    msgId: message.id,
    convType,
    ...(message.time <= delivered ? { ackAt: message.time } : {}),
    ...(message.time <= read ? { readAt: message.time } : {}),
    ...(message.editedAt === undefined ? {} : { patchTimestamp: message.editedAt }),
    ...mentionsOf(message),
  };
}

/** An edit or a recall, made at `time`. Recalls carry the content that stands for one. */
export function patchItemOf(message: MessageView, time: number): PatchItem {
  const { msg, binaryMsg } = toWire(message);
  return {
    cid: message.conversation,
    mid: message.id,
    timestamp: message.time,
    recall: message.recalled === true,
    ...(binaryMsg === undefined ? { data: msg ?? '' } : { binaryMsg }),
    patchTimestamp: time,
    ...(message.from === undefined ? {} : { from: message.from }),
    ...mentionsOf(message),
  };
}

/** At most so many are told: clients show “99+”. */
const countedUnread = 100;

export function unreadTupleOf(
  conversation: ConversationId,
  counts: { readonly unread: number; readonly mentionUnread: number },
  kind: ConversationKind | undefined,
  last?: MessageView,
): UnreadTuple {
  return {
    cid: conversation,
    unread: Math.min(counts.unread, countedUnread),
    mentioned: counts.mentionUnread > 0,
    ...(kind === undefined ? {} : { convType: convTypeOf(kind) }),
    ...(last === undefined ? {} : lastOf(last)),
  };
}

function lastOf(message: MessageView) {
  const { msg, binaryMsg } = toWire(message);
  return {
    mid: message.id,
    timestamp: message.time,
    ...(message.from === undefined ? {} : { from: message.from }),
    ...(binaryMsg === undefined ? { data: msg ?? '' } : { binaryMsg }),
    ...(message.editedAt === undefined ? {} : { patchTimestamp: message.editedAt }),
  };
}

const mentionsOf = ({ mentions, mentionAll }: MessageView) => ({
  ...(mentions === undefined ? {} : { mentionPids: mentions }),
  ...(mentionAll ? { mentionAll } : {}),
});
