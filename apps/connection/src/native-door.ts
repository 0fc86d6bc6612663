import type { App } from '@hongyan/apps';
import type { ErrorName, OpenSession } from '@hongyan/protocol';
import type { Login } from '@hongyan/sessions';
import type { Server, Socket } from 'socket.io';
import { Admission, type AdmissionRules, type Admitted } from './admission.js';
import { CommandLoop } from './command-loop.js';
import {
  currentApp,
  defaultConnectionOptions,
  type ConnectionOptions,
  type ConnectionParts,
} from './connection-parts.js';
import { closeOlderOfTag, sessionsEndedBy, stillInUse } from './session-bounds.js';
import { NativeSession, type SessionOwner } from './native-session.js';
import { WriterPool } from './writer-pool.js';
import { wireErrorOf } from './wire-errors.js';

/** The native protocol on Socket.IO: who comes in, what the hub and the conversation service hear of it, who goes. */
export class NativeDoor implements SessionOwner, AdmissionRules {
  readonly pool: WriterPool;
  readonly options: ConnectionOptions;
  private readonly loop: CommandLoop;
  private readonly sessions = new Set<NativeSession>();
  private ticker: NodeJS.Timeout | undefined;
  private drained: Promise<void> | undefined;

  constructor(private readonly parts: ConnectionParts) {
    this.options = { ...defaultConnectionOptions, ...parts.options };
    const { softBufferedBytes: softBytes, maxBufferedBytes: hardBytes } = this.options;
    this.pool = new WriterPool({ softBytes, hardBytes }, (eventClass) =>
      parts.telemetry?.eventDropped?.(eventClass),
    );
    this.loop = new CommandLoop(parts, this.options);
  }

  /** Takes over a Socket.IO server. */
  listen(server: Server): void {
    server.use(new Admission(this.parts, this).middleware);
    server.on('connection', (socket) => this.open(socket));
    this.ticker = setInterval(() => this.tick(), 1_000).unref();
  }

  get connections(): number {
    return this.sessions.size;
  }

  get draining(): boolean {
    return this.drained !== undefined;
  }

  get reconnectAfterMs(): number {
    return 500 + Math.floor(Math.random() * this.options.reconnectSpreadMs);
  }

  connectionsOf(app: App): number {
    return this.parts.hub.sessionsIn(app.id);
  }

  received(session: NativeSession, packet: unknown): void {
    this.loop.receive(session, packet);
  }

  servable(session: NativeSession): void {
    this.loop.goOn(session);
  }

  closed(session: NativeSession): void {
    if (!this.sessions.delete(session)) return;
    this.parts.hub.detach(session);
    this.parts.telemetry?.sessionClosed?.(session.endedBy ?? 'lost');
    // One that is still opening is taken back when that is through: see begin.
    if (!session.opening) this.reportClosed(session);
  }

  /**
   * Goes away without losing anything: no new sessions and commands, answers for what is under way, then a `closing`
   * event for everybody with a spread delay, at the latest after `ms`.
   */
  drain(ms: number): Promise<void> {
    this.drained ??= this.goAway(ms);
    return this.drained;
  }

  private async goAway(ms: number): Promise<void> {
    const end = Date.now() + ms;
    this.loop.drain();
    while (this.loop.underWay > 0 && Date.now() < end) await pause(20);
    for (const session of [...this.sessions]) {
      session.end('shutting_down', { reconnectAfterMs: this.reconnectAfterMs });
    }
    while (this.pool.closing > 0 && Date.now() < end) {
      await pause(20);
      this.pool.cutOff(Date.now());
    }
    clearInterval(this.ticker);
    this.pool.cutOff(Number.MAX_SAFE_INTEGER);
  }

  private tick(): void {
    const now = Date.now();
    this.loop.expire(now);
    this.pool.cutOff(now);
  }

  private open(socket: Socket): void {
    const { app, login } = socket.data as Admitted;
    const session = new NativeSession(this, socket, app, login, Date.now());
    const { apps, hub, authenticator } = this.parts;
    this.sessions.add(session);
    // Between the middleware and this moment others may have come, gone, or been revoked, and the app switched off.
    if (this.draining) return session.end('shutting_down', { reconnectAfterMs: this.reconnectAfterMs });
    try {
      const { limits } = stillInUse(apps, app);
      authenticator.checkStillValid(session.session, session.loginAt);
      const former = hub.attach(session, { bounds: limits, ends: sessionsEndedBy(login) });
      if (former instanceof NativeSession) former.supersede();
    } catch (error) {
      return this.endWith(session, error);
    }
    void this.begin(session, login);
  }

  private async begin(session: NativeSession, login: Login): Promise<void> {
    const { hub, commands } = this.parts;
    const { session: open } = login;
    try {
      await closeOlderOfTag(this.parts, login);
      const resumed = !login.fresh && (await hub.keepsRooms(open));
      await commands.sessionOpened(open);
      this.welcome(session, login, resumed);
    } catch (error) {
      session.opening = false;
      if (session.over) this.reportClosed(session);
      else this.endWith(session, error);
      return;
    }
    session.opening = false;
    if (session.over) this.reportClosed(session);
    else this.loop.goOn(session);
  }

  private welcome(session: NativeSession, login: Login, resumed: boolean): void {
    const { frameBytes, bodyBytes, page } = currentApp(this.parts.apps, session.app).limits;
    session.begin({
      type: 'session',
      session: login.session.session,
      client: login.session.client,
      token: login.token,
      expiresAt: login.expiresAt,
      time: Date.now(),
      resumed,
      limits: { frameBytes, bodyBytes, page },
    });
  }

  private endWith(session: NativeSession, error: unknown): void {
    const { app: appId, session: id } = session.session;
    const { name, message, temporary } = wireErrorOf(error, this.parts.logger, {
      appId,
      session: id,
      during: 'opening',
    });
    if (name === 'limit_exceeded') return session.penalise(name);
    session.end(name, { message, ...(temporary ? { reconnectAfterMs: this.reconnectAfterMs } : {}) });
  }

  private reportClosed(session: NativeSession): void {
    if (session.superseded) return;
    this.parts.commands.sessionClosed(session.session, reasonOf(session.endedBy)).catch((error: unknown) => {
      const { app: appId, session: id }: OpenSession = session.session;
      wireErrorOf(error, this.parts.logger, { appId, session: id, during: 'closing' });
    });
  }
}

function reasonOf(endedBy: ErrorName | undefined): 'logout' | 'lost' | 'kicked' | 'conflict' {
  if (endedBy === 'logged_out') return 'logout';
  if (endedBy === 'kicked' || endedBy === 'banned' || endedBy === 'app_unavailable') return 'kicked';
  return endedBy === 'session_conflict' ? 'conflict' : 'lost';
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
