import type { App, AppDirectory } from '@hongyan/apps';
import { AppError, type OpenSession } from '@hongyan/protocol';
import type { Login } from '@hongyan/sessions';
import type { ConnectionParts } from './connection-parts.js';

/** How many sessions may be open, and whose: for every door. */

/** The app as it is when a session is attached; throws `app_unavailable` when it was switched off since the login began. */
export function stillInUse(apps: AppDirectory, app: App): App {
  const now = apps.known(app.id);
  if (now === undefined) throw new AppError('app_unavailable');
  return now;
}

/** Which other sessions of the client a login ends: single login per tag. */
export const sessionsEndedBy =
  ({ fresh, session: { session, tag, device } }: Login) =>
  (other: OpenSession): boolean =>
    fresh && tag !== undefined && other.tag === tag && other.device !== device && other.session !== session;

/**
 * Refuses a login that would be one too many, while that can still be answered. Logins at the same time may pass here
 * together: the hub counts again when it attaches them.
 */
export async function checkSessionCount({ hub }: ConnectionParts, app: App, login: Login): Promise<void> {
  const ends = sessionsEndedBy(login);
  const { client, session } = login.session;
  const staying = (await hub.sessionsOf(app.id, client)).filter(
    (other) => other.session !== session && !ends(other),
  );
  if (staying.length >= app.limits.sessionsPerClient)
    throw new AppError('limit_exceeded', { detail: 'The client has as many sessions as it may have.' });
}

/** Single login per tag: the tokens are revoked already; this closes what is open on other devices. */
export async function closeOlderOfTag({ hub }: ConnectionParts, login: Login): Promise<void> {
  const { app, client, tag } = login.session;
  if (!login.fresh || tag === undefined) return;
  const ended = (await hub.sessionsOf(app, client)).filter(sessionsEndedBy(login));
  const sessions = ended.map(({ session }) => session);
  if (sessions.length > 0) hub.close({ app, client, sessions, reason: 'session_conflict' });
}
