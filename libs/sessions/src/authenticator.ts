import { randomBytes } from 'node:crypto';
import type { App } from '@hongyan/apps';
import { AppError, asSessionId, isClientId, type ClientId, type OpenSession } from '@hongyan/protocol';
import { checkLoginSignature } from './login-signature.js';
import { LoginTokens, type LoginTokensOptions } from './login-token.js';
import type { RevocationList } from './revocation-list.js';
import { SessionTokens } from './session-tokens.js';
import type {
  ClientRegistry,
  Credentials,
  DeviceWords,
  Login,
  Profile,
  SessionKey,
  Verified,
} from './types.js';

export interface AuthenticatorParts {
  readonly sessionKey: SessionKey;
  readonly revocations: RevocationList;
  readonly clients: ClientRegistry;
  readonly loginTokens?: LoginTokensOptions;
}

/** Tokens issued a moment before a revocation have this much more life than a second-exact reckoning says. */
const slackMs = 60_000;

/** Turns credentials into sessions. Knows no socket and no HTTP: every door uses it. */
export class Authenticator {
  private readonly loginTokens: LoginTokens;
  private readonly sessionTokens: SessionTokens;
  private readonly revocations: RevocationList;
  private readonly clients: ClientRegistry;
  private lastTaggedLogin = 0;

  constructor(parts: AuthenticatorParts) {
    this.loginTokens = new LoginTokens(parts.loginTokens);
    this.sessionTokens = new SessionTokens(parts.sessionKey);
    this.revocations = parts.revocations;
    this.clients = parts.clients;
  }

  /**
   * Throws AppError: `token_invalid`, `token_expired`, `signature_invalid`, `unsigned_login_forbidden`, `banned`,
   * `session_expired`, `session_conflict`, `kicked`, `unavailable`. A fresh login with a tag has revoked the tag's
   * older sessions, durably, when it returns; closing those that are open is the door's part.
   */
  async login(app: App, credentials: Credentials | Verified, now: number): Promise<Login> {
    if (credentials.kind === 'session') return this.resume(app, credentials.token, now);
    const { client, profile } = await this.prove(app, credentials, now);
    if (((await this.clients.bannedUntil(app.id, client)) ?? 0) > now) throw new AppError('banned');
    if (profile !== undefined && Object.keys(profile).length > 0) {
      await this.clients.setProfile(app.id, client, profile);
    }
    return this.begin(app, client, credentials, now);
  }

  /** A new token for a session that is open; its login time stays. */
  async refresh(
    app: App,
    session: OpenSession,
    loginAt: number,
    now: number,
  ): Promise<{ token: string; expiresAt: number }> {
    this.revocations.check(session, loginAt);
    return this.sessionTokens.issue(app, session, loginAt, now);
  }

  /** Throws when the session was revoked after it was let in; to be asked again at the moment it is attached. */
  checkStillValid(session: OpenSession, loginAt: number): void {
    this.revocations.check(session, loginAt);
  }

  /** Logs out: no token of the session counts any longer. */
  async logOut(app: App, session: OpenSession, now: number): Promise<void> {
    await this.revocations.add({
      app: app.id,
      client: session.client,
      session: session.session,
      loginBefore: Number.MAX_SAFE_INTEGER,
      reason: 'logged_out',
      createdAt: now,
      expiresAt: now + app.login.sessionTtl * 1000 + slackMs,
    });
  }

  private async prove(
    app: App,
    credentials: Exclude<Credentials, { kind: 'session' }> | Verified,
    now: number,
  ): Promise<{ client: ClientId; profile?: Profile }> {
    if (credentials.kind === 'jwt') return this.loginTokens.verify(app, credentials.token, now);
    const { client } = credentials;
    if (credentials.kind === 'unsigned' && !app.login.unsigned)
      throw new AppError('unsigned_login_forbidden');
    if (credentials.kind === 'signature') checkLoginSignature(app, client, credentials, now);
    if (!isClientId(client)) throw new AppError('bad_request', { detail: 'The client id is not allowed.' });
    return { client };
  }

  private async begin(app: App, client: ClientId, words: DeviceWords, now: number): Promise<Login> {
    const id = asSessionId(randomBytes(12).toString('base64url'));
    const { device, tag } = words;
    const session: OpenSession = {
      app: app.id,
      client,
      session: id,
      device: device ?? id,
      ...(tag === undefined ? {} : { tag }),
    };
    const loginAt = tag === undefined ? now : this.laterThanEveryTaggedLogin(now);
    if (tag !== undefined) await this.endOlderSessionsOfTag(app, client, tag, device, loginAt);
    return this.complete(app, session, loginAt, true, now);
  }

  /** Two logins of one tag never share a time on one pod: one of them has to be the later. */
  private laterThanEveryTaggedLogin(now: number): number {
    this.lastTaggedLogin = Math.max(now, this.lastTaggedLogin + 1);
    return this.lastTaggedLogin;
  }

  private async endOlderSessionsOfTag(
    app: App,
    client: ClientId,
    tag: string,
    device: string | undefined,
    loginAt: number,
  ) {
    await this.revocations.add({
      app: app.id,
      client,
      tag,
      ...(device === undefined ? {} : { exceptDevice: device }),
      loginBefore: loginAt,
      reason: 'session_conflict',
      createdAt: loginAt,
      expiresAt: loginAt + app.login.sessionTtl * 1000 + slackMs,
    });
  }

  private async resume(app: App, token: string, now: number): Promise<Login> {
    const { session, loginAt } = await this.sessionTokens.verify(app, token, now);
    this.revocations.check(session, loginAt);
    return this.complete(app, session, loginAt, false, now);
  }

  private async complete(
    app: App,
    session: OpenSession,
    loginAt: number,
    fresh: boolean,
    now: number,
  ): Promise<Login> {
    return { session, loginAt, fresh, ...(await this.sessionTokens.issue(app, session, loginAt, now)) };
  }
}
