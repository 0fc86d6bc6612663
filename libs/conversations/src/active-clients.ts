import type { Presence } from '@hongyan/delivery';
import type { AppId } from '@hongyan/protocol';
import type { ClientStore } from './client-ports.js';

const atATime = 500;

/** How many clients were online at or after this time: those that came or went since, and those that never left. */
export async function activeSince(
  clients: Pick<ClientStore, 'get' | 'seenSince'>,
  presence: Pick<Presence, 'everyone'>,
  app: AppId,
  time: number,
): Promise<number> {
  let stayed = 0;
  for await (const batch of presence.everyone(app, atATime)) {
    const records = await clients.get(app, batch);
    stayed += records.filter(({ lastSeen }) => lastSeen !== undefined && lastSeen < time).length;
  }
  return stayed + (await clients.seenSince(app, time));
}
