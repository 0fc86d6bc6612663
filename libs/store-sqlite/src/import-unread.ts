import { importOrigin, type ImportedUnread } from '@hongyan/conversations';
import { importedMark } from './schema.js';
import type { HeadState, WriteContext } from './write-context.js';

/**
 * Unread that came with an import. Imported messages count for nobody, so the member row carries the number itself: its count
 * at the cursor is below zero by as many, and its cursor lies below these messages. Any reading moves it to a place where the
 * count is what the log says, and the number is gone.
 */

/** See ImportStore.takeUnread. */
export function takeUnread(w: WriteContext, app: string, parts: readonly ImportedUnread[]): number[] {
  return parts.map(({ conversation, unread }) => {
    const head = w.conversation(app, conversation);
    if (head === undefined || head.origin !== importOrigin || head.deletedAt !== null) return 0;
    const wanted = new Map(
      unread.flatMap(({ client, count }) => {
        const key = w.knownClient(app, client);
        return key === undefined ? [] : [[key, count] as const];
      }),
    );
    let changed = 0;
    const carrying = w.db.all<{ client: number }>(selectCarrying, head.key);
    for (const { client } of carrying) if (!wanted.has(client)) changed += set(w, head, client, 0);
    for (const [client, count] of wanted) changed += set(w, head, client, count);
    return changed;
  });
}

const selectCarrying = `SELECT client FROM member WHERE conv = ? AND role IS NOT NULL AND readCount < 0 AND readSeq < ${importOrigin}`;
const selectRow = 'SELECT readSeq, readCount FROM member WHERE client = ? AND conv = ? AND role IS NOT NULL';
/** The messages of others that are the newest: as many as are unread. */
const selectNewest = `SELECT count(*) AS n, min(seq) AS low FROM (SELECT seq FROM entry
  WHERE conv = ? AND seq <= ${importOrigin} AND silent = ${importedMark} AND author <> ? ORDER BY seq DESC LIMIT ?)`;

/** The cursor is above what was imported; or among it, where the count was put right. */
const hasReadHere = ({ readSeq, readCount }: { readSeq: number; readCount: number }): boolean =>
  readSeq > importOrigin || (readSeq < importOrigin && readCount === 0);

/** Whether anything changed. Who has read here, or joined here, is left alone. */
function set(w: WriteContext, head: HeadState, client: number, count: number): 0 | 1 {
  const row = w.db.get<{ readSeq: number; readCount: number }>(selectRow, client, head.key);
  if (row === undefined || hasReadHere(row)) return 0;
  const { n, low } = w.db.get<{ n: number; low: number | null }>(selectNewest, head.key, client, count)!;
  const readSeq = low === null ? importOrigin : low - 1;
  if (row.readSeq === readSeq && row.readCount === -n) return 0;
  w.db.run(
    'UPDATE member SET readSeq = ?, readCount = ?, rev = ? WHERE client = ? AND conv = ?',
    readSeq,
    -n,
    w.nextRev(head.key),
    client,
    head.key,
  );
  return 1;
}
