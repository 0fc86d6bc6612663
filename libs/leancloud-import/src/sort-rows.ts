import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readJson, writeJson } from './json-file.js';
import { mergeRuns } from './merge-runs.js';
import { type Part, damageOf, linesOf } from './part-lines.js';
import { Problems } from './problems.js';
import { rowKey } from './row-keys.js';
import { SortBlock } from './sort-block.js';

export interface SortState {
  /** What the folder held; another one is sorted anew. */
  readonly fingerprint: string;
  readonly done: boolean;
  readonly part: number;
  readonly line: number;
  readonly end: number;
  readonly runs: number;
  readonly rows: number;
  /** Rows by stream. */
  readonly streams: Readonly<Record<string, number>>;
  /** Lines of each file that says what conversations are. */
  readonly conversationLines: Readonly<Record<string, number>>;
  readonly problemBytes: number;
  readonly problems: Readonly<Record<string, number>>;
}

export const sortedFile = 'sorted';
export const sortProblems = 'unreadable.ndjson';

export interface SortOptions {
  readonly folder: string;
  readonly work: string;
  readonly parts: readonly Part[];
  readonly fingerprint: string;
  /** Ids of service accounts: their rows go to their threads. */
  readonly services: ReadonlySet<string>;
  readonly signal?: AbortSignal;
  readonly onRows?: (rows: number, bytes: number) => void;
}

/**
 * Puts all rows in order: conversation by conversation, each with what belongs to it, messages by time and id. On the disk, so
 * that memory does not depend on the size. Goes on behind the last complete run after an interruption.
 */
export async function sortRows(options: SortOptions): Promise<SortState> {
  const { folder, work, parts, fingerprint, services, signal } = options;
  const statePath = join(work, 'sort.json');
  const stored = await readJson<SortState>(statePath);
  if (stored?.fingerprint === fingerprint && stored.done) return stored;
  let state: SortState =
    stored?.fingerprint === fingerprint
      ? stored
      : {
          fingerprint,
          done: false,
          part: 0,
          line: 0,
          end: 0,
          runs: 0,
          rows: 0,
          streams: {},
          conversationLines: {},
          problemBytes: 0,
          problems: {},
        };
  for (const name of await readdir(work))
    if (!isRun(name, state.runs) && /^(run|round)-|^sorted/.test(name)) await rm(join(work, name));
  const problems = await Problems.open(join(work, sortProblems), state.problemBytes, state.problems);
  try {
    if (state.part === 0 && state.end === 0)
      for (const part of parts) {
        signal?.throwIfAborted();
        const damage = await damageOf(folder, part);
        if (damage !== undefined) problems.add({ file: part.file, why: damage, taken: true });
      }
    const block = new SortBlock();
    let rows = state.rows;
    const streams: Record<string, number> = { ...state.streams };
    const conversationLines: Record<string, number> = { ...state.conversationLines };
    const spill = async (part: number, line: number, end: number) => {
      await block.spill(join(work, runName(state.runs)));
      const problemBytes = await problems.flush();
      state = {
        ...state, part, line, end, rows, runs: state.runs + 1, streams: { ...streams },
        conversationLines: { ...conversationLines }, problemBytes, problems: problems.byReason,
      }; // prettier-ignore
      await writeJson(statePath, state);
    };
    for (let at = state.part; at < parts.length; at += 1) {
      const part = parts[at]!;
      let done = at === state.part ? { line: state.line, end: state.end } : { line: 0, end: 0 };
      try {
        for await (const { line, end, text, why } of linesOf(folder, part, done)) {
          if (text === '') continue;
          if (block.isFullFor(text ?? '')) {
            signal?.throwIfAborted();
            await spill(at, done.line, done.end);
            options.onRows?.(rows, done.end);
          }
          rows += 1;
          streams[part.stream] = (streams[part.stream] ?? 0) + 1;
          if (part.stream === 'conversations') conversationLines[part.file] = line;
          const key = text === undefined ? { why: why! } : rowKey(part.stream, text, services);
          if ('why' in key) problems.add({ file: part.file, line, why: key.why, taken: false });
          else if ('key' in key) block.add({ key: key.key, part: at, line }, text!);
          done = { line, end };
          if (problems.areMany) await problems.flush();
        }
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error; // told as damage
      }
    }
    await spill(parts.length, 0, 0);
    await mergeRuns(
      work,
      Array.from({ length: state.runs }, (_, at) => runName(at)),
      sortedFile,
    );
    state = { ...state, done: true };
    await writeJson(statePath, state);
    return state;
  } finally {
    await problems.close();
  }
}

const runName = (at: number): string => `run-${at}`;
const isRun = (name: string, runs: number): boolean => /^run-\d+$/.test(name) && Number(name.slice(4)) < runs;
