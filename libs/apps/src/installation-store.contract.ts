import { createHash } from 'node:crypto';
import { asAppId } from '@hongyan/protocol';
import { digestInstallations } from './digest-installations.js';
import { type Installation, type InstallationStore, installationLine } from './installation-ports.js';

export interface InstallationStoreUnderTest {
  readonly installations: InstallationStore;
  close(): Promise<void>;
}

let apps = 0;

/** What every {@link InstallationStore} promises. */
export function describeInstallationStore(
  name: string,
  open: () => Promise<InstallationStoreUnderTest>,
): void {
  describe(`InstallationStore: ${name}`, () => {
    let store: InstallationStoreUnderTest;
    beforeAll(async () => {
      store = await open();
    });
    afterAll(() => store.close());

    const newApp = () => asAppId(`installed-${Date.now().toString(36)}-${(apps += 1)}`);
    const phone = (id: string, more: Partial<Installation> = {}): Installation => ({
      id,
      deviceType: 'ios',
      deviceToken: `token of ${id}`,
      channels: ['news', '体育'],
      timeZone: 'Asia/Shanghai',
      isValid: true,
      updatedAt: 1_700_000_000_000,
      record: `{"objectId":"${id}", "shop":12345678901234567890,"名":"é\\u0000"}`,
      ...more,
    });
    const all = (app: ReturnType<typeof newApp>) => store.installations.page(app, { limit: 100 });

    it('keeps what it is given, to the byte, and says what became of each', async () => {
      const app = newApp();
      const bare: Installation = { id: 'b', channels: [], isValid: false, updatedAt: 0, record: '{}' };
      expect(await store.installations.take(app, [phone('a'), bare])).toEqual(['added', 'added']);
      expect(await all(app)).toEqual([phone('a'), bare]);
      expect(await store.installations.take(app, [phone('a'), bare])).toEqual(['same', 'same']);
    });

    it('replaces one by a newer record, and a newer one by none', async () => {
      const app = newApp();
      await store.installations.take(app, [phone('a')]);
      const newer = phone('a', {
        updatedAt: 1_700_000_000_001,
        record: '{"n":2}',
        isValid: false,
        channels: [],
      });
      expect(await store.installations.take(app, [newer])).toEqual(['changed']);
      expect(await store.installations.take(app, [phone('a')])).toEqual(['kept']);
      expect(await all(app)).toEqual([newer]);
      const corrected = { ...newer, record: '{"n":3}' };
      expect(await store.installations.take(app, [corrected])).toEqual(['changed']);
      // One id twice in a call: the later counts.
      expect(await store.installations.take(app, [phone('x'), phone('x', { record: '{}' })])).toEqual([
        'added',
        'changed',
      ]);
    });

    it('pages by id, of one app only, and digests all', async () => {
      const [app, other] = [newApp(), newApp()];
      const ids = Array.from({ length: 2_300 }, (_, at) => `i${(at * 7_919) % 2_300}`).sort();
      for (let at = 0; at < ids.length; at += 100)
        await store.installations.take(
          app,
          ids
            .slice(at, at + 100)
            .reverse()
            .map((id) => phone(id)),
        );
      await store.installations.take(other, [phone('a', { record: '{"of":"other"}' })]);
      const found: string[] = [];
      for (let after: string | undefined; ;) {
        const page = await store.installations.page(app, {
          ...(after === undefined ? {} : { after }),
          limit: 700,
        });
        found.push(...page.map(({ id }) => id));
        after = page.at(-1)?.id;
        if (page.length < 700) break;
      }
      expect(found).toEqual(ids);
      const hash = createHash('sha256');
      for (const id of ids) hash.update(installationLine(id, phone(id).record));
      expect(await digestInstallations(store.installations, app)).toEqual({
        count: 2_300,
        records: hash.digest('hex'),
      });
      expect(await digestInstallations(store.installations, newApp())).toMatchObject({ count: 0 });
    });
  });
}
