import { startServer, type ServerName, type StartOptions } from './servers.js';
import { forEach, pause, range } from './traffic.js';
import { WireClient } from './wire-client.js';

const connectsAtOnce = 64;
const sampleSize = 100;

/**
 * Resident memory per idle client that is logged in and shown as online: what the server holds once it has come to
 * rest, minus what it held when it was empty. `settleMs` should cover a round of heartbeats.
 */
export async function measureIdle(
  name: ServerName,
  clients: number,
  settleMs: number,
  options: StartOptions,
): Promise<number> {
  const server = await startServer(name, options);
  const open: WireClient[] = [];
  const closed: string[] = [];
  try {
    await pause(3_000);
    const empty = server.rssBytes();
    const connect = (client: string) =>
      WireClient.connect({
        port: server.port,
        auth: server.auth(client),
        onEvent: () => undefined,
        onClose: (reason) => closed.push(`${client}: ${reason}`),
      });
    await forEach(range(clients), connectsAtOnce, async (at) => open.push(await connect(`idle-${at}`)));
    await pause(settleMs);
    const full = server.rssBytes();
    if (closed.length > 0)
      throw new Error(`${closed.length} clients were cut off, for instance ${closed[0]}`);
    const step = Math.max(1, Math.floor(clients / sampleSize));
    const sample = range(Math.min(sampleSize, clients)).map((at) => `idle-${at * step}`);
    const { online } = (await open[0]!.call('presence.query', { clients: sample })) as { online: string[] };
    if (online.length !== sample.length) throw new Error(`${online.length} of ${sample.length} are online`);
    return (full - empty) / clients;
  } finally {
    for (const client of open) client.close();
    await server.stop();
  }
}
