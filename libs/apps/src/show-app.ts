import { AppError, type AppId, type TenantId } from '@hongyan/protocol';
import { fromStored } from './app-record.js';
import type { AppAdministration } from './ports.js';
import type { App } from './types.js';

/** An app as operators see it. `masterKey` is there only when it was asked for by name. */
export type AppView = Omit<App, 'masterKey'> & {
  readonly masterKey?: App['masterKey'];
  readonly revision: number;
};

/** Throws `not_found`. `reveal` answers the master key too. */
export async function showApp(
  { store, secrets }: AppAdministration,
  id: AppId,
  reveal = false,
): Promise<AppView> {
  const stored = await store.app(id);
  if (stored === undefined) throw new AppError('not_found', { detail: `there is no app ${id}` });
  return viewOf(fromStored(stored, secrets), stored.revision, reveal);
}

/** Of one tenant, or of all; never with master keys. */
export async function listApps({ store, secrets }: AppAdministration, tenant?: TenantId): Promise<AppView[]> {
  const apps = await store.apps(tenant);
  return apps.map((stored) => viewOf(fromStored(stored, secrets), stored.revision, false));
}

export function viewOf({ masterKey, ...open }: App, revision: number, reveal: boolean): AppView {
  return { ...open, revision, ...(reveal ? { masterKey } : {}) };
}
