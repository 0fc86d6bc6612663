import { type ChildProcess, spawn } from 'node:child_process';
import { nodeFlags } from '../../tools/node-flags.mjs';
import { mainScript } from './server.js';

export interface Keys {
  readonly LEANCLOUD_APP_ID: string;
  readonly LEANCLOUD_MASTER_KEY: string;
}

export interface CommandEnded {
  /** Exit status, or the signal that ended it. */
  readonly status: number | string;
  readonly text: string;
}

/** The command line as a process, with an app's keys in its environment; both outputs together. */
export function launchCommand(
  args: readonly string[],
  keys: Keys,
): { child: ChildProcess; ended: Promise<CommandEnded> } {
  const child = spawn(process.execPath, [...nodeFlags, mainScript, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'] ?? '', ...keys },
  });
  let text = '';
  const collect = (chunk: Buffer) => (text = (text + chunk.toString()).slice(-200_000));
  child.stdout.on('data', collect);
  child.stderr.on('data', collect);
  const ended = new Promise<CommandEnded>((resolve) =>
    child.once('close', (code, signal) => resolve({ status: code ?? signal ?? '', text })),
  );
  return { child, ended };
}
