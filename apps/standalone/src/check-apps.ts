import { listApps } from '@hongyan/apps';
import type { Logger } from '@hongyan/telemetry';
import type { Composition } from './compose.js';
import { StartError } from './start-error.js';

/** At the start: can the apps be read with this key, and which of them let anybody in? */
export async function checkApps(
  { administration }: Pick<Composition, 'administration'>,
  logger: Logger,
): Promise<void> {
  const apps = await listApps(administration).catch((error: unknown) => {
    throw StartError.from(error);
  });
  for (const { id, name, enabled, login } of apps) {
    if (!enabled || !login.unsigned) continue;
    logger.warn(
      { what: 'unsigned_login_allowed', appId: id },
      `App ${name} allows unsigned logins: anybody who knows its app id may be any client of it.`,
    );
  }
}
