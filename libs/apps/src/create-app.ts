import { AppError, type AppId, type TenantId, asAppId } from '@hongyan/protocol';
import { toStored } from './app-record.js';
import { newAppId, newKey } from './keys.js';
import type { AppAdministration } from './ports.js';
import { type PresetName, presets } from './presets.js';
import { applySettings } from './settings.js';
import type { App } from './types.js';

export interface NewApp {
  readonly tenant: TenantId;
  readonly name: string;
  readonly preset?: PresetName;
  /** Given when an app moves here and keeps its own. */
  readonly id?: AppId;
  readonly key?: string;
  readonly masterKey?: string;
  /** Dotted settings that differ from the preset. */
  readonly settings?: Readonly<Record<string, unknown>>;
}

/** Throws `not_found` for an unknown tenant, `already_exists` for an id in use, `bad_request` for wrong settings. */
export async function createApp(
  { store, secrets, now, changed }: AppAdministration,
  input: NewApp,
): Promise<App> {
  const tenants = await store.tenants();
  if (!tenants.some(({ id }) => id === input.tenant)) {
    throw new AppError('not_found', { detail: `there is no tenant ${input.tenant}` });
  }
  const preset = input.preset ?? 'native';
  const at = now();
  const app: App = {
    ...applySettings({ name: input.name, enabled: true, ...presets[preset] }, input.settings ?? {}),
    id: input.id ?? asAppId(newAppId()),
    tenant: input.tenant,
    preset,
    appKey: { current: input.key ?? newKey() },
    masterKey: { current: input.masterKey ?? newKey() },
    createdAt: at,
    updatedAt: at,
  };
  const { created } = await store.createApp(toStored(app, 1, secrets));
  if (!created) throw new AppError('already_exists', { detail: `there is an app ${app.id} already` });
  await changed?.(app.id);
  return app;
}
