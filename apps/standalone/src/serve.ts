import type { IncomingHttpHeaders, Server } from 'node:http';
import type { Server as HttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { StandaloneConfig } from '@hongyan/config';
import { hardLimits } from '@hongyan/protocol';
import { ProblemFilter } from '@hongyan/rest';
import { UserVerifier } from '@hongyan/sessions';
import type { PinoLogger } from '@hongyan/telemetry';
import { type ConnectionParts, configureSockets } from '../../connection/src/index.js';
import { leanCloudAnswers } from '../../conversation/src/leancloud/nest-leancloud-filter.js';
import { importBodyBytes } from '../../tenant-admin/src/import-schemas.js';
import { importCheck } from '../../tenant-admin/src/operator-token.js';
import { Certificate } from './certificate.js';
import { checkApps } from './check-apps.js';
import { type Composition, compose } from './compose.js';
import { doorTelemetry } from './door-telemetry.js';
import { DataFolder } from './data-folder.js';
import { nestLog } from './nest-log.js';
import type { StoreCare } from './open-store.js';
import { serveSample } from './serve-sample.js';
import { StandaloneModule } from './standalone.module.js';
import { StartError } from './start-error.js';

export interface RunningServer {
  /** Where this machine reaches it. */
  readonly url: string;
  /** Where clients reach it. */
  readonly publicUrl: string;
  readonly folder: string;
  readonly operatorToken: string;
  readonly parts: Composition;
  /** The web sample is there. */
  readonly sample: boolean;
  /** Stops accepting, tells clients to move, finishes what is under way, closes the store. */
  stop(): Promise<void>;
}

export interface ServeOptions extends StoreCare {
  /** The built web sample; absent: none. */
  readonly sampleFolder?: string;
  /** Whether other programs are to find this server in the folder. */
  readonly announce?: boolean;
}

/** A body is at most a message of the largest frame, as JSON. */
const BODY_LIMIT = hardLimits.frameBytes * 2;

/** Starts a standalone server; throws {@link StartError} with one clear line when it cannot. */
export async function serve(
  config: StandaloneConfig,
  logger: PinoLogger,
  options: ServeOptions = {},
): Promise<RunningServer> {
  const certificate = Certificate.from(config);
  const folder = DataFolder.prepare(config.data);
  const parts = await compose(config, folder, logger, options);
  const { instance } = parts.health;
  try {
    const { sampleFolder, announce = true } = options;
    const sample = sampleFolder !== undefined && existsSync(join(sampleFolder, 'index.html'));
    await checkApps(parts, logger);
    const app = await createDoors(parts, config, logger, certificate);
    if (sample) serveSample(app, sampleFolder, parts.directory);
    await listen(app, config);
    const url = urlOf(app.getHttpServer(), config.host, certificate === undefined ? 'http' : 'https');
    const stopWatching = certificate?.keepFresh(app.getHttpServer() as unknown as HttpsServer, logger);
    if (announce) {
      const trusted = certificate === undefined ? {} : { certificate: certificate.file };
      folder.writeServer({ url, pid: process.pid, instance, ...trusted });
    }
    parts.health.ready();
    logger.info({ what: 'server_started', url, folder: folder.path });
    let stopped: Promise<void> | undefined;
    return {
      url,
      publicUrl: config.publicUrl ?? url,
      folder: folder.path,
      operatorToken: parts.operatorToken,
      parts,
      sample,
      stop: () => {
        stopWatching?.();
        return (stopped ??= stop(app, parts, folder, config, logger));
      },
    };
  } catch (error) {
    await parts.close();
    throw error;
  }
}

async function createDoors(
  parts: Composition,
  config: StandaloneConfig,
  logger: PinoLogger,
  certificate: Certificate | undefined,
): Promise<NestExpressApplication> {
  const report = (err: unknown, reference: string) =>
    logger.error({ what: 'request_failed', reference, err });
  const isImport = importCheck(parts.operatorToken);
  const app = await NestFactory.create<NestExpressApplication>(
    StandaloneModule.forRoot(parts, connectionParts(parts, config, logger), report),
    {
      logger: nestLog(logger, () => parts.health.isReady),
      bodyParser: false,
      abortOnError: false,
      ...(certificate === undefined ? {} : { httpsOptions: certificate.serverOptions }),
    },
  );
  app.useBodyParser('json', {
    limit: importBodyBytes,
    type: (request) => isImport(request as { url: string; headers: IncomingHttpHeaders }),
  });
  // Not strict: some SDKs send `null` with every GET. Each door wants an object.
  app.useBodyParser('json', { limit: BODY_LIMIT, strict: false });
  app.disable('x-powered-by');
  configureSockets(app);
  app.useGlobalFilters(new ProblemFilter(report, leanCloudAnswers(report)));
  return app;
}

function connectionParts(parts: Composition, config: StandaloneConfig, logger: PinoLogger): ConnectionParts {
  const { authenticator, commands, directory, hub } = parts;
  const telemetry = doorTelemetry(parts.telemetry);
  const { drainSeconds, reconnectSpreadSeconds } = config;
  const options = { drainMs: drainSeconds * 1000, reconnectSpreadMs: reconnectSpreadSeconds * 1000 };
  return {
    authenticator,
    verifier: new UserVerifier({ allowPrivate: config.privateUrls }),
    commands,
    apps: directory,
    hub,
    logger,
    options,
    ...(telemetry === undefined ? {} : { telemetry }),
  };
}

async function listen(app: NestExpressApplication, { host, port }: StandaloneConfig): Promise<void> {
  try {
    await app.listen(port, host);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const reasons: Record<string, string> = {
      EADDRINUSE: `port ${port} is in use: stop what uses it, or choose another with --port`,
      EACCES: `port ${port} may not be used by this user: choose one above 1023 with --port`,
      EADDRNOTAVAIL: `the address ${host} is not one of this machine`,
      ENOTFOUND: `the address ${host} is not known`,
    };
    throw new StartError(reasons[code ?? ''] ?? `cannot listen on ${host}:${port} (${String(cause)})`, {
      cause,
    });
  }
}

function urlOf(server: Server, host: string, scheme: 'http' | 'https'): string {
  const { port } = server.address() as AddressInfo;
  const reachable =
    host === '0.0.0.0' || host === '::' ? 'localhost' : host.includes(':') ? `[${host}]` : host;
  return `${scheme}://${reachable}:${port}`;
}

async function stop(
  app: NestExpressApplication,
  parts: Composition,
  folder: DataFolder,
  { drainSeconds }: StandaloneConfig,
  logger: PinoLogger,
): Promise<void> {
  logger.info({ what: 'server_stopping' });
  parts.health.draining();
  folder.removeServer(parts.health.instance);
  const server: Server = app.getHttpServer();
  const cut = setTimeout(() => server.closeAllConnections(), drainSeconds * 1000).unref();
  await app.close();
  clearTimeout(cut);
  await parts.close();
  logger.info({ what: 'server_stopped' });
}
