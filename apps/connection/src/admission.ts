import type { App } from '@hongyan/apps';
import { AppError } from '@hongyan/protocol';
import type { Login } from '@hongyan/sessions';
import type { Socket } from 'socket.io';
import { PassportLogin } from './auth/passport-login.js';
import type { ConnectionParts } from './connection-parts.js';
import { checkSessionCount } from './session-bounds.js';
import { readHandshake } from './handshake.js';
import { admitOnce, closeRefused } from './engine-connection.js';
import { wireErrorOf } from './wire-errors.js';

export interface Admitted {
  readonly app: App;
  readonly login: Login;
}

export interface AdmissionRules {
  readonly draining: boolean;
  readonly reconnectAfterMs: number;
  connectionsOf(app: App): number;
}

/** An app that does not exist is answered like one that the credential is not for: nobody learns which apps there are. */
const unknownApp = {
  jwt: 'token_invalid',
  session: 'token_invalid',
  signature: 'signature_invalid',
  unsigned: 'unsigned_login_forbidden',
  verified: 'unauthenticated',
} as const;

/** Decides who may open a session: Socket.IO middleware, because nothing of a socket runs before it has ended. */
export class Admission {
  private readonly passport: PassportLogin;

  constructor(
    private readonly parts: ConnectionParts,
    private readonly rules: AdmissionRules,
  ) {
    this.passport = new PassportLogin(parts.authenticator);
  }

  readonly middleware = (socket: Socket, next: (error?: Error) => void): void => {
    this.admit(socket).then(
      (admitted) => {
        socket.data = admitted;
        next();
      },
      (error: unknown) => {
        const wire = wireErrorOf(error, this.parts.logger, { during: 'login' });
        this.parts.telemetry?.loginRefused?.(wire.name);
        next(Object.assign(new Error(wire.name), { data: wire }));
        closeRefused(socket);
      },
    );
  };

  private async admit(socket: Socket): Promise<Admitted> {
    if (!admitOnce(socket)) throw new AppError('protocol_violation');
    const { draining, reconnectAfterMs } = this.rules;
    if (draining) throw new AppError('shutting_down', { retryAfterMs: reconnectAfterMs });
    const { auth, headers } = socket.handshake;
    const { appId, credentials } = readHandshake(auth);
    const app = await this.parts.apps.find(appId);
    if (app === undefined) throw new AppError(unknownApp[credentials.kind]);
    checkOrigin(app, headers.origin);
    if (this.rules.connectionsOf(app) >= app.limits.connections) {
      throw new AppError('limit_exceeded', { detail: 'The app has as many connections as it may have.' });
    }
    const login = await this.passport.authenticate({ app, credentials });
    await checkSessionCount(this.parts, app, login);
    return { app, login };
  }
}

/** Browsers tell where a page came from; other clients have no origin. */
function checkOrigin(app: App, origin: string | undefined): void {
  if (origin === undefined || app.origins.length === 0 || app.origins.includes(origin)) return;
  throw new AppError('origin_not_allowed');
}
