import type { AppId, TenantId } from '@hongyan/protocol';
import type { AppStore, StoredApp } from './ports.js';
import type { Tenant } from './types.js';

/** Apps in memory, for as long as the process lives: for tests and trials. */
export class LocalAppStore implements AppStore {
  private readonly tenantsById = new Map<TenantId, Tenant>();
  private readonly appsById = new Map<AppId, StoredApp>();

  createTenant(tenant: Tenant): Promise<{ created: boolean }> {
    const created = !this.tenantsById.has(tenant.id);
    if (created) this.tenantsById.set(tenant.id, tenant);
    return Promise.resolve({ created });
  }

  tenants(): Promise<Tenant[]> {
    return Promise.resolve([...this.tenantsById.values()]);
  }

  createApp(app: StoredApp): Promise<{ created: boolean }> {
    const created = !this.appsById.has(app.id);
    if (created) this.appsById.set(app.id, app);
    return Promise.resolve({ created });
  }

  saveApp(app: StoredApp): Promise<{ saved: boolean }> {
    const saved = this.appsById.get(app.id)?.revision === app.revision - 1;
    if (saved) this.appsById.set(app.id, app);
    return Promise.resolve({ saved });
  }

  app(id: AppId): Promise<StoredApp | undefined> {
    return Promise.resolve(this.appsById.get(id));
  }

  apps(tenant?: TenantId): Promise<StoredApp[]> {
    const apps = [...this.appsById.values()];
    return Promise.resolve(tenant === undefined ? apps : apps.filter((app) => app.tenant === tenant));
  }
}
