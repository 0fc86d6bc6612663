import {
  CachedAppDirectory,
  createApp,
  createSecretBox,
  createTenant,
  type NewApp,
  newSecretKey,
  parseSecretKey,
} from '@hongyan/apps';
import { activeSince, createConversationService } from '@hongyan/conversations';
import { LocalHub } from '@hongyan/delivery';
import { AppError, type AppId, asAppId } from '@hongyan/protocol';
import { ProblemFilter } from '@hongyan/rest';
import { openSqliteStore } from '@hongyan/store-sqlite';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Test } from '@nestjs/testing';
import request from 'supertest';
import { ConversationModule } from './conversation.module.js';
import { leanCloudAnswers } from './leancloud/nest-leancloud-filter.js';
import type { ConversationParts } from './parts.js';

export interface RestDoorsOptions {
  readonly apps: readonly NewApp[];
  /** What the composition root sets for all doors: size of a body, and whether it has to be an object. */
  readonly body: { readonly limit: string; readonly strict?: boolean };
}

/** The REST doors on a real store in memory, for specs; servers present the master key. `clock` is theirs, and can be set. */
export async function openRestDoors({ apps, body }: RestDoorsOptions) {
  const store = await openSqliteStore({ folder: ':memory:' });
  const secrets = createSecretBox(parseSecretKey(newSecretKey(), 'test'));
  const clock = { time: Date.now() };
  const directory = new CachedAppDirectory({ store: store.apps, secrets });
  const administration = {
    store: store.apps,
    secrets,
    now: Date.now,
    changed: (id: AppId) => directory.changed(id),
  };
  for (const id of new Set(apps.map(({ tenant }) => tenant)))
    await createTenant(administration, { id, name: id });
  for (const app of apps) await createApp(administration, app);
  const hub = new LocalHub();
  const commands = createConversationService({
    log: store.log,
    conversations: store.conversations,
    members: store.members,
    clients: store.clients,
    notifications: store.notifications,
    timeline: store.timeline,
    apps: directory,
    broker: hub,
    presence: hub,
    rooms: hub,
  });
  /** What ended sessions or kept clients out: which, of what app, whom, how. */
  const ended: unknown[] = [];
  const reported: unknown[] = [];
  const parts: ConversationParts = {
    commands,
    apps: directory,
    authenticate: async (id, credential) => {
      const app = await directory.find(asAppId(id));
      if (app?.masterKey.current !== credential) throw new AppError('unauthenticated');
      return app;
    },
    clients: {
      kick: (app, client, options) => Promise.resolve(void ended.push(['kick', app.id, client, options])),
      ban: (app, client, { until }) => Promise.resolve(void ended.push(['ban', app.id, client, until])),
      unban: (app, client) => Promise.resolve(void ended.push(['unban', app.id, client])),
    },
    presence: hub,
    activeSince: (app, time) => activeSince(store.clients, hub, app, time),
    now: () => clock.time,
    report: (error) => reported.push(error),
  };
  const testing = await Test.createTestingModule({ imports: [ConversationModule.forRoot(parts)] }).compile();
  const app = testing.createNestApplication<NestExpressApplication>({ bodyParser: false, logger: false });
  app.useBodyParser('json', body);
  app.useGlobalFilters(new ProblemFilter(parts.report, leanCloudAnswers(parts.report)));
  await app.init();
  return {
    clock,
    commands,
    ended,
    http: request(app.getHttpServer()),
    hub,
    reported,
    async close(): Promise<void> {
      await app.close();
      await store.close();
    },
  };
}
