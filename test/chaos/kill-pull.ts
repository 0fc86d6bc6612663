import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { GeneratedApp } from '../leancloud-stand-in/generated-app.js';
import { StandIn } from '../leancloud-stand-in/stand-in.js';
import { everyFailure, type PullReport, runPull } from './pull-run.js';

/**
 * `npm run chaos:pull [-- --messages N --conversations N --kills N --out FOLDER --json]`: an app of a million messages in
 * 50,000 conversations is pulled from the stand-in, which fails in every way and changes under the reader, while the
 * command is killed again and again; then pulled once more and verified. Exit status 1 and the problems if a message is
 * missing, doubled, out of order or another. `--out`: the folder stays there, for an import.
 */
const { values: options } = parseArgs({
  options: {
    messages: { type: 'string', default: '1000000' },
    conversations: { type: 'string', default: '50000' },
    kills: { type: 'string', default: '10' },
    parallel: { type: 'string', default: '8' },
    out: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});

const textOf = (report: PullReport): string =>
  [
    `${report.messages} messages in ${report.conversations} conversations (${report.folderMb} MB), ${report.kills} kills,`,
    `${report.changes} changes under the reader, ${report.requests} requests, failed ${JSON.stringify(report.failures)}:`,
    `${Math.round(report.seconds)} s in all; history ${report.historySeconds} s, ${report.messagesPerSecond} messages/s;`,
    `peak ${Math.round(report.peakMb)} MB, second pull ${Math.round(report.secondPeakMb)} MB, verification ${Math.round(report.verifyPeakMb)} MB.`,
    ...(report.problems.length === 0
      ? ['Every message is there once, in order, as it was.']
      : report.problems),
  ].join('\n');

async function main(): Promise<boolean> {
  const standIn = await StandIn.start(
    new GeneratedApp({
      messages: Number(options.messages),
      conversations: Number(options.conversations),
      services: 5,
      subscribers: 200,
      threadMessages: 4,
      installations: 1_000,
    }),
  );
  standIn.failures.set(everyFailure);
  const out = options.out ?? mkdtempSync(join(tmpdir(), 'hongyan-kill-pull-'));
  try {
    const report = await runPull({
      standIn,
      out,
      kills: Number(options.kills),
      flags: ['--parallel', options.parallel],
      say: (line) => void process.stderr.write(`${line}\n`),
    });
    process.stdout.write(`${options.json ? JSON.stringify(report) : textOf(report)}\n`);
    return report.problems.length === 0;
  } finally {
    await standIn.stop();
    if (options.out === undefined) rmSync(out, { recursive: true, force: true });
  }
}

main().then(
  (well) => process.exit(well ? 0 : 1),
  (error: unknown) => {
    process.stderr.write(`kill-pull: ${error instanceof Error ? error.stack : String(error)}\n`);
    process.exit(1);
  },
);
