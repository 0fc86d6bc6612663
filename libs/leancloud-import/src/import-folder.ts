import { createHash } from 'node:crypto';
import { mkdir, readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Batches } from './batches.js';
import { type Counts, noCounts } from './counts.js';
import { ImportError } from './errors.js';
import { readJson, writeJson } from './json-file.js';
import { type Part, isWhole, linesOf, partsOf } from './part-lines.js';
import { Plan } from './plan.js';
import type { ImportTarget } from './ports.js';
import { Problems } from './problems.js';
import { type ImportEvent, Progress } from './progress.js';
import { RefusedIds } from './refused-ids.js';
import { importedStreams } from './row-keys.js';
import { type SortState, sortProblems, sortRows, sortedFile } from './sort-rows.js';
import { type Placed, type Unit, unitsOf } from './units.js';
import { type Verification, Verifier } from './verify-import.js';

export interface ImportOptions {
  /** What `hongyan leancloud pull` made. */
  readonly folder: string;
  /** Where the state and the report go: a folder of its own per app and installation. */
  readonly work: string;
  readonly target: ImportTarget;
  /** Members that a conversation may have in the app. */
  readonly mostMembers: number;
  /** Reads everything and reports, but asks and changes nothing. */
  readonly dryRun?: boolean;
  /** Only compares what is there with the folder. */
  readonly verifyOnly?: boolean;
  readonly now?: () => number;
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: ImportEvent) => void;
}

export interface ImportReport {
  readonly folder: string;
  /** LeanCloud's id of the app. */
  readonly app?: string;
  readonly dryRun: boolean;
  readonly finishedAt: string;
  /** Rows read, by stream. */
  readonly rows: Readonly<Record<string, number>>;
  readonly counts: Counts;
  /** What could not be taken, by reason (numbers and names left out), and the files that tell each by file and line. */
  readonly problems: Readonly<Record<string, number>>;
  readonly problemFiles: readonly string[];
  /** Streams of the folder that are not imported. */
  readonly left: readonly string[];
  readonly verification?: Verification;
}

/** Where an import is; everything before `offset` of the sorted rows is taken. */
interface ImportState {
  readonly fingerprint: string;
  readonly dryRun: boolean;
  readonly offset: number;
  readonly units: number;
  readonly done: boolean;
  readonly counts: Counts;
  /** Lines of files with conversations that an import before this one took: what changed since stands behind them. */
  readonly known: Readonly<Record<string, number>>;
  /** The same of this one, once it is done. */
  readonly taken: Readonly<Record<string, number>>;
  /** Of the file with the ids of conversations of which something was refused. */
  readonly refusedBytes: number;
  readonly problemBytes: number;
  readonly problems: Readonly<Record<string, number>>;
}

/** Files of the work folder. A dry run has others than an import, which may go on after it. */
const filesOf = (dryRun: boolean) =>
  dryRun
    ? { state: 'dry-run.json', problems: 'dry-run-not-taken.ndjson', refused: 'dry-run-refused' }
    : { state: 'import.json', problems: 'not-taken.ndjson', refused: 'refused' };
const checkpointMs = 1_000;
/** Of the files in the work folder: what a program of another format left there is made anew. */
const format = 2;

/**
 * Takes a pulled app over. Killed at any point, the next call goes on; called again, it adds what changed since. Throws
 * {@link ImportError}, what the target throws, and the signal's reason.
 */
export async function importFolder(options: ImportOptions): Promise<ImportReport> {
  const { signal, onEvent = () => undefined, dryRun = false } = options;
  const folder = resolve(options.folder);
  const work = resolve(options.work);
  const manifest = await readJson<{ appId?: string; state?: string }>(join(folder, 'manifest.json'));
  if (manifest === undefined)
    throw new ImportError(`${folder} has no manifest.json: it is no folder of a pull`);
  if (manifest.state !== 'complete')
    onEvent({ event: 'note', text: 'the pull is not complete: what it has so far is taken' });
  await mkdir(work, { recursive: true, mode: 0o700 });
  const names = await streamsOf(folder);
  const parts = (
    await Promise.all(
      importedStreams.filter((name) => names.includes(name)).map((name) => partsOf(folder, name)),
    )
  ).flat();
  const fingerprint = await fingerprintOf(folder, parts);
  const services = await servicesOf(folder, parts);
  const sorting = new Progress('sort', onEvent, 0);
  const sorted = await sortRows({
    folder, work, parts, fingerprint, services,
    ...(signal === undefined ? {} : { signal }),
    onRows: (rows) => sorting.at(rows),
  }); // prettier-ignore
  const run: Run = { ...options, folder, work, parts, sorted, onEvent, now: options.now ?? Date.now };
  const state = await takeAll(run, dryRun);
  const verification = dryRun ? undefined : await verifyAll(run, state);
  const report: ImportReport = {
    folder,
    ...(manifest.appId === undefined ? {} : { app: manifest.appId }),
    dryRun,
    finishedAt: new Date(run.now()).toISOString(),
    rows: sorted.streams,
    counts: state.counts,
    problems: add(sorted.problems, state.problems),
    problemFiles: [
      ...(isEmpty(sorted.problems) ? [] : [join(work, sortProblems)]),
      ...(isEmpty(state.problems) ? [] : [join(work, filesOf(dryRun).problems)]),
    ],
    left: names.filter((name) => !(importedStreams as readonly string[]).includes(name)),
    ...(verification === undefined ? {} : { verification }),
  };
  await writeJson(join(work, 'report.json'), report);
  return report;
}

const isEmpty = (counts: Readonly<Record<string, number>>): boolean => Object.keys(counts).length === 0;

interface Run extends ImportOptions {
  readonly parts: readonly Part[];
  readonly sorted: SortState;
  readonly onEvent: (event: ImportEvent) => void;
  readonly now: () => number;
}

async function takeAll(run: Run, dryRun: boolean): Promise<ImportState> {
  const { work, target, parts, sorted, signal } = run;
  const files = filesOf(dryRun);
  const statePath = join(work, files.state);
  const { fingerprint } = sorted;
  const stored = await readJson<ImportState>(statePath);
  const fresh: ImportState = {
    fingerprint, dryRun, offset: 0, units: 0, done: false, counts: noCounts(),
    known: (stored?.done === true ? stored.taken : stored?.known) ?? {},
    taken: sorted.conversationLines, refusedBytes: 0, problemBytes: 0, problems: {},
  }; // prettier-ignore
  // One that is done is done again, in case that something was changed there: it only finds what is missing.
  let state = stored?.fingerprint === fingerprint && !stored.done && !dryRun ? stored : fresh;
  if (run.verifyOnly === true) return stored?.fingerprint === fingerprint ? stored : fresh;
  const problems = await Problems.open(join(work, files.problems), state.problemBytes, state.problems);
  const refused = await RefusedIds.open(join(work, files.refused), state.refusedBytes);
  const counts = structuredClone(state.counts);
  const report = (from: { part: number; line: number }, why: string, taken: boolean, id?: string) =>
    problems.add({
      file: parts[from.part]!.file,
      line: from.line,
      why,
      taken,
      ...(id === undefined ? {} : { id }),
    });
  const batches = new Batches(target, counts, report, refused, dryRun);
  const isKnown = ({ part, line }: Placed) => line <= (state.known[parts[part]!.file] ?? 0);
  const plan = new Plan(run.now(), report, {
    mostMembers: run.mostMembers,
    isKnown,
    hasUnread: await isWhole(run.folder, 'unread'),
  });
  const total = Object.values(sorted.streams).reduce((sum, rows) => sum + rows, 0);
  const progress = new Progress('import', run.onEvent, state.units, total);
  let { units } = state;
  let savedAt = Date.now();
  const save = async (offset: number, done: boolean) => {
    const problemBytes = await problems.flush();
    const refusedBytes = await refused.flush();
    state = {
      ...state, offset, units, done, counts: structuredClone(counts), refusedBytes, problemBytes,
      problems: problems.byReason,
    }; // prettier-ignore
    if (!dryRun || done) await writeJson(statePath, state);
    savedAt = Date.now();
  };
  try {
    for await (const unit of unitsOf(join(work, sortedFile), state.offset)) {
      signal?.throwIfAborted();
      // Before a conversation everything that was read can be done with: from there another process may go on.
      if (unit.unit === 'conversation' && (batches.isFull || Date.now() - savedAt > checkpointMs)) {
        for (const step of plan.end()) batches.add(step);
        if (Date.now() - savedAt > checkpointMs) {
          await batches.settle();
          await save(unit.offset, false);
        } else await batches.send();
      }
      for (const step of plan.stepsOf(unit)) batches.add(step);
      units += rowsOf(unit);
      if (batches.isFull) await batches.send();
      if (problems.areMany) await problems.flush();
      progress.at(units);
    }
    for (const step of plan.end()) batches.add(step);
    await batches.settle();
    await save(0, true);
    return state;
  } finally {
    await batches.idle();
    await problems.close();
    await refused.close();
  }
}

const rowsOf = (unit: Unit): number =>
  unit.unit === 'conversation'
    ? unit.conversations.length +
      unit.roles.length +
      unit.silenced.length +
      unit.blocked.length +
      (unit.beyond?.rows ?? 0)
    : unit.unit === 'message'
      ? 1 + unit.earlier.length
      : unit.unit === 'installation'
        ? 1 + unit.earlier
        : 1;

async function verifyAll(run: Run, state: ImportState): Promise<Verification> {
  const total = Object.values(run.sorted.streams).reduce((sum, rows) => sum + rows, 0);
  const progress = new Progress('verify', run.onEvent, 0, total);
  const refused = await RefusedIds.open(join(run.work, filesOf(false).refused), state.refusedBytes);
  try {
    const verifier = new Verifier(run.target, refused);
    const plan = new Plan(run.now(), () => undefined, { mostMembers: run.mostMembers });
    let units = 0;
    for await (const unit of unitsOf(join(run.work, sortedFile))) {
      run.signal?.throwIfAborted();
      for (const step of plan.stepsOf(unit)) await verifier.add(step);
      units += rowsOf(unit);
      progress.at(units);
    }
    for (const step of plan.end()) await verifier.add(step);
    return await verifier.result();
  } finally {
    await refused.close();
  }
}

/** Folders of the pull that hold rows. */
async function streamsOf(folder: string): Promise<string[]> {
  const entries = (await readdir(folder, { withFileTypes: true })).filter((entry) => entry.isDirectory());
  const holds = await Promise.all(
    entries.map(async ({ name }) =>
      (await readdir(join(folder, name))).some((file) => file.endsWith('.ndjson')),
    ),
  );
  return entries.map(({ name }) => name).filter((name, at) => holds[at] && !name.startsWith('import-'));
}

async function fingerprintOf(folder: string, parts: readonly Part[]): Promise<string> {
  const hash = createHash('sha256').update(String(format));
  for (const part of parts) {
    const { size = 0, mtimeMs = 0 } = (await stat(join(folder, part.file)).catch(() => undefined)) ?? {};
    hash.update(JSON.stringify([part.file, part.bytes, part.sha256, size, mtimeMs]));
  }
  return hash.digest('hex');
}

/** Ids of service accounts, of which there are few. */
async function servicesOf(folder: string, parts: readonly Part[]): Promise<Set<string>> {
  const services = new Set<string>();
  for (const part of parts.filter(({ stream }) => stream === 'conversations')) {
    try {
      for await (const { text } of linesOf(folder, part)) {
        if (text === undefined || !text.includes('"sys"')) continue;
        const { objectId, sys } = parsed(text);
        if (sys === true && typeof objectId === 'string') services.add(objectId);
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error; // reported when it is sorted
    }
  }
  return services;
}

function parsed(text: string): Readonly<Record<string, unknown>> {
  try {
    return (JSON.parse(text) ?? {}) as Readonly<Record<string, unknown>>;
  } catch {
    return {}; // reported when it is sorted
  }
}

function add(
  a: Readonly<Record<string, number>>,
  b: Readonly<Record<string, number>>,
): Record<string, number> {
  const sum: Record<string, number> = { ...a };
  for (const [key, count] of Object.entries(b)) sum[key] = (sum[key] ?? 0) + count;
  return sum;
}
