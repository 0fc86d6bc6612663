import { type MovedApp, type Report, reportOf } from '../e2e/leancloud-import.js';

/** `hongyan leancloud import` as a process that is killed again and again, into an installation that does not run. */

export interface ImportRunOptions {
  readonly kills: number;
  /** A process that is to be killed lives so many ms at most. */
  readonly lifeMs: number;
  readonly say?: (line: string) => void;
}

export interface ImportRun {
  /** Of the process that was left alone. */
  readonly report: Report;
  /** Of all processes. */
  readonly seconds: number;
  /** Largest resident set that any of them had, in MB. Each has a server of its own in it. */
  readonly peakMb: number;
}

/** A process may be through before it is killed: the next one finds everything there, and is killed over that. */
export async function importWithKills(
  moved: MovedApp,
  { kills, lifeMs, say = () => undefined }: ImportRunOptions,
): Promise<ImportRun> {
  const began = Date.now();
  let peakMb = 0;
  for (let killed = 0; killed < kills;) {
    const { child, ended } = moved.importing('shop', moved.data);
    const life = 400 + Math.random() * lifeMs;
    const timer = setTimeout(() => child.kill('SIGKILL'), life);
    const { status, text, peakMb: peak } = await ended;
    clearTimeout(timer);
    peakMb = Math.max(peakMb, peak);
    if (status === 'SIGKILL') killed += 1;
    // Status 1 tells of rows that cannot be taken, which the stand-in has.
    else if (!text.includes('"event":"done"'))
      throw new Error(`the import ended with ${status}: ${text.slice(-2_000)}`);
    say(status === 'SIGKILL' ? `kill ${killed} after ${Math.round(life)} ms` : 'it was through');
  }
  const last = await moved.importing('shop', moved.data).ended;
  return {
    report: await reportOf({ ended: Promise.resolve(last) }),
    seconds: (Date.now() - began) / 1000,
    peakMb: Math.max(peakMb, last.peakMb),
  };
}
