import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { CommandType, LeanCloudError, OpType, type GenericCommand } from '@hongyan/leancloud';
import {
  AppError,
  hardLimits,
  type AppId,
  type CloseOrder,
  type ErrorName,
  type EventClass,
  type SessionId,
} from '@hongyan/protocol';
import { WebSocketServer, type WebSocket } from 'ws';
import {
  currentApp,
  defaultConnectionOptions,
  type ConnectionOptions,
  type ConnectionParts,
} from '../connection-parts.js';
import { ClientRates } from '../client-rates.js';
import { sessionsEndedBy, stillInUse } from '../session-bounds.js';
import type { CommandBudget } from '../rate-limit.js';
import { FlushTurn } from '../flush-turn.js';
import { Calls } from './calls.js';
import { catchUp } from './catch-up.js';
import { asksOnce, aWhile, isOnlyForNow, mostTries } from './coming-back.js';
import { closeSilent, refuseUpgrade, sendAway } from './connection-ends.js';
import { describe } from './described.js';
import { countedAs, routeOf } from './dispatch.js';
import { isJava } from './java-clients.js';
import { LeanCloudConnection, sessionlessPerSecond, type ConnectionOwner } from './leancloud-connection.js';
import { LeanCloudSession, type SessionKeeper } from './leancloud-session.js';
import { appOf, logIn, openedReply } from './login.js';
import { answerWithoutSession } from './other-services.js';
import type { PushedEvent } from './pushed-event.js';
import { loginRefusal, refusal, report } from './refusals.js';
import type { ToldSessions } from './rest-endpoint.js';
import { originOf } from './route-endpoint.js';
import { negotiate, type Dialect } from './subprotocols.js';
import type { ToldLive } from './told-live.js';

const tickMs = 5_000;

type Connection = LeanCloudConnection<LeanCloudSession>;

/** LeanCloud's clients on raw WebSockets: who comes in, what is asked, who goes. */
export class LeanCloudDoor implements ConnectionOwner<LeanCloudSession>, SessionKeeper, ToldSessions {
  readonly softBufferedBytes: number;
  readonly maxBufferedBytes: number;
  readonly options: ConnectionOptions;
  private readonly calls: Calls;
  private readonly rates: ClientRates;
  private readonly connections = new Set<Connection>();
  private readonly attached = new Map<string, LeanCloudSession>();
  private readonly sockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: hardLimits.frameBytes * 2,
    handleProtocols: () => false,
  });
  private readonly ticker: NodeJS.Timeout;
  private drained: Promise<void> | undefined;
  readonly turn = new FlushTurn();

  constructor(private readonly parts: ConnectionParts) {
    this.options = { ...defaultConnectionOptions, ...parts.options };
    this.softBufferedBytes = this.options.softBufferedBytes;
    this.maxBufferedBytes = this.options.maxBufferedBytes;
    this.calls = new Calls(parts, this.options);
    this.rates = parts.rates ?? new ClientRates();
    this.sockets.on('headers', (headers, request) => {
      const dialect = negotiate(request);
      if (dialect !== undefined && request.headers['sec-websocket-protocol'] !== undefined)
        headers.push(`Sec-WebSocket-Protocol: ${dialect.subprotocol}`);
    });
    this.ticker = setInterval(() => this.tick(Date.now()), tickMs).unref();
  }

  get isDraining(): boolean {
    return this.drained !== undefined;
  }

  get size(): number {
    return this.connections.size;
  }

  /** Takes a connection over if it speaks this protocol. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const dialect = negotiate(request);
    if (dialect === undefined || this.isDraining)
      return refuseUpgrade(socket, dialect === undefined ? 400 : 503);
    this.sockets.handleUpgrade(request, socket, head, (webSocket) => this.open(webSocket, request, dialect));
  }

  private open(socket: WebSocket, request: IncomingMessage, dialect: Dialect): void {
    this.connections.add(new LeanCloudConnection<LeanCloudSession>(this, socket, dialect, originOf(request)));
  }

  // ── commands ─────────────────────────────────────────────────────────────────────────────────────────────────

  handle(connection: Connection, command: GenericCommand, bytes: number): Promise<void> {
    const { peerId } = command;
    const session = peerId === undefined ? connection.firstSession : connection.sessions.get(peerId);
    return this.answer(connection, session, command, bytes).then(
      (answer) => this.reply(connection, session, command, answer),
      (error: unknown) =>
        this.reply(connection, session, command, refusal(this.parts.logger, command, error)),
    );
  }

  private reply(
    connection: Connection,
    session: LeanCloudSession | undefined,
    command: GenericCommand,
    answer: GenericCommand | undefined,
  ): void {
    if (session !== undefined && isLogout(answer)) this.endSession(session, 'logout');
    if (connection.isOver) return;
    const { i, cmd } = command;
    // Who gave no serial waits for no answer, but for heartbeats (C#) and sessions that are opened again (Java).
    const isAwaited = i !== undefined || cmd === CommandType.echo || cmd === CommandType.session;
    if (!isAwaited || (i === undefined && answer === undefined)) return;
    // Who gave one waits, were it only to hear that it was done.
    const reply: GenericCommand = answer ?? { cmd };
    connection.reply({ ...reply, i, peerId: reply.peerId ?? command.peerId ?? session?.client });
    if (reply.errorMessage?.reason === 'INVALID_ORIGIN') connection.close('INVALID_ORIGIN');
  }

  /** No asynchronous function: this runs once per message, and each would keep its own state until that is stored. */
  private answer(
    connection: Connection,
    session: LeanCloudSession | undefined,
    command: GenericCommand,
    bytes: number,
  ): Promise<GenericCommand | undefined> {
    try {
      const other = answerWithoutSession(command);
      if (session === undefined || other !== undefined || isLogin(command))
        return this.answerOutside(connection, command, other);
      const route = routeOf(command);
      const { limits } = currentApp(this.parts.apps, session.app);
      this.spend(connection, session.budget, limits.commandsPerSecond);
      if (route === undefined) throw new LeanCloudError('INTERNAL_ERROR', 'This command is not known.');
      if (bytes > limits.frameBytes) {
        this.frameRefused('too_large');
        throw new AppError('too_large');
      }
      const counted = countedAs(command);
      if (counted !== undefined) this.rates.take(session.session, counted, limits, Date.now());
      return route.handler({ session, command, calls: this.calls });
    } catch (error) {
      return Promise.reject(error instanceof Error ? error : new Error(String(error)));
    }
  }

  /** What is asked outside of a session, or to begin one. `other`: the answer of another service. */
  private answerOutside(
    connection: Connection,
    command: GenericCommand,
    other: GenericCommand | undefined,
  ): Promise<GenericCommand> {
    this.spend(connection, connection.budget, sessionlessPerSecond);
    if (isLogin(command))
      return this.openSession(connection, command).catch((error: unknown) =>
        this.noLogin(connection, command, error),
      );
    if (other === undefined) throw new LeanCloudError('SESSION_REQUIRED', 'Log in first.');
    if (command.cmd === CommandType.login) {
      connection.hasLoggedIn = true;
      connection.deviceApp = command.appId ?? connection.deviceApp;
    }
    return Promise.resolve(other);
  }

  /** Throws `rate_limited`; who goes on for long after that is put out. */
  private spend(connection: Connection, budget: CommandBudget, perSecond: number): void {
    const waitMs = budget.take(perSecond, Date.now());
    if (waitMs === 0) return;
    this.frameRefused(budget.flooding ? 'flooding' : 'rate_limited');
    if (budget.flooding) connection.close('MESSAGE_SENT_QUOTA_EXCEEDED');
    throw new AppError('rate_limited', { retryAfterMs: waitMs });
  }

  frameRefused(code: ErrorName): void {
    this.parts.telemetry?.frameRefused?.(code);
  }

  private async noLogin(
    connection: Connection,
    command: GenericCommand,
    error: unknown,
    tries = 1,
  ): Promise<GenericCommand> {
    this.parts.telemetry?.loginRefused?.(loginRefusal(error));
    if (!isOnlyForNow(command, error)) throw error;
    if (!this.isDraining) await aWhile();
    if (!asksOnce(command)) connection.close('INTERNAL_ERROR');
    else if (!this.isDraining && !connection.isOver && tries < mostTries)
      return await this.openSession(connection, command).catch((again: unknown) =>
        this.noLogin(connection, command, again, tries + 1),
      );
    throw error;
  }

  private report(error: unknown, command: GenericCommand): void {
    report(this.parts.logger, command, error);
  }

  // ── sessions ─────────────────────────────────────────────────────────────────────────────────────────────────

  private async openSession(connection: Connection, command: GenericCommand): Promise<GenericCommand> {
    if (this.isDraining) throw new AppError('shutting_down');
    const { hub, authenticator } = this.parts;
    const app = await appOf(this.parts, connection, command);
    if (hub.sessionsIn(app.id) >= app.limits.connections)
      throw new AppError('limit_exceeded', { detail: 'The app has as many connections as it may have.' });
    const now = Date.now();
    const login = await logIn(this.parts, app, command, now);
    const { session: open } = login;
    const before = connection.sessions.get(open.client);
    if (before !== undefined && before.session.session !== open.session) this.endSession(before, 'lost');
    const session = new LeanCloudSession(this, connection, app, login);
    session.readsLastMessage = isJava(command.sessionMessage);
    const { limits } = stillInUse(this.parts.apps, app);
    authenticator.checkStillValid(open, login.loginAt);
    const former = hub.attach(session, { bounds: limits, ends: sessionsEndedBy(login) });
    this.attached.set(keyOf(session), session);
    if (former !== undefined) this.supersede(former);
    connection.sessions.set(open.client, session);
    connection.hasLoggedIn = true;
    const report = (error: unknown) => this.report(error, command);
    const { sessionMessage = {} } = command;
    const knownUntil = await catchUp(this.calls, session, sessionMessage, this.begin(session), report);
    return openedReply(login, now, knownUntil);
  }

  private async begin(session: LeanCloudSession): Promise<void> {
    try {
      await this.closeOlderOfTag(session);
      await this.parts.commands.sessionOpened(session.session);
    } catch (error) {
      this.endSession(session, 'lost');
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

  /** Single login per tag: the tokens are revoked already; this closes what is open on other devices. */
  private async closeOlderOfTag({ login }: LeanCloudSession): Promise<void> {
    const { app, client, session, device, tag } = login.session;
    if (!login.fresh || tag === undefined) return;
    const others = (await this.parts.hub.sessionsOf(app, client)).filter(
      (other) => other.tag === tag && other.device !== device && other.session !== session,
    );
    const sessions = others.map((other) => other.session);
    if (sessions.length > 0) this.parts.hub.close({ app, client, sessions, reason: 'session_conflict' });
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
    setImmediate(() => this.endSession(session, reason === 'session_conflict' ? 'conflict' : 'kicked'));
  }

  private endSession(session: LeanCloudSession, reason: Ended): void {
    const { sessions } = session.connection;
    if (sessions.get(session.client) !== session) return;
    this.forget(session, reason);
    session.isOver = true;
    this.parts.hub.detach(session);
    if (!session.isOpening)
      void this.farewell(session, reason).catch((error: unknown) =>
        this.report(error, { cmd: CommandType.session }),
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

  closed(connection: Connection): void {
    this.connections.delete(connection);
    for (const session of [...connection.sessions.values()]) this.endSession(session, 'lost');
  }

  // ── time ─────────────────────────────────────────────────────────────────────────────────────────────────────

  /** What time does to connections: every five seconds. */
  tick(now: number): void {
    closeSilent(this.connections, this.options.loginTimeoutMs, now);
  }

  drain(ms: number): Promise<void> {
    clearInterval(this.ticker);
    this.drained ??= sendAway(this.connections, ms);
    return this.drained;
  }
}

const keyOf = ({ session: { app, session } }: { session: { app: AppId; session: SessionId } }): string =>
  `${app} ${session}`;

const isLogin = ({ cmd, op }: GenericCommand): boolean => cmd === CommandType.session && op === OpType.open;

const isLogout = (answer: GenericCommand | undefined): boolean =>
  answer?.op === OpType.closed && answer.cmd === CommandType.session;

type Ended = 'logout' | 'lost' | 'kicked' | 'conflict';
const endedAs = { logout: 'logged_out', kicked: 'kicked', conflict: 'session_conflict' } as const;
