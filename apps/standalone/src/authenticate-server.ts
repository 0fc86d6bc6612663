import type { App, AppDirectory } from '@hongyan/apps';
import { AppError, asAppId } from '@hongyan/protocol';
import type { ServerAuthenticator } from '@hongyan/sessions';

const looksLikeToken = (credential: string): boolean =>
  credential.startsWith('eyJ') && credential.split('.').length === 3;

/** The app that a tenant's server speaks for: by its master key, or by a token signed with it. */
export function authenticateServer(
  apps: AppDirectory,
  authenticator: ServerAuthenticator,
  now: () => number,
) {
  return async (appId: string, credential: string): Promise<App> => {
    const app = await apps.find(asAppId(appId));
    if (app === undefined) throw new AppError('app_unavailable');
    const asToken = { kind: 'token', token: credential } as const;
    const asKey = { kind: 'masterKey', masterKey: credential } as const;
    await authenticator.check(app, looksLikeToken(credential) ? asToken : asKey, now());
    return app;
  };
}
