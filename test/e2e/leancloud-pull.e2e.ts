import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readRows } from '@hongyan/leancloud-pull';
import { nodeFlags } from '../../tools/node-flags.mjs';
import { GeneratedApp } from '../leancloud-stand-in/generated-app.js';
import { StandIn, standInKeys } from '../leancloud-stand-in/stand-in.js';
import { mainScript } from './server.js';

/** `hongyan leancloud pull` as a process, against the stand-in in this one. */

jest.setTimeout(300_000);

let out: string;
let standIn: StandIn;

beforeEach(() => {
  out = mkdtempSync(join(tmpdir(), 'hongyan-pull-e2e-'));
});
afterEach(async () => {
  await standIn.stop();
  rmSync(out, { recursive: true, force: true });
});

function launch(more: readonly string[] = [], folder = out): { child: ChildProcess; ended: Promise<Ended> } {
  const args = ['leancloud', 'pull', '--out', folder, '--server', standIn.url, '--max-wait', '1', ...more];
  const child = spawn(process.execPath, [...nodeFlags, mainScript, ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: {
      PATH: process.env.PATH ?? '',
      LEANCLOUD_APP_ID: standInKeys.appId,
      LEANCLOUD_MASTER_KEY: standInKeys.masterKey,
    },
  });
  let text = '';
  child.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const ended = new Promise<Ended>((resolve) =>
    child.once('close', (code, signal) => resolve({ status: code ?? signal ?? '', text })),
  );
  return { child, ended };
}

interface Ended {
  readonly status: number | string;
  readonly text: string;
}

/** The largest resident set that Linux saw of the process, in MB. */
function peakOf(pid: number): number {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
  } catch {
    return 0; // it has ended
  }
}

async function expectEveryMessageOnce(): Promise<void> {
  let at = standIn.app.messages - 1;
  for await (const { row } of readRows(out, 'messages')) {
    const expected = standIn.app.message(at)!;
    if (JSON.stringify(row) !== JSON.stringify(expected)) expect([at, row]).toEqual([at, expected]);
    at -= 1;
  }
  expect(at).toBe(-1);
}

it('has every message exactly once after ten kills and every failure, in bounded memory', async () => {
  standIn = await StandIn.start(
    new GeneratedApp({
      messages: 200_000,
      conversations: 600,
      services: 2,
      subscribers: 150,
      threadMessages: 2,
    }),
  );
  standIn.failures.set([
    { kind: 'error', every: 41 },
    { kind: 'cut', every: 53 },
    { kind: 'truncated', every: 67 },
    { kind: 'throttle', every: 97 },
    { kind: 'reset', every: 71 },
  ]);
  let kills = 0;
  let peak = 0;
  for (let run = 1; ; run += 1) {
    const { child, ended } = launch(['--part-mb', '8']);
    const sample = setInterval(() => (peak = Math.max(peak, peakOf(child.pid!))), 20);
    // By requests, not by time: somewhere in the next hundred.
    const until = standIn.requests + 5 + Math.floor(Math.random() * 100);
    standIn.onRequest = () => {
      if (kills < 10 && standIn.requests >= until && child.exitCode === null && child.signalCode === null)
        child.kill('SIGKILL');
    };
    const { status, text } = await ended;
    clearInterval(sample);
    if (status === 'SIGKILL') kills += 1;
    else {
      expect([status, text.split('\n').filter((line) => line.startsWith('hongyan:'))]).toEqual([0, []]);
      break;
    }
    expect(run).toBeLessThan(12);
  }
  standIn.onRequest = undefined;
  expect(kills).toBe(10);
  await expectEveryMessageOnce();
  const threads = new Set<string>();
  for await (const { text } of readRows(out, 'threads')) threads.add(text);
  expect(threads.size).toBe(600);
  expect((await launch(['--verify']).ended).status).toBe(0);
  process.stdout.write(`leancloud pull: 200,000 messages, 10 kills, peak ${Math.round(peak)} MB\n`);
  expect(peak).toBeGreaterThan(0);
  expect(peak).toBeLessThan(350); // the data is 66 MB; a pull that kept it would be far above
});

it('says in one line what is wrong', async () => {
  standIn = await StandIn.start(new GeneratedApp({ messages: 100, conversations: 10 }));
  const file = join(out, 'a-file');
  writeFileSync(file, '');
  const credentials = join(out, 'credentials.json');
  writeFileSync(credentials, JSON.stringify({ masterKey: 'wrong' }));
  const folder = join(out, 'pull');
  const line = async (more: string[], to = folder) => {
    const { status, text } = await launch(more, to).ended;
    expect([status, text.trim().split('\n').length]).toEqual([1, 1]);
    return text;
  };
  expect(await line(['--credentials', credentials])).toContain('does not accept the app id and master key');
  expect(await line([], join(file, 'x'))).toContain('cannot write to');
  expect(await line([], join(out, 'not', 'there'))).toContain('cannot write to');
  standIn.clockAhead = -3_600_000;
  expect(await line(['--sign'])).toContain('clock is 60 minutes ahead of');
});

const tiny = mkdtempSync(join(tmpdir(), 'hongyan-tiny-'));
const mounted =
  process.getuid?.() === 0 &&
  spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', tiny]).status === 0;
afterAll(() => {
  if (mounted) spawnSync('umount', [tiny]);
  rmSync(tiny, { recursive: true, force: true });
});

(mounted ? it : it.skip)('says that the disk is full, and goes on when it is not', async () => {
  standIn = await StandIn.start(new GeneratedApp({ messages: 10_000, conversations: 20 }));
  const folder = join(tiny, 'pull');
  const { status, text } = await launch([], folder).ended;
  expect([status, text]).toEqual([
    1,
    expect.stringMatching(/hongyan: no space left for .*run the same command again/),
  ]);
  expect(spawnSync('mount', ['-o', 'remount,size=64m', tiny]).status).toBe(0);
  expect((await launch([], folder).ended).status).toBe(0);
  out = join(out, 'copy');
  mkdirSync(out);
  expect(existsSync(join(folder, 'manifest.json'))).toBe(true);
  spawnSync('cp', ['-r', `${folder}/.`, out]);
  await expectEveryMessageOnce();
});
