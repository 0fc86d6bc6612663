import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readRows } from '@hongyan/leancloud-pull';
import { everyFailure, launchPull, runPull } from '../chaos/pull-run.js';
import { GeneratedApp } from '../leancloud-stand-in/generated-app.js';
import { StandIn } from '../leancloud-stand-in/stand-in.js';
import { itUnless } from '../obstacles.js';
import { mountSmallDisk } from './small-disk.js';

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

const launch = (more: readonly string[] = [], folder = out) => launchPull(standIn.url, folder, more);

async function expectEveryMessageOnce(): Promise<void> {
  let at = standIn.app.messages - 1;
  for await (const { row } of readRows(out, 'messages')) {
    const expected = standIn.app.message(at)!;
    if (JSON.stringify(row) !== JSON.stringify(expected)) expect([at, row]).toEqual([at, expected]);
    at -= 1;
  }
  expect(at).toBe(-1);
}

it('has every message exactly once after ten kills, every failure and changes under the reader, in bounded memory', async () => {
  standIn = await StandIn.start(
    new GeneratedApp({
      messages: 200_000,
      conversations: 600,
      services: 2,
      subscribers: 150,
      threadMessages: 2,
    }),
  );
  standIn.failures.set(everyFailure.map((failure) => ({ ...failure, every: Math.ceil(failure.every / 5) })));
  const report = await runPull({ standIn, out, kills: 10, flags: ['--part-mb', '8'] });
  expect(report.problems).toEqual([]);
  expect(report.changes).toBeGreaterThan(50);
  expect(Object.keys(report.failures)).toHaveLength(everyFailure.length);
  const threads = new Set<string>();
  for await (const { text } of readRows(out, 'threads')) threads.add(text);
  expect(threads.size).toBe(600);
  const peaks = [report.peakMb, report.secondPeakMb, report.verifyPeakMb];
  process.stdout.write(
    `leancloud pull: 200,000 messages, 10 kills, peaks ${peaks.map(Math.round).join(', ')} MB\n`,
  );
  expect(Math.min(...peaks)).toBeGreaterThan(0);
  expect(Math.max(...peaks)).toBeLessThan(300); // the data is 66 MB; a pull that kept it would be far above
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

const disk = mountSmallDisk(1);
afterAll(() => disk.remove());

itUnless(disk.obstacle, 'says that the disk is full, and goes on when it is not', async () => {
  standIn = await StandIn.start(new GeneratedApp({ messages: 10_000, conversations: 20 }));
  const folder = join(disk.folder, 'pull');
  const { status, text } = await launch([], folder).ended;
  expect([status, text]).toEqual([
    1,
    expect.stringMatching(/hongyan: no space left for .*run the same command again/),
  ]);
  disk.resize(64);
  expect((await launch([], folder).ended).status).toBe(0);
  out = join(out, 'copy');
  mkdirSync(out);
  expect(existsSync(join(folder, 'manifest.json'))).toBe(true);
  spawnSync('cp', ['-r', `${folder}/.`, out]);
  await expectEveryMessageOnce();
});
