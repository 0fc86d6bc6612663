import type { Conversation } from '@hongyan/conversations';
import { changesOf } from '@hongyan/conversations';
import { wrongAnnouncementsSql } from './announcements.js';
import type { Database } from './database.js';
import { entryColumns, entryFrom, mentionsOf, toEntry } from './entry-codec.js';
import type { EntryRow } from './entry-codec.js';
import { foundByKey, toConversation } from './conversation-reads.js';
import {
  guestCode,
  importedMark,
  messageCode,
  ordinaryCode,
  recallCode,
  roleCodes,
  systemCode,
} from './schema.js';
import { spokenSql } from './spoken.js';
import { countAtSql } from './unread.js';

/** Something that is not as it must be. */
export interface Finding {
  readonly what: string;
  readonly app?: string;
  readonly conversation?: string;
  readonly detail: string;
}

export interface CheckReport {
  /** At most {@link findingLimit}. */
  readonly findings: readonly Finding[];
  readonly conversations: number;
  readonly entries: number;
  readonly members: number;
}

const findingLimit = 1_000;

/** Reads everything: that the file is whole, and that what was derived from the logs equals what they say. */
export function check(db: Database): CheckReport {
  const findings: Finding[] = [];
  const report = (finding: Finding) => {
    if (findings.length < findingLimit) findings.push(finding);
  };
  for (const { integrity_check: line } of db.all<{ integrity_check: string }>('PRAGMA integrity_check')) {
    if (line !== 'ok') report({ what: 'file', detail: line });
  }
  for (const { what, sql } of rules) {
    for (const { app, id, detail } of db.all<{ app: string; id: string; detail: string }>(
      `${sql} LIMIT ${findingLimit}`,
    )) {
      report({ what, app, conversation: id, detail });
    }
  }
  for (const { key, app, id } of db.all<{ key: number; app: string; id: string }>(
    'SELECT key, app, id FROM conversation',
  )) {
    for (const { what, detail } of projectionsOf(db, key)) report({ what, app, conversation: id, detail });
  }
  const count = (table: string) => db.get<{ n: number }>(`SELECT count(*) AS n FROM ${table}`)?.n ?? 0;
  return {
    findings,
    conversations: count('conversation'),
    entries: count('entry'),
    members: count('member WHERE role IS NOT NULL'),
  };
}

/** Each finds rows that must not be: app and id of the conversation, and what is wrong. */
const rules: readonly { readonly what: string; readonly sql: string }[] = [
  {
    what: 'log',
    sql: `SELECT c.app, c.id, 'sequences ' || l.low || '–' || l.high || ' hold ' || l.n || ' entries; the head is at ' || h.last
      || ', floor ' || h.floor || ', origin ' || h.origin AS detail
      FROM conversation c JOIN head h ON h.conv = c.key
      LEFT JOIN (SELECT e.conv, min(e.seq) AS low, max(e.seq) AS high, count(*) AS n FROM entry e JOIN head o ON o.conv = e.conv
        WHERE e.seq > o.origin GROUP BY e.conv) l ON l.conv = c.key
      WHERE l.n IS NULL OR l.high <> h.last OR l.n <> l.high - l.low + 1 OR l.low > max(h.floor, h.origin) + 1`,
  },
  {
    what: 'timeline',
    sql: `SELECT c.app, c.id, 'message ' || x.seq || ' cannot be found by its time' AS detail FROM (${spokenSql}) x
      JOIN conversation c ON c.key = x.conv JOIN head h ON h.conv = x.conv
      LEFT JOIN spoken s ON s.app = x.app AND s.period = x.period AND s.conv = x.conv AND s.live = x.live
      WHERE x.last > h.floor AND (s.seq IS NULL OR s.seq > max(x.seq, h.floor + 1))`,
  },
  {
    what: 'head',
    sql: `SELECT c.app, c.id, 'no head' AS detail FROM conversation c LEFT JOIN head h ON h.conv = c.key WHERE h.conv IS NULL`,
  },
  {
    what: 'head',
    sql: `SELECT c.app, c.id, 'the head says ' || h.count || ' messages, the last entry ' || e.count AS detail
      FROM head h JOIN conversation c ON c.key = h.conv JOIN entry e ON e.conv = h.conv AND e.seq = h.last
      WHERE e.count <> h.count OR e.time <> h.lastTime`,
  },
  {
    what: 'head',
    sql: `SELECT c.app, c.id, 'the last message is not at ' || h.lastMessageSeq AS detail FROM head h JOIN conversation c ON c.key = h.conv
      WHERE max(h.lastMessageSeq, h.floor) <> max(h.floor,
        coalesce((SELECT e.seq FROM entry e WHERE e.conv = h.conv AND e.kind = ${messageCode} AND e.deleted = 0 ORDER BY e.seq DESC LIMIT 1), 0))`,
  },
  {
    what: 'count',
    sql: `SELECT c.app, c.id, 'count or time at ' || e.seq || ' does not follow from the entry before' AS detail FROM entry e
      JOIN entry p ON p.conv = e.conv AND p.seq = e.seq - 1 JOIN conversation c ON c.key = e.conv
      WHERE e.silent <> ${importedMark} AND p.silent <> ${importedMark}
        AND (e.count <> p.count + (e.kind = ${messageCode} AND e.silent = 0) OR e.time <= p.time)`,
  },
  {
    what: 'imported',
    sql: `SELECT c.app, c.id, 'what was imported at ' || i.seq || ' is out of order, above the origin, or counts' AS detail
      FROM (SELECT e.conv, e.seq, e.kind, e.count, e.silent, e.time, h.origin, lag(e.time) OVER (PARTITION BY e.conv ORDER BY e.seq) AS before
        FROM entry e JOIN head h ON h.conv = e.conv WHERE e.seq <= h.origin OR e.silent = ${importedMark}) i
      JOIN conversation c ON c.key = i.conv
      WHERE i.seq > i.origin OR i.silent <> ${importedMark} OR i.count <> 0 OR i.kind <> ${messageCode} OR i.time < i.before`,
  },
  {
    what: 'cursor',
    sql: `SELECT c.app, c.id, 'the count at the cursor ' || m.readSeq || ' of ' || m.id || ' is ' || m.readCount AS detail
      FROM member m JOIN conversation c ON c.key = m.conv JOIN head h ON h.conv = m.conv
      WHERE m.role IS NOT NULL AND (m.readSeq > h.last OR m.readCount <> ${countAtSql('m.conv', 'm.readSeq')})
        -- Unread that came with an import: no more than there are imported messages of others after the cursor.
        AND NOT (m.readCount < 0 AND m.readSeq < h.origin AND -m.readCount <= (SELECT count(*) FROM entry e
          WHERE e.conv = m.conv AND e.seq > m.readSeq AND e.seq <= h.origin AND e.author <> m.client))`,
  },
  {
    what: 'own',
    sql: `SELECT c.app, c.id, m.id || ' has ' || (m.own - m.readOwn) || ' own messages after the cursor; the log has ' || count(e.seq) AS detail
      FROM member m JOIN conversation c ON c.key = m.conv
      LEFT JOIN entry e ON e.conv = m.conv AND e.seq > m.readSeq AND e.author = m.client AND e.kind = ${messageCode} AND e.silent = 0
      WHERE m.role IS NOT NULL GROUP BY m.client, m.conv HAVING count(e.seq) <> m.own - m.readOwn OR coalesce(max(e.seq), 0) > m.lastOwnSeq`,
  },
  {
    what: 'deleted',
    sql: `SELECT c.app, c.id, 'the deleted message ' || e.seq || ' has a content or counts' AS detail FROM entry e
      JOIN conversation c ON c.key = e.conv WHERE e.deleted = 1 AND (e.kind <> ${messageCode} OR e.recalled = 0 OR e.body <> '')`,
  },
  {
    what: 'authors',
    sql: `SELECT c.app, c.id, 'what ' || coalesce(k.id, e.author) || ' wrote cannot be found by its author' AS detail
      FROM (SELECT DISTINCT conv, author FROM entry WHERE kind = ${messageCode} AND author <> 0) e
      JOIN conversation c ON c.key = e.conv LEFT JOIN client k ON k.key = e.author
      WHERE c.kind = ${ordinaryCode} AND NOT EXISTS (SELECT 1 FROM member m WHERE m.client = e.author AND m.conv = e.conv)
        AND NOT EXISTS (SELECT 1 FROM outsider o WHERE o.client = e.author AND o.conv = e.conv)`,
  },
  {
    what: 'members',
    sql: `SELECT c.app, c.id, 'the head says ' || h.memberCount || ' members' AS detail FROM head h JOIN conversation c ON c.key = h.conv
      WHERE h.memberCount <> (SELECT count(*) FROM member m WHERE m.conv = h.conv AND m.role IS NOT NULL AND m.role < ${guestCode})`,
  },
  {
    what: 'stamp',
    sql: `SELECT c.app, c.id, 'the stamp ' || e.stamp || ' at ' || e.seq || ' is before its time, or later than the last' AS detail
      FROM entry e JOIN conversation c ON c.key = e.conv JOIN head h ON h.conv = e.conv LEFT JOIN app_stamp s ON s.app = c.app
      WHERE e.stamp < e.time OR e.stamp > h.lastStamp OR e.stamp > coalesce(s.last, 0)`,
  },
  { what: 'announcement', sql: wrongAnnouncementsSql },
  {
    what: 'revision',
    sql: `SELECT c.app, c.id, 'a revision that was never given out' AS detail FROM head h JOIN conversation c ON c.key = h.conv
      WHERE h.rev > (SELECT value FROM store WHERE name = 'rev')`,
  },
];

interface Replayed {
  document: Conversation | undefined;
  readonly members: Map<string, string>;
  readonly silences: Map<string, number | null>;
  readonly blocked: Set<string>;
}

/** Compares the projections with what a replay of the log gives. */
function projectionsOf(db: Database, conv: number): { what: string; detail: string }[] {
  const row = foundByKey(db, conv);
  if (row === undefined) return [];
  const replayed = replay(db, conv);
  const found: { what: string; detail: string }[] = [];
  const differ = (what: string, stored: unknown, derived: unknown) => {
    const [a, b] = [JSON.stringify(stored), JSON.stringify(derived)];
    if (a !== b) found.push({ what, detail: `stored ${a}, the log says ${b}`.slice(0, 500) });
  };
  if (replayed.document !== undefined)
    differ('document', comparable(toConversation(row)), comparable(replayed.document));
  const members = db.all<{ id: string; role: number; joinedSeq: number }>(
    'SELECT id, role, joinedSeq FROM member WHERE conv = ? AND role IS NOT NULL',
    conv,
  );
  // Where retention took out the beginning, what is left of the log must agree with what is stored, not make all of it.
  const isWhole = replayed.document !== undefined;
  // Subscriptions to system conversations need no entry, and guests never have one.
  const known = members.filter(
    ({ id, role, joinedSeq }) =>
      replayed.members.has(id) ||
      (row.kind !== systemCode && role !== guestCode && (isWhole || joinedSeq > row.floor)),
  );
  differ(
    'members',
    known.map(({ id, role, joinedSeq }) => `${id} ${roleCodes.word(role)} ${joinedSeq}`).sort(),
    [...replayed.members].map(([id, rest]) => `${id} ${rest}`).sort(),
  );
  const silences = db.all<{ id: string; until: number | null }>(
    'SELECT id, until FROM silence WHERE conv = ?',
    conv,
  );
  const silenced = silences.filter(({ id }) => isWhole || replayed.silences.has(id));
  differ('silences', silenced.map(({ id, until }) => [id, until]).sort(), [...replayed.silences].sort());
  const blocked = db.all<{ id: string }>('SELECT id FROM block WHERE conv = ?', conv);
  const out = blocked.map(({ id }) => id).filter((id) => isWhole || replayed.blocked.has(id));
  differ('blocked', out.sort(), [...replayed.blocked].sort());
  differ('mentions', storedMentions(db, conv), derivedMentions(db, conv));
  return found;
}

/** Without what the log does not decide: a unique key is also given up when its holder expires. */
function comparable({
  id,
  kind,
  name,
  attributes,
  columns,
  creator,
  frozen,
  audience,
  parent,
  createdAt,
  updatedAt,
  expiresAt,
  deletedAt,
}: Conversation) {
  return {
    id,
    kind,
    name,
    attributes,
    columns,
    creator,
    frozen,
    audience,
    parent,
    createdAt,
    updatedAt,
    expiresAt,
    deletedAt,
  };
}

function replay(db: Database, conv: number): Replayed {
  const state: Replayed = {
    document: undefined,
    members: new Map(),
    silences: new Map(),
    blocked: new Set(),
  };
  const sql = `SELECT ${entryColumns} FROM ${entryFrom} WHERE e.conv = ? AND e.kind > ${recallCode} ORDER BY e.seq`;
  for (const row of db.rows<EntryRow>(sql, conv)) {
    const entry = toEntry(row);
    if (entry.payload.kind === 'created') state.document = entry.payload.conversation;
    for (const change of changesOf(entry)) {
      switch (change.on) {
        case 'conversation':
          if (state.document !== undefined) state.document = { ...state.document, ...change.set };
          break;
        case 'member-in':
          state.members.set(change.client, `${change.role} ${entry.seq}`);
          break;
        case 'member-out':
          state.members.delete(change.client);
          break;
        case 'member-role': {
          const joined = state.members.get(change.client)?.split(' ')[1];
          if (joined !== undefined) state.members.set(change.client, `${change.role} ${joined}`);
          break;
        }
        case 'silence':
          state.silences.set(change.client, change.until ?? null);
          break;
        case 'unsilence':
          state.silences.delete(change.client);
          break;
        case 'block':
          state.blocked.add(change.client);
          break;
        case 'unblock':
          state.blocked.delete(change.client);
          break;
        case 'detach':
        case 'content':
        case 'blank':
          break;
      }
    }
  }
  return state;
}

function storedMentions(db: Database, conv: number): string[] {
  const rows = db.all<{ seq: number; id: string | null }>(
    'SELECT x.seq, k.id FROM mention x LEFT JOIN client k ON k.key = x.client WHERE x.conv = ?',
    conv,
  );
  return rows.map(({ seq, id }) => `${seq} ${id ?? '*'}`).sort();
}

function derivedMentions(db: Database, conv: number): string[] {
  const rows = db.all<{ seq: number; author: string | null; extra: string }>(
    `SELECT e.seq, a.id AS author, e.extra FROM ${entryFrom} WHERE e.conv = ? AND e.kind = ${messageCode} AND e.silent = 0 AND e.recalled = 0
     AND e.extra IS NOT NULL`,
    conv,
  );
  const named = rows.flatMap(({ seq, author, extra }) => {
    const { clients, all } = mentionsOf(extra);
    const others = clients.filter((client) => client !== author).map((client) => `${seq} ${client}`);
    return all ? [...others, `${seq} *`] : others;
  });
  return [...new Set(named)].sort();
}
