import type { EntryKind, Format, Role } from '@hongyan/protocol';
import type { StoredKind } from '@hongyan/conversations';

/**
 * The tables, and the numbers that stand for words in them. A number that was ever written never changes its meaning.
 *
 * Conversations and clients have integer keys; an app's ids are looked up once (unique index on (app, id)) and
 * everything else hangs on the keys, so that nothing of another app can be reached.
 */
export const schemaVersion = 12;

/** Version 1. Never changed: later versions are steps from here. */
export const schemaSql = `
-- One row each: 'id' (random and secret: cursors and sync tokens are sealed with it), 'rev' (the last revision given out).
CREATE TABLE store (name TEXT PRIMARY KEY, value ANY) STRICT, WITHOUT ROWID;

CREATE TABLE tenant (id TEXT PRIMARY KEY, name TEXT NOT NULL, createdAt INTEGER NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE app (
  id TEXT PRIMARY KEY, tenant TEXT NOT NULL, createdAt INTEGER NOT NULL,
  settings TEXT NOT NULL, sealedMasterKey TEXT NOT NULL, revision INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE revocation (
  key INTEGER PRIMARY KEY AUTOINCREMENT,
  app TEXT NOT NULL, client TEXT NOT NULL, session TEXT, tag TEXT, exceptDevice TEXT, loginBefore INTEGER NOT NULL,
  reason TEXT NOT NULL, message TEXT, createdAt INTEGER NOT NULL, expiresAt INTEGER NOT NULL
) STRICT;
CREATE INDEX revocation_expiry ON revocation (expiresAt);

-- Everybody who ever wrote, was a member or was mentioned. firstSeen is NULL while there is a key but no record.
CREATE TABLE client (
  key INTEGER PRIMARY KEY, app TEXT NOT NULL, id TEXT NOT NULL,
  name TEXT, avatarUrl TEXT, locale TEXT, timeZone TEXT, custom TEXT,
  firstSeen INTEGER, lastSeen INTEGER, bannedUntil INTEGER, banReason TEXT
) STRICT;
CREATE UNIQUE INDEX client_id ON client (app, id);

-- client refuses other.
CREATE TABLE refusal (
  client INTEGER NOT NULL, other INTEGER NOT NULL, otherId TEXT NOT NULL, at INTEGER NOT NULL,
  PRIMARY KEY (client, other)
) STRICT, WITHOUT ROWID;
CREATE INDEX refusal_page ON refusal (client, otherId);

-- The document. Filters and sorts see these columns as 'c', and the head as 'h' (see filter-sql.ts):
-- c.id, c.kind (number), c.name, c.attributes (JSON object as text), c.creator (client id as text), c.createdAt,
-- c.updatedAt, c.uniqueKey; h.lastMessageTime (0: none), h.memberCount.
CREATE TABLE conversation (
  key INTEGER PRIMARY KEY, app TEXT NOT NULL, id TEXT NOT NULL, kind INTEGER NOT NULL,
  name TEXT, attributes TEXT NOT NULL, creator TEXT, frozen INTEGER NOT NULL, audience INTEGER,
  parentId TEXT, uniqueKey TEXT,
  createdAt INTEGER NOT NULL, updatedAt INTEGER NOT NULL, expiresAt INTEGER, deletedAt INTEGER
) STRICT;
CREATE UNIQUE INDEX conversation_id ON conversation (app, id);
CREATE UNIQUE INDEX conversation_unique ON conversation (app, uniqueKey) WHERE uniqueKey IS NOT NULL;
-- What queries run over: found by app and kind, newest first.
CREATE INDEX conversation_listed ON conversation (app, kind, createdAt) WHERE deletedAt IS NULL;
CREATE INDEX conversation_everyone ON conversation (app) WHERE audience = 1 AND deletedAt IS NULL;

-- What every message and every list touches, apart from the document. rev: the revision of the last change that all
-- members see. kind, parent, expiresAt and deletedAt repeat the document so that lists need not read it.
CREATE TABLE head (
  conv INTEGER PRIMARY KEY,
  last INTEGER NOT NULL, lastTime INTEGER NOT NULL, count INTEGER NOT NULL,
  lastMessageSeq INTEGER NOT NULL, lastMessageTime INTEGER NOT NULL,
  floor INTEGER NOT NULL, origin INTEGER NOT NULL, rev INTEGER NOT NULL,
  kind INTEGER NOT NULL, parent INTEGER, expiresAt INTEGER, deletedAt INTEGER,
  memberCount INTEGER NOT NULL,
  -- Upper bounds: nothing recalled, and nobody mentioned by 'all', above these. They save look-ups.
  lastRecalledSeq INTEGER NOT NULL, lastMentionAllSeq INTEGER NOT NULL
) STRICT;

-- The log. author 0 is the server side. count is the running count of counting messages, this entry included.
-- A message's row holds its current content; rows of edits hold none.
CREATE TABLE entry (
  key INTEGER PRIMARY KEY,
  conv INTEGER NOT NULL, seq INTEGER NOT NULL, time INTEGER NOT NULL, author INTEGER NOT NULL, op TEXT NOT NULL,
  kind INTEGER NOT NULL, count INTEGER NOT NULL, silent INTEGER NOT NULL, target INTEGER,
  format INTEGER, type TEXT, body ANY, extra TEXT,
  recalled INTEGER NOT NULL DEFAULT 0, editedAt INTEGER, editedSeq INTEGER
) STRICT;
CREATE UNIQUE INDEX entry_seq ON entry (conv, seq);
-- Operation ids are best time-ordered: then this index grows at its right end.
CREATE UNIQUE INDEX entry_op ON entry (op, author, conv);
CREATE INDEX entry_recalled ON entry (conv, seq, author) WHERE recalled = 1 AND silent = 0;

-- Clustered by client: a list is one range. role NULL: a former member, kept so that sync can say that it is gone.
-- own, lastOwnSeq: the client's counting messages here; read…: the state at the read cursor.
CREATE TABLE member (
  client INTEGER NOT NULL, conv INTEGER NOT NULL, id TEXT NOT NULL, role INTEGER,
  joinedSeq INTEGER NOT NULL, joinedAt INTEGER NOT NULL,
  readSeq INTEGER NOT NULL, readCount INTEGER NOT NULL, readOwn INTEGER NOT NULL, deliveredSeq INTEGER NOT NULL,
  own INTEGER NOT NULL, lastOwnSeq INTEGER NOT NULL, lastMentionSeq INTEGER NOT NULL,
  clearedSeq INTEGER NOT NULL, muteUntil INTEGER, pinnedAt INTEGER, hiddenSeq INTEGER, markedUnread INTEGER NOT NULL,
  custom TEXT, rev INTEGER NOT NULL,
  PRIMARY KEY (client, conv)
) STRICT, WITHOUT ROWID;
CREATE INDEX member_in ON member (conv, role, id) WHERE role IS NOT NULL;

-- Counting messages that mention somebody now. client 0: all.
CREATE TABLE mention (
  conv INTEGER NOT NULL, client INTEGER NOT NULL, seq INTEGER NOT NULL, author INTEGER NOT NULL,
  PRIMARY KEY (conv, client, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE silence (
  conv INTEGER NOT NULL, client INTEGER NOT NULL, id TEXT NOT NULL, until INTEGER, PRIMARY KEY (conv, client)
) STRICT, WITHOUT ROWID;
CREATE TABLE block (
  conv INTEGER NOT NULL, client INTEGER NOT NULL, id TEXT NOT NULL, PRIMARY KEY (conv, client)
) STRICT, WITHOUT ROWID;
`;

/**
 * Version 2: who was only ever named (as a member, in a mention …) has a record too, and the first login is a fact of its
 * own. Version 1 did not write down when somebody was first named: the first membership comes nearest.
 */
export const version2Sql = `
ALTER TABLE client ADD COLUMN firstLogin INTEGER;
UPDATE client SET firstLogin = firstSeen;
UPDATE client SET firstSeen = coalesce((SELECT min(joinedAt) FROM member m WHERE m.client = client.key), unixepoch() * 1000)
  WHERE firstSeen IS NULL;
`;

/** Version 3: columns of the app's own beside the attributes, as JSON text; NULL: none. Filters see them as c.columns. */
export const version3Sql = `ALTER TABLE conversation ADD COLUMN columns TEXT;`;

/** Version 4: what happened besides messages is found by time. */
export const version4Sql = `CREATE INDEX entry_change ON entry (conv, time) WHERE kind > 2;`;

/**
 * Version 5: what clients ask for by time has a stamp: its time, or the next later one that the app has not given out.
 * NULL: messages, and what nobody asks for. head.lastStamp is an upper bound of a log's, app_stamp the last of an app's.
 */
export const version5Sql = `
ALTER TABLE entry ADD COLUMN stamp INTEGER;
UPDATE entry SET stamp = time WHERE kind > 0 AND conv IN (SELECT conv FROM head WHERE kind <> 1);
DROP INDEX entry_change;
CREATE INDEX entry_change ON entry (conv, stamp) WHERE stamp IS NOT NULL AND kind > 2;
CREATE INDEX entry_patch ON entry (conv, stamp) WHERE stamp IS NOT NULL AND kind <= 2;
ALTER TABLE head ADD COLUMN lastStamp INTEGER NOT NULL DEFAULT 0;
UPDATE head SET lastStamp = lastTime;
CREATE TABLE app_stamp (app TEXT PRIMARY KEY, last INTEGER NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO app_stamp SELECT c.app, max(h.lastTime) FROM conversation c JOIN head h ON h.conv = c.key GROUP BY c.app;
`;

/** Version 6: which conversations spoke in which five minutes; what it must hold is said in spoken.ts. */
export const version6Sql = `
CREATE TABLE spoken (
  app TEXT NOT NULL, period INTEGER NOT NULL, conv INTEGER NOT NULL, live INTEGER NOT NULL, seq INTEGER NOT NULL,
  PRIMARY KEY (app, period, conv, live)
) STRICT, WITHOUT ROWID;
INSERT INTO spoken SELECT c.app, e.time / 300000, e.conv, e.silent <> 2, min(e.seq)
  FROM entry e JOIN conversation c ON c.key = e.conv WHERE e.kind = 0 AND c.kind <= 2 GROUP BY 1, 2, 3, 4;
`;

/** Version 7: devices that registered for pushes. */
export const version7Sql = `
CREATE TABLE installation (
  app TEXT NOT NULL, id TEXT NOT NULL, deviceType TEXT, deviceToken TEXT, installationId TEXT, channels TEXT NOT NULL,
  timeZone TEXT, isValid INTEGER NOT NULL, updatedAt INTEGER NOT NULL, record TEXT NOT NULL,
  PRIMARY KEY (app, id)
) STRICT, WITHOUT ROWID;
`;

/** Version 8: clients that are not to be added to a conversation by others; and who muted one is found without its members. */
export const version8Sql = `
CREATE TABLE conversation_refusal (
  client INTEGER NOT NULL, conv INTEGER NOT NULL, id TEXT NOT NULL, PRIMARY KEY (client, conv)
) STRICT, WITHOUT ROWID;
CREATE INDEX conversation_refusal_page ON conversation_refusal (client, id);
CREATE INDEX member_muted ON member (conv, role, id, muteUntil) WHERE muteUntil IS NOT NULL AND role IS NOT NULL;
`;

/** Version 9: a message whose row is kept for its sequence only. It is `recalled`, too: it has no content and counts for nobody. */
export const version9Sql = `ALTER TABLE entry ADD COLUMN deleted INTEGER NOT NULL DEFAULT 0;`;

/**
 * Version 10: who wrote in an ordinary conversation without having a row of a member in it: the app's server sent in its name, or
 * it had left before the conversation came here. With the members' rows it tells where messages of a client may be.
 */
export const version10Sql = `
CREATE TABLE outsider (client INTEGER NOT NULL, conv INTEGER NOT NULL, PRIMARY KEY (client, conv)) STRICT, WITHOUT ROWID;
INSERT INTO outsider SELECT DISTINCT e.author, e.conv FROM entry e JOIN conversation c ON c.key = e.conv
  WHERE e.kind = 0 AND e.author <> 0 AND c.kind = 0
    AND NOT EXISTS (SELECT 1 FROM member m WHERE m.client = e.author AND m.conv = e.conv);
`;

/** Version 11: messages of services that are for everyone; what it must hold is said in announcements.ts. */
export const version11Sql = `
CREATE TABLE announcement (
  conv INTEGER NOT NULL, seq INTEGER NOT NULL, time INTEGER NOT NULL, app TEXT NOT NULL, PRIMARY KEY (conv, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX announcement_app ON announcement (app, conv);
`;

/** Version 12: a conversation has changed when its members have (added, joined, left, removed, blocked). */
export const version12Sql = `
UPDATE conversation SET updatedAt = e.time
  FROM (SELECT conv, max(time) AS time FROM entry WHERE kind IN (4, 5, 6, 7, 11) GROUP BY conv) e
  WHERE e.conv = key AND e.time > updatedAt;
`;

/** A two-way table between words and their numbers. */
function codes<W extends string>(words: readonly W[]) {
  const byWord = new Map(words.map((word, code) => [word, code]));
  return {
    code(word: W): number {
      const code = byWord.get(word);
      if (code === undefined) throw new Error(`no number for "${word}"`);
      return code;
    },
    word(code: number): W {
      const word = words[code];
      if (word === undefined) throw new Error(`no word for ${code}: written by a newer version?`);
      return word;
    },
  };
}

export const entryKindCodes = codes<EntryKind>([
  'message', 'edit', 'recall', 'created', 'added', 'joined', 'left', 'removed', 'role',
  'silenced', 'unsilenced', 'blocked', 'unblocked', 'updated', 'deleted', 'delete',
]); // prettier-ignore
export const messageCode = 0;
export const editCode = 1;
export const recallCode = 2;
export const deleteCode = 15;
/** `silent` of an imported message: it counts for nobody, and its operation id is the message id that it came with. */
export const importedMark = 2;

export const conversationKindCodes = codes<StoredKind>(['ordinary', 'room', 'system', 'temporary', 'thread']);
export const ordinaryCode = 0;
export const roomCode = 1;
export const systemCode = 2;
export const temporaryCode = 3;
export const threadCode = 4;

/** In order of rank: member pages are sorted by it. */
export const roleCodes = codes<Role | 'guest'>(['owner', 'manager', 'member', 'guest']);
export const guestCode = 3;

export const formatCodes = codes<Format>(['text', 'json', 'binary']);
/** Added to a format whose text cannot be UTF-8 (lone surrogates): the body is a blob of UTF-16 code units. */
export const utf16Flag = 8;

export const audienceCodes = codes<'subscribers' | 'everyone'>(['subscribers', 'everyone']);

/** muteUntil of a client that wants no push for good. */
export const mutedForGood = -1;
