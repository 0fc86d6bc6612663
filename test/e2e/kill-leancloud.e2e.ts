import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { LeanReport } from '../chaos/lean-run.js';

/** test/chaos with LeanCloud's SDK and few kills (`KILLS=10` for all), in a process of its own. */
const kills = Number(process.env['KILLS'] ?? 2);
const limitMs = 90_000 + kills * 30_000;

it(
  `loses, doubles and reorders nothing for LeanCloud's clients when the server is killed ${kills} times`,
  async () => {
    const report = await run();
    expect([...report.problems, ...report.stale]).toEqual([]);
    expect(report.backAfterMs).toHaveLength(kills);
    expect(report.acknowledged).toBeGreaterThan(50 * kills);
    expect(report.changes).toBeGreaterThan(10 * kills);
    expect(report.shown).toBeGreaterThan(report.acknowledged);
  },
  limitMs + 10_000,
);

function run(): Promise<LeanReport> {
  const root = process.cwd();
  const preload = pathToFileURL(join(root, 'tools', 'register-ts.mjs')).href;
  const program = join(root, 'test', 'chaos', 'kill-leancloud.ts');
  const args = ['--import', preload, program, '--json', '--kills', String(kills)];
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const late = setTimeout(() => child.kill('SIGTERM'), limitMs);
    const said = { out: '', err: '' };
    child.stdout.on('data', (chunk: Buffer) => (said.out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (said.err += chunk.toString()));
    child.once('close', () => {
      clearTimeout(late);
      try {
        resolve(JSON.parse(said.out) as LeanReport);
      } catch {
        reject(new Error(`the run ended without a report: ${said.err}`));
      }
    });
  });
}
