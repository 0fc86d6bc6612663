import type { NestExpressApplication } from '@nestjs/platform-express';
import type { AppDirectory } from '@hongyan/apps';
import { asAppId } from '@hongyan/protocol';
import type { Request, Response } from 'express';

/** The app that `npm start` makes for newcomers, and the only one that the web sample speaks to. */
export const DEMO_APP_ID = asAppId('demo');

/**
 * The web sample at `/sample/`. Its `config.json` names the demo app, if there is one that lets everybody in; the page
 * comes from the same address as the socket, so that nothing else needs to be said.
 */
export function serveSample(app: NestExpressApplication, folder: string, apps: AppDirectory): void {
  app.use('/sample/config.json', (_request: Request, response: Response, next: (error?: unknown) => void) => {
    apps
      .find(DEMO_APP_ID)
      .then((demo) => {
        response.set('cache-control', 'no-store');
        if (demo?.login.unsigned) response.json({ appId: demo.id });
        else response.status(404).json({ message: 'there is no demo app' });
      })
      .catch(next);
  });
  app.useStaticAssets(folder, { prefix: '/sample/' });
}
