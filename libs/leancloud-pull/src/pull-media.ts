import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { DiskSet } from '@hongyan/disk-set';
import { type PullContext, runStream } from './context.js';
import { PullError, type SourceRefusal } from './errors.js';
import { type MediaLimits, MediaRefused, MediaSource } from './media-source.js';
import { backOff, sleep } from './pacer.js';
import { type Position, readRows } from './read-rows.js';
import type { Row } from './types.js';
import { type ItemsCursor, walkItems } from './walk-items.js';

export type MediaOptions = Partial<MediaLimits>;

const defaults: MediaLimits = {
  maxBytes: 100 * 1024 * 1024,
  types: ['image/*', 'audio/*', 'video/*', 'application/*', 'text/plain'],
  allowPrivate: false,
  timeoutMs: 5 * 60_000,
};
const ATTEMPTS = 4;

/** Media that messages and `_File` rows refer to: rows `{url, file, bytes, type, sha256}`, or `{url, refused}`. */
export function pullMedia(context: PullContext, options: MediaOptions = {}): Promise<void> {
  const root = context.folder.path;
  return runStream<ItemsCursor>(
    context,
    'media',
    { kind: 'append' },
    () => ({ items: 0 }),
    async (writer, cursor) => {
      const media = new MediaSource({ ...defaults, ...options }, context.signal);
      const done = new DiskSet(root); // of pulls before; what was refused is tried again
      try {
        for await (const { row } of readRows(root, 'media'))
          if (typeof row['file'] === 'string') done.add(row['url'] as string);
        return await walkItems<string, never>({
          context,
          stream: 'media',
          writer,
          cursor,
          items: addressesOf(root),
          page: async (url) => (done.has(url) ? { rows: [] } : { rows: [await save(context, media, url)] }),
          refused: (url, { message }: SourceRefusal) => ({ url, refused: message }),
        });
      } finally {
        done.close();
        await media.close();
      }
    },
  );
}

async function save({ folder, signal }: PullContext, media: MediaSource, url: string): Promise<Row> {
  const name = createHash('sha256').update(url).digest('hex').slice(0, 40);
  const suffix = /^\.[a-z0-9]{1,8}$/i.exec(extname(URL.parse(url)?.pathname ?? ''))?.[0].toLowerCase() ?? '';
  const file = `media/files/${name.slice(0, 2)}/${name}${suffix}`;
  await mkdir(join(folder.path, 'media', 'files', name.slice(0, 2)), { recursive: true });
  for (let attempt = 1; ; attempt += 1) {
    try {
      return { url, file, ...(await media.save(url, join(folder.path, file))) };
    } catch (error) {
      if (error instanceof PullError || signal?.aborted) throw error;
      const text = error instanceof Error ? error.message : String(error);
      if (error instanceof MediaRefused || attempt === ATTEMPTS) return { url, refused: text };
      await sleep(backOff(attempt, 500, 10_000), signal);
    }
  }
}

/** Every address once, in the order of the rows that name them. */
async function* addressesOf(root: string): AsyncGenerator<{ item: string; position: Position }> {
  const seen = new DiskSet(root);
  const streams: readonly [string, (row: Row) => readonly unknown[]][] = [
    ['files', (row) => [row['url']]],
    ['messages', addressesIn],
    ['threads', ({ message }) => (message === undefined ? [] : addressesIn(message as Row))],
  ];
  try {
    for (const [stream, addresses] of streams)
      for await (const { row, position } of readRows(root, stream))
        for (const url of addresses(row))
          if (typeof url === 'string' && url !== '' && seen.add(url)) yield { item: url, position };
  } finally {
    seen.close();
  }
}

/** Typed messages are JSON in text; other texts name no file. */
function addressesIn({ data }: Row): readonly unknown[] {
  if (typeof data !== 'string' || !data.includes('_lcfile')) return [];
  try {
    const { _lcfile: file } = JSON.parse(data) as { _lcfile?: { url?: unknown } };
    return [file?.url];
  } catch {
    return [];
  }
}
