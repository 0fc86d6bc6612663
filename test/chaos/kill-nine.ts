import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { TestServer } from '../e2e/server.js';
import { program, readOptions, whole } from '../load/options.js';
import { KillNine, type KillReport } from './kill-nine-run.js';

/**
 * `npm run chaos`: 50 clients of the real SDK send, read, edit and recall; the server dies by
 * SIGKILL again and again at random moments and comes back on the same folder and port. Then what was acknowledged,
 * what every client was shown and counts, and what the logs have are held against each other. Exit status 1 and the
 * problems if they do not agree. With `--sabotage` one acknowledged message is taken out of the store at the last
 * kill, to see that this is noticed.
 */
const options = readOptions<{ kills: number; json?: boolean; sabotage?: boolean }>(
  program(
    'npm run chaos --',
    'Kills the server under 50 clients; holds logs, acknowledgements and clients against each other.',
  )
    .option('--kills <n>', 'how often the server is killed', whole(0, 1_000), 10)
    .option('--json', 'the report as JSON')
    .option('--sabotage', 'take a message out of the store: must be noticed'),
);

function takeOneMessage(folder: string): void {
  const db = new DatabaseSync(join(folder, 'hongyan.db'));
  const { changes } = db
    .prepare(
      'DELETE FROM entry WHERE (conv, seq) IN (SELECT conv, lastMessageSeq FROM head WHERE last > 10 LIMIT 1)',
    )
    .run();
  db.close();
  if (changes !== 1) throw new Error(`${changes} messages were taken out instead of one`);
}

function textOf({ kills, acknowledged, retried, changes, entries, seen, ...report }: KillReport): string {
  const { slowestBackMs, problems } = report;
  return [
    `${kills} kills: ${acknowledged} sends acknowledged, ${retried} attempts retried, ${changes} edits and recalls;`,
    `${entries} entries in the logs, told of ${seen} times; slowest return ${slowestBackMs} ms.`,
    ...(problems.length === 0 ? ['Nothing is lost, doubled, reordered or miscounted.'] : problems),
  ].join('\n');
}

async function main(): Promise<boolean> {
  const server = await TestServer.start();
  try {
    const run = await KillNine.open(server);
    const say = (line: string) => process.stderr.write(`${line}\n`);
    const report = await run.execute(options.kills, say, options.sabotage ? takeOneMessage : undefined);
    process.stdout.write(`${options.json ? JSON.stringify(report) : textOf(report)}\n`);
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
