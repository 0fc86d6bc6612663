import { createHash } from 'node:crypto';
import { digestLine, importOrigin } from '@hongyan/conversations';
import type { Entry } from '@hongyan/conversations';
import type { ConversationId } from '@hongyan/protocol';
import type { Database } from './database.js';
import { entryColumns, entryFrom, toEntry } from './entry-codec.js';
import type { EntryRow } from './entry-codec.js';
import { conversationKey } from './keys.js';
import { head } from './log-reads.js';
import { deleteCode, editCode, importedMark, recallCode } from './schema.js';

/** Reads of ImportStore. */

/** A part of {@link importedDigest}: so many messages at a time, so that other readers need not wait. */
export interface DigestPage {
  readonly messages: number;
  readonly order: string;
  readonly content: string;
  /** Sequence to go on behind; absent: that was the last page. */
  readonly next?: number;
}

export function digestPage(
  db: Database,
  app: string,
  conversation: string,
  after: number,
  limit: number,
): DigestPage | undefined {
  const conv = conversationKey(db, app, conversation);
  if (conv === undefined || head(db, app, conversation)?.origin !== importOrigin) return undefined;
  const sql = `SELECT ${entryColumns} FROM ${entryFrom} WHERE e.conv = ? AND e.seq > ? AND e.seq <= ${importOrigin} ORDER BY e.seq LIMIT ?`;
  const entries = db.rows<EntryRow>(sql, conv, after, limit).map(toEntry);
  const order = createHash('sha256');
  const content = createHash('sha256');
  for (const entry of entries) {
    order.update(digestLine.order(entry.importedId ?? '', entry.time, entry.author));
    content.update(contentLine(entry));
  }
  const last = entries.at(-1);
  return {
    messages: entries.length,
    order: order.digest('hex'),
    content: content.digest('hex'),
    ...(entries.length === limit && last !== undefined ? { next: last.seq } : {}),
  };
}

const contentLine = ({ payload, editedAt = 0, recalled = false }: Entry): string =>
  payload.kind === 'message' ? digestLine.content(payload.body, editedAt, recalled) : '';

/** How many edits, recalls and deletes were made here of what was imported. */
export function changedHere(db: Database, app: string, conversation: string): number {
  const conv = conversationKey(db, app, conversation);
  if (conv === undefined) return 0;
  const sql = `SELECT count(*) AS n FROM entry WHERE conv = ? AND seq > ${importOrigin} AND kind IN (${editCode}, ${recallCode}, ${deleteCode})
    AND target <= ${importOrigin}`;
  return db.get<{ n: number }>(sql, conv)?.n ?? 0;
}

/** Through the index of operation ids: an imported message's is the id that it came with. */
export function findImported(
  db: Database,
  app: string,
  id: string,
): { conversation: ConversationId; seq: number } | undefined {
  const sql = `SELECT c.id AS conversation, e.seq FROM entry e JOIN conversation c ON c.key = e.conv
    WHERE e.op = ? AND e.silent = ${importedMark} AND c.app = ? ORDER BY e.conv LIMIT 1`;
  return db.get<{ conversation: ConversationId; seq: number }>(sql, id, app);
}
