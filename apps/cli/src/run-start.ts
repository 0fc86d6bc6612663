import { loadConfig, standaloneSchema } from '@hongyan/config';
import type { App } from '@hongyan/apps';
import { createLogger } from '@hongyan/telemetry';
import type { RunningServer } from '../../standalone/src/index.js';
import { ensureDemoApp } from './demo/demo-app.js';
import { DemoError, type Paint, Stage, paintFor } from './demo/stage.js';
import { failureLine } from './failure.js';
import { pairs } from './output.js';
import { MARGIN_MS, sampleFolder } from './run-serve.js';
import { type ServeOptions, pick } from './serve-options.js';
import { untilSignal } from './signals.js';

export interface StartOptions extends ServeOptions {
  readonly demo: boolean;
  readonly demoOnly?: boolean;
}

/** What `npm start` runs: a server, a demo app, a conversation to look at, then serving until Ctrl-C. */
export async function runStart(options: StartOptions): Promise<number> {
  const { config, warnings } = loadConfig(standaloneSchema, process.env, pick(options));
  const write = (text: string) => void process.stdout.write(text);
  const paint = paintFor(process.stdout, process.env);
  // The screen is for what a newcomer wants to see; the log says what needs attention.
  const level = process.env['HONGYAN_LOG_LEVEL'] === undefined ? 'error' : config.logLevel;
  const logger = createLogger({ level, format: config.logFormat, output: process.stderr });
  for (const warning of warnings) write(`Warning: ${warning}\n`);

  const { serve } = await import('../../standalone/src/index.js');
  const server = await serve(config, logger, { sampleFolder });
  const stop = untilSignal(
    () => server.stop(),
    config.drainSeconds * 1000 + MARGIN_MS,
    (line) => write(`\n${line}\n`),
  );
  write(
    `\n${paint.strong('Hongyan')} is serving on ${paint.strong(server.publicUrl)}, data in ${server.folder}\n`,
  );

  if (options.demo) {
    const { app } = await ensureDemoApp(server.parts.administration);
    write(`\n${keysText(app, server, paint)}\n\n`);
    const failed = await demo(server, app, paint, write);
    if (options.demoOnly) {
      await server.stop();
      if (failed !== undefined) process.stderr.write(`${failed}\n`);
      return failed === undefined ? 0 : 1;
    }
    if (failed !== undefined) write(`${paint.bad(failed)}\n`);
  }
  write(`${paint.dim('Ctrl-C stops the server. npx hongyan --help shows what else there is.')}\n\n`);
  const status = await stop;
  write('Stopped. Everything is on disk.\n');
  return status;
}

/** Answers what failed. */
async function demo(
  { url }: RunningServer,
  app: App,
  paint: Paint,
  write: (text: string) => void,
): Promise<string | undefined> {
  const stage = new Stage(write, paint);
  stage.say(paint.strong('A conversation through the SDK'));
  try {
    if (!app.enabled || !app.login.unsigned)
      throw new Error('the app "demo" was changed to demand a signed login');
    if (url.startsWith('https:')) throw new DemoError('The demo is shown only on a port without TLS.');
    const { talk } = await import('./demo/talk.js');
    await talk(stage, { url, appId: app.id });
    stage.say(`  ${paint.good('The demo is complete')} after ${stage.elapsed}.\n`);
    return undefined;
  } catch (error) {
    return failureLine(error);
  }
}

function keysText(app: App, { publicUrl, sample, folder }: RunningServer, paint: Paint): string {
  const rows: (readonly [string, unknown])[] = [
    ['Demo app', app.id],
    ['App key', app.appKey.current],
    ['Master key', `${app.masterKey.current}   for your servers only`],
    ['Web sample', sample ? `${publicUrl}/sample/   open it in two windows` : undefined],
    ['Server API', `${publicUrl}/api/v1`],
    ['Operator token', `${folder}/operator.token`],
  ];
  const note = paint.dim(
    'The demo app allows unsigned logins: anybody may be any of its clients. New apps do not.',
  );
  return `${pairs(rows).replaceAll(/^/gm, '  ')}\n  ${note}`;
}
