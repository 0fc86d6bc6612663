import type { AppId, ClientId, ErrorName, OpenSession } from '@hongyan/protocol';
import { AppError } from '@hongyan/protocol';
import type { Revocation, RevocationStore } from './ports.js';

export interface RevocationListOptions {
  readonly now?: () => number;
  readonly pollMs?: number;
  /** Told when the store cannot be read: the list goes on with what it knows. */
  readonly onError?: (error: unknown) => void;
}

const purgeEveryMs = 3_600_000;

/** What the client is told. */
const codes: Record<Revocation['reason'], ErrorName> = {
  erased: 'session_expired',
  banned: 'banned',
  kicked: 'kicked',
  session_conflict: 'session_conflict',
  logged_out: 'session_expired',
};
/** When several apply, the gravest is told. */
const gravity = Object.keys(codes);

/** All revocations that can still concern a token, in memory, kept in step with the durable ones. */
export class RevocationList {
  private readonly apps = new Map<AppId, Map<ClientId, Revocation[]>>();
  private readonly now: () => number;
  private readonly options: RevocationListOptions;
  private position: string | undefined;
  private timer: NodeJS.Timeout | undefined;
  private purgedAt = 0;
  private polling: Promise<void> | undefined;

  constructor(
    private readonly store: RevocationStore,
    options: RevocationListOptions = {},
  ) {
    this.options = options;
    this.now = options.now ?? Date.now;
  }

  /** Loads everything, then follows the store. No login may be checked before. */
  async start(): Promise<void> {
    await this.poll();
    const follow = () => void this.poll().catch((error: unknown) => this.options.onError?.(error));
    this.timer = setInterval(follow, this.options.pollMs ?? 10_000).unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    this.timer = undefined;
    await this.polling?.catch(() => undefined);
  }

  /** Durable and in force when it returns. */
  async add(revocation: Revocation): Promise<void> {
    await this.store.add(revocation);
    this.remember(revocation);
  }

  /** The gravest revocation that concerns a session which logged in at `loginAt`. */
  find(session: OpenSession, loginAt: number): Revocation | undefined {
    const ofClient = this.apps.get(session.app)?.get(session.client);
    if (ofClient === undefined) return undefined;
    const now = this.now();
    let gravest: Revocation | undefined;
    for (const revocation of ofClient) {
      if (revocation.expiresAt <= now || !concerns(revocation, session, loginAt)) continue;
      if (gravest === undefined || gravity.indexOf(revocation.reason) < gravity.indexOf(gravest.reason)) {
        gravest = revocation;
      }
    }
    return gravest;
  }

  /** Throws the code of the revocation that concerns the session. */
  check(session: OpenSession, loginAt: number): void {
    const revocation = this.find(session, loginAt);
    if (revocation === undefined) return;
    throw new AppError(
      codes[revocation.reason],
      revocation.message === undefined ? {} : { detail: revocation.message },
    );
  }

  /** One poll at a time; also by hand, when a signal says that there is something new. */
  poll(): Promise<void> {
    this.polling ??= this.read().finally(() => (this.polling = undefined));
    return this.polling;
  }

  private async read(): Promise<void> {
    const now = this.now();
    const { revocations, position } = await this.store.since(this.position, now);
    for (const revocation of revocations) this.remember(revocation);
    this.position = position;
    if (now - this.purgedAt < purgeEveryMs) return;
    this.purgedAt = now;
    this.forgetExpired(now);
    await this.store.purge(now);
  }

  private remember(revocation: Revocation): void {
    const clients = this.apps.get(revocation.app) ?? new Map<ClientId, Revocation[]>();
    this.apps.set(revocation.app, clients);
    const others = (clients.get(revocation.client) ?? []).filter((known) => !covers(revocation, known));
    if (others.some((known) => covers(known, revocation))) return;
    clients.set(revocation.client, [...others, revocation]);
  }

  private forgetExpired(now: number): void {
    for (const [app, clients] of this.apps) {
      for (const [client, revocations] of clients) {
        const left = revocations.filter(({ expiresAt }) => expiresAt > now);
        if (left.length > 0) clients.set(client, left);
        else clients.delete(client);
      }
      if (clients.size === 0) this.apps.delete(app);
    }
  }
}

function concerns(revocation: Revocation, session: OpenSession, loginAt: number): boolean {
  return (
    loginAt < revocation.loginBefore &&
    (revocation.session === undefined || revocation.session === session.session) &&
    (revocation.tag === undefined || revocation.tag === session.tag) &&
    (revocation.exceptDevice === undefined || revocation.exceptDevice !== session.device)
  );
}

/** True when `one` revokes for the same reason whatever `other` does: each login with a tag would else add a row. */
function covers(one: Revocation, other: Revocation): boolean {
  return (
    one.reason === other.reason &&
    one.session === other.session &&
    one.tag === other.tag &&
    one.loginBefore >= other.loginBefore &&
    one.expiresAt >= other.expiresAt &&
    (one.exceptDevice === undefined || one.exceptDevice === other.exceptDevice)
  );
}
