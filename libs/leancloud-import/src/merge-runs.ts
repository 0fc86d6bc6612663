import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import { open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readRecords } from './read-records.js';
import { type SortRecord, compareKeys, encodeRecord } from './record.js';

/** Runs that are read at a time. */
const widest = 64;

/** A sorted file from the disk, a little at a time. */
async function* recordsOf(path: string): AsyncGenerator<SortRecord, void> {
  for await (const { record } of readRecords(path, 0)) yield record;
}

interface Head {
  readonly record: SortRecord;
  readonly rest: AsyncGenerator<SortRecord, void>;
}

/** The records of sorted runs as one sorted sequence. */
async function* merged(paths: readonly string[]): AsyncGenerator<SortRecord, void> {
  const heap: Head[] = [];
  const open = paths.map(recordsOf);
  try {
    for (const rest of open) {
      const next = await rest.next();
      if (next.done !== true) push(heap, { record: next.value, rest });
    }
    while (heap.length > 0) {
      const head = heap[0]!;
      yield head.record;
      const next = await head.rest.next();
      if (next.done === true) {
        const last = heap.pop()!;
        if (heap.length > 0) heap[0] = last;
      } else heap[0] = { record: next.value, rest: head.rest };
      if (heap.length > 0) sink(heap);
    }
  } finally {
    for (const rest of open) await rest.return(undefined);
  }
}

function push(heap: Head[], head: Head): void {
  let at = heap.push(head) - 1;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (compareKeys(heap[parent]!.record, heap[at]!.record) <= 0) return;
    [heap[parent], heap[at]] = [heap[at]!, heap[parent]!];
    at = parent;
  }
}

function sink(heap: Head[]): void {
  for (let at = 0; ;) {
    const [left, right] = [2 * at + 1, 2 * at + 2];
    let least = at;
    if (left < heap.length && compareKeys(heap[left]!.record, heap[least]!.record) < 0) least = left;
    if (right < heap.length && compareKeys(heap[right]!.record, heap[least]!.record) < 0) least = right;
    if (least === at) return;
    [heap[least], heap[at]] = [heap[at]!, heap[least]!];
    at = least;
  }
}

/** Makes one sorted file of runs, in several rounds where there are many; the runs are gone then. */
export async function mergeRuns(folder: string, runs: readonly string[], target: string): Promise<void> {
  let left = [...runs];
  for (let round = 0; left.length > widest; round += 1) {
    const next: string[] = [];
    for (let at = 0; at < left.length; at += widest) {
      const name = `round-${round}-${at}`;
      await writeSorted(folder, left.slice(at, at + widest), name);
      next.push(name);
    }
    for (const name of left) await rm(join(folder, name), { force: true });
    left = next;
  }
  await writeSorted(folder, left, target);
  for (const name of left) await rm(join(folder, name), { force: true });
}

async function writeSorted(folder: string, runs: readonly string[], name: string): Promise<void> {
  const temporary = join(folder, `${name}.part`);
  const file = createWriteStream(temporary, { mode: 0o600, highWaterMark: 1024 * 1024 });
  const failed = once(file, 'error').then(([error]) => Promise.reject(error as Error));
  failed.catch(() => undefined);
  let lines: string[] = [];
  const flush = async () => {
    const text = lines.join('');
    lines = [];
    if (!file.write(text)) await Promise.race([once(file, 'drain'), failed]);
  };
  for await (const record of merged(runs.map((run) => join(folder, run)))) {
    lines.push(encodeRecord(record));
    if (lines.length >= 500) await flush();
  }
  await flush();
  file.end();
  await Promise.race([once(file, 'close'), failed]);
  const written = await open(temporary, 'r+');
  await written.sync();
  await written.close();
  await rename(temporary, join(folder, name));
}
