import type { App } from '@hongyan/apps';
import { AppError, asSessionId, isClientId, type OpenSession } from '@hongyan/protocol';
import { type CryptoKey, decodeJwt, errors, jwtVerify, SignJWT } from 'jose';
import { keyBytes } from './secrets.js';
import type { SessionKey } from './types.js';

const tokenType = 'hongyan-session+jwt';

/**
 * Tokens that bring a session back. All that a reconnect needs is inside, signed with the installation's session key:
 * it reads no store, on any pod, after any restart.
 */
export class SessionTokens {
  /** Imported once: every login and every reconnect signs or verifies. */
  private readonly keys: readonly Promise<CryptoKey>[];

  constructor(key: SessionKey) {
    if (key.current.length < 32) throw new Error('the session key must have at least 32 characters');
    this.keys = [key.current, ...(key.previous === undefined ? [] : [key.previous])].map(imported);
  }

  async issue(
    app: App,
    session: OpenSession,
    loginAt: number,
    now: number,
  ): Promise<{ token: string; expiresAt: number }> {
    const issuedAt = Math.floor(now / 1000);
    const expires = issuedAt + app.login.sessionTtl;
    const token = await new SignJWT({
      sid: session.session,
      dev: session.device,
      lat: loginAt,
      ...(session.tag === undefined ? {} : { tag: session.tag }),
    })
      .setProtectedHeader({ alg: 'HS256', typ: tokenType })
      .setAudience(app.id)
      .setSubject(session.client)
      .setIssuedAt(issuedAt)
      .setExpirationTime(expires)
      .sign(await this.keys[0]!);
    return { token, expiresAt: expires * 1000 };
  }

  /** Throws `session_expired` or `token_invalid`; of another app's token too. */
  async verify(app: App, token: string, now: number): Promise<{ session: OpenSession; loginAt: number }> {
    const payload = await this.payload(app, token, now);
    const { sub, sid, dev, tag, lat, iat } = payload;
    const complete =
      typeof sub === 'string' &&
      isClientId(sub) &&
      typeof sid === 'string' &&
      typeof dev === 'string' &&
      typeof lat === 'number' &&
      typeof iat === 'number' &&
      (tag === undefined || typeof tag === 'string');
    if (!complete) throw new AppError('token_invalid');
    // An app that shortens the life of sessions means those that exist, too.
    if ((iat + app.login.sessionTtl) * 1000 <= now) throw new AppError('session_expired');
    return {
      session: {
        app: app.id,
        client: sub,
        session: asSessionId(sid),
        device: dev,
        ...(tag === undefined ? {} : { tag }),
      },
      loginAt: lat,
    };
  }

  private async payload(app: App, token: string, now: number) {
    let failure: unknown;
    for (const key of this.keys) {
      try {
        const options = {
          algorithms: ['HS256'],
          typ: tokenType,
          audience: app.id,
          currentDate: new Date(now),
        };
        return (
          await jwtVerify(token, await key, { ...options, requiredClaims: ['exp', 'iat', 'sub', 'aud'] })
        ).payload;
      } catch (error) {
        failure = error;
        if (!(error instanceof errors.JWSSignatureVerificationFailed)) break;
      }
    }
    throw new AppError(failure instanceof errors.JWTExpired ? 'session_expired' : 'token_invalid', {
      cause: failure,
    });
  }
}

/** The app whose session a token says it is of: not proven. Undefined: it is no token. */
export function appNamedBy(token: string): string | undefined {
  try {
    const { aud } = decodeJwt(token);
    return typeof aud === 'string' ? aud : undefined;
  } catch {
    return undefined;
  }
}

const imported = (key: string): Promise<CryptoKey> =>
  crypto.subtle.importKey('raw', keyBytes(key), { name: 'HMAC', hash: 'SHA-256' }, false, ['sign', 'verify']);
