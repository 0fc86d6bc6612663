import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { CommandType, LeanCloudError, OpType, type GenericCommand } from '@hongyan/leancloud';
import { AppError, hardLimits, type ErrorName } from '@hongyan/protocol';
import { WebSocketServer, type WebSocket } from 'ws';
import {
  currentApp,
  defaultConnectionOptions,
  type ConnectionOptions,
  type ConnectionParts,
} from '../connection-parts.js';
import { ClientRates } from '../client-rates.js';
import type { CommandBudget } from '../rate-limit.js';
import { FlushTurn } from '../flush-turn.js';
import { Calls } from './calls.js';
import { asksOnce, aWhile, isOnlyForNow, mostTries } from './coming-back.js';
import { closeSilent, refuseUpgrade, sendAway } from './connection-ends.js';
import { countedAs, routeOf } from './dispatch.js';
import { LeanCloudConnection, sessionlessPerSecond, type ConnectionOwner } from './leancloud-connection.js';
import type { LeanCloudSession } from './leancloud-session.js';
import { OpenSessions } from './open-sessions.js';
import { answerWithoutSession } from './other-services.js';
import { loginRefusal, refusal } from './refusals.js';
import { originOf } from './route-endpoint.js';
import { negotiate, type Dialect } from './subprotocols.js';

const tickMs = 5_000;

type Connection = LeanCloudConnection<LeanCloudSession>;

/** LeanCloud's clients on raw WebSockets: who comes in, what is asked, who goes. */
export class LeanCloudDoor implements ConnectionOwner<LeanCloudSession> {
  readonly softBufferedBytes: number;
  readonly maxBufferedBytes: number;
  readonly options: ConnectionOptions;
  readonly sessions: OpenSessions;
  private readonly calls: Calls;
  private readonly rates: ClientRates;
  private readonly connections = new Set<Connection>();
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
    this.sessions = new OpenSessions(parts, this.calls);
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
    if (session !== undefined && isLogout(answer)) this.sessions.end(session, 'logout');
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
    if (isLogin(command)) return this.logIn(connection, command);
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

  /** Who comes back and cannot be let in just now is tried again, or comes again by itself: see coming-back.ts. */
  private async logIn(connection: Connection, command: GenericCommand, tries = 1): Promise<GenericCommand> {
    try {
      if (this.isDraining) throw new AppError('shutting_down');
      return await this.sessions.open(connection, command);
    } catch (error) {
      this.parts.telemetry?.loginRefused?.(loginRefusal(error));
      if (!isOnlyForNow(command, error)) throw error;
      if (!this.isDraining) await aWhile();
      if (!asksOnce(command)) connection.close('INTERNAL_ERROR');
      else if (!this.isDraining && !connection.isOver && tries < mostTries)
        return await this.logIn(connection, command, tries + 1);
      throw error;
    }
  }

  closed(connection: Connection): void {
    this.connections.delete(connection);
    for (const session of [...connection.sessions.values()]) this.sessions.end(session, 'lost');
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

const isLogin = ({ cmd, op }: GenericCommand): boolean => cmd === CommandType.session && op === OpType.open;

const isLogout = (answer: GenericCommand | undefined): boolean =>
  answer?.op === OpType.closed && answer.cmd === CommandType.session;
