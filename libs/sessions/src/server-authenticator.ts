import { acceptedSecrets, type App } from '@hongyan/apps';
import { AppError } from '@hongyan/protocol';
import { errors, jwtVerify } from 'jose';
import { keyBytes, sameText } from './secrets.js';

/** How a tenant's server proves who it is. */
export type ServerCredential =
  | { readonly kind: 'masterKey'; readonly masterKey: string }
  /** A JWT it signed with the master key: HS256, `aud` = app id, `scope` = "server", `exp` at most an hour away. */
  | { readonly kind: 'token'; readonly token: string };

/** The same for a key that is wrong and an app that is not there. */
export const wrongKey = (): AppError =>
  new AppError('unauthenticated', { detail: 'The app id or the key is wrong.' });

const maxLifeSeconds = 3_600;
const leewaySeconds = 60;

export class ServerAuthenticator {
  /** Throws `unauthenticated`, `token_invalid` or `token_expired`. */
  async check(app: App, credential: ServerCredential, now: number): Promise<void> {
    if (credential.kind === 'token') return this.checkToken(app, credential.token, now);
    // Every accepted value is compared, so that the time tells nothing.
    const matches = acceptedSecrets(app.masterKey, now).map((key) => sameText(key, credential.masterKey));
    if (!matches.includes(true)) throw wrongKey();
  }

  private async checkToken(app: App, token: string, now: number): Promise<void> {
    let failure: unknown;
    for (const key of acceptedSecrets(app.masterKey, now)) {
      try {
        const { payload } = await jwtVerify(token, keyBytes(key), {
          algorithms: ['HS256'],
          audience: app.id,
          requiredClaims: ['exp', 'aud'],
          currentDate: new Date(now),
        });
        if (payload.scope !== 'server')
          throw new AppError('token_invalid', { detail: 'The scope is not "server".' });
        if (payload.exp! * 1000 > now + (maxLifeSeconds + leewaySeconds) * 1000) {
          throw new AppError('token_invalid', { detail: 'The token lives longer than an hour.' });
        }
        return;
      } catch (error) {
        failure = error;
        if (!(error instanceof errors.JWSSignatureVerificationFailed)) break;
      }
    }
    if (failure instanceof AppError) throw failure;
    throw new AppError(failure instanceof errors.JWTExpired ? 'token_expired' : 'token_invalid', {
      cause: failure,
    });
  }
}
