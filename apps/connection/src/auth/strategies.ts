import type { App } from '@hongyan/apps';
import type { Authenticator, Credentials, Login } from '@hongyan/sessions';
import type { Strategy } from 'passport';
import { Strategy as CustomStrategy } from 'passport-custom';

/** What the strategies see of a connection: nothing of the socket. */
export interface LoginAttempt {
  readonly app: App;
  readonly credentials: Credentials;
}

export const strategyNames: readonly Credentials['kind'][] = ['jwt', 'signature', 'unsigned', 'session'];

/** One passport strategy per kind of credential. The rules are the authenticator's. */
export function loginStrategy(kind: Credentials['kind'], authenticator: Authenticator): Strategy {
  return new CustomStrategy((request, done) => {
    const { app, credentials } = request as unknown as LoginAttempt;
    if (credentials.kind !== kind) return done(null, false);
    authenticator.login(app, credentials, Date.now()).then(
      (login: Login) => done(null, login),
      (error: unknown) => done(error),
    );
  });
}
