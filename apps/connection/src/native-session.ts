import type { App } from '@hongyan/apps';
import type { SessionSink } from '@hongyan/delivery';
import {
  errorTable,
  type CloseOrder,
  type ErrorName,
  type OpenSession,
  type ServerEvent,
  type WireError,
} from '@hongyan/protocol';
import type { Login } from '@hongyan/sessions';
import type { Socket } from 'socket.io';
import { answerFrame, eventFrame, nativeFormat, type Frame } from './frames.js';
import { Backlog } from './backlog.js';
import { CommandBudget } from './rate-limit.js';
import { SocketWriter } from './socket-writer.js';
import type { WriterPool } from './writer-pool.js';

/** What the door does with what happens on a socket. */
export interface SessionOwner {
  readonly pool: WriterPool;
  received(session: NativeSession, packet: unknown): void;
  /** Packets that waited may be looked at. */
  servable(session: NativeSession): void;
  closed(session: NativeSession): void;
}

export interface Ending {
  readonly message?: string;
  /** Absent: the client must not come back by itself. */
  readonly reconnectAfterMs?: number;
  /** What waits is not worth sending. */
  readonly discard?: boolean;
}

/** The time after which a client may come back that was cut off for what it did. */
const penaltyMs = 30_000;
/** So many commands with long answers are carried out at a time for one session. */
const mostReads = 4;
const resyncMs = 1_000;

/** Everything this process holds of one connected session, in one object. */
export class NativeSession extends SocketWriter implements SessionSink<Frame> {
  readonly session: OpenSession;
  readonly loginAt: number;
  readonly budget: CommandBudget;
  violations = 0;
  /** Why the server closed it; undefined: it did not. */
  endedBy: ErrorName | undefined = undefined;
  /** Another connection carries the session now. */
  superseded = false;
  /** What others have to know of it is not settled yet. */
  opening = true;
  /** Commands with long answers that are under way. */
  reads = 0;
  private backlog: Backlog | undefined;

  constructor(
    private readonly owner: SessionOwner,
    socket: Socket,
    readonly app: App,
    login: Login,
    now: number,
  ) {
    super(owner.pool, socket);
    this.session = login.session;
    this.loginAt = login.loginAt;
    this.budget = new CommandBudget(app.limits.commandsPerSecond, now);
    this.takeOver(socket);
  }

  get format(): typeof nativeFormat {
    return nativeFormat;
  }

  get over(): boolean {
    return this.isEnded;
  }

  /** Its next packet may be looked at: otherwise it waits, see {@link wait}. */
  get isServed(): boolean {
    return !this.opening && this.reads < mostReads && !this.isBehind;
  }

  get hasBacklog(): boolean {
    return this.backlog !== undefined;
  }

  /** False: too much waits already. */
  wait(packet: unknown): boolean {
    this.backlog ??= new Backlog(this.owner.pool.bounds.hardBytes);
    return this.backlog.add(packet);
  }

  nextWaiting(): unknown {
    const packet = this.backlog?.next();
    if (this.backlog?.isEmpty) this.backlog = undefined;
    return packet;
  }

  /** The first event, and from now on everything else. */
  begin(first: ServerEvent): void {
    this.release(eventFrame(first));
  }

  answer(id: number, result: unknown): void {
    if (id >= 0) this.enqueueAnswer(answerFrame(id, `{"ok":${JSON.stringify(result) ?? '{}'}}`));
  }

  refuse(id: number, error: WireError): void {
    if (id >= 0) this.enqueueAnswer(answerFrame(id, `{"error":${JSON.stringify(error)}}`));
  }

  close(order: CloseOrder): void {
    if (order.reason === 'limit_exceeded') this.penalise(order.reason);
    else this.end(order.reason, order.message === undefined ? {} : { message: order.message });
  }

  supersede(): void {
    this.superseded = true;
    this.end('session_conflict', { message: 'The session goes on over another connection.' });
  }

  end(name: ErrorName, ending: Ending = {}): void {
    if (this.isEnded) return;
    this.endedBy = name;
    const { code, text } = errorTable[name];
    const { message = text, reconnectAfterMs, discard = false } = ending;
    const again = reconnectAfterMs === undefined ? {} : { reconnectAfterMs };
    this.finish(eventFrame({ type: 'closing', code, name, message, ...again }), discard);
  }

  /** The client goes by itself: nothing is to be said. */
  leave(): void {
    this.finish(undefined, false);
  }

  penalise(name: 'flooding' | 'protocol_violation' | 'limit_exceeded'): void {
    this.end(name, name === 'protocol_violation' ? {} : { reconnectAfterMs: penaltyMs });
  }

  override received(packet: unknown): void {
    this.owner.received(this, packet);
  }

  protected override connectionClosed(): void {
    this.owner.closed(this);
  }

  protected override answersLeft(): void {
    if (this.hasBacklog) this.owner.servable(this);
  }

  protected override overflowed(): void {
    this.end('resync', { reconnectAfterMs: resyncMs, discard: true });
  }
}
