import { hkdfSync } from 'node:crypto';
import type { ClientStore } from '@hongyan/conversations';
import type { BanStore, ClientRegistry, SessionKey } from '@hongyan/sessions';

/** What sessions need of the client records. */
export function clientRegistry(clients: ClientStore, now: () => number): ClientRegistry & BanStore {
  return {
    async bannedUntil(app, client) {
      const [record] = await clients.get(app, [client]);
      return record?.bannedUntil;
    },
    async setProfile(app, client, profile) {
      await clients.upsert(app, client, profile, now());
    },
    async setBan(app, client, until, message) {
      await clients.upsert(
        app,
        client,
        { bannedUntil: until, banReason: until === null ? null : (message ?? null) },
        now(),
      );
    },
  };
}

/** Session tokens are signed with a key drawn from the installation's, so that there is one secret to keep. */
export function sessionKeyFrom(secretKey: Buffer, previous: Buffer | undefined): SessionKey {
  const draw = (key: Buffer) =>
    Buffer.from(hkdfSync('sha256', key, '', 'hongyan session tokens', 32)).toString('base64');
  return { current: draw(secretKey), ...(previous === undefined ? {} : { previous: draw(previous) }) };
}
