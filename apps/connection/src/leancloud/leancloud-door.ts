import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import {
  CommandType,
  encodeCommand,
  leanCloudError,
  LeanCloudError,
  OpType,
  type GenericCommand,
} from '@hongyan/leancloud';
import { AppError, hardLimits, type CloseOrder } from '@hongyan/protocol';
import { WebSocketServer, type WebSocket } from 'ws';
import {
  defaultConnectionOptions,
  type ConnectionOptions,
  type ConnectionParts,
} from '../connection-parts.js';
import { sessionsEndedBy, stillInUse } from '../session-bounds.js';
import { Calls } from './calls.js';
import { describe } from './described.js';
import { refusedMessage } from './direct-messages.js';
import { contextOf, routeOf } from './dispatch.js';
import { LeanCloudConnection, type ConnectionOwner } from './leancloud-connection.js';
import { LeanCloudSession, type SessionKeeper } from './leancloud-session.js';
import { appOf, logIn, openedReply } from './login.js';
import { missed } from './missed.js';
import { answerWithoutSession } from './other-services.js';
import type { PushedEvent } from './pushed-event.js';
import { negotiate, type Dialect } from './subprotocols.js';

/** Clients ping every three minutes; after two and a bit without a word nobody is there. */
const pingAfterMs = 180_000;
const deadAfterMs = 400_000;
const tickMs = 5_000;

type Connection = LeanCloudConnection<LeanCloudSession>;

/** LeanCloud's clients on raw WebSockets: who comes in, what is asked, who goes. */
export class LeanCloudDoor implements ConnectionOwner<LeanCloudSession>, SessionKeeper {
  readonly softBufferedBytes: number;
  readonly maxBufferedBytes: number;
  readonly options: ConnectionOptions;
  private readonly calls: Calls;
  private readonly connections = new Set<Connection>();
  private readonly sockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: hardLimits.frameBytes * 2,
    handleProtocols: () => false,
  });
  private readonly ticker: NodeJS.Timeout;
  private drained: Promise<void> | undefined;

  constructor(private readonly parts: ConnectionParts) {
    this.options = { ...defaultConnectionOptions, ...parts.options };
    this.softBufferedBytes = this.options.softBufferedBytes;
    this.maxBufferedBytes = this.options.maxBufferedBytes;
    this.calls = new Calls(parts, this.options);
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
    if (dialect === undefined || this.isDraining) return refuse(socket, dialect === undefined ? 400 : 503);
    this.sockets.handleUpgrade(request, socket, head, (webSocket) => this.open(webSocket, request, dialect));
  }

  private open(socket: WebSocket, request: IncomingMessage, dialect: Dialect): void {
    this.connections.add(
      new LeanCloudConnection<LeanCloudSession>(this, socket, dialect, request.headers.origin),
    );
  }

  // ── commands ─────────────────────────────────────────────────────────────────────────────────────────────────

  async handle(connection: Connection, command: GenericCommand): Promise<void> {
    const reply = await this.answer(connection, command).catch((error: unknown) =>
      this.refusal(command, error),
    );
    const { i, cmd } = command;
    // Who gave no serial waits for no answer, but for heartbeats.
    if (reply === undefined || (i === undefined && cmd !== CommandType.echo)) return;
    const peerId = reply.peerId ?? command.peerId ?? connection.firstSession?.client;
    connection.reply({
      ...reply,
      ...(i === undefined ? {} : { i }),
      ...(peerId === undefined ? {} : { peerId }),
    });
    if (reply.errorMessage?.reason === 'INVALID_ORIGIN') connection.close('INVALID_ORIGIN');
  }

  private async answer(connection: Connection, command: GenericCommand): Promise<GenericCommand | undefined> {
    const other = answerWithoutSession(command);
    if (other !== undefined) {
      if (command.cmd === CommandType.login) connection.hasLoggedIn = true;
      return other;
    }
    if (command.cmd === CommandType.session && command.op === OpType.open)
      return await this.openSession(connection, command);
    const { peerId } = command;
    const session = peerId === undefined ? connection.firstSession : connection.sessions.get(peerId);
    if (session === undefined) throw new LeanCloudError('SESSION_REQUIRED', 'Log in first.');
    const route = routeOf(command);
    if (route === undefined) throw new LeanCloudError('INTERNAL_ERROR', 'This command is not known.');
    const { limits } = this.parts.apps.known(session.app.id) ?? session.app;
    const waitMs = session.budget.take(limits.commandsPerSecond, Date.now());
    if (waitMs > 0) throw new AppError('rate_limited', { retryAfterMs: waitMs });
    const reply = await route.handler({ session, command, calls: this.calls });
    if (reply?.op === OpType.closed && reply.cmd === CommandType.session) this.endSession(session, 'logout');
    return reply === undefined ? undefined : { ...reply, peerId: session.client };
  }

  private refusal(command: GenericCommand, error: unknown): GenericCommand {
    const reference = this.report(error, command);
    if (command.cmd === CommandType.direct) return refusedMessage(command, error, reference);
    const context = routeOf(command)?.context ?? contextOf(command);
    const errorMessage = leanCloudError(error, context, reference);
    return { cmd: CommandType.error, errorMessage };
  }

  /** Errors that somebody should look at; the others are answers. */
  private report(error: unknown, { cmd, op }: GenericCommand): string {
    if (error instanceof LeanCloudError || (error instanceof AppError && !worthLogging.has(error.error)))
      return '';
    const reference = randomBytes(6).toString('hex');
    this.parts.logger.error({ what: 'leancloud_request_failed', reference, cmd, op, err: error });
    return reference;
  }

  // ── sessions ─────────────────────────────────────────────────────────────────────────────────────────────────

  private async openSession(connection: Connection, command: GenericCommand): Promise<GenericCommand> {
    if (this.isDraining) throw new AppError('shutting_down');
    const { hub, authenticator } = this.parts;
    const app = await appOf(this.parts, connection, command.appId);
    if (hub.sessionsIn(app.id) >= app.limits.connections)
      throw new AppError('limit_exceeded', { detail: 'The app has as many connections as it may have.' });
    const now = Date.now();
    const login = await logIn(this.parts, app, command, now);
    const { session: open } = login;
    const before = connection.sessions.get(open.client);
    if (before !== undefined && before.session.session !== open.session) this.endSession(before, 'lost');
    const session = new LeanCloudSession(this, connection, app, login);
    const { limits } = stillInUse(this.parts.apps, app);
    authenticator.checkStillValid(open, login.loginAt);
    const former = hub.attach(session, { bounds: limits, ends: sessionsEndedBy(login) });
    if (former !== undefined) this.supersede(former);
    connection.sessions.set(open.client, session);
    connection.hasLoggedIn = true;
    await this.begin(session);
    const { sessionMessage = {} } = command;
    session.push(missed(this.calls, session, sessionMessage, connection.dialect.offlineMessages));
    return openedReply(login, now);
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
    if (sessions.get(former.client) === former) this.forget(former);
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

  describe(session: LeanCloudSession, pushed: PushedEvent): Promise<readonly Buffer[]> | undefined {
    return describe(this.calls, session, pushed);
  }

  ended(session: LeanCloudSession, reason: CloseOrder['reason']): void {
    // The hub is in the middle of its sessions: it is left when that is through.
    setImmediate(() => this.endSession(session, reason === 'session_conflict' ? 'conflict' : 'kicked'));
  }

  private endSession(session: LeanCloudSession, reason: 'logout' | 'lost' | 'kicked' | 'conflict'): void {
    const { sessions } = session.connection;
    if (sessions.get(session.client) !== session) return;
    this.forget(session);
    session.isOver = true;
    this.parts.hub.detach(session);
    if (!session.isOpening)
      void this.farewell(session, reason).catch((error: unknown) =>
        this.report(error, { cmd: CommandType.session }),
      );
  }

  private forget({ connection, session: { client } }: LeanCloudSession): void {
    connection.sessions.delete(client);
  }

  private async farewell(session: LeanCloudSession, reason: 'logout' | 'lost' | 'kicked' | 'conflict') {
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

  private tick(now: number): void {
    for (const connection of this.connections) {
      const silent = now - connection.lastHeardAt;
      if (!connection.hasLoggedIn && now - connection.openedAt > this.options.loginTimeoutMs)
        connection.close('LOGIN_TIMEOUT');
      else if (silent > deadAfterMs) connection.close('READ_TIMEOUT');
      else if (silent > pingAfterMs) connection.ping();
    }
  }

  /** Tells everybody to ask for another server, answers what is under way, and closes at the latest after `ms`. */
  drain(ms: number): Promise<void> {
    this.drained ??= this.goAway(ms);
    return this.drained;
  }

  private async goAway(ms: number): Promise<void> {
    clearInterval(this.ticker);
    const end = Date.now() + ms;
    const goaway = encodeCommand({ cmd: CommandType.goaway });
    for (const connection of this.connections) connection.push(Buffer.alloc(0), [goaway]);
    const busy = () => [...this.connections].some((connection) => !connection.isIdle);
    while (this.connections.size > 0 && busy() && Date.now() < end) await pause(10);
    for (const connection of this.connections) connection.close('GOING_AWAY');
    while (this.connections.size > 0 && Date.now() < end) await pause(10);
    for (const connection of this.connections) connection.terminate();
  }
}

const worthLogging = new Set(['internal', 'unavailable', 'storage_full', 'hook_failed']);

function refuse(socket: Duplex, status: 400 | 503): void {
  const text = status === 400 ? 'Bad Request' : 'Service Unavailable';
  socket.on('error', () => undefined);
  socket.end(`HTTP/1.1 ${status} ${text}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
