import { DatabaseSync } from 'node:sqlite';
import type { SQLOutputValue } from 'node:sqlite';
import { asAppId } from '@hongyan/protocol';
import type { Filter, FilterDocument, SortKey } from '@hongyan/filter';
import { parseFilter, parseSort } from '@hongyan/filter';
import { describeFilter } from '../../filter/src/filter.contract.js';
import { describeFilterAgreement } from '../../filter/src/filter-agreement.contract.js';
import {
  conversationColumns,
  hasMemberCondition,
  registerFilterFunctions,
  translateAfter,
  translateFilter,
  translateSort,
} from './filter-sql.js';
import type { SqlValue } from './filter-sql.js';
import { conversationKindCodes, guestCode, schemaSql, version3Sql } from './schema.js';

const app = asAppId('app');
const otherApp = asAppId('other');

class FilteredStore {
  readonly #db = new DatabaseSync(':memory:');
  #clients = 0;
  #conversations = 0;

  constructor() {
    this.#db.exec(schemaSql + version3Sql);
    registerFilterFunctions(this.#db);
  }

  fill(documents: readonly FilterDocument[]): void {
    this.#db.exec(
      'BEGIN; DELETE FROM conversation; DELETE FROM head; DELETE FROM member; DELETE FROM client',
    );
    for (const document of documents) this.#insert(document);
    this.#db.exec('COMMIT');
  }

  #insert(document: FilterDocument): void {
    const key = (this.#conversations += 1);
    const {
      id,
      kind,
      name,
      creator,
      unique,
      frozen,
      createdAt,
      updatedAt,
      lastMessageAt,
      attributes,
      columns,
      members,
    } = document;
    this.#insertRow('conversation', {
      key, app, id, kind: conversationKindCodes.code(kind as 'ordinary'), name: name ?? null, creator: creator ?? null,
      attributes: JSON.stringify(attributes), columns: columns === undefined ? null : JSON.stringify(columns), frozen: Number(frozen), uniqueKey: unique ? `${app}:${id}` : null, createdAt, updatedAt,
    }); // prettier-ignore
    this.#insertRow('head', {
      conv: key, last: 1, lastTime: 1, count: 0, lastMessageSeq: 0, lastMessageTime: lastMessageAt ?? 0, floor: 0, origin: 0,
      rev: 0, kind: 0, memberCount: members.length, lastRecalledSeq: 0, lastMentionAllSeq: 0,
    }); // prettier-ignore
    for (const member of members) this.#insertMember(key, app, member, 2);
    // None of these is a member: one who left, a guest, and a namesake in another app.
    this.#insertMember(key, app, 'cyd-who-left', null);
    this.#insertMember(key, app, 'guest', guestCode);
    this.#insertMember(key, otherApp, 'nobody', 2);
  }

  #insertMember(conv: number, ofApp: string, id: string, role: number | null): void {
    const known = this.#db.prepare('SELECT key FROM client WHERE app = ? AND id = ?').get(ofApp, id);
    const client = (known?.['key'] as number | undefined) ?? (this.#clients += 1);
    if (!known) this.#insertRow('client', { key: client, app: ofApp, id });
    this.#insertRow('member', {
      client, conv, id, role, joinedSeq: 1, joinedAt: 1, readSeq: 0, readCount: 0, readOwn: 0, deliveredSeq: 0, own: 0,
      lastOwnSeq: 0, lastMentionSeq: 0, clearedSeq: 0, markedUnread: 0, rev: 0,
    }); // prettier-ignore
  }

  #insertRow(table: string, row: Record<string, SqlValue>): void {
    const names = Object.keys(row);
    this.#db
      .prepare(`INSERT INTO ${table} (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`)
      .run(...Object.values(row));
  }

  /** One page, or all; `after` are the sort values of the row before it. */
  query(
    filter: Filter,
    sort: readonly SortKey[],
    after?: readonly SqlValue[],
    limit = -1,
  ): { id: string; at: SqlValue[] }[] {
    const columns = conversationColumns(app);
    const where = translateFilter(filter, columns);
    const order = translateSort(sort, columns);
    const from = after === undefined ? { sql: '1', params: [] } : translateAfter(sort, after, columns);
    const statement = this.#db.prepare(
      `SELECT c.id, ${order.select.sql} FROM conversation c JOIN head h ON h.conv = c.key
       WHERE c.app = ? AND ${where.sql} AND ${from.sql} ORDER BY ${order.orderBy.sql} LIMIT ?`,
      { returnArrays: true },
    );
    const rows = statement.all(
      ...order.select.params, app, ...where.params, ...from.params, ...order.orderBy.params, limit,
    ) as unknown as SQLOutputValue[][]; // prettier-ignore
    return rows.map(([id, ...at]) => ({ id: id as string, at: at as SqlValue[] }));
  }

  /** How SQLite would run a condition. */
  plan(hint: string, sql: string, params: readonly SqlValue[]): string {
    const rows = this.#db
      .prepare(
        `EXPLAIN QUERY PLAN SELECT 1 FROM conversation c ${hint} WHERE c.app = ? AND c.deletedAt IS NULL AND ${sql}`,
      )
      .all(app, ...params);
    return rows.map((row) => String(row['detail'])).join('\n');
  }

  /** The same in pages of two, each continued from values that travelled as JSON. */
  paged(filter: Filter, sort: readonly SortKey[]): string[] {
    const found: string[] = [];
    for (let after: SqlValue[] | undefined; ;) {
      const page = this.query(filter, sort, after, 2);
      found.push(...page.map(({ id }) => id));
      const last = page.at(-1);
      if (page.length < 2 || !last) return found;
      after = JSON.parse(JSON.stringify(last.at)) as SqlValue[];
    }
  }
}

const store = new FilteredStore();

describeFilter('SQLite', (documents, filter, sort) => {
  store.fill(documents);
  return Promise.resolve(store.query(filter, sort).map(({ id }) => id));
});

describeFilter('SQLite in pages', (documents, filter, sort) => {
  store.fill(documents);
  return Promise.resolve(store.paged(filter, sort));
});

describeFilterAgreement('SQLite', (documents) => {
  store.fill(documents);
  return (filter, sort) => Promise.resolve(store.paged(filter, sort));
});

describe('translation', () => {
  const columns = conversationColumns(app);

  it('binds whatever a user wrote', () => {
    const evil = `x') OR 1=1 --`;
    const filter = parseFilter({
      name: evil, [evil]: evil, 'a.0.b': { $in: [evil, 1], $nin: [[evil]], $regex: "'" }, members: { $all: [evil] },
      d: { $gt: { $date: 0 } }, $or: [{ kind: evil }, { [`"${evil}"`]: null }],
    }); // prettier-ignore
    const sort = parseSort(evil);
    const parts = [
      translateFilter(filter, columns),
      translateSort(sort, columns).orderBy,
      translateAfter(sort, [2, evil, evil], columns),
    ];
    for (const { sql, params } of parts) {
      expect(sql).not.toContain('1=1');
      expect(sql.split('?').length - 1).toBe(params.length);
    }
    store.fill([]);
    expect(store.query(filter, sort)).toEqual([]);
  });

  it('refuses sort values that are not of the query', () => {
    const sort = parseSort('-lastMessageAt');
    for (const values of [[], [1], [1, 'a', 2], [{} as never, 'a'], [Number.NaN, 'a']])
      expect(() => translateAfter(sort, values, columns)).toThrow(
        expect.objectContaining({ error: 'bad_request' }) as Error,
      );
  });

  it('does not find what left, visits, or has the same name elsewhere', () => {
    store.fill([
      {
        id: 'a',
        kind: 'ordinary',
        unique: false,
        frozen: false,
        createdAt: 1,
        updatedAt: 1,
        attributes: {},
        members: ['ann'],
      },
    ]);
    const found = (where: unknown) => store.query(parseFilter(where), []).map(({ id }) => id);
    expect(found({ m: 'ann' })).toEqual(['a']);
    for (const stranger of ['cyd-who-left', 'guest', 'nobody']) {
      expect(found({ m: stranger })).toEqual([]);
      expect(found({ m: { $in: [stranger] } })).toEqual([]);
      expect(found({ m: { $all: ['ann', stranger] } })).toEqual([]);
    }
  });

  it('lets indexes serve for ids, kinds and members', () => {
    const plan = (where: unknown): string => {
      const filter = parseFilter(where);
      const { sql, params } = translateFilter(filter, columns);
      return store.plan(hasMemberCondition(filter) ? 'NOT INDEXED' : '', sql, params);
    };
    expect(plan({ id: { $in: ['a', 'b'] } })).toContain('conversation_id (app=? AND id=?)');
    expect(plan({ kind: 'room' })).toContain('conversation_listed (app=? AND kind=?)');
    expect(plan({ $and: [{ name: 'x' }, { m: 'ann' }] })).toContain(
      'SEARCH c USING INTEGER PRIMARY KEY (rowid=?)',
    );
  });
});
