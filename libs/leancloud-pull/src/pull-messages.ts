import { DiskSet } from '@hongyan/disk-set';
import { type PullContext, runStream } from './context.js';
import { type Place, historyPage, placeOf } from './history-page.js';
import { newRows } from './new-rows.js';
import { readRows } from './read-rows.js';
import type { Range } from './types.js';

interface MessagesCursor {
  /** The newest message of this walk: the next pull goes back to it, and a window further. */
  readonly newest?: Place;
  /** The newest message of the pulls before. */
  readonly known?: Place;
  /** Messages older than this are in the folder, and are not looked at again. */
  readonly floor: number;
  readonly after?: Place;
  /** The time of the oldest message at the source, for telling what is left. */
  readonly oldest?: number;
}

/**
 * The history of the whole app, newest first, back to its beginning; a later pull goes back to a window before the newest
 * message of the last one and appends what is new and what changed (edits and recalls; the last row of an id counts).
 * A page begins behind the last message of the page before by time and id, so that what arrives, or is removed, meanwhile moves nothing.
 */
export function pullMessages(context: PullContext): Promise<void> {
  const path = '1.2/rtm/messages';
  return runStream<MessagesCursor>(
    context,
    'messages',
    { kind: 'append', rangeOf: (row) => placeOf(row).timestamp },
    async (last) => {
      const known = last?.newest ?? last?.known;
      if (known !== undefined) return { known, floor: known.timestamp - context.reReadMs };
      const [first] = await context.source.get<readonly { timestamp: number }[]>(path, {
        limit: 1,
        reversed: 'true',
      });
      return { floor: 0, oldest: first?.timestamp };
    },
    async (writer, begun) => {
      const stored = new DiskSet(context.folder.path);
      try {
        if (begun.known !== undefined) await addStored(stored, context.folder.path, begun.floor);
        let cursor = begun;
        let pending = historyPage(context, path, cursor.after);
        for (;;) {
          const page = await pending;
          const rows = page.filter((row) => placeOf(row).timestamp >= cursor.floor);
          if (page.length === 0) return { cursor: { ...cursor, after: undefined } };
          cursor = { ...cursor, newest: cursor.newest ?? placeOf(page[0]!), after: placeOf(page.at(-1)!) };
          const ended = rows.length < page.length;
          if (!ended) {
            pending = historyPage(context, path, cursor.after);
            pending.catch(() => undefined); // looked at in the next round
          }
          await writer.append(newRows(stored, rows));
          await writer.checkpoint(cursor);
          context.progress.moved('messages', writer.rows, fractionOf(cursor));
          if (ended) return { cursor: { ...cursor, after: undefined } };
        }
      } finally {
        stored.close();
      }
    },
  );
}

/** The rows of the window that is looked through again; parts that end before it are not read. */
async function addStored(stored: DiskSet, root: string, floor: number): Promise<void> {
  const reaches = ({ range }: { range?: Range }) => range === undefined || Number(range.to) >= floor;
  for await (const { row, text } of readRows(root, 'messages', reaches))
    if (placeOf(row).timestamp >= floor) stored.add(text);
}

function fractionOf({ newest, after, floor, oldest }: MessagesCursor): number | undefined {
  if (newest === undefined || after === undefined) return undefined;
  const end = Math.max(floor, oldest ?? 0);
  const span = newest.timestamp - end;
  return span <= 0 ? 1 : Math.min(1, Math.max(0, (newest.timestamp - after.timestamp) / span));
}
