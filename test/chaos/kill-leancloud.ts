import { parseArgs } from 'node:util';
import { TestServer } from '../e2e/server.js';
import { LeanRun, type LeanReport } from './lean-run.js';

/**
 * `npm run chaos:leancloud [-- --kills N --json]`: 50 clients of LeanCloud's SDK send, edit and recall; the server dies
 * by SIGKILL again and again. Then what was acknowledged, what the apps show and what the logs have are held against
 * each other. Exit status 1 and the problems if they do not agree.
 */
const { values: options } = parseArgs({
  options: { kills: { type: 'string', default: '10' }, json: { type: 'boolean', default: false } },
});

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
    const report = await run.execute(Number(options.kills), (line) => process.stderr.write(`${line}\n`));
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
