import type { PullContext } from './context.js';
import { PullError, SourceRefusal } from './errors.js';
import type { Position, StoredRow } from './read-rows.js';
import type { StreamWriter } from './stream-writer.js';
import type { Row } from './types.js';

/** Where a walk over stored items is: behind `at`, and inside the item that follows at `inner`. */
export interface ItemsCursor {
  readonly at?: Position;
  readonly inner?: unknown;
  readonly items: number;
}

export interface ItemPage<I> {
  readonly rows: readonly Row[];
  /** The next page of this item; none: it is complete. */
  readonly next?: I;
}

export interface ItemWalk<T, I> {
  readonly context: PullContext;
  readonly stream: string;
  readonly writer: Pick<StreamWriter, 'append' | 'checkpoint' | 'rows'>;
  readonly cursor: ItemsCursor;
  /** All items from the first, with their positions. */
  readonly items: AsyncIterable<{ item: T; position: Position }>;
  readonly total?: number;
  page(item: T, inner: I | undefined): Promise<ItemPage<I>>;
  /** The row that says that the source refused this item. */
  refused(item: T, refusal: SourceRefusal): Row;
}

/** So many items without one success: the source does not offer this at all. Some may be deleted, or of a kind that has none. */
const REFUSALS = 50;
const ROWS_PER_CHECKPOINT = 1_000;
const ITEMS_PER_CHECKPOINT = 250;

/**
 * Asks the source for pages of each item of another stream. First pages are fetched ahead, as many as may be under way;
 * they are written in the items' order, so that one position says what is done.
 */
export async function walkItems<T, I>(
  walk: ItemWalk<T, I>,
): Promise<{ cursor: ItemsCursor; unavailable?: string }> {
  const { context, writer, stream } = walk;
  let cursor = walk.cursor;
  let sinceRows = 0;
  let sinceItems = 0;
  let successes = cursor.items;
  let refusals = 0;
  const ahead: { item: T; position: Position; page: Promise<ItemPage<I>> }[] = [];
  const iterator = itemsBehind(walk.items, cursor.at)[Symbol.asyncIterator]();
  let ended = false;
  let inner = cursor.inner as I | undefined;

  const checkpoint = async () => {
    await writer.checkpoint(cursor);
    sinceRows = sinceItems = 0;
    const fraction =
      walk.total === undefined ? undefined : Math.min(1, cursor.items / Math.max(1, walk.total));
    context.progress.moved(stream, writer.rows, fraction);
  };
  try {
    for (;;) {
      while (!ended && ahead.length < context.parallel * 2) {
        const next = await iterator.next();
        if (next.done === true) ended = true;
        else {
          const page = walk.page(next.value.item, inner);
          inner = undefined; // only the first item was begun before
          page.catch(() => undefined); // looked at when its turn comes
          ahead.push({ ...next.value, page });
        }
      }
      const head = ahead.shift();
      if (head === undefined) break;
      try {
        for (let page = await head.page; ; page = await walk.page(head.item, page.next)) {
          await writer.append(page.rows);
          sinceRows += page.rows.length;
          if (page.next === undefined) break;
          cursor = { ...cursor, inner: page.next };
          if (sinceRows >= ROWS_PER_CHECKPOINT) await checkpoint();
        }
        successes += 1;
      } catch (error) {
        if (!(error instanceof SourceRefusal)) throw error;
        refusals += 1;
        if (successes === 0 && (refusals >= REFUSALS || (ended && ahead.length === 0)))
          return { cursor: { items: 0 }, unavailable: error.message };
        await writer.append([walk.refused(head.item, error)]);
      }
      cursor = { at: head.position, items: cursor.items + 1 };
      sinceItems += 1;
      if (sinceRows >= ROWS_PER_CHECKPOINT || sinceItems >= ITEMS_PER_CHECKPOINT) await checkpoint();
    }
  } finally {
    await Promise.allSettled(ahead.map(({ page }) => page));
    await iterator.return?.(undefined);
  }
  return { cursor: { items: 0 } };
}

async function* itemsBehind<T>(
  items: AsyncIterable<{ item: T; position: Position }>,
  at: Position | undefined,
): AsyncGenerator<{ item: T; position: Position }> {
  let skipping = at !== undefined;
  for await (const entry of items) {
    if (!skipping) yield entry;
    else if (entry.position.file === at!.file && entry.position.bytes === at!.bytes) skipping = false;
  }
  if (skipping) throw new PullError('damaged', `${at!.file} has changed since the pull was interrupted`);
}

/** Rows of a stream as items; `itemOf` leaves out what is none. */
export async function* itemsOf<T>(
  rows: AsyncIterable<StoredRow>,
  itemOf: (row: Row) => T | undefined,
): AsyncGenerator<{ item: T; position: Position }> {
  for await (const { row, position } of rows) {
    const item = itemOf(row);
    if (item !== undefined) yield { item, position };
  }
}
