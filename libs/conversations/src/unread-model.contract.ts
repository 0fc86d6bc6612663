import type { ClientId } from '@hongyan/protocol';
import type { Entry, EntryPayload, MessagePayload } from './types.js';

/**
 * Unread by definition: goes through the whole log each time. The stores, which must not, are held to it.
 * unread = messages with sequence > the read cursor, of others, not recalled or deleted, not silent, inside the current
 * membership; mentionUnread = those of them that now mention the client or all. For guests of a service: of those to everyone.
 */
export function unreadByDefinition(
  log: readonly Entry[],
  client: ClientId,
  readSeq: number,
  guest = false,
): { unread: number; mentionUnread: number } {
  const blanked = new Set(log.flatMap(({ payload }) => (blanks(payload) ? [payload.target] : [])));
  const counting = log.filter(
    ({ seq, author, payload }) =>
      payload.kind === 'message' &&
      payload.silent !== true &&
      (!guest || payload.everyone === true) &&
      seq > readSeq &&
      author !== client &&
      !blanked.has(seq),
  );
  const mentioned = counting.filter((message) => {
    const { mentions = [], mentionAll = false } = contentNow(log, message);
    return mentionAll || mentions.includes(client);
  });
  return { unread: counting.length, mentionUnread: mentioned.length };
}

const blanks = (payload: EntryPayload): payload is EntryPayload & { kind: 'recall' | 'delete' } =>
  payload.kind === 'recall' || payload.kind === 'delete';

/** The last edit wins, if it came before a recall or a delete. */
function contentNow(
  log: readonly Entry[],
  message: Entry,
): Partial<Pick<MessagePayload, 'mentions' | 'mentionAll'>> {
  let content = message.payload;
  for (const { payload } of log) {
    if (blanks(payload) && payload.target === message.seq) break;
    if (payload.kind === 'edit' && payload.target === message.seq) content = payload;
  }
  return content.kind === 'message' || content.kind === 'edit' ? content : {};
}
