import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** A file of rows, and how much of it counts. */
export interface Part {
  /** From the folder. */
  readonly file: string;
  readonly stream: string;
  readonly bytes: number;
  /** Of a part that is complete. */
  readonly sha256?: string;
}

interface Checkpoint {
  readonly parts?: readonly { file: string; bytes: number; sha256?: string }[];
  readonly replaced?: readonly { file: string; bytes: number; sha256?: string }[];
  readonly open?: { file: string; bytes: number };
  readonly done?: boolean;
  readonly unavailable?: string;
}

/** The parts of a stream that hold its rows now, in order: as its checkpoint says; without one, whatever is there. */
export async function partsOf(folder: string, stream: string): Promise<Part[]> {
  const text = await readFile(join(folder, stream, 'checkpoint.json'), 'utf8').catch(() => undefined);
  if (text !== undefined) {
    const { parts = [], replaced = [], open } = JSON.parse(text) as Checkpoint;
    const valid = replaced.length > 0 ? replaced : [...parts, ...(open === undefined ? [] : [open])];
    return valid.map((part) => ({ ...part, stream }));
  }
  const names = (await readdir(join(folder, stream))).filter((name) => name.endsWith('.ndjson')).sort();
  return Promise.all(
    names.map(async (name) => {
      const file = `${stream}/${name}`;
      return { file, stream, bytes: (await stat(join(folder, file))).size };
    }),
  );
}

/** Whether all rows of a stream are there, of this pull or of the one before: then what has no row is nowhere else either. */
export async function isWhole(folder: string, stream: string): Promise<boolean> {
  const text = await readFile(join(folder, stream, 'checkpoint.json'), 'utf8').catch(() => undefined);
  if (text === undefined) return false;
  const { done, unavailable, replaced = [] } = JSON.parse(text) as Checkpoint;
  return (done === true && unavailable === undefined) || replaced.length > 0;
}

/** Undefined: as its checkpoint says. */
export async function damageOf(folder: string, { file, bytes, sha256 }: Part): Promise<string | undefined> {
  const found = await stat(join(folder, file)).catch(() => undefined);
  if (found === undefined) return 'the file is missing';
  if (found.size < bytes) return `the file has ${found.size} bytes, its checkpoint says ${bytes}`;
  if (sha256 === undefined || bytes === 0) return undefined;
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(join(folder, file), { end: bytes - 1 }))
    hash.update(chunk as Buffer);
  return hash.digest('hex') === sha256 ? undefined : 'its checksum is another than its checkpoint says';
}

export interface Line {
  /** Counted from 1. */
  readonly line: number;
  /** Bytes of the part up to and with this line. */
  readonly end: number;
  /** Undefined: no UTF-8, or too long. */
  readonly text: string | undefined;
  readonly why?: string;
}

/** More than any row of LeanCloud has; what is longer is not kept in memory. */
const longestLine = 1024 * 1024;
const byteOrderMark = /^\uFEFF/;

/** The lines of a part behind `from`; whatever is in them. */
export async function* linesOf(
  folder: string,
  part: Part,
  from: { readonly line: number; readonly end: number } = { line: 0, end: 0 },
): AsyncGenerator<Line> {
  if (part.bytes <= from.end) return;
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let { line, end } = from;
  let rest: Buffer[] = [];
  let restBytes = 0;
  const finish = (piece: Buffer, ended: boolean): Line => {
    const bytes = restBytes + piece.length;
    line += 1;
    end += bytes + Number(ended);
    const kept = rest;
    rest = [];
    restBytes = 0;
    if (bytes > longestLine) return { line, end, text: undefined, why: `the line has ${bytes} bytes` };
    try {
      const text = decoder.decode(kept.length === 0 ? piece : Buffer.concat([...kept, piece]));
      return { line, end, text: text.replace(byteOrderMark, '').trim() };
    } catch {
      return { line, end, text: undefined, why: 'the line is not UTF-8' };
    }
  };
  const file = createReadStream(join(folder, part.file), {
    start: from.end,
    end: part.bytes - 1,
    highWaterMark: 256 * 1024,
  });
  for await (const chunk of file as AsyncIterable<Buffer>) {
    let at = 0;
    for (let newline = chunk.indexOf(10); newline !== -1; newline = chunk.indexOf(10, at)) {
      yield finish(chunk.subarray(at, newline), true);
      at = newline + 1;
    }
    if (at < chunk.length) {
      restBytes += chunk.length - at;
      if (restBytes <= longestLine) rest.push(Buffer.from(chunk.subarray(at)));
      else rest = [];
    }
  }
  if (restBytes > 0) yield finish(Buffer.alloc(0), false);
}
