import { parseArgs } from 'node:util';
import { TestServer } from '../e2e/server.js';
import { KillNine } from './kill-nine-run.js';

/**
 * 50 clients of the real SDK under traffic; the server dies by SIGKILL again and again at random moments and comes
 * back on the same folder and port. Then what was acknowledged, what every client saw and counts, and what the log has
 * are held against each other. Exit status 1 and the problems if they do not agree.
 */
const { values: options } = parseArgs({
  options: { kills: { type: 'string', default: '10' }, json: { type: 'boolean', default: false } },
});

async function main(): Promise<boolean> {
  const server = await TestServer.start();
  try {
    const run = await KillNine.open(server);
    const report = await run.execute(Number(options.kills), (line) => process.stderr.write(`${line}\n`));
    process.stdout.write(
      options.json ? `${JSON.stringify(report)}\n` : `${JSON.stringify(report, null, 2)}\n`,
    );
    return report.problems.length === 0;
  } finally {
    await server.close();
  }
}

main().then(
  (well) => process.exit(well ? 0 : 1),
  (error: unknown) => {
    process.stderr.write(`kill-nine: ${error instanceof Error ? error.stack : String(error)}\n`);
    process.exit(1);
  },
);
