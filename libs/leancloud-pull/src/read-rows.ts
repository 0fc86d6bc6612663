import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { readState, validParts } from './stream-writer.js';
import type { OpenPart, PartEntry, Row } from './types.js';

/** Behind a row: the part and the bytes of it that were read. */
export interface Position {
  readonly file: string;
  readonly bytes: number;
}

export interface StoredRow {
  readonly row: Row;
  readonly text: string;
  readonly position: Position;
}

/** The rows of a stream, or of those parts of it that are `wanted`, in the order written, from the disk, a chunk at a time. */
export async function* readRows(
  root: string,
  stream: string,
  wanted: (part: PartEntry | OpenPart) => boolean = () => true,
): AsyncGenerator<StoredRow> {
  const state = await readState(root, stream);
  if (state === undefined) return;
  for (const part of validParts(state)) {
    const { file, bytes } = part;
    if (bytes === 0 || !wanted(part)) continue;
    for await (const { line, end } of readLines(createReadStream(join(root, file), { end: bytes - 1 })))
      yield { row: JSON.parse(line) as Row, text: line, position: { file, bytes: end } };
  }
}

/** Lines of UTF-8 with the number of bytes up to and with their end. A last line without an end counts. */
export async function* readLines(
  chunks: AsyncIterable<Buffer>,
  maxBytes = 64 * 1024 * 1024,
): AsyncGenerator<{ line: string; end: number }> {
  let rest: Buffer[] = [];
  let restBytes = 0;
  let end = 0;
  for await (const chunk of chunks) {
    let from = 0;
    for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, from)) {
      const piece = chunk.subarray(from, at);
      const line = rest.length === 0 ? piece.toString() : Buffer.concat([...rest, piece]).toString();
      end += restBytes + piece.length + 1;
      rest = [];
      restBytes = 0;
      from = at + 1;
      yield { line, end };
    }
    if (from === chunk.length) continue;
    rest.push(Buffer.from(chunk.subarray(from)));
    restBytes += chunk.length - from;
    if (restBytes > maxBytes) throw new Error(`a line is longer than ${maxBytes} bytes`);
  }
  if (restBytes > 0) yield { line: Buffer.concat(rest).toString(), end: end + restBytes };
}
