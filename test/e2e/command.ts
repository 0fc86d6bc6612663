import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { nodeFlags } from '../../tools/node-flags.mjs';
import { standInKeys } from '../leancloud-stand-in/stand-in.js';
import { mainScript } from './server.js';

export interface Launched {
  readonly child: ChildProcess;
  readonly ended: Promise<CommandEnded>;
}

export interface CommandEnded {
  /** Exit status, or the signal that ended it. */
  readonly status: number | string;
  /** Both outputs together, the last 200,000 characters. */
  readonly text: string;
  /** The largest resident set that Linux saw of it, in MB. */
  readonly peakMb: number;
}

/** The command line as a process, with the keys of the stand-in's app in its environment. */
export function launchCommand(args: readonly string[]): Launched {
  const child = spawn(process.execPath, [...nodeFlags, mainScript, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env['PATH'] ?? '',
      LEANCLOUD_APP_ID: standInKeys.appId,
      LEANCLOUD_MASTER_KEY: standInKeys.masterKey,
    },
  });
  let text = '';
  const collect = (chunk: Buffer) => (text = (text + chunk.toString()).slice(-200_000));
  child.stdout.on('data', collect);
  child.stderr.on('data', collect);
  let peakMb = 0;
  const sample = setInterval(() => (peakMb = Math.max(peakMb, peakOf(child.pid!))), 20);
  const ended = new Promise<CommandEnded>((resolve) =>
    child.once('close', (code, signal) => {
      clearInterval(sample);
      resolve({ status: code ?? signal ?? '', text, peakMb });
    }),
  );
  return { child, ended };
}

/** What it printed. Throws if it ends with another status than 0. */
export async function runCommand(...args: readonly string[]): Promise<string> {
  const { status, text } = await launchCommand(args).ended;
  if (status !== 0) throw new Error(`${args.join(' ')}: ${status}\n${text}`);
  return text;
}

/** 0 when it has ended. */
function peakOf(pid: number): number {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}
