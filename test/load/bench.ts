import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { measureIdle } from './idle.js';
import { pinLoad, serverCore } from './pinning.js';
import { profileSummary } from './profile.js';
import { asJson, asTable, type Results } from './report.js';
import type { ServerName } from './servers.js';
import { measureTraffic, type Plan, workloadNames } from './workloads.js';

/** `npm run bench`: Hongyan against plain Socket.IO. README.md says what is measured and how. */

const help = `npm run bench -- [options]
  --only NAME     only this workload, may be repeated: ${workloadNames.join(', ')}
  --seconds N     measured seconds per server and workload (20)
  --quick         4 seconds each, 2,000 idle clients: for a first look, not for figures
  --hongyan       without plain Socket.IO
  --telemetry     Hongyan with traces and metrics next to Hongyan without, instead of Socket.IO
  --profile       Hongyan alone under V8's profiler, and what dominates
  --json          one JSON object on standard output
`;

const { values: options } = parseArgs({
  options: {
    only: { type: 'string', multiple: true },
    seconds: { type: 'string' },
    quick: { type: 'boolean', default: false },
    hongyan: { type: 'boolean', default: false },
    telemetry: { type: 'boolean', default: false },
    profile: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

const say = (line: string) => process.stderr.write(`${line}\n`);

async function main(): Promise<void> {
  if (options.help) {
    process.stdout.write(help);
    return;
  }
  const unknown = options.only?.find((name) => !(workloadNames as readonly string[]).includes(name));
  if (unknown !== undefined)
    throw new Error(`there is no workload ${unknown}; there are ${workloadNames.join(', ')}`);
  const wanted = workloadNames.filter((name) => options.only?.includes(name) ?? true);
  const alone = options.profile || options.hongyan;
  const servers: ServerName[] = alone
    ? ['hongyan']
    : ['hongyan', options.telemetry ? 'telemetry' : 'socketio'];
  const seconds = Number(options.seconds ?? (options.quick ? 4 : 20));
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
      const plan: Plan = { seconds, slices: Math.max(1, Math.round(seconds / 5)), say, startOptions };
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
