import { CommandType, type GenericCommand } from '@hongyan/leancloud';
import { AppError, type AppId, type CloseOrder, type EventClass, type SessionId } from '@hongyan/protocol';
import type { ConnectionParts } from '../connection-parts.js';
import { closeOlderOfTag, sessionsEndedBy, stillInUse } from '../session-bounds.js';
import type { Calls } from './calls.js';
import { catchUp } from './catch-up.js';
import { describe } from './described.js';
import { isJava } from './java-clients.js';
import type { LeanCloudConnection } from './leancloud-connection.js';
import { LeanCloudSession, type SessionKeeper } from './leancloud-session.js';
import { appOf, logIn, openedReply } from './login.js';
import type { PushedEvent } from './pushed-event.js';
import { report } from './refusals.js';
import type { ToldSessions } from './rest-endpoint.js';
import type { ToldLive } from './told-live.js';

type Connection = LeanCloudConnection<LeanCloudSession>;

export type Ended = 'logout' | 'lost' | 'kicked' | 'conflict';
const endedAs = { logout: 'logged_out', kicked: 'kicked', conflict: 'session_conflict' } as const;

/** The sessions of this door's clients, on all its connections: how they begin and end. */
export class OpenSessions implements SessionKeeper, ToldSessions {
  private readonly attached = new Map<string, LeanCloudSession>();

  constructor(
    private readonly parts: ConnectionParts,
    private readonly calls: Calls,
  ) {}

  /** A login, as it is answered. Throws AppError, LeanCloudError. */
  async open(connection: Connection, command: GenericCommand): Promise<GenericCommand> {
    const { hub, authenticator } = this.parts;
    const app = await appOf(this.parts, connection, command);
    if (hub.sessionsIn(app.id) >= app.limits.connections)
      throw new AppError('limit_exceeded', { detail: 'The app has as many connections as it may have.' });
    const now = Date.now();
    const login = await logIn(this.parts, app, command, now);
    const { session: open } = login;
    const before = connection.sessions.get(open.client);
    if (before !== undefined && before.session.session !== open.session) this.end(before, 'lost');
    const session = new LeanCloudSession(this, connection, app, login);
    session.readsLastMessage = isJava(command.sessionMessage);
    const { limits } = stillInUse(this.parts.apps, app);
    authenticator.checkStillValid(open, login.loginAt);
    const former = hub.attach(session, { bounds: limits, ends: sessionsEndedBy(login) });
    this.attached.set(keyOf(session), session);
    if (former !== undefined) this.supersede(former);
    connection.sessions.set(open.client, session);
    connection.hasLoggedIn = true;
    const failed = (error: unknown) => report(this.parts.logger, command, error);
    const { sessionMessage = {} } = command;
    const knownUntil = await catchUp(this.calls, session, sessionMessage, this.begin(session), failed);
    return openedReply(login, now, knownUntil);
  }

  private async begin(session: LeanCloudSession): Promise<void> {
    try {
      await closeOlderOfTag(this.parts, session.login);
      await this.parts.commands.sessionOpened(session.session);
    } catch (error) {
      this.end(session, 'lost');
      throw error;
    }
    session.isOpening = false;
    if (!session.isOver) return;
    // It ended meanwhile: now that it is known to have begun, its end can be told.
    await this.farewell(session, 'lost');
    throw new AppError('cancelled');
  }

  /** Another connection (or a later login on this one) carries the session now. */
  private supersede(former: object): void {
    if (!(former instanceof LeanCloudSession)) return;
    former.isOver = true;
    const { sessions } = former.connection;
    if (sessions.get(former.client) === former) this.forget(former, 'lost');
  }

  toldTo(app: AppId, session: SessionId): ToldLive | undefined {
    return this.attached.get(keyOf({ session: { app, session } }))?.told;
  }

  describe(session: LeanCloudSession, pushed: PushedEvent): Promise<readonly Buffer[]> | undefined {
    return describe(this.calls, session, pushed);
  }

  dropped(eventClass: EventClass): void {
    this.parts.telemetry?.eventDropped?.(eventClass);
  }

  ended(session: LeanCloudSession, reason: CloseOrder['reason']): void {
    // The hub is in the middle of its sessions: it is left when that is through.
    setImmediate(() => this.end(session, reason === 'session_conflict' ? 'conflict' : 'kicked'));
  }

  /** It is no longer of its connection. */
  end(session: LeanCloudSession, reason: Ended): void {
    const { sessions } = session.connection;
    if (sessions.get(session.client) !== session) return;
    this.forget(session, reason);
    session.isOver = true;
    this.parts.hub.detach(session);
    if (!session.isOpening)
      void this.farewell(session, reason).catch((error: unknown) =>
        report(this.parts.logger, { cmd: CommandType.session }, error),
      );
  }

  private forget(session: LeanCloudSession, reason: Ended): void {
    const { connection, client } = session;
    connection.sessions.delete(client);
    if (this.attached.get(keyOf(session)) === session) this.attached.delete(keyOf(session));
    this.parts.telemetry?.sessionClosed?.(
      reason === 'lost' ? (connection.endedBy ?? reason) : endedAs[reason],
    );
  }

  private async farewell(session: LeanCloudSession, reason: Ended) {
    const { will } = session;
    if (will !== undefined && reason === 'lost') {
      await this.calls.run(session, 'message.send', will).catch((error: unknown) => {
        if (!(error instanceof AppError)) throw error;
      });
    }
    await this.parts.commands.sessionClosed(session.session, reason);
  }
}

const keyOf = ({ session: { app, session } }: { session: { app: AppId; session: SessionId } }): string =>
  `${app} ${session}`;
