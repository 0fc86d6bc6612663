import type { App } from '@hongyan/apps';
import type { ClientId, CloseOrder, SessionId } from '@hongyan/protocol';
import type { RevocationList } from './revocation-list.js';

/** What ending sessions needs: the durable list, and whoever holds the sockets. */
export interface SessionEnders {
  readonly revocations: RevocationList;
  /** Closes open sessions (the hub); called after the revocation is durable, so that none can come back in between. */
  readonly close: (order: CloseOrder) => void;
  readonly openSessions: (
    app: App,
    client: ClientId,
  ) => Promise<readonly { session: SessionId; tag?: string }[]>;
  readonly now: () => number;
}

export interface KickOptions {
  /** Only sessions of this tag; absent: all. */
  readonly tag?: string;
  /** Told to the client. */
  readonly message?: string;
}

/** A token made in the same moment as the revocation is meant by it too. */
const SLACK_MS = 60_000;

/** Ends the sessions of a client and their tokens. It may log in again with a credential. Durable when it returns. */
export async function kickClient(
  enders: SessionEnders,
  app: App,
  client: ClientId,
  options: KickOptions = {},
): Promise<void> {
  await endSessions(enders, app, client, 'kicked', options);
}

export async function endSessions(
  { revocations, close, openSessions, now }: SessionEnders,
  app: App,
  client: ClientId,
  reason: 'kicked' | 'banned',
  { tag, message }: KickOptions,
): Promise<void> {
  const at = now();
  const words = message === undefined ? {} : { message };
  await revocations.add({
    app: app.id,
    client,
    ...(tag === undefined ? {} : { tag }),
    ...words,
    loginBefore: at + 1,
    reason,
    createdAt: at,
    expiresAt: at + app.login.sessionTtl * 1000 + SLACK_MS,
  });
  if (tag === undefined) return close({ app: app.id, client, reason, ...words });
  const open = await openSessions(app, client);
  const sessions = open.filter((session) => session.tag === tag).map(({ session }) => session);
  if (sessions.length > 0) close({ app: app.id, client, sessions, reason, ...words });
}
