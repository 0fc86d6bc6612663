import { type AppSettings, parseSettings, serializeSettings } from './settings.js';
import type { SecretBox } from './secrets.js';
import type { StoredApp } from './ports.js';
import type { App, RotatingSecret } from './types.js';

/** Between an app in use and an app as it lies in the store, with its master key sealed for exactly that app. */

/** For the store. `revision` is the one that this write makes. */
export function toStored(app: App, revision: number, secrets: SecretBox): StoredApp {
  const { id, tenant, createdAt, masterKey, ...settings } = app;
  return {
    id,
    tenant,
    createdAt,
    settings: serializeSettings(settings as AppSettings),
    sealedMasterKey: secrets.seal(JSON.stringify(masterKey), contextOf(id)),
    revision,
  };
}

/** Throws when the key is sealed by another installation, or the settings are of a newer version. */
export function fromStored(stored: StoredApp, secrets: SecretBox): App {
  const settings = parseSettings(stored.settings);
  const masterKey = JSON.parse(secrets.open(stored.sealedMasterKey, contextOf(stored.id))) as RotatingSecret;
  return { id: stored.id, tenant: stored.tenant, createdAt: stored.createdAt, ...settings, masterKey };
}

const contextOf = (id: string): string => `app:${id}`;

/** The values of a secret that count at `now`, the current one first. */
export function acceptedSecrets(secret: RotatingSecret, now: number): readonly string[] {
  const { current, previous, previousUntil = 0 } = secret;
  return previous !== undefined && now < previousUntil ? [current, previous] : [current];
}
