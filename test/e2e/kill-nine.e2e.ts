import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { KillReport } from '../chaos/kill-nine-run.js';

/** test/chaos with few kills (`KILLS=10` for all), in a process of its own, with the SDK as it is built. */
const kills = Number(process.env['KILLS'] ?? 3);

it(
  `loses, doubles and reorders nothing when the server is killed ${kills} times`,
  async () => {
    const report = await run();
    expect(report.problems).toEqual([]);
    expect(report.backAfterMs).toHaveLength(kills);
    expect(report.acknowledged).toBeGreaterThan(100 * kills);
    expect(report.changes).toBeGreaterThan(10 * kills);
    expect(report.seen).toBeGreaterThan(report.acknowledged);
  },
  60_000 + kills * 30_000,
);

function run(): Promise<KillReport> {
  const root = process.cwd();
  const preload = pathToFileURL(join(root, 'tools', 'register-ts.mjs')).href;
  const program = join(root, 'test', 'chaos', 'kill-nine.ts');
  return new Promise((resolve, reject) => {
    const child = spawn(
      process.execPath,
      ['--import', preload, program, '--json', '--kills', String(kills)],
      {
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    const said = { out: '', err: '' };
    child.stdout.on('data', (chunk: Buffer) => (said.out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (said.err += chunk.toString()));
    child.once('close', () => {
      try {
        resolve(JSON.parse(said.out) as KillReport);
      } catch {
        reject(new Error(`the run ended without a report: ${said.err}`));
      }
    });
  });
}
