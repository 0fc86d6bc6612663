import type { ConversationQuery, ListedConversation, Queried } from '@hongyan/conversations';
import type { AppId, ClientId } from '@hongyan/protocol';
import { foundColumns, toFound } from './conversation-reads.js';
import type { FoundColumns } from './conversation-reads.js';
import type { Database } from './database.js';
import {
  conversationColumns,
  hasMemberCondition,
  translateAfter,
  translateFilter,
  translateSort,
} from './filter-sql.js';
import type { Fragment, SqlValue } from './filter-sql.js';
import { clientKey, decodeCursor, encodeCursor } from './keys.js';
import { rowReader } from './list-reads.js';
import { untilOf } from './own-row.js';
import { guestCode, ordinaryCode, roomCode, systemCode } from './schema.js';

const ofOne = `c.kind IN (${ordinaryCode}, ${roomCode}, ${systemCode}) AND c.deletedAt IS NULL AND (c.expiresAt IS NULL OR c.expiresAt > ?)`;
/** One that left has its row still. */
const writtenBySql = `AND c.kind = ${ordinaryCode} AND c.key IN (SELECT m.conv FROM member m WHERE m.client = ? UNION ALL
  SELECT o.conv FROM outsider o WHERE o.client = ?)`;
const memberOfSql = `AND c.key IN (SELECT m.conv FROM member m WHERE m.client = ? AND m.role < ${guestCode})`;

/** See ConversationStore.query. The statement is not kept: filters are as many as users have ideas. */
export function query(
  db: Database,
  app: AppId,
  query: ConversationQuery,
  now: number,
): { items: Queried[]; cursor?: string } {
  const columns = conversationColumns(app);
  const where = translateFilter(query.filter, columns);
  const order = translateSort(query.sort, columns);
  const position = decodeCursor(db, query.cursor) as readonly SqlValue[] | undefined;
  const after: Fragment =
    position === undefined ? { sql: '1', params: [] } : translateAfter(query.sort, position, columns);
  const keyOf = (client: ClientId) => clientKey(db, app, client) ?? -1;
  const people: Fragment =
    query.memberOf !== undefined
      ? { sql: memberOfSql, params: [keyOf(query.memberOf)] }
      : query.writtenBy !== undefined
        ? { sql: writtenBySql, params: Array<SqlValue>(2).fill(keyOf(query.writtenBy)) }
        : { sql: '', params: [] };
  // Few are a client's, many the app's: begin with the members, not with the app's conversations.
  const byMembers = people.sql !== '' || hasMemberCondition(query.filter) ? 'NOT INDEXED' : '';
  const statement = db.connection.prepare(
    `SELECT ${foundColumns}, json_array(${order.select.sql}) AS position
     FROM conversation c ${byMembers} JOIN head h ON h.conv = c.key
     WHERE c.app = ? AND ${ofOne} ${people.sql} AND ${where.sql} AND ${after.sql}
     ORDER BY ${order.orderBy.sql} LIMIT ?`,
  );
  const rows = statement.all(
    ...order.select.params, app, now, ...people.params, ...where.params, ...after.params,
    ...order.orderBy.params, query.limit + 1,
  ) as unknown as (FoundColumns & { readonly position: string })[]; // prettier-ignore
  const shown = rows.slice(0, query.limit);
  const rowOf = query.rowsOf === undefined ? undefined : rowReader(db, app, query.rowsOf, now);
  const last = shown.at(-1);
  return {
    items: shown.map((row) => ({
      ...toFound(db, row),
      ...(rowOf === undefined ? {} : withRow(rowOf(row.key))),
      ...(query.membersUpTo === undefined ? {} : membersOf(db, row, query.membersUpTo, query.withMutes)),
    })),
    ...(rows.length > shown.length && last !== undefined
      ? { cursor: encodeCursor(db, JSON.parse(last.position) as unknown[]) }
      : {}),
  };
}

const withRow = (row: ListedConversation | undefined) => (row === undefined ? {} : { row });

const membersSql = `SELECT id FROM member WHERE conv = ? AND role IS NOT NULL AND role < ${guestCode} ORDER BY role, id`;

/** Few mute: their index, and not the rows of all members. */
const mutesSql = `SELECT id, muteUntil FROM member INDEXED BY member_muted
  WHERE conv = ? AND muteUntil IS NOT NULL AND role IS NOT NULL AND role < ${guestCode} ORDER BY role, id`;

function membersOf(
  db: Database,
  { key, kind, memberCount }: FoundColumns,
  most: number,
  withMutes = false,
): Pick<Queried, 'members' | 'mutes'> {
  if (kind !== ordinaryCode || memberCount > most) return {};
  const members = db.rows<[ClientId]>(membersSql, key).map(([id]) => id);
  if (!withMutes) return { members };
  const mutes = db.rows<[ClientId, number]>(mutesSql, key);
  return { members, mutes: mutes.map(([client, until]) => ({ client, until: untilOf(until) })) };
}
