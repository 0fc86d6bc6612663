// Starting other programs from the repository's root.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** The pinned Node of this repository once it is installed, else the one that runs now. */
export function nodeBinary() {
  const pinned = join(root, 'node_modules', '.bin', 'node');
  return existsSync(pinned) ? pinned : process.execPath;
}

/** True if the module with this `import.meta.url` is the program itself rather than imported. */
export function isMain(moduleUrl) {
  return process.argv[1] !== undefined && pathToFileURL(process.argv[1]).href === moduleUrl;
}

/**
 * Runs a program to its end. With `quiet` its output is shown (on standard error) only if it fails; otherwise it
 * writes to ours. Answers the exit status (128 + n after signal n).
 */
export function run(command, args, { quiet = false, env = process.env } = {}) {
  const result = spawnSync(command, args, {
    cwd: root,
    env,
    stdio: quiet ? 'pipe' : 'inherit',
    maxBuffer: 1 << 28,
  });
  if (result.error) throw result.error;
  const status = result.status ?? 128 + (constants.signals[result.signal] ?? 0);
  if (quiet && status !== 0) process.stderr.write(Buffer.concat([result.stdout, result.stderr]));
  return status;
}

/** Runs a script with the pinned Node: see `run`. */
export function runNode(args, options) {
  return run(nodeBinary(), args, options);
}

/** What a program prints on its two outputs together, or undefined if it cannot be started or fails. */
export function outputOf(command, args) {
  const result = spawnSync(command, args, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 28 });
  return result.error || result.status !== 0 ? undefined : result.stdout + result.stderr;
}

/**
 * Runs the long-lived program that this process stands for, and ends with its exit status.
 *
 * A terminal sends Ctrl-C to the whole process group, so the child has it already and must not get it twice. Without
 * a terminal the signal came to us alone (`kill`, npm, a service manager) and is passed on.
 */
export function become(command, args) {
  const child = spawn(command, args, { cwd: process.cwd(), stdio: 'inherit' });
  process.on('SIGINT', () => {
    if (!process.stdin.isTTY) child.kill('SIGINT');
  });
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    process.stderr.write(`cannot start ${command}: ${error.message}\n`);
    process.exit(1);
  });
  child.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
}
