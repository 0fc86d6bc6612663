import { type App, type AppAdministration, createApp, createTenant, fromStored } from '@hongyan/apps';
import { AppError, asTenantId } from '@hongyan/protocol';
import { DEMO_APP_ID } from '../../../standalone/src/serve-sample.js';

const DEMO_TENANT = asTenantId('demo');

/** The demo's tenant and app, made when they are missing. Anybody may be any client of it, so that a trial needs no server. */
export async function ensureDemoApp(
  administration: AppAdministration,
): Promise<{ app: App; created: boolean }> {
  const known = await administration.store.app(DEMO_APP_ID);
  if (known !== undefined) return { app: fromStored(known, administration.secrets), created: false };
  await createTenant(administration, { id: DEMO_TENANT, name: 'Demo' }).catch((error: unknown) => {
    if (!(error instanceof AppError) || error.error !== 'already_exists') throw error;
  });
  const settings = { 'login.unsigned': true };
  const app = await createApp(administration, {
    tenant: DEMO_TENANT,
    id: DEMO_APP_ID,
    name: 'Demo',
    settings,
  });
  return { app, created: true };
}
