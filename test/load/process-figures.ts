import { readFileSync, readdirSync } from 'node:fs';

/** What the kernel says of a process and its children. Linux only. */

const ticksPerSecond = 100; // USER_HZ: fixed in the kernel's interface

function familyOf(pid: number): number[] {
  const found = [pid];
  for (const parent of found) {
    try {
      for (const task of readdirSync(`/proc/${parent}/task`)) {
        const children = readFileSync(`/proc/${parent}/task/${task}/children`, 'utf8');
        found.push(...children.split(' ').filter(Boolean).map(Number));
      }
    } catch {
      // ended meanwhile
    }
  }
  return found;
}

/** User and system time of all threads of the process and its children, in microseconds. */
export function cpuMicros(pid: number): number {
  let ticks = 0;
  for (const member of familyOf(pid)) {
    try {
      const stat = readFileSync(`/proc/${member}/stat`, 'utf8');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      ticks += Number(fields[11]) + Number(fields[12]);
    } catch {
      // ended meanwhile
    }
  }
  return (ticks * 1e6) / ticksPerSecond;
}

/** Resident bytes of the process and its children. */
export function rssBytes(pid: number): number {
  let bytes = 0;
  for (const member of familyOf(pid)) {
    try {
      const line = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${member}/status`, 'utf8'));
      bytes += Number(line?.[1] ?? 0) * 1024;
    } catch {
      // ended meanwhile
    }
  }
  return bytes;
}
