import type { AppId, TenantId } from '@hongyan/protocol';
import type { SecretBox } from './secrets.js';
import type { App, Tenant } from './types.js';

/** An app as it lies in the store: `masterKey` is sealed (see secrets.ts), everything else is plain JSON. */
export interface StoredApp {
  readonly id: AppId;
  readonly tenant: TenantId;
  readonly createdAt: number;
  /** App without `masterKey`, as JSON text; its own `version` inside lets older records be read. */
  readonly settings: string;
  readonly sealedMasterKey: string;
  /** Grows with each change. */
  readonly revision: number;
}

export interface AppStore {
  createTenant(tenant: Tenant): Promise<{ created: boolean }>;
  tenants(): Promise<Tenant[]>;
  /** False: the id is taken. */
  createApp(app: StoredApp): Promise<{ created: boolean }>;
  /** Replaces it if its revision is still `app.revision - 1`. */
  saveApp(app: StoredApp): Promise<{ saved: boolean }>;
  app(id: AppId): Promise<StoredApp | undefined>;
  apps(tenant?: TenantId): Promise<StoredApp[]>;
}

/** Apps in use, at hand: read on every login and command, so it answers from memory. */
export interface AppDirectory {
  /** Undefined: unknown or switched off. Never touches the store for an app seen in the last seconds. */
  find(id: AppId): Promise<App | undefined>;
  /** The same without waiting; only for apps that {@link find} has answered before. */
  known(id: AppId): App | undefined;
}

/** What the use cases of administration need. */
export interface AppAdministration {
  readonly store: AppStore;
  readonly secrets: SecretBox;
  readonly now: () => number;
  /** Called after each change, before it is answered: the directory of this process forgets what it knew. */
  readonly changed?: (id: AppId) => Promise<void>;
}
