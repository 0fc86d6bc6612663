import { asAppId, asTenantId } from '@hongyan/protocol';
import type { AppStore, StoredApp } from './ports.js';

export interface AppStoreUnderTest {
  readonly apps: AppStore;
  close(): Promise<void>;
}

const T0 = 1_700_000_000_000;
let counter = 0;
const unique = () => `${Date.now().toString(36)}${(counter += 1)}`;

/** What every {@link AppStore} promises. */
export function describeAppStore(name: string, open: () => Promise<AppStoreUnderTest>): void {
  describe(`AppStore: ${name}`, () => {
    let store: AppStoreUnderTest;
    beforeAll(async () => {
      store = await open();
    });
    afterAll(() => store.close());

    const newTenant = async () => {
      const tenant = { id: asTenantId(`t-${unique()}`), name: 'Tenant', createdAt: T0 };
      await store.apps.createTenant(tenant);
      return tenant;
    };
    const newApp = (tenant: StoredApp['tenant']): StoredApp => ({
      id: asAppId(`a-${unique()}`), tenant, createdAt: T0, settings: '{"version":1,"name":"ü"}', sealedMasterKey: 'sealed', revision: 1,
    }); // prettier-ignore

    it('makes a tenant once', async () => {
      const tenant = await newTenant();
      expect(await store.apps.createTenant({ ...tenant, name: 'other' })).toEqual({ created: false });
      expect(await store.apps.tenants()).toContainEqual(tenant);
    });

    it('makes an app once, and finds it by id and by tenant', async () => {
      const [one, two] = [await newTenant(), await newTenant()];
      const app = newApp(one.id);
      expect(await store.apps.createApp(app)).toEqual({ created: true });
      expect(await store.apps.createApp({ ...app, settings: '{}' })).toEqual({ created: false });
      const answers = await Promise.all(
        [1, 2, 3].map(() => store.apps.createApp({ ...app, id: asAppId(`${app.id}-b`), tenant: two.id })),
      );
      expect(answers.filter(({ created }) => created)).toHaveLength(1);
      expect(await store.apps.app(app.id)).toEqual(app);
      expect(await store.apps.app(asAppId('nowhere'))).toBeUndefined();
      expect(await store.apps.apps(one.id)).toEqual([app]);
      expect((await store.apps.apps()).map(({ id }) => id)).toEqual(
        expect.arrayContaining([app.id, `${app.id}-b`]),
      );
    });

    it('saves over the revision before only', async () => {
      const app = newApp((await newTenant()).id);
      await store.apps.createApp(app);
      const next = { ...app, settings: '{"version":2}', sealedMasterKey: 'again', revision: 2 };
      expect(await store.apps.saveApp(next)).toEqual({ saved: true });
      expect(await store.apps.app(app.id)).toEqual(next);
      for (const revision of [2, 4])
        expect(await store.apps.saveApp({ ...next, settings: 'lost', revision })).toEqual({ saved: false });
      const racing = await Promise.all(
        ['x', 'y'].map((settings) => store.apps.saveApp({ ...next, settings, revision: 3 })),
      );
      expect(racing.filter(({ saved }) => saved)).toHaveLength(1);
      expect(await store.apps.saveApp({ ...next, id: asAppId('nowhere') })).toEqual({ saved: false });
    });
  });
}
