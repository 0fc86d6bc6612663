import { AppError } from '@hongyan/protocol';
import type { Authenticator, Login } from '@hongyan/sessions';
import passport from 'passport';
import { loginStrategy, strategyNames, type LoginAttempt } from './strategies.js';

/** Runs passport outside of HTTP: a promise instead of a request, a response and a next function. */
export class PassportLogin {
  private readonly passport = new passport.Passport();

  constructor(authenticator: Authenticator) {
    for (const kind of strategyNames) this.passport.use(kind, loginStrategy(kind, authenticator));
  }

  /** Rejects with what the authenticator threw. */
  authenticate(attempt: LoginAttempt): Promise<Login> {
    return new Promise((resolve, reject) => {
      const settle = (error: unknown, login?: Login | false | null): void => {
        if (error instanceof Error) reject(error);
        else if (login) resolve(login);
        else reject(new AppError('unauthenticated'));
      };
      const run = this.passport.authenticate(attempt.credentials.kind, { session: false }, settle) as (
        request: unknown,
        response: unknown,
        next: (error?: unknown) => void,
      ) => void;
      run({ ...attempt }, {}, settle);
    });
  }
}
