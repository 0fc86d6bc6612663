import { MovedApp } from '../e2e/leancloud-import.js';
import { TestServer } from '../e2e/server.js';
import { wholeApp } from '../leancloud-stand-in/generated-app.js';
import { program, readOptions, whole } from '../load/options.js';
import { importWithKills, type ImportRun } from './import-run.js';

interface Options {
  readonly messages: number;
  readonly conversations: number;
  readonly kills: number;
  readonly json?: boolean;
}

/**
 * `npm run chaos:import`: an app of a million messages in 50,000
 * conversations is pulled from the stand-in; the import of it into a new installation is killed again and again. Then
 * every message is read through the installation's REST door and held against the source. Exit status 1 and the
 * problems if one is missing, doubled, out of order or another.
 */
const options = readOptions<Options>(
  program('npm run chaos:import --', 'Imports an app from a stand-in, with kills; looks at every message.')
    .option('--messages <n>', 'messages of the app', whole(1), 1_000_000)
    .option('--conversations <n>', 'conversations of the app', whole(6), 50_000)
    .option('--kills <n>', 'how often the command is killed', whole(0, 1_000), 10)
    .option('--json', 'the report as JSON'),
);

/** What a process takes over in a ms, about: kills are to fall into the whole of the work. */
const messagesPerMs = 15;

const say = (line: string): void => void process.stderr.write(`${line}\n`);

const textOf = ({ report, seconds, peakMb }: ImportRun, problems: readonly string[]): string =>
  [
    `${options.messages} messages in ${options.conversations} conversations, ${options.kills} kills: ${Math.round(seconds)} s in all,`,
    `peak ${Math.round(peakMb)} MB; verified: ${report.verification.equal} conversations with ${report.verification.messages} messages are equal.`,
    ...(problems.length === 0 ? ['Every message is there once, in order, as it was.'] : problems),
  ].join('\n');

async function main(): Promise<boolean> {
  const { messages, conversations, kills } = options;
  say('pulling');
  const moved = await MovedApp.pulled(wholeApp(messages, conversations));
  try {
    const app = await moved.createApp();
    const lifeMs = 500 + (1.5 * messages) / messagesPerMs / Math.max(1, kills);
    const run = await importWithKills(moved, { kills, lifeMs, say });
    const { differences, reported, different } = run.report.verification;
    const problems = differences + reported > 0 ? [`verification: ${JSON.stringify(different)}`] : [];
    const server = await TestServer.start({ folder: moved.data });
    try {
      await server.setApp(app, { 'limits.restPerSecond': 100_000 });
      say('reading everything');
      problems.push(...(await moved.problemsIn(server, app)), ...(await server.findings()));
    } finally {
      await server.close();
    }
    process.stdout.write(
      `${options.json ? JSON.stringify({ ...run, problems }) : textOf(run, problems.slice(0, 20))}\n`,
    );
    return problems.length === 0;
  } finally {
    await moved.close();
  }
}

main().then(
  (well) => process.exit(well ? 0 : 1),
  (error: unknown) => {
    process.stderr.write(`kill-import: ${error instanceof Error ? error.stack : String(error)}\n`);
    process.exit(1);
  },
);
