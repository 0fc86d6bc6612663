import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { canPin } from './servers.js';

export const serverCore = 0;
const loadCore = 1;

/** The load generator has a core of its own, where there are two. */
export function pinLoad(say: (line: string) => void): void {
  if (availableParallelism() < 2 || !canPin()) {
    say('warning: no second core or no taskset: server and load generator disturb each other');
    return;
  }
  spawnSync('taskset', ['-a', '-c', '-p', String(loadCore), String(process.pid)]);
}
