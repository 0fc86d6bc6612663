import { randomBytes } from 'node:crypto';
import { asConversationId, type ConversationId, type ConversationKind } from '@hongyan/protocol';

/**
 * 24 hexadecimal digits, the first eight a time, so that ids made later sort later. Ids of temporary conversations say
 * what they are: clients treat them differently without having to ask.
 */
export function newConversationId(now: number, kind: ConversationKind = 'ordinary'): ConversationId {
  const seconds = Math.floor(now / 1000)
    .toString(16)
    .padStart(8, '0');
  const prefix = kind === 'temporary' ? '_tmp:' : '';
  return asConversationId(prefix + seconds.slice(-8) + randomBytes(8).toString('hex'));
}
