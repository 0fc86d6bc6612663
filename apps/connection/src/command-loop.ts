import type { App } from '@hongyan/apps';
import { nativeArgs, nativeResult } from '@hongyan/leancloud';
import {
  AppError,
  isOperationName,
  maxNesting,
  nestsDeeper,
  operations,
  type Args,
  type Caller,
  type ErrorName,
  type OperationName,
  type Result,
} from '@hongyan/protocol';
import { ClientRates, history, messages } from './client-rates.js';
import { currentApp, type ConnectionOptions, type ConnectionParts } from './connection-parts.js';
import { readPacket, type Incoming } from './frames.js';
import type { NativeSession } from './native-session.js';
import { wireErrorOf } from './wire-errors.js';

const maxViolations = 10;
/** Who sends more than may wait comes back to it after this. */
const crowdedMs = 1_000;

/** Nobody has to wait for the answer of these. */
const withoutAnswer: ReadonlySet<OperationName> = new Set(['conversation.delivered', 'signal.send']);

/** Their answers are long: pages of messages and rows. */
const reads: ReadonlySet<OperationName> = new Set([
  'conversation.list',
  'conversation.sync',
  'conversation.query',
  'conversation.entries',
  'message.history',
  'message.get',
  'client.changes',
  'client.edits',
  'room.join',
]);

/** What apps may demand a signature of their server for (`login.signedOperations`), which this protocol cannot carry. */
const signedOperations: ReadonlySet<OperationName> = new Set([
  'conversation.create',
  'conversation.add',
  'conversation.join',
  'conversation.remove',
  'conversation.leave',
  'conversation.refuse',
  'conversation.unrefuse',
  'conversation.block',
  'conversation.unblock',
  'room.join',
  'room.leave',
  'system.subscribe',
  'system.unsubscribe',
]);

interface Call {
  readonly session: NativeSession;
  readonly id: number;
  readonly name: OperationName;
  readonly startedAt: number;
}

/** From packets to commands. No framework in it: this runs once per message. */
export class CommandLoop {
  /** In the order they began, which is the order in which their deadlines end. */
  private readonly calls = new Set<Call>();
  private draining = false;
  private readonly rates: ClientRates;

  constructor(
    private readonly parts: ConnectionParts,
    private readonly options: ConnectionOptions,
  ) {
    this.rates = parts.rates ?? new ClientRates();
  }

  get underWay(): number {
    return this.calls.size;
  }

  /** From now on commands are refused; those under way are answered. */
  drain(): void {
    this.draining = true;
  }

  /** One packet of a session. Commands begin in the order of these calls. */
  receive(session: NativeSession, packet: unknown): void {
    if (session.over) return;
    // Engine.IO closes after a frame that it does not understand: these are the last words.
    if (packet === undefined) return session.penalise('protocol_violation');
    if (session.isServed && !session.hasBacklog) this.take(session, packet);
    else if (!session.wait(packet)) this.refuseForBacklog(session, packet);
  }

  /** What waited, as far as it may be looked at now. */
  goOn(session: NativeSession): void {
    while (session.hasBacklog && session.isServed && !session.over) this.take(session, session.nextWaiting());
  }

  private take(session: NativeSession, packet: unknown): void {
    const incoming = readPacket(packet);
    if (incoming.kind === 'disconnect') return session.leave();
    const app = currentApp(this.parts.apps, session.app);
    const now = Date.now();
    const waitMs = session.budget.take(app.limits.commandsPerSecond, now);
    if (waitMs > 0) return this.refuseForRate(session, incoming.id, waitMs);
    if (incoming.kind === 'violation') return this.violation(session, incoming.id);
    try {
      this.command(session, app, incoming, now);
    } catch (error) {
      const { app: appId, session: id } = session.session;
      session.refuse(
        incoming.id,
        wireErrorOf(error, this.parts.logger, { appId, session: id, during: 'parsing' }),
      );
    }
  }

  /** Answers what has waited for too long. Called every second by the door. */
  expire(now: number): void {
    for (const call of this.calls) {
      if (call.startedAt + this.options.deadlineMs > now) return;
      this.failed(call, new AppError('deadline_exceeded'));
    }
  }

  private command(
    session: NativeSession,
    app: App,
    incoming: Incoming & { kind: 'event' },
    now: number,
  ): void {
    const { id, json } = incoming;
    if (exceeds(json, app.limits.frameBytes)) return this.refuse(session, id, 'too_large');
    const event = parseJson(json);
    if (!Array.isArray(event) || event[0] !== 'c' || typeof event[1] !== 'string' || event.length > 3) {
      return this.violation(session, id);
    }
    const name: string = event[1];
    if (!isOperationName(name)) {
      return id < 0 ? this.violation(session, id) : this.refuse(session, id, 'unknown_operation');
    }
    if (id < 0 && !withoutAnswer.has(name)) return this.violation(session, id);
    if (json.length > flatLength && nestsDeeper(event[2]))
      return this.refuse(session, id, new AppError('bad_request', { detail: 'nested too deeply' }));
    const args = parseArgs(name, event[2] ?? {});
    if (args instanceof AppError) return this.refuse(session, id, args);
    if (app.login.signedOperations && signedOperations.has(name))
      return this.refuse(session, id, new AppError('signature_invalid', { detail: onlySigned }));
    if (bodyTooLarge(args, app.limits.bodyBytes)) return this.refuse(session, id, 'too_large');
    if (this.draining) return this.refuse(session, id, 'shutting_down');
    const counted = countedAs(name);
    if (counted !== undefined) this.rates.take(session.session, counted, app.limits, now);
    this.start({ session, id, name, startedAt: now }, args);
  }

  private start(call: Call, args: Args<OperationName>): void {
    this.calls.add(call);
    if (reads.has(call.name)) call.session.reads += 1;
    let outcome: Promise<unknown>;
    try {
      outcome = this.execute(call, args);
    } catch (error) {
      return this.failed(call, error);
    }
    outcome.then((result) => this.done(call, result)).catch((error: unknown) => this.failed(call, error));
  }

  private execute(call: Call, args: Args<OperationName>): Promise<unknown> {
    const { session, name } = call;
    if (name === 'session.refresh') return this.refresh(session);
    if (name === 'session.close') return this.logOut(session);
    const { app, client, session: id, device } = session.session;
    const caller: Caller = { app, client, session: id, device, server: false };
    const deadline = call.startedAt + this.options.deadlineMs;
    return this.parts.commands.execute(caller, name, nativeArgs(name, args), { deadline });
  }

  private refresh(session: NativeSession): Promise<unknown> {
    const app = currentApp(this.parts.apps, session.app);
    return this.parts.authenticator.refresh(app, session.session, session.loginAt, Date.now());
  }

  private async logOut(session: NativeSession): Promise<unknown> {
    await this.parts.authenticator.logOut(
      currentApp(this.parts.apps, session.app),
      session.session,
      Date.now(),
    );
    // After the answer, which is queued when this promise has resolved.
    setImmediate(() => session.end('logged_out'));
    return {};
  }

  private done(call: Call, result: unknown): void {
    if (!this.calls.has(call)) return;
    call.session.answer(call.id, nativeResult(call.name, result as Result<OperationName>));
    this.end(call);
  }

  private failed(call: Call, error: unknown): void {
    if (!this.calls.has(call)) return;
    const { session, name } = call;
    const { app: appId, session: id } = session.session;
    const wire = wireErrorOf(error, this.parts.logger, { appId, session: id, operation: name });
    session.refuse(call.id, wire);
    this.end(call);
  }

  private end(call: Call): void {
    this.calls.delete(call);
    if (!reads.has(call.name)) return;
    call.session.reads -= 1;
    this.goOn(call.session);
  }

  private refuseForBacklog(session: NativeSession, packet: unknown): void {
    const incoming = readPacket(packet);
    if (session.opening) return session.penalise('flooding');
    if (incoming.kind === 'disconnect') return session.leave();
    const app = currentApp(this.parts.apps, session.app);
    const waitMs = session.budget.take(app.limits.commandsPerSecond, Date.now());
    this.refuseForRate(session, incoming.id, Math.max(waitMs, crowdedMs));
  }

  private refuseForRate(session: NativeSession, id: number, retryAfterMs: number): void {
    if (session.budget.flooding) {
      this.parts.telemetry?.frameRefused?.('flooding');
      return session.penalise('flooding');
    }
    this.refuse(session, id, new AppError('rate_limited', { retryAfterMs }));
  }

  private violation(session: NativeSession, id: number): void {
    session.violations += 1;
    this.refuse(session, id, 'protocol_violation');
    if (session.violations >= maxViolations) session.penalise('protocol_violation');
  }

  private refuse(session: NativeSession, id: number, error: ErrorName | AppError): void {
    const wire = wireErrorOf(typeof error === 'string' ? new AppError(error) : error, this.parts.logger, {});
    session.refuse(id, wire);
    this.parts.telemetry?.frameRefused?.(wire.name);
  }
}

/** What a client does not choose to do is not counted. */
const uncounted: ReadonlySet<OperationName> = new Set([
  'session.refresh',
  'session.close',
  'conversation.delivered',
  'conversation.read',
]);

function countedAs(name: OperationName): string | undefined {
  if (name === 'message.send') return messages;
  if (name === 'message.history') return history;
  return uncounted.has(name) ? undefined : name;
}

const onlySigned =
  'The app demands a signature for this, which this protocol has not: let your server do it.';

/** Counts bytes only where characters alone do not tell. */
const exceeds = (text: string, bytes: number): boolean =>
  text.length > bytes || (text.length * 3 > bytes && Buffer.byteLength(text) > bytes);

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined; // what is no JSON is no command
  }
}

/** Shorter texts hold no nesting that matters. */
const flatLength = 2 * maxNesting;

function parseArgs(name: OperationName, given: unknown): Args<OperationName> | AppError {
  const parsed = operations[name].safeParse(given);
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0]!;
  return new AppError('bad_request', { detail: `${path.map(String).join('.')}: ${message}`.slice(0, 200) });
}

function bodyTooLarge(args: Args<OperationName>, limit: number): boolean {
  const { body, format } = args as { body?: string; format?: string };
  if (body === undefined) return false;
  return format === 'binary' ? (body.length * 3) / 4 - 2 > limit : exceeds(body, limit);
}
