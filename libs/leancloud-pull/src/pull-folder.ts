import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { readJson, writeAtomically } from './atomic-file.js';
import { PullError, onDisk } from './errors.js';
import { readState, rowsOf } from './stream-writer.js';
import type { Manifest, ManifestStream, PartEntry, Range, Region } from './types.js';

export interface PulledApp {
  readonly appId: string;
  readonly region?: Region;
  readonly server: string;
}

export const toolVersion = 'hongyan leancloud pull 0.1.0';

/** The folder of a pull: one app, one process at a time. */
export class PullFolder {
  private constructor(readonly path: string) {}

  /** Makes the folder if need be, in one that exists, and holds it until `release`. */
  static open(given: string): Promise<PullFolder> {
    const path = resolve(given);
    return onDisk(path, async () => {
      await mkdir(path, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'EEXIST') throw error;
      });
      const folder = new PullFolder(path);
      const strangers = (await readdir(path)).length > 0 && (await folder.manifest()) === undefined;
      if (
        strangers &&
        (await readdir(path)).some((name) => name !== 'pull.lock' && !name.startsWith('manifest.json'))
      )
        throw new PullError('folder', `${path} has files of something else: give a folder of its own`);
      await folder.lock();
      return folder;
    });
  }

  /** For reading only. */
  static at(path: string): PullFolder {
    return new PullFolder(resolve(path));
  }

  manifest(): Promise<Manifest | undefined> {
    return readJson<Manifest>(join(this.path, 'manifest.json'));
  }

  /** The number of the pull to do or to go on with. Refuses a folder that holds another app. */
  async claim(app: PulledApp): Promise<number> {
    const manifest = await this.manifest();
    if (manifest !== undefined && manifest.appId !== app.appId)
      throw new PullError('folder', `${this.path} holds the app ${manifest.appId}: give another folder`);
    const pull = manifest === undefined ? 1 : manifest.pull + (manifest.state === 'complete' ? 1 : 0);
    await this.writeManifest(app, 'running', pull);
    return pull;
  }

  async writeManifest(app: PulledApp, state: Manifest['state'], pull: number): Promise<Manifest> {
    const now = new Date().toISOString();
    const before = await this.manifest();
    const manifest: Manifest = {
      format: 'hongyan-leancloud-pull/1',
      tool: toolVersion,
      ...app,
      state,
      pull,
      startedAt: before?.startedAt ?? now,
      updatedAt: now,
      ...(state === 'complete' ? { finishedAt: now } : {}),
      streams: await this.streams(),
    };
    await onDisk(this.path, () =>
      writeAtomically(join(this.path, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`),
    );
    return manifest;
  }

  /** What the checkpoints say, by stream. Parts that are still written to are not listed. */
  async streams(): Promise<Record<string, ManifestStream>> {
    const entries = await readdir(this.path, { withFileTypes: true });
    const streams: Record<string, ManifestStream> = {};
    for (const name of entries
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name)
      .sort()) {
      const state = await readState(this.path, name);
      if (state === undefined) continue;
      const { kind, done, pull, unavailable, startedAt, finishedAt } = state;
      const parts = state.replaced.length > 0 ? state.replaced : state.parts;
      streams[name] = {
        kind,
        done,
        pull,
        rows: rowsOf(parts),
        bytes: parts.reduce((sum, { bytes }) => sum + bytes, 0),
        range: wholeRange(parts),
        unavailable,
        startedAt,
        finishedAt,
        parts,
      };
    }
    return streams;
  }

  release(): Promise<void> {
    return rm(join(this.path, 'pull.lock'), { force: true });
  }

  private async lock(): Promise<void> {
    const path = join(this.path, 'pull.lock');
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await writeFile(path, String(process.pid), { flag: 'wx', mode: 0o600 });
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
      const holder = Number(await readFile(path, 'utf8').catch(() => ''));
      if (holder > 0 && holder !== process.pid && isAlive(holder))
        throw new PullError(
          'locked',
          `another pull (process ${holder}) works on ${this.path}; if not, remove ${path}`,
        );
      if (attempt > 3) throw new PullError('locked', `cannot take ${path}`);
      await rm(path, { force: true }); // of a process that was killed
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function wholeRange(parts: readonly PartEntry[]): Range | undefined {
  const ranges = parts.flatMap(({ range }) => (range === undefined ? [] : [range]));
  return ranges.reduce<Range | undefined>(
    (all, range) =>
      all === undefined
        ? range
        : {
            from: range.from < all.from ? range.from : all.from,
            to: range.to > all.to ? range.to : all.to,
          },
    undefined,
  );
}
