import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { extract } from 'tar-stream';
import { PullError } from './errors.js';
import { parseExact } from './parse-exact.js';
import { type PulledApp, PullFolder } from './pull-folder.js';
import { readLines } from './read-rows.js';
import { StreamWriter } from './stream-writer.js';
import type { Manifest, PullEvent, Row } from './types.js';

const streamNames: Readonly<Record<string, string>> = {
  _Conversation: 'conversations',
  _ConversationMemberInfo: 'member-infos',
  _Installation: 'installations',
  _User: 'users',
  _File: 'files',
};
const BATCH = 1_000;
const MAX_LINE = 16 * 1024 * 1024;

/**
 * Writes the classes of an export of LeanCloud's (JSON lines, alone, gzipped or in a `.tar.gz`) as streams of the folder.
 * Lines that are no objects go to `export-problems` with file and line. A class that was read before is read anew.
 */
export async function readExport(
  file: string,
  out: string,
  app: PulledApp,
  onEvent: (event: PullEvent) => void = () => undefined,
): Promise<Manifest> {
  const folder = await PullFolder.open(out);
  const writers = new Map<string, StreamWriter>();
  try {
    const number = await folder.claim(app);
    const writerOf = async (stream: string) => {
      const open = writers.get(stream);
      if (open !== undefined) return open;
      const writer = await StreamWriter.open(folder.path, stream, {
        kind: 'snapshot',
        rangeOf: ({ objectId }) => (typeof objectId === 'string' ? objectId : undefined),
      });
      writers.set(stream, writer);
      if ((writer.state.cursor as { nextSince?: string } | undefined)?.nextSince !== undefined)
        throw new PullError(
          'folder',
          `${folder.path} holds a pull of ${stream}: give the export a folder of its own`,
        );
      await writer.begin(number, {});
      return writer;
    };
    await eachFile(file, async (name, content) => {
      for await (const { stream, rows } of batches(name, content))
        await (await writerOf(stream)).append(rows);
    });
    for (const [stream, writer] of writers) {
      await writer.finish({});
      onEvent({ event: 'stream', stream, rows: writer.rows });
    }
    return await folder.writeManifest(app, 'complete', number);
  } finally {
    for (const writer of writers.values()) await writer.close();
    await folder.release();
  }
}

async function eachFile(
  file: string,
  work: (name: string, content: AsyncIterable<Buffer>) => Promise<void>,
): Promise<void> {
  const head = Buffer.alloc(2);
  const handle = await open(file, 'r').catch((error: unknown) => {
    throw new PullError('usage', `cannot read ${file}`, { cause: error });
  });
  await handle.read(head, 0, 2, 0);
  await handle.close();
  const source: Readable = createReadStream(file);
  const packed = head[0] === 0x1f && head[1] === 0x8b;
  try {
    if (!/\.(tar|tgz|tar\.gz)$/i.test(file)) {
      const content = packed ? source.pipe(createGunzip()) : source;
      source.on('error', (error) => content.destroy(error));
      return await work(basename(file).replace(/\.gz$/i, ''), content as AsyncIterable<Buffer>);
    }
    const entries = extract();
    const reading = (async () => {
      for await (const entry of entries) {
        const { name, type } = entry.header;
        if (type === 'file' && /\.(jsonl?|ndjson)$/i.test(name))
          await work(basename(name), entry as unknown as AsyncIterable<Buffer>);
        else entry.resume();
      }
    })();
    await Promise.all([
      packed ? pipeline(source, createGunzip(), entries) : pipeline(source, entries),
      reading,
    ]);
  } catch (error) {
    if (error instanceof PullError) throw error;
    throw new PullError('damaged', `${file} is damaged: ${(error as Error).message}`, { cause: error });
  }
}

/** The class is in the first line of newer exports, else in the file's name (`_Conversation.0.jsonl`, `Post_all.json`). */
async function* batches(
  name: string,
  content: AsyncIterable<Buffer>,
): AsyncGenerator<{ stream: string; rows: readonly Row[] }> {
  let className = name.replace(/\..*$/, '').replace(/_all$/, '');
  let rows: Row[] = [];
  let problems: Row[] = [];
  let at = 0;
  const streamOf = () => streamNames[className] ?? `class-${className.replace(/\W/g, '_')}`;
  for await (const { line } of readLines(content, MAX_LINE)) {
    at += 1;
    const text = line.replace(/^\uFEFF/, '').trim();
    if (text === '') continue;
    if (text.startsWith('#')) {
      className = /"class"\s*:\s*"(\w+)"/.exec(text)?.[1] ?? className;
      continue;
    }
    const row = objectOf(text);
    if (row === undefined)
      problems.push({ file: name, line: at, problem: 'no JSON object', text: text.slice(0, 500) });
    else rows.push(row);
    if (rows.length + problems.length < BATCH) continue;
    yield { stream: streamOf(), rows };
    if (problems.length > 0) yield { stream: 'export-problems', rows: problems };
    rows = [];
    problems = [];
  }
  yield { stream: streamOf(), rows };
  if (problems.length > 0) yield { stream: 'export-problems', rows: problems };
}

function objectOf(text: string): Row | undefined {
  try {
    const value = parseExact(text);
    return value !== null && typeof value === 'object' && !Array.isArray(value) ? (value as Row) : undefined;
  } catch {
    return undefined;
  }
}
