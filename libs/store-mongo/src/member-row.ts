import type { OwnRow } from '@hongyan/conversations';
import type { AppId, ClientId, ConversationId } from '@hongyan/protocol';
import type { MemberDocument } from './documents.js';
import { keyOf } from './documents.js';

export const memberKey = (app: AppId, conversation: ConversationId, client: string): string =>
  keyOf(app, conversation, client);

/** What a client's row is before the client was ever a member. */
export const strangerRow = (app: AppId, conversation: ConversationId, client: string) =>
  ({
    app,
    conversation,
    client,
    in: false,
    joinedSeq: 0,
    joinedAt: 0,
    readSeq: 0,
    deliveredSeq: 0,
    clearedSeq: 0,
    markedUnread: false,
    revision: 0,
  }) satisfies Partial<MemberDocument>;

/** Personal state that ends with a membership. */
export const personalFields = ['muteUntil', 'pinnedAt', 'hiddenSeq', 'custom'] as const;

export function toOwnRow(row: MemberDocument): OwnRow {
  const { client, role = 'member', joinedSeq, joinedAt, readSeq, deliveredSeq, clearedSeq } = row;
  const { muteUntil, pinnedAt, hiddenSeq, markedUnread, custom, revision } = row;
  return {
    client: client as ClientId,
    role,
    joinedSeq,
    joinedAt,
    readSeq,
    deliveredSeq,
    clearedSeq,
    markedUnread,
    revision,
    ...(muteUntil === undefined ? {} : { muteUntil }),
    ...(pinnedAt === undefined ? {} : { pinnedAt }),
    ...(hiddenSeq === undefined ? {} : { hiddenSeq }),
    ...(custom === undefined ? {} : { custom: JSON.parse(custom) as OwnRow['custom'] }),
  };
}
