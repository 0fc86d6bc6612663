import { createReadStream } from 'node:fs';
import { type SortRecord, decodeRecord } from './record.js';

/** Records of a file of ours behind `start` bytes, each with the number of bytes before it. */
export async function* readRecords(
  path: string,
  start: number,
): AsyncGenerator<{ record: SortRecord; offset: number }> {
  let offset = start;
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of createReadStream(path, {
    start,
    highWaterMark: 64 * 1024,
  }) as AsyncIterable<Buffer>) {
    const data = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let at = 0;
    for (let end = data.indexOf(10); end !== -1; end = data.indexOf(10, at)) {
      yield { record: decodeRecord(data.toString('utf8', at, end)), offset };
      offset += end + 1 - at;
      at = end + 1;
    }
    rest = data.subarray(at);
  }
}
