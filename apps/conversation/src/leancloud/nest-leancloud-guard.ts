import { CanActivate, ExecutionContext, Inject, Injectable } from '@nestjs/common';
import { acceptedSecrets, type App } from '@hongyan/apps';
import { provesKey, requestCredentialOf } from '@hongyan/leancloud';
import { AppError, asAppId } from '@hongyan/protocol';
import { TokenBuckets } from '@hongyan/rest';
import type { Request } from 'express';
import { CONVERSATION_PARTS, type ConversationParts } from '../parts.js';
import type { LeanCloudRoute } from './route.js';

/** A request whose credential was checked. */
export type LeanCloudRequest = Request & {
  user?: { readonly app: App; readonly master: boolean };
  leanCloudRoute?: LeanCloudRoute;
};

/** One call of the app's rate. Throws `rate_limited`. */
export function takeOne(buckets: TokenBuckets, { id, limits: { restPerSecond } }: App): void {
  buckets.take(id, restPerSecond, restPerSecond * 2);
}

/** Lets in who shows the app's key or master key, as often as the app may call. */
@Injectable()
export class LeanCloudGuard implements CanActivate {
  constructor(
    @Inject(CONVERSATION_PARTS) private readonly parts: ConversationParts,
    private readonly buckets: TokenBuckets,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<LeanCloudRequest>();
    const user = await this.userOf(request);
    takeOne(this.buckets, user.app);
    request.user = user;
    return true;
  }

  /** The same for a key that is wrong and an app that is not there: nobody learns which apps there are. */
  private async userOf({ headers }: Request): Promise<NonNullable<LeanCloudRequest['user']>> {
    const credential = requestCredentialOf(headers);
    if (credential === undefined) throw new AppError('unauthenticated');
    const { apps, now } = this.parts;
    const app = await apps.find(asAppId(credential.app));
    const at = now();
    const secret = credential.master ? app?.masterKey : app?.appKey;
    const keys = secret === undefined ? [] : acceptedSecrets(secret, at);
    if (app === undefined || !app.enabled || !provesKey(credential, keys, at))
      throw new AppError('unauthenticated');
    return { app, master: credential.master };
  }
}
