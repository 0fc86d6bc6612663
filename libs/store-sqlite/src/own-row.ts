import type { OwnRow } from '@hongyan/conversations';
import type { ClientId, JsonObject } from '@hongyan/protocol';
import { mutedForGood, roleCodes } from './schema.js';

/** A member row as the tables have it, for `m` of {@link ownColumns}. */
export interface OwnColumns {
  readonly id: string;
  readonly role: number;
  readonly joinedSeq: number;
  readonly joinedAt: number;
  readonly readSeq: number;
  readonly deliveredSeq: number;
  readonly clearedSeq: number;
  readonly muteUntil: number | null;
  readonly pinnedAt: number | null;
  readonly hiddenSeq: number | null;
  readonly markedUnread: number;
  readonly custom: string | null;
  readonly rev: number;
}

export const ownColumns = `m.id, m.role, m.joinedSeq, m.joinedAt, m.readSeq, m.deliveredSeq, m.clearedSeq, m.muteUntil, m.pinnedAt,
  m.hiddenSeq, m.markedUnread, m.custom, m.rev`;

export function toOwnRow(row: OwnColumns): OwnRow {
  return {
    client: row.id as ClientId,
    role: roleCodes.word(row.role),
    joinedSeq: row.joinedSeq,
    joinedAt: row.joinedAt,
    readSeq: row.readSeq,
    deliveredSeq: row.deliveredSeq,
    clearedSeq: row.clearedSeq,
    ...muteOf(row.muteUntil),
    ...(row.pinnedAt === null ? {} : { pinnedAt: row.pinnedAt }),
    ...(row.hiddenSeq === null ? {} : { hiddenSeq: row.hiddenSeq }),
    markedUnread: row.markedUnread === 1,
    ...(row.custom === null ? {} : { custom: JSON.parse(row.custom) as JsonObject }),
    revision: row.rev,
  };
}

/** NULL: not muted. */
export const muteOf = (stored: number | null): { muteUntil?: number | null } =>
  stored === null ? {} : { muteUntil: untilOf(stored) };

export const untilOf = (stored: number): number | null => (stored === mutedForGood ? null : stored);
