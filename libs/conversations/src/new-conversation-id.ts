import { randomBytes } from 'node:crypto';
import { asConversationId, type ConversationId } from '@hongyan/protocol';

/** 24 hexadecimal digits, the first eight a time, so that ids made later sort later. */
export function newConversationId(now: number): ConversationId {
  const seconds = Math.floor(now / 1000)
    .toString(16)
    .padStart(8, '0');
  return asConversationId(seconds.slice(-8) + randomBytes(8).toString('hex'));
}
