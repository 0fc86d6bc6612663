import type { PullContext } from './context.js';
import { PullError } from './errors.js';
import type { Row } from './types.js';

/** A message's place in a history: pages end and begin there. */
export interface Place {
  readonly timestamp: number;
  readonly msgId: string;
}

export function placeOf(row: Row): Place {
  const { timestamp, 'msg-id': msgId } = row;
  if (typeof timestamp !== 'number' || typeof msgId !== 'string')
    throw new PullError(
      'damaged',
      `LeanCloud sent a message without time or id: ${JSON.stringify(row).slice(0, 200)}`,
    );
  return { timestamp, msgId };
}

/** The page behind `after`, newest first; from now on without it. It may be short; only an empty one is the end. */
export async function historyPage(
  context: PullContext,
  path: string,
  after?: Place,
): Promise<readonly Row[]> {
  const rows = await context.source.get<readonly Row[]>(path, {
    limit: context.pageSize,
    timestamp: after?.timestamp,
    msgid: after?.msgId,
  });
  if (!isList(rows)) throw new PullError('damaged', `LeanCloud's answer to ${path} is no list`);
  const last = rows.at(-1);
  if (after !== undefined && last !== undefined) {
    const place = placeOf(last);
    if (
      place.timestamp > after.timestamp ||
      (place.timestamp === after.timestamp && place.msgId === after.msgId)
    )
      throw new PullError('damaged', `LeanCloud's pages of ${path} do not advance behind ${after.timestamp}`);
  }
  return rows;
}

const isList = (value: unknown): value is readonly Row[] => Array.isArray(value);
