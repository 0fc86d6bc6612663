import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GeneratedApp, wholeApp } from '../leancloud-stand-in/generated-app.js';
import { StandIn } from '../leancloud-stand-in/stand-in.js';
import { program, readOptions, whole } from '../load/options.js';
import { everyFailure, type PullReport, runPull } from './pull-run.js';

interface Options {
  readonly messages: number;
  readonly conversations: number;
  readonly kills: number;
  readonly parallel: number;
  readonly out?: string;
  readonly json?: boolean;
}

/**
 * `npm run chaos:pull`: an app of a million messages in
 * 50,000 conversations is pulled from the stand-in, which fails in every way and changes under the reader, while the
 * command is killed again and again; then pulled once more and verified. Exit status 1 and the problems if a message is
 * missing, doubled, out of order or another. `--out`: the folder stays there, for an import.
 */
const options = readOptions<Options>(
  program(
    'npm run chaos:pull --',
    'Pulls an app from a stand-in that fails and changes, with kills; looks at every message.',
  )
    .option('--messages <n>', 'messages of the app', whole(1), 1_000_000)
    .option('--conversations <n>', 'conversations of the app', whole(6), 50_000)
    .option('--kills <n>', 'how often the command is killed', whole(0, 1_000), 10)
    .option('--parallel <n>', 'requests under way at a time', whole(1, 64), 8)
    .option('--out <folder>', 'where to pull to; it stays there')
    .option('--json', 'the report as JSON'),
);

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
  const standIn = await StandIn.start(new GeneratedApp(wholeApp(options.messages, options.conversations)));
  standIn.failures.set(everyFailure);
  const out = options.out ?? mkdtempSync(join(tmpdir(), 'hongyan-kill-pull-'));
  try {
    const report = await runPull({
      standIn,
      out,
      kills: options.kills,
      flags: ['--parallel', String(options.parallel)],
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
