import type { ClientId } from '@hongyan/protocol';
import { boundOf, historyRow, type HistoryQuery } from './history-page.js';
import type { RestCall } from './rest-call.js';

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
