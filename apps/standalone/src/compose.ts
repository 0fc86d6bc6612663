import { randomUUID } from 'node:crypto';
import {
  type App,
  type AppAdministration,
  CachedAppDirectory,
  createSecretBox,
  parseSecretKey,
} from '@hongyan/apps';
import type { StandaloneConfig } from '@hongyan/config';
import { type ConversationImport, createConversationService } from '@hongyan/conversations';
import { LocalHub } from '@hongyan/delivery';
import type { ClientId, Commands } from '@hongyan/protocol';
import {
  Authenticator,
  type BanOptions,
  type KickOptions,
  RevocationList,
  ServerAuthenticator,
  banClient,
  kickClient,
  unbanClient,
} from '@hongyan/sessions';
import { metricNames, type PinoLogger, startTelemetry, type Telemetry } from '@hongyan/telemetry';
import { authenticateServer } from './authenticate-server.js';
import { clientRegistry, sessionKeyFrom } from './client-registry.js';
import type { DataFolder } from './data-folder.js';
import { Health } from './health.js';
import { type Store, type StoreCare, openStore } from './open-store.js';
import { startRetention } from './start-retention.js';
import { StartError } from './start-error.js';

/** Everything of a standalone server but its HTTP face: built in plain code, so that it can be read top to bottom. */
export interface Composition {
  readonly store: Store;
  readonly hub: LocalHub;
  readonly commands: Commands;
  readonly imports: ConversationImport | undefined;
  readonly directory: CachedAppDirectory;
  readonly administration: AppAdministration;
  readonly authenticator: Authenticator;
  readonly revocations: RevocationList;
  readonly authenticateServer: ReturnType<typeof authenticateServer>;
  readonly clients: {
    kick(app: App, client: ClientId, options: KickOptions): Promise<void>;
    ban(app: App, client: ClientId, options: BanOptions): Promise<void>;
    unban(app: App, client: ClientId): Promise<void>;
  };
  readonly telemetry: Telemetry;
  readonly health: Health;
  readonly operatorToken: string;
  readonly folder: DataFolder;
  readonly now: () => number;
  /** Stores what waits and lets go of the folder. Nothing may be asked of it afterwards. */
  close(): Promise<void>;
}

/** Opens the store in `folder` and builds everything on it. Throws {@link StartError} when it cannot be opened. */
export async function compose(
  config: StandaloneConfig,
  folder: DataFolder,
  logger: PinoLogger,
  care: StoreCare = {},
): Promise<Composition> {
  const now = Date.now;
  const report = (what: string) => (err: unknown) => logger.error({ what, err });
  const onStoreLost = (err: Error) => {
    // Whoever supervises the process starts it anew; going on would only refuse everything.
    logger.fatal({ what: 'store_lost', err });
    process.exit(1);
  };
  const store = await openStore(folder.path, onStoreLost, care);
  try {
    const previous =
      config.previousSecretKey && parseSecretKey(config.previousSecretKey, 'HONGYAN_SECRET_KEY_PREVIOUS');
    const secretKey = config.secretKey
      ? parseSecretKey(config.secretKey, 'HONGYAN_SECRET_KEY')
      : folder.secretKey();
    const secrets = createSecretBox(secretKey, previous || undefined);

    const hub = new LocalHub({ onError: report('publish_failed') });
    const directory = new CachedAppDirectory({
      store: store.apps,
      secrets,
      onError: report('app_refresh_failed'),
      onRead: (id, app) => hub.enforce(id, app?.limits),
    });
    const administration = {
      store: store.apps,
      secrets,
      now,
      changed: (id: App['id']) => directory.changed(id),
    };
    const { metricsPort, metricsHost, traces, traceRatio } = config;
    const telemetry = await startTelemetry({
      serviceName: 'hongyan-standalone',
      metricsPort,
      metricsHost,
      traces,
      traceRatio,
    });
    telemetry.gauge(metricNames.sessions, 'Connected sessions.', () => hub.sessions);
    const conversations = createConversationService({
      log: store.log,
      conversations: store.conversations,
      members: store.members,
      clients: store.clients,
      imports: store.imports,
      notifications: store.notifications,
      timeline: store.timeline,
      apps: directory,
      broker: telemetry.broker(hub),
      presence: hub,
      rooms: hub,
      observer: telemetry.observer,
      onError: (what, err) => logger.error({ what, err }),
    });

    const retention = startRetention({ store, administration, conversations, telemetry, logger });
    const revocations = new RevocationList(store.revocations, { onError: report('revocations_poll_failed') });
    await revocations.start();
    const registry = clientRegistry(store.clients, now);
    const authenticator = new Authenticator({
      sessionKey: sessionKeyFrom(secretKey, previous || undefined),
      revocations,
      clients: registry,
      loginTokens: { allowPrivateJwks: config.privateUrls },
    });
    const enders = {
      revocations,
      close: (order: Parameters<LocalHub['close']>[0]) => hub.close(order),
      openSessions: (app: App, client: ClientId) => hub.sessionsOf(app.id, client),
      bans: registry,
      now,
    };

    return {
      store,
      folder,
      hub,
      telemetry,
      commands: telemetry.commands(conversations),
      imports: conversations.imports,
      directory,
      administration,
      authenticator,
      revocations,
      now,
      authenticateServer: authenticateServer(directory, new ServerAuthenticator(), now),
      clients: {
        kick: (app, client, options) => kickClient(enders, app, client, options),
        ban: (app, client, options) => banClient(enders, app, client, options),
        unban: (app, client) => unbanClient(enders, app, client),
      },
      health: new Health(randomUUID(), () => store.apps.tenants()),
      operatorToken: config.operatorToken ?? folder.operatorToken(),
      async close() {
        await retention.stop();
        await conversations.close();
        await revocations.stop();
        await store.close();
        await telemetry.stop();
      },
    };
  } catch (error) {
    await store.close();
    throw StartError.from(error);
  }
}
