import type { ClientId, MessageId } from '@hongyan/protocol';
import { historyRow, type HistoryQuery } from './history-page.js';
import type { RestCall } from './rest-call.js';

interface Bound {
  readonly time: number;
  readonly message?: MessageId;
  readonly inclusive?: boolean;
}

/** Messages of the whole app, or of one sender: newest first, or with `reversed` eldest first. */
export async function timelineOf(call: RestCall, query: HistoryQuery, author?: ClientId): Promise<object[]> {
  const forward = query.reversed;
  const start = boundOf(query.timestamp ?? query.max_ts, query.msgid, query.include_start);
  const stop = boundOf(query.till_timestamp, query.till_msgid, query.include_stop);
  let [before, after] = forward ? [stop, start] : [start, stop];
  const rows: object[] = [];
  while (rows.length < query.limit) {
    const page = await call.run('message.timeline', {
      direction: forward ? 'forward' : 'backward',
      ...(author === undefined ? {} : { author }),
      ...(before === undefined ? {} : { before }),
      ...(after === undefined ? {} : { after }),
      limit: query.limit - rows.length,
    });
    const messages = forward ? page.messages : page.messages.toReversed();
    for (const message of messages) rows.push(historyRow(message, await call.kindOf(message.conversation)));
    const last = messages.at(-1);
    if (last === undefined || !page.more) break;
    const next = { time: last.time, message: last.id };
    if (forward) after = next;
    else before = next;
  }
  return rows;
}

function boundOf(at: number | undefined, id: string | undefined, inclusive: boolean): Bound | undefined {
  if (at === undefined || at === 0) return undefined;
  const included = inclusive ? { inclusive } : {};
  return {
    time: at,
    ...included,
    ...(id === undefined || id.length < 3 ? {} : { message: id as MessageId }),
  };
}
