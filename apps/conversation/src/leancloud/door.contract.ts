import { createHash } from 'node:crypto';
import {
  type App,
  createApp,
  createSecretBox,
  createTenant,
  CachedAppDirectory,
  newSecretKey,
  parseSecretKey,
} from '@hongyan/apps';
import { createConversationService } from '@hongyan/conversations';
import { LocalHub } from '@hongyan/delivery';
import { AppError, type AppId, asAppId, asClientId, asSessionId, asTenantId } from '@hongyan/protocol';
import { ProblemFilter } from '@hongyan/rest';
import { openSqliteStore } from '@hongyan/store-sqlite';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Test } from '@nestjs/testing';
import request from 'supertest';
import { ConversationModule } from '../conversation.module.js';
import type { ConversationParts } from '../parts.js';
import { leanCloudAnswers } from './nest-leancloud-filter.js';
import type { LeanCloudRoute } from './route.js';

/** The REST door on a real store in memory, with apps `red`, `blue` and (three calls a second) `slow`. For specs. */

export const apps = ['red', 'blue', 'slow'] as const;
export const masterKeyOf = (app: string): string => `master-of-${app}`;
export const appKeyOf = (app: string): string => `key-of-${app}`;

/** `<digest of time and key>,<time>[,master]`. */
export function signed(key: string, time: number, role = ''): string {
  return `${createHash('md5').update(`${time}${key}`).digest('hex')},${time}${role}`;
}

export type Headers = Record<string, string>;
export const asMaster = (app = 'red'): Headers => ({
  'X-LC-Id': app,
  'X-LC-Key': `${masterKeyOf(app)},master`,
});
export const asApp = (app = 'red'): Headers => ({ 'X-LC-Id': app, 'X-LC-Key': appKeyOf(app) });

export async function openDoor() {
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
  await createTenant(administration, { id: asTenantId('t'), name: 't' });
  for (const id of apps)
    await createApp(administration, {
      tenant: asTenantId('t'),
      id: asAppId(id),
      name: id,
      preset: 'leancloud',
      key: appKeyOf(id),
      masterKey: masterKeyOf(id),
      settings: { 'limits.page': 10, ...(id === 'slow' ? { 'limits.restPerSecond': 3 } : {}) },
    });
  const hub = new LocalHub();
  const commands = createConversationService({
    log: store.log,
    conversations: store.conversations,
    members: store.members,
    clients: store.clients,
    timeline: store.timeline,
    apps: directory,
    broker: hub,
    presence: hub,
    rooms: hub,
  });
  const ended: unknown[] = [];
  const reported: unknown[] = [];
  const parts: ConversationParts = {
    commands,
    apps: directory,
    authenticate: () => Promise.reject(new AppError('unauthenticated')),
    clients: {
      kick: (app: App, client, options) => Promise.resolve(void ended.push([app.id, client, options])),
      ban: () => Promise.resolve(),
      unban: () => Promise.resolve(),
    },
    presence: hub,
    now: () => clock.time,
    report: (error) => reported.push(error),
  };
  const testing = await Test.createTestingModule({ imports: [ConversationModule.forRoot(parts)] }).compile();
  const app = testing.createNestApplication<NestExpressApplication>({ bodyParser: false, logger: false });
  app.useBodyParser('json', { limit: '100kb', strict: false });
  app.useGlobalFilters(new ProblemFilter(parts.report, leanCloudAnswers(parts.report)));
  await app.init();
  const http = request(app.getHttpServer());

  /** Sends a request; `given` goes where the method has its arguments. */
  const send = (method: LeanCloudRoute['method'], path: string, given: object = {}, headers = asMaster()) => {
    const call = http[method](path).set(headers);
    return method === 'get' ? call.query(given) : call.send(given);
  };
  return {
    app,
    clock,
    ended,
    http,
    reported,
    send,
    /** The body of an answer that must be a success. */
    async ok<T = Record<string, unknown>>(
      method: LeanCloudRoute['method'],
      path: string,
      given: object = {},
      headers = asMaster(),
    ): Promise<T> {
      const answer = await send(method, path, given, headers);
      if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`);
      return answer.body as T;
    },
    /** `status code` of a refusal. */
    async refusal(method: LeanCloudRoute['method'], path: string, given: object = {}, headers = asMaster()) {
      const answer = await send(method, path, given, headers);
      const { code, error } = answer.body as { code?: number; error?: string };
      expect(typeof error).toBe('string');
      return `${answer.status} ${code}`;
    },
    /** A client that is online, and what it hears. */
    async online(client: string, of = 'red') {
      const heard: unknown[] = [];
      const session = {
        app: asAppId(of),
        client: asClientId(client),
        session: asSessionId(`s-${client}`),
        device: 'd',
      };
      hub.attach({
        session,
        format: { name: 'test', encode: (event) => event },
        write: (event) => heard.push(event),
        close: () => undefined,
      });
      await commands.sessionOpened(session);
      return { heard, caller: { ...session, server: false }, commands };
    },
    async close() {
      await app.close();
      await store.close();
    },
  };
}

export type Door = Awaited<ReturnType<typeof openDoor>>;
