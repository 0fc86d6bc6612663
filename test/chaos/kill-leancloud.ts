import { TestServer } from '../e2e/server.js';
import { program, readOptions, whole } from '../load/options.js';
import { LeanRun, type LeanReport } from './lean-run.js';

/**
 * `npm run chaos:leancloud`: 50 clients of LeanCloud's SDK send, edit and recall; the server dies
 * by SIGKILL again and again. Then what was acknowledged, what the apps show and what the logs have are held against
 * each other. Exit status 1 and the problems if they do not agree.
 */
const options = readOptions<{ kills: number; json?: boolean }>(
  program(
    'npm run chaos:leancloud --',
    'Kills the server under 50 clients of LeanCloud’s SDK; looks at what each shows.',
  )
    .option('--kills <n>', 'how often the server is killed', whole(0, 1_000), 10)
    .option('--json', 'the report as JSON'),
);

function textOf({
  kills,
  acknowledged,
  retried,
  changes,
  stored,
  shown,
  backAfterMs,
  problems,
  stale,
}: LeanReport): string {
  return [
    `${kills} kills: ${acknowledged} sends acknowledged, ${retried} requests sent again, ${changes} edits and recalls;`,
    `${stored} messages in the logs, shown ${shown} times; slowest return ${Math.max(0, ...backAfterMs)} ms.`,
    ...(problems.length === 0 ? ['Nothing is missing, doubled or out of order.'] : problems),
    ...stale,
  ].join('\n');
}

async function main(): Promise<boolean> {
  // The SDK warns of every lost connection.
  console.warn = () => undefined;
  const server = await TestServer.start();
  try {
    const run = await LeanRun.open(server);
    const report = await run.execute(options.kills, (line) => process.stderr.write(`${line}\n`));
    process.stdout.write(`${options.json ? JSON.stringify(report) : textOf(report)}\n`);
    return report.problems.length + report.stale.length === 0;
  } finally {
    await server.close();
  }
}

main().then(
  (well) => process.exit(well ? 0 : 1),
  (error: unknown) => {
    process.stderr.write(`kill-leancloud: ${error instanceof Error ? error.stack : String(error)}\n`);
    process.exit(1);
  },
);
