import { Latency } from './latency.js';
import { startServer, type BenchServer, type ServerName, type StartOptions } from './servers.js';
import { Traffic, type Pace, type Shape, type Window } from './traffic.js';

export const workloadNames = [
  'oneToOneK1',
  'oneToOnePaced',
  'oneToOneK8',
  'group200',
  'room2000',
  'idle10000',
] as const;
export type WorkloadName = (typeof workloadNames)[number];
export type TrafficName = Exclude<WorkloadName, 'idle10000'>;

const pairs: Shape = { kind: 'ordinary', conversations: 200, members: 2, senders: 1 };
const group: Shape = { kind: 'ordinary', conversations: 1, members: 200, senders: 4 };
const room: Shape = { kind: 'room', conversations: 1, members: 2_000, senders: 1 };

export const trafficWorkloads: Record<TrafficName, { readonly shape: Shape; readonly pace: Pace }> = {
  oneToOneK1: { shape: pairs, pace: { kind: 'closed', inFlight: 1 } },
  oneToOnePaced: { shape: pairs, pace: { kind: 'paced', perSecond: 3_000 } },
  oneToOneK8: { shape: pairs, pace: { kind: 'closed', inFlight: 8 } },
  group200: { shape: group, pace: { kind: 'closed', inFlight: 1 } },
  room2000: { shape: room, pace: { kind: 'closed', inFlight: 2 } },
};

/** The room is then sent to at this share of what it could take. */
const pacedShare = 0.7;

export interface Figures {
  readonly cpuUsPerDelivery: number;
  /** Messages. */
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly deliveries: number;
}

export interface Measured extends Figures {
  /** The room, paced. */
  readonly paced?: Figures;
}

export interface Plan {
  /** Measured seconds per server and workload, in slices that alternate between the servers. */
  readonly seconds: number;
  readonly slices: number;
  readonly say: (line: string) => void;
  readonly startOptions: (server: ServerName) => StartOptions;
}

const firstWarmMs = 3_000;
const warmMs = 1_000;

/** Runs one workload on all servers in turns: what disturbs the machine disturbs each of them. */
export async function measureTraffic(
  name: TrafficName,
  servers: readonly ServerName[],
  plan: Plan,
): Promise<Partial<Record<ServerName, Measured>>> {
  const { shape, pace } = trafficWorkloads[name];
  const running: BenchServer[] = [];
  const sides: { server: BenchServer; traffic: Traffic }[] = [];
  try {
    for (const serverName of servers) {
      const server = await startServer(serverName, plan.startOptions(serverName));
      running.push(server);
      sides.push({ server, traffic: await Traffic.open(server, shape) });
    }
    const figures = await inTurns(sides, () => pace, plan, firstWarmMs);
    const paced =
      name === 'room2000'
        ? await inTurns(
            sides,
            (server) => ({ kind: 'paced', perSecond: figures[server]!.perSecond * pacedShare }),
            plan,
            warmMs,
          )
        : {};
    return Object.fromEntries(
      servers.map((server) => [
        server,
        { ...figures[server]!, ...(paced[server] === undefined ? {} : { paced: paced[server] }) },
      ]),
    );
  } finally {
    for (const { traffic } of sides) traffic.close();
    for (const server of running) await server.stop();
  }
}

async function inTurns(
  sides: readonly { server: BenchServer; traffic: Traffic }[],
  paceOf: (server: ServerName) => Pace,
  { seconds, slices, say }: Plan,
  firstWarm: number,
): Promise<Partial<Record<ServerName, Figures>>> {
  const collected = new Map<ServerName, { latency: Latency; windows: Window[] }>();
  for (const { server } of sides) collected.set(server.name, { latency: new Latency(), windows: [] });
  for (let slice = 0; slice < slices; slice += 1) {
    for (const { server, traffic } of sides) {
      const { latency, windows } = collected.get(server.name)!;
      const warm = slice === 0 ? firstWarm : warmMs;
      const window = await traffic.run(paceOf(server.name), warm, (seconds * 1000) / slices, latency);
      windows.push(window);
      const { cpuUsPerDelivery, perSecond } = figuresOf([window], latency);
      say(`  ${server.name} ${cpuUsPerDelivery.toFixed(1)} µs per delivery, ${Math.round(perSecond)}/s`);
    }
  }
  return Object.fromEntries(
    [...collected].map(([name, { windows, latency }]) => [name, figuresOf(windows, latency)]),
  );
}

function figuresOf(windows: readonly Window[], latency: Latency): Figures {
  const sum = (of: (window: Window) => number) => windows.reduce((total, window) => total + of(window), 0);
  const deliveries = sum((window) => window.deliveries);
  return {
    cpuUsPerDelivery: sum((window) => window.cpuMicros) / deliveries,
    perSecond: sum((window) => window.messages) / sum((window) => window.seconds),
    p50Ms: latency.percentile(0.5),
    p99Ms: latency.percentile(0.99),
    deliveries,
  };
}
