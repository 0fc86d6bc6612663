import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { pinLoad, serverCore } from './pinning.js';
import { profileSummary } from './profile.js';
import type { ServerName } from './servers.js';
import { measureTraffic, type Measured, type Plan } from './workloads.js';

/**
 * `npm run bench:leancloud [-- --seconds N --only NAME --json --profile]`: what a delivery costs by the LeanCloud door
 * next to the native one: the same workloads, two servers in turns.
 */
const workloads = ['oneToOneK8', 'group200'] as const;
type Workload = (typeof workloads)[number];
const target = 1.3;

const { values: options } = parseArgs({
  options: {
    only: { type: 'string', multiple: true },
    seconds: { type: 'string', default: '20' },
    profile: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});

const say = (line: string) => process.stderr.write(`${line}\n`);

interface Outcome {
  readonly ratio: number;
  readonly native: Measured;
  readonly leancloud: Measured;
}

async function measure(name: Workload): Promise<Outcome> {
  const seconds = Number(options.seconds);
  const folder = join(import.meta.dirname, '../../.cache/profiles', `leancloud-${name}`);
  if (options.profile) rmSync(folder, { recursive: true, force: true });
  const startOptions = (server: ServerName) => ({
    core: serverCore,
    ...(options.profile ? { profileFolder: join(folder, server) } : {}),
  });
  const plan: Plan = { seconds, slices: Math.max(1, Math.round(seconds / 5)), say, startOptions };
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
  const unknown = options.only?.find((name) => !(workloads as readonly string[]).includes(name));
  if (unknown !== undefined)
    throw new Error(`there is no workload ${unknown}; there are ${workloads.join(', ')}`);
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
