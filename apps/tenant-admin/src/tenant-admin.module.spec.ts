import { LocalAppStore, createSecretBox, newSecretKey, parseSecretKey } from '@hongyan/apps';
import { LocalHub } from '@hongyan/delivery';
import { asAppId, asClientId, asSessionId } from '@hongyan/protocol';
import { ProblemFilter } from '@hongyan/rest';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Test } from '@nestjs/testing';
import request from 'supertest';
import type { TenantAdminParts } from './parts.js';
import { TenantAdminModule } from './tenant-admin.module.js';

async function door() {
  const hub = new LocalHub();
  const kicked: unknown[] = [];
  const backups: string[] = [];
  const imported: unknown[] = [];
  const parts: TenantAdminParts = {
    operatorToken: 'the-operator-token',
    administration: {
      store: new LocalAppStore(),
      secrets: createSecretBox(parseSecretKey(newSecretKey(), 'test')),
      now: Date.now,
    },
    store: {
      backup: (folder) => Promise.resolve(void backups.push(folder)),
      check: () => Promise.resolve({ problems: ['a hole'], counts: { entries: 3 } }),
    },
    kick: (app, client, options) => Promise.resolve(void kicked.push([app.id, client, options])),
    presence: hub,
    imports: {
      unread: (_app, items) => Promise.resolve({ set: items.length }),
      conversations: (app, items) =>
        Promise.resolve(
          items.map(
            ({ conversation }) => (
              imported.push([app, conversation.id]),
              { id: conversation.id, outcome: 'created', notes: [] }
            ),
          ),
        ),
      messages: (app, items) =>
        Promise.resolve(
          items.map(
            ({ messages }) => (
              imported.push([app, ...messages.map(({ body }) => body)]),
              { added: messages.length, changed: 0, same: 0, kept: 0, refused: [] }
            ),
          ),
        ),
      subscribers: (_app, _conversation, subscribers) => Promise.resolve({ added: subscribers.length }),
      digests: (_app, conversations) => Promise.resolve(conversations.map(() => undefined)),
    },
    report: (error) => {
      throw error;
    },
  };
  const testing = await Test.createTestingModule({ imports: [TenantAdminModule.forRoot(parts)] }).compile();
  const app = testing.createNestApplication<NestExpressApplication>({ logger: false });
  app.useGlobalFilters(new ProblemFilter(parts.report));
  await app.init();
  const http = request(app.getHttpServer());
  const call = (method: 'get' | 'post' | 'patch', path: string) =>
    http[method](`/admin/v1${path}`).set('authorization', 'Bearer the-operator-token');
  return { app, backups, call, http, hub, imported, kicked };
}

let server: Awaited<ReturnType<typeof door>>;
beforeEach(async () => {
  server = await door();
  await server.call('post', '/tenants').send({ id: 'red', name: 'Red' }).expect(201);
});
afterEach(() => server.app.close());

const newApp = async (more: object = {}) =>
  (
    await server
      .call('post', '/apps')
      .send({ tenant: 'red', name: 'Chat', ...more })
      .expect(201)
  ).body as {
    id: string;
    masterKey: { current: string };
  };

describe('the operators’ door', () => {
  it('opens for the operator token only', async () => {
    await server.http.get('/admin/v1/apps').expect(401);
    await server.http.get('/admin/v1/apps').set('authorization', 'Bearer something-else').expect(401);
    await server.http.get('/admin/v1/apps').set('authorization', 'the-operator-token').expect(401);
    await server.call('get', '/apps').expect(200, { items: [] });
  });

  it('creates tenants and apps, and shows the master key when asked', async () => {
    await server.call('post', '/tenants').send({ id: 'red', name: 'Again' }).expect(409);
    const { id, masterKey } = await newApp({
      id: 'chat',
      key: 'their-app-key',
      masterKey: 'their-master-key',
      preset: 'leancloud',
    });
    expect([id, masterKey.current]).toEqual(['chat', 'their-master-key']);
    const shown = await server.call('get', '/apps/chat').expect(200);
    expect(shown.body).toMatchObject({ appKey: { current: 'their-app-key' }, login: { unsigned: true } });
    expect(JSON.stringify(shown.body)).not.toContain('their-master-key');
    expect(JSON.stringify((await server.call('get', '/apps').expect(200)).body)).not.toContain(
      'their-master-key',
    );
    const revealed = await server.call('post', '/apps/chat/reveal').expect(200);
    expect(revealed.body).toMatchObject({ masterKey: { current: 'their-master-key' } });
    await server.call('get', '/apps?tenant=blue').expect(200, { items: [] });
  });

  it('changes settings and rotates keys', async () => {
    const { id, masterKey } = await newApp();
    const set = await server
      .call('patch', `/apps/${id}`)
      .send({ settings: { 'limits.members': 7 } })
      .expect(200);
    expect(set.body).toMatchObject({ limits: { members: 7 } });
    const wrong = await server
      .call('patch', `/apps/${id}`)
      .send({ settings: { 'limits.mebers': 7 } })
      .expect(400);
    expect((wrong.body as { message: string }).message).toContain('limits.members');
    const rotated = await server
      .call('post', `/apps/${id}/rotate`)
      .send({ which: 'masterKey', overlap: 60 })
      .expect(200);
    expect(rotated.body).toMatchObject({ masterKey: { previous: masterKey.current } });
  });

  it.each([
    ['post', '/tenants', { name: '' }],
    ['post', '/tenants', { name: 'x', id: 'a/b' }],
    ['post', '/apps', { name: 'x', tenant: 'red', masterKey: 'short' }],
    ['post', '/apps', { name: 'x', tenant: 'red', colour: 'blue' }],
    ['post', '/apps/chat/rotate', { which: 'hookKey' }],
    ['post', '/backup', { folder: 'relative' }],
  ] as const)('refuses %s %s %j', async (method, path, body) => {
    expect((await server.call(method, path).send(body).expect(400)).body).toMatchObject({
      name: 'bad_request',
    });
  });

  it('tells who is online, and kicks, of one app', async () => {
    const { id } = await newApp();
    const other = await newApp();
    const session = { app: asAppId(id), client: asClientId('ann'), session: asSessionId('s'), device: 'd' };
    await server.hub.opened(session);
    await server
      .call('post', `/apps/${id}/online`)
      .send({})
      .expect(200, { count: 1, clients: ['ann'] });
    await server
      .call('post', `/apps/${id}/online`)
      .send({ clients: ['bob'] })
      .expect(200, { count: 1, clients: [] });
    await server.call('post', `/apps/${other.id}/online`).send({}).expect(200, { count: 0, clients: [] });
    await server.call('post', '/apps/nowhere/online').send({}).expect(404);
    await server.call('post', `/apps/${id}/clients/ann/kick`).send({ tag: 'web' }).expect(200);
    expect(server.kicked).toEqual([[id, 'ann', { tag: 'web' }]]);
  });

  it('cares for the store', async () => {
    await server.call('post', '/backup').send({ folder: '/backups/today' }).expect(200);
    expect(server.backups).toEqual(['/backups/today']);
    await server
      .call('post', '/check')
      .expect(200, { ok: false, problems: ['a hole'], counts: { entries: 3 } });
  });

  it('hands on what is taken over, to apps that exist only', async () => {
    const { id } = await newApp();
    const to = (what: string, body: object, app = id) =>
      server.call('post', `/apps/${app}/import/${what}`).send(body);
    const conversation = {
      id: 'talk',
      kind: 'ordinary',
      attributes: {},
      frozen: false,
      createdAt: 1,
      updatedAt: 1,
    };
    const item = { conversation, members: [{ client: 'ann', role: 'owner' }], silenced: [], blocked: [] };
    await to('conversations', { items: [item] }).expect(200, {
      results: [{ id: 'talk', outcome: 'created', notes: [] }],
    });
    const message = { id: 'm-1', time: 1, author: '', format: 'binary', body: 'AQI=' };
    await to('messages', { items: [{ conversation: 'talk', messages: [message] }] }).expect(200);
    expect(server.imported).toEqual([
      [id, 'talk'],
      [id, Uint8Array.of(1, 2)],
    ]);
    await to('subscribers', { conversation: 'talk', subscribers: [{ client: 'ann', at: 1 }] }).expect(200, {
      added: 1,
    });
    await to('digests', { conversations: ['talk'] }).expect(200, { results: [null] });
    await to('digests', { conversations: ['talk'] }, 'nowhere').expect(404);
    await to('messages', { items: [{ conversation: 'talk', messages: [{ ...message, id: 'a b' }] }] }).expect(
      400,
    );
    await to('conversations', { items: [{ ...item, members: [{ client: 'ann', role: 'king' }] }] }).expect(
      400,
    );
    await server.http.post(`/admin/v1/apps/${id}/import/digests`).send({ conversations: [] }).expect(401);
  });
});
