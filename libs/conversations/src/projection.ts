import type { ClientId, Role } from '@hongyan/protocol';
import type { Content, Conversation, Entry, EntryPayload } from './types.js';

/**
 * What an entry changes outside the log. The log is the truth; these changes are projections of it. Both engines and
 * the in-memory state apply the same list, in sequence order, and each change is idempotent: applying an entry twice,
 * or replaying the log from any earlier point, ends in the same state.
 */
export type Change =
  | { readonly on: 'conversation'; readonly set: Partial<Omit<Conversation, 'id' | 'kind' | 'uniqueKey'>> }
  /** The unique key is given up. */
  | { readonly on: 'detach' }
  /** Joins or re-joins: cursors as given, other personal state of an earlier membership is dropped. */
  | {
      readonly on: 'member-in';
      readonly client: ClientId;
      readonly role: Role | 'guest';
      readonly readSeq: number;
    }
  | { readonly on: 'member-out'; readonly client: ClientId }
  | { readonly on: 'member-role'; readonly client: ClientId; readonly role: Role }
  | { readonly on: 'silence'; readonly client: ClientId; readonly until?: number }
  | { readonly on: 'unsilence'; readonly client: ClientId }
  | { readonly on: 'block'; readonly client: ClientId }
  | { readonly on: 'unblock'; readonly client: ClientId }
  /** The message at `target` has this content from now on; a recalled one stays recalled. */
  | { readonly on: 'content'; readonly target: number; readonly content: Content }
  /** The message at `target`, and every edit of it, loses its content; `deleted`: and shows nowhere any longer. */
  | { readonly on: 'blank'; readonly target: number; readonly deleted?: true };

/** A conversation has changed with its name and columns, and with who is in it. */
const changesMembers: ReadonlySet<EntryPayload['kind']> = new Set([
  'added',
  'joined',
  'left',
  'removed',
  'blocked',
]);

/** The changes of one entry, in order. Messages change nothing outside the log (head and counts belong to append). */
export function changesOf(entry: Entry): readonly Change[] {
  const changes = projected(entry);
  return changesMembers.has(entry.payload.kind)
    ? [...changes, { on: 'conversation', set: { updatedAt: entry.time } }]
    : changes;
}

function projected(entry: Entry): readonly Change[] {
  const { payload, seq, time } = entry;
  switch (payload.kind) {
    case 'message':
      return [];
    case 'edit': {
      const { format, type, body, mentions, mentionAll } = payload;
      return [
        { on: 'content', target: payload.target, content: { format, type, body, mentions, mentionAll } },
      ];
    }
    case 'recall':
      return [{ on: 'blank', target: payload.target }];
    case 'delete':
      return [{ on: 'blank', target: payload.target, deleted: true }];
    case 'created':
      return payload.members.map(
        ({ client, role }) => ({ on: 'member-in', client, role, readSeq: 0 }) as const,
      );
    case 'added':
      return [
        ...payload.members.map(
          (client) => ({ on: 'member-in', client, role: 'member', readSeq: seq }) as const,
        ),
        ...detachment(payload.detach),
      ];
    case 'joined':
      return [
        { on: 'member-in', client: payload.member, role: 'member', readSeq: seq },
        ...detachment(payload.detach),
      ];
    case 'left':
      return [
        { on: 'member-out', client: payload.member },
        ...promotion(payload.owner),
        ...detachment(payload.detach),
      ];
    case 'removed':
      return [
        ...payload.members.map((client) => ({ on: 'member-out', client }) as const),
        ...promotion(payload.owner),
        ...detachment(payload.detach),
      ];
    case 'role':
      return [
        ...(payload.former === undefined
          ? []
          : [{ on: 'member-role', client: payload.former, role: 'manager' } as const]),
        given(payload, seq),
      ];
    case 'silenced':
      return payload.members.map((client) => ({ on: 'silence', client, until: payload.until }) as const);
    case 'unsilenced':
      return payload.members.map((client) => ({ on: 'unsilence', client }) as const);
    case 'blocked':
      return [
        ...payload.members.map((client) => ({ on: 'block', client }) as const),
        ...payload.removed.map((client) => ({ on: 'member-out', client }) as const),
      ];
    case 'unblocked':
      return payload.members.map((client) => ({ on: 'unblock', client }) as const);
    case 'updated': {
      const { name, attributes, columns, frozen } = payload;
      return [
        {
          on: 'conversation',
          set: {
            updatedAt: time,
            ...(name === undefined ? {} : { name }),
            ...(attributes === undefined ? {} : { attributes }),
            ...(columns === undefined ? {} : { columns }),
            ...(frozen === undefined ? {} : { frozen }),
          },
        },
      ];
    }
    case 'deleted':
      return [{ on: 'conversation', set: { deletedAt: time, updatedAt: time } }, { on: 'detach' }];
  }
}

const given = ({ member: client, role, row }: EntryPayload & { kind: 'role' }, seq: number): Change =>
  row === 'out'
    ? { on: 'member-out', client }
    : row === 'in'
      ? { on: 'member-in', client, role, readSeq: seq }
      : { on: 'member-role', client, role };

const detachment = (detach: boolean | undefined): readonly Change[] => (detach ? [{ on: 'detach' }] : []);

const promotion = (owner: ClientId | undefined): readonly Change[] =>
  owner === undefined ? [] : [{ on: 'member-role', client: owner, role: 'owner' }];
