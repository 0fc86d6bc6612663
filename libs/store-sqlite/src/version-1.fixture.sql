-- A store of version 1, as that version's software wrote it: every kind of content, and clients who never logged in.
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
CREATE TABLE client (
  key INTEGER PRIMARY KEY, app TEXT NOT NULL, id TEXT NOT NULL,
  name TEXT, avatarUrl TEXT, locale TEXT, timeZone TEXT, custom TEXT,
  firstSeen INTEGER, lastSeen INTEGER, bannedUntil INTEGER, banReason TEXT
) STRICT;
CREATE TABLE refusal (
  client INTEGER NOT NULL, other INTEGER NOT NULL, otherId TEXT NOT NULL, at INTEGER NOT NULL,
  PRIMARY KEY (client, other)
) STRICT, WITHOUT ROWID;
CREATE TABLE conversation (
  key INTEGER PRIMARY KEY, app TEXT NOT NULL, id TEXT NOT NULL, kind INTEGER NOT NULL,
  name TEXT, attributes TEXT NOT NULL, creator TEXT, frozen INTEGER NOT NULL, audience INTEGER,
  parentId TEXT, uniqueKey TEXT,
  createdAt INTEGER NOT NULL, updatedAt INTEGER NOT NULL, expiresAt INTEGER, deletedAt INTEGER
) STRICT;
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
CREATE TABLE entry (
  key INTEGER PRIMARY KEY,
  conv INTEGER NOT NULL, seq INTEGER NOT NULL, time INTEGER NOT NULL, author INTEGER NOT NULL, op TEXT NOT NULL,
  kind INTEGER NOT NULL, count INTEGER NOT NULL, silent INTEGER NOT NULL, target INTEGER,
  format INTEGER, type TEXT, body ANY, extra TEXT,
  recalled INTEGER NOT NULL DEFAULT 0, editedAt INTEGER, editedSeq INTEGER
) STRICT;
CREATE TABLE member (
  client INTEGER NOT NULL, conv INTEGER NOT NULL, id TEXT NOT NULL, role INTEGER,
  joinedSeq INTEGER NOT NULL, joinedAt INTEGER NOT NULL,
  readSeq INTEGER NOT NULL, readCount INTEGER NOT NULL, readOwn INTEGER NOT NULL, deliveredSeq INTEGER NOT NULL,
  own INTEGER NOT NULL, lastOwnSeq INTEGER NOT NULL, lastMentionSeq INTEGER NOT NULL,
  clearedSeq INTEGER NOT NULL, muteUntil INTEGER, pinnedAt INTEGER, hiddenSeq INTEGER, markedUnread INTEGER NOT NULL,
  custom TEXT, rev INTEGER NOT NULL,
  PRIMARY KEY (client, conv)
) STRICT, WITHOUT ROWID;
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
CREATE INDEX revocation_expiry ON revocation (expiresAt);
CREATE UNIQUE INDEX client_id ON client (app, id);
CREATE INDEX refusal_page ON refusal (client, otherId);
CREATE UNIQUE INDEX conversation_id ON conversation (app, id);
CREATE UNIQUE INDEX conversation_unique ON conversation (app, uniqueKey) WHERE uniqueKey IS NOT NULL;
CREATE INDEX conversation_listed ON conversation (app, kind, createdAt) WHERE deletedAt IS NULL;
CREATE INDEX conversation_everyone ON conversation (app) WHERE audience = 1 AND deletedAt IS NULL;
CREATE UNIQUE INDEX entry_seq ON entry (conv, seq);
CREATE UNIQUE INDEX entry_op ON entry (op, author, conv);
CREATE INDEX entry_recalled ON entry (conv, seq, author) WHERE recalled = 1 AND silent = 0;
CREATE INDEX member_in ON member (conv, role, id) WHERE role IS NOT NULL;
INSERT INTO store VALUES ('id', 'zIf8RdJsIunJ');
INSERT INTO store VALUES ('rev', 1795272203304001);
INSERT INTO tenant VALUES ('acme', 'Acme', 1750000000000);
INSERT INTO app VALUES ('shop', 'acme', 1750000000000, '{"version":1}', 'sealed', 1);
INSERT INTO revocation VALUES (1, 'shop', 'bob', NULL, NULL, NULL, 1750000000000, 'kicked', NULL, 1750000000000, 4000000000000);
INSERT INTO client VALUES (1, 'shop', 'ann', 'Ann', NULL, NULL, NULL, NULL, 1750000000005, 1750000000005, NULL, NULL);
INSERT INTO client VALUES (2, 'shop', 'bob', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO client VALUES (3, 'shop', 'cid', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO client VALUES (4, 'shop', 'eve', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO refusal VALUES (1, 4, 'eve', 1750000000040);
INSERT INTO conversation VALUES (1, 'shop', '0123456789abcdef01234567', 0, 'Two', '{"a":1}', 'ann', 0, NULL, NULL, NULL, 1750000000010, 1750000000010, NULL, NULL);
INSERT INTO head VALUES (1, 7, 1750000000026, 4, 7, 1750000000026, 0, 0, 1795272203304001, 0, NULL, NULL, NULL, 2, 5, 0);
INSERT INTO entry VALUES (1, 1, 1, 1750000000010, 1, 'make', 3, 0, 0, NULL, NULL, NULL, NULL, '{"conversation":{"id":"0123456789abcdef01234567","kind":"ordinary","name":"Two","attributes":{"a":1},"creator":"ann","frozen":false,"createdAt":1750000000010,"updatedAt":1750000000010},"members":[{"client":"ann","role":"owner"},{"client":"bob","role":"member"}]}', 0, NULL, NULL);
INSERT INTO entry VALUES (2, 1, 2, 1750000000021, 1, 'one', 0, 1, 0, NULL, 0, NULL, 'hello, all', '{"mentions":["cid"]}', 0, 1750000000023, 4);
INSERT INTO entry VALUES (3, 1, 3, 1750000000022, 2, 'two', 0, 2, 0, NULL, 1, 'x', '{"n":12345678901234567890}', NULL, 0, NULL, NULL);
INSERT INTO entry VALUES (4, 1, 4, 1750000000023, 1, 'three', 1, 2, 0, 2, NULL, NULL, NULL, NULL, 0, NULL, NULL);
INSERT INTO entry VALUES (5, 1, 5, 1750000000024, 2, 'four', 0, 3, 0, NULL, 0, NULL, '', NULL, 1, NULL, NULL);
INSERT INTO entry VALUES (6, 1, 6, 1750000000025, 2, 'five', 2, 3, 0, 5, NULL, NULL, NULL, NULL, 0, NULL, NULL);
INSERT INTO entry VALUES (7, 1, 7, 1750000000026, 0, 'six', 0, 4, 0, NULL, 2, NULL, X'00ff', NULL, 0, NULL, NULL);
INSERT INTO member VALUES (1, 1, 'ann', 0, 1, 1750000000010, 0, 0, 0, 0, 1, 2, 0, 0, NULL, NULL, NULL, 0, NULL, 1795272203297000);
INSERT INTO member VALUES (2, 1, 'bob', 2, 1, 1750000000010, 2, 1, 0, 2, 2, 5, 0, 0, NULL, NULL, NULL, 0, NULL, 1795272203304000);
INSERT INTO mention VALUES (1, 3, 2, 1);
PRAGMA user_version = 1;
