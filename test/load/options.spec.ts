import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const root = join(import.meta.dirname, '../..');
const preload = pathToFileURL(join(root, 'tools', 'register-ts.mjs')).href;

/** Programs that `npm run` starts from the folders here, by their script's name. */
const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>;
};
const programs = Object.entries(scripts).flatMap(([name, script]) => {
  const file = /test\/load\/main\.mjs (\S+)$/.exec(script)?.[1];
  return file === undefined ? [] : [{ name, file }];
});

interface Ended {
  readonly status: number | string | null | undefined;
  readonly out: string;
  readonly err: string;
}

const runWith = (file: string, ...args: string[]) =>
  new Promise<Ended>((resolve) => {
    const command = ['--import', preload, join(root, 'test', file), ...args];
    execFile(process.execPath, command, { cwd: root, timeout: 60_000 }, (error, out, err) =>
      resolve({ status: error === null ? 0 : error.code, out, err }),
    );
  });

it('reads the scripts', () => expect(programs.length).toBeGreaterThanOrEqual(7));

it.each(programs)(
  'npm run $name tells its options, and what is none in one line',
  async ({ name, file }) => {
    const help = await runWith(file, '--help');
    expect(help).toMatchObject({ status: 0, err: '' });
    expect(help.out).toContain(`Usage: npm run ${name} -- [options]`);
    const wrong = await runWith(file, '--no-such-option');
    expect(wrong).toEqual({ status: 2, out: '', err: "error: unknown option '--no-such-option'\n" });
  },
  120_000,
);

it('refuses numbers and names that are none', async () => {
  const outcomes = await Promise.all([
    runWith('chaos/kill-nine.ts', '--kills', '1e3'),
    runWith('load/leancloud.ts', '--seconds', '-1'),
    runWith('load/bench.ts', '--only', 'everything'),
  ]);
  expect(outcomes.map(({ status }) => status)).toEqual([2, 2, 2]);
  expect(outcomes.map(({ err }) => err.trim().split('\n').length)).toEqual([1, 1, 1]);
}, 120_000);
