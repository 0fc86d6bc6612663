import { DiskSet } from '@hongyan/disk-set';
import { type PullContext, runStream } from './context.js';
import { SourceRefusal } from './errors.js';
import { newRows } from './new-rows.js';
import { readRows } from './read-rows.js';
import type { Row } from './types.js';

interface ClassCursor {
  /** Rows changed before this are in the folder already. ISO, server's clock. */
  readonly since?: string;
  /** Where the next pull begins to look for changes. */
  readonly nextSince: string;
  /** The last object id of this pull. */
  readonly last?: string;
  readonly read: number;
}

interface ScanAnswer {
  readonly results?: readonly Row[];
  readonly cursor?: string;
}

export interface ClassOptions {
  /** Without it there is no pull. Otherwise a class that cannot be read is `unavailable`. */
  readonly required?: boolean;
  /** Whether the source is asked how many rows there are, to tell what is left. */
  readonly counted?: boolean;
}

/** Pages without a row that lead on to another one, as a source sends that looked long enough; more of them in a row are the end. */
const EMPTY_PAGES = 1_000;
/** A row may be stored with a time somewhat before it becomes visible. */
const MARGIN_MS = 5 * 60_000;

/**
 * A class, in the order of object ids, by scan. LeanCloud's cursor lives ten minutes; where there is none (after an
 * interruption or a long pause) the scan begins behind the last id. A later pull asks for what changed since the last
 * one began, and appends what is not in the folder already.
 */
export function pullClass(
  context: PullContext,
  stream: string,
  className: string,
  { required = false, counted = true }: ClassOptions = {},
): Promise<void> {
  const { folder, source } = context;
  return runStream<ClassCursor>(
    context,
    stream,
    { kind: 'append', rangeOf: (row) => textOf(row['objectId']) },
    async (last) => {
      if (counted) await countOf(context, className); // sets serverTime, which others have otherwise
      return {
        since: last?.nextSince,
        nextSince: new Date(source.serverTime - MARGIN_MS).toISOString(),
        read: 0,
      };
    },
    async (writer, begun) => {
      const total = counted ? await countOf(context, className, begun.since) : undefined;
      const first = await fetchPage(context, className, begun, undefined).catch(refusalOf);
      if (first instanceof SourceRefusal) {
        if (required) throw first;
        return { cursor: begun, unavailable: first.message };
      }
      const stored = new DiskSet(folder.path);
      try {
        if (begun.since !== undefined) await addStored(stored, folder.path, stream, begun.since);
        let cursor = begun;
        for await (const page of pagesFrom(context, className, begun, first)) {
          cursor = page.cursor;
          await writer.append(newRows(stored, page.rows));
          await writer.checkpoint(cursor);
          context.progress.moved(stream, writer.rows, fractionOf(cursor.read, total));
        }
        return { cursor };
      } finally {
        stored.close();
      }
    },
  );
}

/** Pages with the cursor that stands behind them; the next one is fetched while one is worked on. */
async function* pagesFrom(
  context: PullContext,
  className: string,
  begun: ClassCursor,
  first: ScanAnswer,
): AsyncGenerator<{ rows: readonly Row[]; cursor: ClassCursor }> {
  let cursor = begun;
  let page = first;
  let scan: string | undefined;
  for (let empty = 0; ;) {
    const rows = page.results ?? [];
    if (rows.length === 0) {
      empty += 1;
      if (page.cursor === undefined || page.cursor === scan || empty > EMPTY_PAGES) return;
    } else {
      empty = 0;
      cursor = behind(rows, cursor, className);
    }
    scan = page.cursor;
    const pending = fetchPage(context, className, cursor, scan);
    pending.catch(() => undefined); // looked at in the next round
    if (rows.length > 0) yield { rows, cursor };
    page = await pending;
  }
}

function behind(rows: readonly Row[], cursor: ClassCursor, className: string): ClassCursor {
  const last = textOf(rows.at(-1)!['objectId']);
  if (last === undefined || (cursor.last !== undefined && last <= cursor.last))
    throw new SourceRefusal(`1.1/scan/classes/${className}`, 200, undefined, 'the scan does not advance');
  return { ...cursor, last, read: cursor.read + rows.length };
}

async function fetchPage(
  { source, pageSize }: PullContext,
  className: string,
  { since, last }: ClassCursor,
  scan: string | undefined,
): Promise<ScanAnswer> {
  const path = `1.1/scan/classes/${className}`;
  const where = whereOf(since, last);
  if (scan !== undefined) {
    try {
      // The cursor stands behind the last page; the condition it began with must be the same.
      return await source.get<ScanAnswer>(path, { limit: pageSize, cursor: scan, where: whereOf(since) });
    } catch (error) {
      if (!(error instanceof SourceRefusal)) throw error; // else: it is too old
    }
  }
  return source.get<ScanAnswer>(path, { limit: pageSize, where });
}

function whereOf(since?: string, last?: string): string | undefined {
  const where = {
    ...(since === undefined ? {} : { updatedAt: { $gte: { __type: 'Date', iso: since } } }),
    ...(last === undefined ? {} : { objectId: { $gt: last } }),
  };
  return Object.keys(where).length === 0 ? undefined : JSON.stringify(where);
}

const fractionOf = (read: number, total: number | SourceRefusal | undefined): number | undefined =>
  typeof total === 'number' ? Math.min(1, read / Math.max(1, total)) : undefined;

function refusalOf(error: unknown): SourceRefusal {
  if (error instanceof SourceRefusal) return error;
  throw error;
}

/** The number of rows, or the refusal if there is no such class or it may not be read. */
export async function countOf(
  { source }: Pick<PullContext, 'source'>,
  className: string,
  since?: string,
): Promise<number | SourceRefusal> {
  try {
    const parameters = { limit: 0, count: 1, where: whereOf(since) };
    const { count } = await source.get<{ count?: number }>(`1.1/classes/${className}`, parameters);
    return count ?? 0;
  } catch (error) {
    return refusalOf(error);
  }
}

async function addStored(stored: DiskSet, root: string, stream: string, since: string): Promise<void> {
  for await (const { row, text } of readRows(root, stream)) {
    const changed = textOf(row['updatedAt']) ?? textOf(row['createdAt']);
    if (changed === undefined || changed >= since) stored.add(text);
  }
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
