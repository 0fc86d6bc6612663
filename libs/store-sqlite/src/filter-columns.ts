import type { AppId } from '@hongyan/protocol';
import type { ColumnName } from '@hongyan/filter';
import { conversationKindCodes, guestCode } from './schema.js';
import { never, raw, sql } from './sql-fragment.js';
import type { Fragment } from './sql-fragment.js';

/** How a statement names what filters and sorts speak of. */
export interface FilterColumns {
  /** Texts, 0 or 1, and milliseconds; NULL is missing. */
  readonly columns: Readonly<Record<ColumnName, Fragment>>;
  /** The attributes as JSON text, never NULL. */
  readonly attributes: Fragment;
  /** The app's own columns as JSON text, never NULL. */
  readonly ownColumns: Fragment;
  readonly memberCount: Fragment;
  /** A condition: any, or all, of these different clients are members. */
  readonly hasMembers: (clients: readonly string[], test: 'any' | 'all') => Fragment;
  /** The same as `columns.kind = word`, where an index knows better. */
  readonly isKind?: (word: string) => Fragment;
}

const kinds = ['ordinary', 'room', 'system', 'temporary', 'thread'] as const;
const kindWords = kinds.map((word) => `WHEN ${conversationKindCodes.code(word)} THEN '${word}'`).join(' ');

/** What a path that is no column's leads into. */
export const documentOf = (first: string, { attributes, ownColumns }: FilterColumns): Fragment =>
  first === 'columns' ? ownColumns : attributes;

/** For statements in which the conversation is `c` and its head is `h`. */
export function conversationColumns(app: AppId): FilterColumns {
  return {
    columns: {
      id: raw('c.id'),
      name: raw('c.name'),
      creator: raw('c.creator'),
      kind: raw(`CASE c.kind ${kindWords} END`),
      unique: raw('(c.uniqueKey IS NOT NULL)'),
      frozen: raw('c.frozen'),
      createdAt: raw('c.createdAt'),
      updatedAt: raw('c.updatedAt'),
      lastMessageAt: raw('NULLIF(h.lastMessageTime, 0)'),
    },
    attributes: raw('c.attributes'),
    ownColumns: raw(`coalesce(c.columns, '{}')`),
    memberCount: raw('h.memberCount'),
    isKind: (word) => {
      const kind = kinds.find((known) => known === word);
      return kind === undefined ? never : raw(`c.kind = ${conversationKindCodes.code(kind)}`);
    },
    // Not correlated, so that the planner may begin with the members' rows, which are clustered by client.
    hasMembers: (clients, test) => sql`c.key IN (
      SELECT m.conv FROM member m
      WHERE m.client IN (SELECT k.key FROM client k WHERE k.app = ${app} AND k.id IN (SELECT value FROM json_each(${JSON.stringify(clients)})))
        AND m.role IS NOT NULL AND m.role <> ${guestCode}
      ${test === 'any' ? raw('') : sql`GROUP BY m.conv HAVING count(*) = ${clients.length}`})`,
  };
}
