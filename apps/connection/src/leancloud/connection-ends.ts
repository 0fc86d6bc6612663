import type { Duplex } from 'node:stream';
import { CommandType, encodeCommand } from '@hongyan/leancloud';
import type { LeanCloudConnection } from './leancloud-connection.js';

type Connections<S> = ReadonlySet<LeanCloudConnection<S>>;

/** Clients ping every three minutes; after two and a bit without a word nobody is there. */
const pingAfterMs = 180_000;
const deadAfterMs = 400_000;

/** Pings who has been silent, closes who is silent for too long (4107) or never logs in (4108). */
export function closeSilent<S>(connections: Connections<S>, loginTimeoutMs: number, now: number): void {
  for (const connection of connections) {
    const silent = now - connection.lastHeardAt;
    if (!connection.hasLoggedIn && now - connection.openedAt > loginTimeoutMs)
      connection.close('LOGIN_TIMEOUT');
    else if (silent > deadAfterMs) connection.close('READ_TIMEOUT');
    else if (silent > pingAfterMs) connection.ping();
  }
}

/** So long clients are given to leave by themselves: they ask for another server first, and trip over a sooner end. */
const mostLeavingMs = 2_000;

/** Tells everybody to ask for another server, answers what is under way, and closes at the latest after `ms`. */
export async function sendAway<S>(connections: Connections<S>, ms: number): Promise<void> {
  const begun = Date.now();
  const end = begun + ms;
  const leaving = begun + Math.min(mostLeavingMs, ms / 2);
  for (const connection of connections) connection.push(Buffer.alloc(0), [goawayTo(connection)]);
  const busy = () => [...connections].some((connection) => !connection.isIdle);
  while (connections.size > 0 && Date.now() < leaving) await pause(10);
  while (connections.size > 0 && busy() && Date.now() < end) await pause(10);
  for (const connection of connections) connection.close('GOING_AWAY');
  while (connections.size > 0 && Date.now() < end) await pause(10);
  for (const connection of connections) connection.terminate();
}

/** Java clients hear it only by the name of one of theirs, where they are several. */
function goawayTo<S>({ sessions }: LeanCloudConnection<S>): Buffer {
  const [peerId] = sessions.keys();
  return encodeCommand({ cmd: CommandType.goaway, ...(peerId === undefined ? {} : { peerId }) });
}

/** Instead of an upgrade. */
export function refuseUpgrade(socket: Duplex, status: 400 | 503): void {
  const text = status === 400 ? 'Bad Request' : 'Service Unavailable';
  socket.on('error', () => undefined);
  socket.end(`HTTP/1.1 ${status} ${text}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
