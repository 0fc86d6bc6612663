import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { program, readOptions, seconds, someOf } from './options.js';
import { pinLoad, serverCore } from './pinning.js';
import { profileSummary } from './profile.js';
import type { ServerName } from './servers.js';
import { measureTraffic, type Measured, type Plan } from './workloads.js';

/**
 * `npm run bench:leancloud`: what a delivery costs by the LeanCloud door
 * next to the native one: the same workloads, two servers in turns.
 */
const workloads = ['oneToOneK8', 'group200'] as const;
type Workload = (typeof workloads)[number];
const target = 1.3;

const options = readOptions<{
  only?: readonly Workload[];
  seconds: number;
  profile?: boolean;
  json?: boolean;
}>(
  program('npm run bench:leancloud --', 'What a delivery costs by the LeanCloud door next to the native one.')
    .option(
      '--only <name>',
      `only this workload, may be repeated: ${workloads.join(', ')}`,
      someOf(workloads),
    )
    .option('--seconds <n>', 'measured seconds per server and workload', seconds, 20)
    .option('--profile', 'under V8’s profiler, and what dominates')
    .option('--json', 'one JSON object on standard output'),
);

const say = (line: string) => process.stderr.write(`${line}\n`);

interface Outcome {
  readonly ratio: number;
  readonly native: Measured;
  readonly leancloud: Measured;
}

async function measure(name: Workload): Promise<Outcome> {
  const folder = join(import.meta.dirname, '../../.cache/profiles', `leancloud-${name}`);
  if (options.profile) rmSync(folder, { recursive: true, force: true });
  const startOptions = (server: ServerName) => ({
    core: serverCore,
    ...(options.profile ? { profileFolder: join(folder, server) } : {}),
  });
  const slices = Math.max(1, Math.round(options.seconds / 5));
  const plan: Plan = { seconds: options.seconds, slices, say, startOptions };
  const { hongyan: native, leancloud } = await measureTraffic(name, ['hongyan', 'leancloud'], plan);
  if (options.profile)
    for (const server of ['hongyan', 'leancloud']) say(`${server}\n${profileSummary(join(folder, server))}`);
  const ratio = leancloud!.cpuUsPerDelivery / native!.cpuUsPerDelivery;
  return { ratio, native: native!, leancloud: leancloud! };
}

const figures = ({ cpuUsPerDelivery, perSecond }: Measured) => ({
  cpuUsPerDelivery: Number(cpuUsPerDelivery.toFixed(3)),
  perSecond: Math.round(perSecond),
});

async function main(): Promise<void> {
  pinLoad(say);
  const outcomes = new Map<Workload, Outcome>();
  for (const name of workloads.filter((one) => options.only?.includes(one) ?? true)) {
    say(name);
    outcomes.set(name, await measure(name));
  }
  const json = Object.fromEntries(
    [...outcomes].map(([name, { ratio, native, leancloud }]) => [
      name,
      { ratio: Number(ratio.toFixed(3)), native: figures(native), leancloud: figures(leancloud) },
    ]),
  );
  const lines = [...outcomes].map(
    ([name, { ratio, native, leancloud }]) =>
      `${ratio <= target ? 'met     ' : 'NOT MET '} ${name}: CPU per delivery at most ${target} × the native door ` +
      `(${ratio.toFixed(2)} ×: ${leancloud.cpuUsPerDelivery.toFixed(2)} and ${native.cpuUsPerDelivery.toFixed(2)} µs)`,
  );
  process.stdout.write(`${options.json ? JSON.stringify({ leancloudDoor: json }) : lines.join('\n')}\n`);
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    say(`bench:leancloud: ${error instanceof Error ? error.message : String(error)}`);
    process.exit(1);
  },
);
