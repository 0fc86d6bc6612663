import { asAppId, asClientId, asSessionId } from '@hongyan/protocol';
import type { Revocation, RevocationStore } from './ports.js';

export interface RevocationStoreUnderTest {
  readonly revocations: RevocationStore;
  close(): Promise<void>;
}

const T0 = 1_700_000_000_000;

/** What every {@link RevocationStore} promises. Needs a store of its own: it reads all there are. */
export function describeRevocationStore(name: string, open: () => Promise<RevocationStoreUnderTest>): void {
  describe(`RevocationStore: ${name}`, () => {
    let store: RevocationStoreUnderTest;
    beforeEach(async () => {
      store = await open();
    });
    afterEach(() => store.close());

    const revocation = (client: string, more: Partial<Revocation> = {}): Revocation => ({
      app: asAppId('app'), client: asClientId(client), loginBefore: T0, reason: 'kicked', createdAt: T0, expiresAt: T0 + 1000, ...more,
    }); // prettier-ignore

    it('gives back every field, oldest first', async () => {
      const all = [
        revocation('ann'),
        revocation('bob', { session: asSessionId('s'), reason: 'logged_out', message: 'why' }),
        revocation('ann', {
          app: asAppId('other'),
          tag: 'mobile',
          exceptDevice: 'phone',
          reason: 'session_conflict',
          createdAt: T0 - 5,
        }),
      ];
      for (const one of all) await store.revocations.add(one);
      expect((await store.revocations.since(undefined, T0)).revocations).toEqual(all);
    });

    it('goes on from a position, missing none', async () => {
      const empty = await store.revocations.since(undefined, T0);
      expect(empty.revocations).toEqual([]);
      await store.revocations.add(revocation('ann'));
      const first = await store.revocations.since(empty.position, T0);
      expect(first.revocations.map(({ client }) => client)).toEqual(['ann']);
      expect((await store.revocations.since(first.position, T0)).revocations).toEqual([]);
      const names = Array.from({ length: 20 }, (_, n) => `c${n}`);
      await Promise.all(names.map((name) => store.revocations.add(revocation(name))));
      const next = await store.revocations.since(first.position, T0);
      expect(next.revocations.map(({ client }) => client as string).sort()).toEqual([...names].sort());
    });

    it('leaves out what expired, and forgets it when told', async () => {
      await store.revocations.add(revocation('ann', { expiresAt: T0 + 10 }));
      const first = await store.revocations.since(undefined, T0 + 10);
      expect(first.revocations).toHaveLength(1);
      expect((await store.revocations.since(undefined, T0 + 11)).revocations).toEqual([]);
      await store.revocations.purge(T0 + 11);
      expect((await store.revocations.since(undefined, T0)).revocations).toEqual([]);
      await store.revocations.add(revocation('bob'));
      expect((await store.revocations.since(first.position, T0)).revocations).toHaveLength(1);
    });
  });
}
