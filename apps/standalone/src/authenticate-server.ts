import type { App, AppDirectory } from '@hongyan/apps';
import { AppError, asAppId } from '@hongyan/protocol';
import { type ServerAuthenticator, wrongKey } from '@hongyan/sessions';

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
    const isToken = looksLikeToken(credential);
    // Like a wrong credential: nobody learns which apps there are.
    if (app === undefined) throw isToken ? new AppError('token_invalid') : wrongKey();
    const asToken = { kind: 'token', token: credential } as const;
    const asKey = { kind: 'masterKey', masterKey: credential } as const;
    await authenticator.check(app, isToken ? asToken : asKey, now());
    return app;
  };
}
