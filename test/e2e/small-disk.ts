import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Obstacle } from '../obstacles.js';

/** A file system in memory that is soon full. */
export interface SmallDisk {
  readonly folder: string;
  /** Why there is none: it needs root and the right to mount. */
  readonly obstacle: Obstacle;
  /** Throws when it cannot be done. */
  resize(megabytes: number): void;
  /** Unmounts and removes it. */
  remove(): void;
}

export function mountSmallDisk(megabytes: number): SmallDisk {
  const folder = mkdtempSync(join(tmpdir(), 'hongyan-small-disk-'));
  const mount = (...args: string[]) => spawnSync('mount', args, { encoding: 'utf8' });
  const size = (mb: number) => `size=${mb}m`;
  const { status, stderr, error } = mount('-t', 'tmpfs', '-o', size(megabytes), 'tmpfs', folder);
  const mounted = status === 0;
  const [why] = (error?.message ?? stderr).trim().split('\n');
  return {
    folder,
    obstacle: mounted ? undefined : `no file system can be mounted here: ${why}`,
    resize(mb) {
      const again = mount('-o', `remount,${size(mb)}`, folder);
      if (again.status !== 0) throw new Error(again.stderr);
    },
    remove() {
      if (mounted) spawnSync('umount', [folder]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
