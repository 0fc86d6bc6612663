import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { measureIdle } from './idle.js';
import { program, readOptions, seconds, someOf } from './options.js';
import { pinLoad, serverCore } from './pinning.js';
import { profileSummary } from './profile.js';
import { asJson, asTable, type Results } from './report.js';
import type { ServerName } from './servers.js';
import { measureTraffic, type Plan, workloadNames } from './workloads.js';

/** `npm run bench`: Hongyan against plain Socket.IO. README.md says what is measured and how. */

interface Options {
  readonly only?: readonly (typeof workloadNames)[number][];
  readonly seconds?: number;
  readonly quick?: boolean;
  readonly hongyan?: boolean;
  readonly telemetry?: boolean;
  readonly profile?: boolean;
  readonly json?: boolean;
}

const options = readOptions<Options>(
  program('npm run bench --', 'What a delivery costs, and an idle client, next to plain Socket.IO.')
    .option(
      '--only <name>',
      `only this workload, may be repeated: ${workloadNames.join(', ')}`,
      someOf(workloadNames),
    )
    .option('--seconds <n>', 'measured seconds per server and workload (20)', seconds)
    .option('--quick', '4 seconds each, 2,000 idle clients: for a first look, not for figures')
    .option('--hongyan', 'without plain Socket.IO')
    .option('--telemetry', 'Hongyan with traces and metrics next to Hongyan without, instead of Socket.IO')
    .option('--profile', 'Hongyan alone under V8’s profiler, and what dominates')
    .option('--json', 'one JSON object on standard output'),
);

const say = (line: string) => process.stderr.write(`${line}\n`);

async function main(): Promise<void> {
  const wanted = workloadNames.filter((name) => options.only?.includes(name) ?? true);
  const alone = options.profile || options.hongyan;
  const servers: ServerName[] = alone
    ? ['hongyan']
    : ['hongyan', options.telemetry ? 'telemetry' : 'socketio'];
  const each = options.seconds ?? (options.quick ? 4 : 20);
  pinLoad(say);

  const results: Results = { traffic: {}, idle: {} };
  for (const name of wanted) {
    say(name);
    const profileFolder = options.profile
      ? join(import.meta.dirname, '../../.cache/profiles', name)
      : undefined;
    if (profileFolder !== undefined) rmSync(profileFolder, { recursive: true, force: true });
    const startOptions = () => ({
      core: serverCore,
      ...(profileFolder === undefined ? {} : { profileFolder }),
    });
    if (name === 'idle10000') {
      for (const server of servers) {
        const bytes = await measureIdle(
          server,
          options.quick ? 2_000 : 10_000,
          options.quick ? 10_000 : 40_000,
          startOptions(),
        );
        results.idle[server] = bytes;
        say(`  ${server} ${Math.round(bytes)} bytes per client`);
      }
    } else {
      const plan: Plan = { seconds: each, slices: Math.max(1, Math.round(each / 5)), say, startOptions };
      results.traffic[name] = await measureTraffic(name, servers, plan);
    }
    if (profileFolder !== undefined) say(profileSummary(profileFolder));
  }
  process.stdout.write(options.json ? `${JSON.stringify(asJson(results))}\n` : `${asTable(results)}\n`);
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    say(`bench: ${error instanceof Error ? error.message : String(error)}`);
    process.exit(1);
  },
);
