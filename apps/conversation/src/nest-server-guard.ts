import { CanActivate, ExecutionContext, Inject, Injectable } from '@nestjs/common';
import { AuthGuard, PassportStrategy } from '@nestjs/passport';
import type { App } from '@hongyan/apps';
import { AppError } from '@hongyan/protocol';
import { TokenBuckets } from '@hongyan/rest';
import type { Request } from 'express';
import { Strategy } from 'passport-http-bearer';
import { CONVERSATION_PARTS, type ConversationParts } from './parts.js';

const SERVER_STRATEGY = 'hongyan-server';
const APP_HEADER = 'x-hongyan-app';

/** A request whose credential was checked. */
export type ServerRequest = Request & { user: App };

/** `authorization: Bearer <master key or server token>` for the app of `x-hongyan-app`. */
@Injectable()
export class ServerStrategy extends PassportStrategy(Strategy, SERVER_STRATEGY) {
  constructor(@Inject(CONVERSATION_PARTS) private readonly parts: ConversationParts) {
    super({ passReqToCallback: true });
  }

  validate(request: Request, credential: string): Promise<App> {
    const appId = request.headers[APP_HEADER];
    if (typeof appId !== 'string' || appId === '') {
      throw new AppError('unauthenticated', { detail: `the header ${APP_HEADER} is missing` });
    }
    return this.parts.authenticate(appId, credential);
  }
}

/** Lets in whom {@link ServerStrategy} knows, as often as the app may call. */
@Injectable()
export class ServerGuard extends AuthGuard(SERVER_STRATEGY) implements CanActivate {
  constructor(private readonly buckets: TokenBuckets) {
    super();
  }

  override async canActivate(context: ExecutionContext): Promise<boolean> {
    await super.canActivate(context);
    const { user: app } = context.switchToHttp().getRequest<ServerRequest>();
    const { restPerSecond } = app.limits;
    this.buckets.take(app.id, restPerSecond, restPerSecond * 2);
    return true;
  }

  override handleRequest<T>(error: unknown, user: T | false): T {
    if (error instanceof Error) throw error;
    if (!user)
      throw new AppError('unauthenticated', {
        detail: 'give the master key or a server token as bearer token',
      });
    return user;
  }
}
