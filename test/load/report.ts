import type { ServerName } from './servers.js';
import type { Measured, TrafficName, WorkloadName } from './workloads.js';

export interface Results {
  readonly traffic: Partial<Record<TrafficName, Partial<Record<ServerName, Measured>>>>;
  /** Bytes per idle client. */
  readonly idle: Partial<Record<ServerName, number>>;
}

const round = (value: number, digits: number) => Number(value.toFixed(digits));

/** What `--json` prints of each server. */
const shapes: Record<TrafficName, (measured: Measured) => object> = {
  oneToOneK1: ({ p99Ms, perSecond }) => ({ p99Ms: round(p99Ms, 2), perSecond: Math.round(perSecond) }),
  oneToOnePaced: ({ p99Ms, perSecond }) => ({ p99Ms: round(p99Ms, 2), perSecond: Math.round(perSecond) }),
  oneToOneK8: ({ cpuUsPerDelivery, perSecond }) => ({
    cpuUsPerDelivery: round(cpuUsPerDelivery, 2),
    perSecond: Math.round(perSecond),
  }),
  group200: ({ cpuUsPerDelivery }) => ({ cpuUsPerDelivery: round(cpuUsPerDelivery, 3) }),
  room2000: ({ cpuUsPerDelivery }) => ({ cpuUsPerDelivery: round(cpuUsPerDelivery, 3) }),
};

export function asJson({
  traffic,
  idle,
}: Results): Partial<Record<ServerName, Partial<Record<WorkloadName, object>>>> {
  const of = (server: ServerName) => {
    const figures: Partial<Record<WorkloadName, object>> = {};
    for (const [name, sides] of Object.entries(traffic) as [
      TrafficName,
      Partial<Record<ServerName, Measured>>,
    ][]) {
      const measured = sides[server];
      if (measured !== undefined) figures[name] = shapes[name](measured);
    }
    const bytes = idle[server];
    if (bytes !== undefined) figures.idle10000 = { rssBytesPerClient: Math.round(bytes) };
    return figures;
  };
  const telemetry = of('telemetry');
  return {
    hongyan: of('hongyan'),
    ...(Object.keys(telemetry).length === 0 ? { socketio: of('socketio') } : { telemetry }),
  };
}

interface Target {
  readonly workload: WorkloadName;
  readonly text: string;
  /** Undefined: not measured. */
  readonly value: (results: Results) => number | undefined;
  readonly met: (value: number) => boolean;
  readonly unit: string;
}

function ratio(name: TrafficName): Target['value'] {
  return ({ traffic }) => {
    const { hongyan, socketio } = traffic[name] ?? {};
    return hongyan && socketio ? hongyan.cpuUsPerDelivery / socketio.cpuUsPerDelivery : undefined;
  };
}

const targets: readonly Target[] = [
  {
    workload: 'oneToOneK1',
    text: 'at least 8,000 messages per second',
    value: ({ traffic }) => traffic.oneToOneK1?.hongyan?.perSecond,
    met: (value) => value >= 8_000,
    unit: '/s',
  },
  {
    workload: 'oneToOnePaced',
    text: 'p99 at most 15 ms at 3,000 messages per second',
    value: ({ traffic }) => traffic.oneToOnePaced?.hongyan?.p99Ms,
    met: (value) => value <= 15,
    unit: ' ms',
  },
  {
    workload: 'oneToOneK8',
    text: 'CPU per delivery at most 1.5 × plain Socket.IO',
    value: ratio('oneToOneK8'),
    met: (value) => value <= 1.5,
    unit: ' ×',
  },
  {
    workload: 'group200',
    text: 'CPU per delivery at most 0.7 × plain Socket.IO',
    value: ratio('group200'),
    met: (value) => value <= 0.7,
    unit: ' ×',
  },
  {
    workload: 'room2000',
    text: 'CPU per delivery at most 0.7 × plain Socket.IO',
    value: ratio('room2000'),
    met: (value) => value <= 0.7,
    unit: ' ×',
  },
  {
    workload: 'idle10000',
    text: 'at most 18 KB resident per idle client',
    value: ({ idle }) => (idle.hongyan === undefined ? undefined : idle.hongyan / 1024),
    met: (value) => value <= 18,
    unit: ' KB',
  },
];

const row = (cells: readonly string[]) =>
  cells.map((cell, at) => (at === 0 ? cell.padEnd(24) : cell.padStart(13))).join('');

function measuredRow(
  name: string,
  { cpuUsPerDelivery, perSecond, p50Ms, p99Ms, deliveries }: Measured,
): string {
  return row([
    name,
    cpuUsPerDelivery.toFixed(2),
    Math.round(perSecond).toLocaleString('en'),
    p50Ms.toFixed(1),
    p99Ms.toFixed(1),
    deliveries.toLocaleString('en'),
  ]);
}

export function asTable(results: Results): string {
  const lines = [row(['', 'CPU µs each', 'messages/s', 'p50 ms', 'p99 ms', 'deliveries'])];
  for (const [name, sides] of Object.entries(results.traffic)) {
    lines.push(name);
    for (const [server, measured] of Object.entries(sides)) {
      lines.push(measuredRow(`  ${server}`, measured));
      if (measured.paced !== undefined) lines.push(measuredRow(`  ${server}, at 70 %`, measured.paced));
    }
  }
  for (const [server, bytes] of Object.entries(results.idle)) {
    lines.push(`idle10000  ${server}: ${(bytes / 1024).toFixed(1)} KB per client`);
  }
  for (const [name, { hongyan, telemetry }] of Object.entries(results.traffic)) {
    if (hongyan === undefined || telemetry === undefined) continue;
    const more = (telemetry.cpuUsPerDelivery / hongyan.cpuUsPerDelivery - 1) * 100;
    lines.push(`${name}: traces and metrics cost ${more.toFixed(1)} % of CPU per delivery`);
  }
  lines.push('');
  for (const { workload, text, value, met, unit } of targets) {
    const measured = value(results);
    if (measured === undefined) continue;
    const figure = unit === '/s' ? Math.round(measured).toLocaleString('en') : measured.toFixed(2);
    lines.push(`${met(measured) ? 'met     ' : 'NOT MET '} ${workload}: ${text} (${figure}${unit})`);
  }
  return lines.join('\n');
}
