import type { AppStore, StoredApp, Tenant } from '@hongyan/apps';
import type { AppId, TenantId } from '@hongyan/protocol';
import type { Channels } from './channels.js';

export class SqliteAppStore implements AppStore {
  constructor(private readonly channels: Channels) {}

  createTenant(tenant: Tenant): Promise<{ created: boolean }> {
    return this.channels.write.call('createTenant', tenant);
  }

  tenants(): Promise<Tenant[]> {
    return this.channels.read.call('tenants');
  }

  createApp(app: StoredApp): Promise<{ created: boolean }> {
    return this.channels.write.call('createApp', app);
  }

  saveApp(app: StoredApp): Promise<{ saved: boolean }> {
    return this.channels.write.call('saveApp', app);
  }

  app(id: AppId): Promise<StoredApp | undefined> {
    return this.channels.read.call('app', id);
  }

  apps(tenant?: TenantId): Promise<StoredApp[]> {
    return this.channels.read.call('apps', tenant);
  }
}
