import {
  type AppId,
  type OperationName,
  type Results,
  asAppId,
  asTenantId,
  operationNames,
} from '@hongyan/protocol';
import { documentOf } from './openapi.js';
import { openRestDoors } from './rest-doors.contract.js';
import { results } from './results.js';
import { routes, withoutRoute } from './routes.js';

const [red, blue] = [asAppId('red'), asAppId('blue')];

async function door() {
  const doors = await openRestDoors({
    apps: [red, blue].map((id) => ({
      tenant: asTenantId(id),
      id,
      name: id,
      masterKey: `master-of-${id}`,
      settings: id === blue ? { 'limits.restPerSecond': 2 } : {},
    })),
    body: { limit: '2mb' },
  });
  const call = (method: 'get' | 'post' | 'put' | 'patch' | 'delete', path: string, of: AppId = red) =>
    doors.http[method](`/api/v1${path}`)
      .set('x-hongyan-app', of)
      .set('authorization', `Bearer master-of-${of}`);
  return { ...doors, call };
}

let server: Awaited<ReturnType<typeof door>>;
beforeEach(async () => (server = await door()));
afterEach(async () => {
  await server.close();
  expect(server.reported).toEqual([]);
});

const bodyOf = (response: { body: unknown }): unknown => response.body;

/** An answer, which has exactly what the document says. */
function answered<N extends OperationName>(name: N, body: unknown): Results[N] {
  const parsed = results[name].parse(body);
  expect(parsed).toEqual(body);
  return parsed as Results[N];
}

async function conversationOf(members: string[], more: object = {}): Promise<string> {
  const body = bodyOf(
    await server
      .call('post', '/conversations')
      .send({ members, ...more })
      .expect(200),
  );
  return answered('conversation.create', body).conversation.id;
}

describe('the routes', () => {
  it('serve every operation that means something to a server', () => {
    const served = new Set(routes.map(({ operation }) => operation));
    expect(operationNames.filter((name) => !served.has(name) && withoutRoute[name] === undefined)).toEqual(
      [],
    );
    expect(Object.keys(withoutRoute).filter((name) => served.has(name as never))).toEqual([]);
  });

  it('have ids and places of their own, and name only arguments in their paths', () => {
    expect(new Set(routes.map(({ id }) => id)).size).toBe(routes.length);
    expect(new Set(routes.map(({ method, path }) => `${method} ${path.replaceAll(/:\w+/g, ':')}`)).size).toBe(
      routes.length,
    );
    for (const { path, input } of routes) {
      for (const [, name = ''] of path.matchAll(/:(\w+)/g))
        expect([...Object.keys(input.shape), 'client']).toContain(name);
    }
  });
});

describe('the document', () => {
  it('names every route, and everything it refers to', async () => {
    const body = bodyOf(await server.http.get('/api/v1/openapi.json').expect(200));
    expect(body).toEqual(JSON.parse(JSON.stringify(documentOf(routes))));
    const { openapi, paths, components } = body as ReturnType<typeof documentOf>;
    expect(openapi).toBe('3.1.0');
    expect(Object.values(paths).flatMap((methods) => Object.keys(methods))).toHaveLength(routes.length);
    const references = [...JSON.stringify(body).matchAll(/"#\/components\/(\w+)\/(\w+)"/g)];
    expect(references.length).toBeGreaterThan(50);
    for (const [, part = '', name = ''] of references)
      expect(components[part] as object).toHaveProperty(name);
    expect(JSON.stringify(body)).not.toContain('$defs');
  });

  it('says what can be given', () => {
    const { paths } = documentOf(routes);
    const send = paths['/conversations/{conversation}/messages']?.['post'];
    expect(Object.keys(send?.requestBody?.content['application/json']?.schema.properties ?? {})).toEqual(
      expect.arrayContaining(['body', 'format', 'from', 'mentions', 'to']),
    );
    expect(send?.parameters.map(({ name }) => name)).toEqual(['conversation', 'Idempotency-Key']);
    const history = paths['/conversations/{conversation}/messages']?.['get'];
    expect(history?.parameters.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['before.seq', 'after.time', 'types', 'limit']),
    );
  });

  it('is a page for people, too, without outside assets', async () => {
    const { text } = await server.http.get('/api/v1').expect(200);
    expect(text).toContain('/conversations/{conversation}/messages');
    expect(text).not.toMatch(/<script|src=|https?:\/\/(?!HOST)/);
  });
});

describe('who calls', () => {
  it.each([
    [{}, 'unauthenticated'],
    [{ 'x-hongyan-app': 'red' }, 'unauthenticated'],
    [{ authorization: 'Bearer master-of-red' }, 'unauthenticated'],
    [{ 'x-hongyan-app': 'red', authorization: 'Bearer master-of-blue' }, 'unauthenticated'],
    [{ 'x-hongyan-app': 'green', authorization: 'Bearer master-of-red' }, 'unauthenticated'],
  ])('is refused with %j', async (headers, name) => {
    const body = bodyOf(
      await server.http
        .get('/api/v1/conversations')
        .set(headers)
        .expect(401)
        .expect('www-authenticate', 'Bearer'),
    );
    expect(body).toMatchObject({ status: 401, name });
  });

  it('is limited per app', async () => {
    const statuses: number[] = [];
    for (let i = 0; i < 5; i += 1) statuses.push((await server.call('get', '/presence/count', blue)).status);
    expect(statuses).toEqual([200, 200, 200, 200, 429]);
    const refused = await server.call('get', '/presence/count', blue).expect(429);
    expect(refused.headers['retry-after']).toBe('1');
    expect(refused.body).toMatchObject({ name: 'rate_limited', retryAfterMs: 500 });
    await server.call('get', '/presence/count', red).expect(200);
    server.clock.time += 1000;
    await server.call('get', '/presence/count', blue).expect(200);
  });
});

describe('the work of a server', () => {
  it('sends in the name of a client, reads, edits and recalls', async () => {
    const id = await conversationOf(['ann', 'bob'], { id: 'team', name: 'Team' });
    expect(id).toBe('team');
    const sent = await server
      .call('post', '/conversations/team/messages')
      .send({ from: 'ann', body: 'hello' })
      .expect(200);
    const { id: message } = answered('message.send', sent.body);
    await server
      .call('post', '/conversations/team/messages')
      .send({ format: 'json', type: 'order', body: '{"n":1}' })
      .expect(200);

    const history = await server.call('get', '/conversations/team/messages?types=order').expect(200);
    expect(answered('message.history', history.body).messages).toMatchObject([
      { body: '{"n":1}', type: 'order' },
    ]);
    const unread = await server.call('get', '/clients/bob/unread').expect(200);
    expect(answered('client.unread', unread.body)).toMatchObject({ unread: 2 });
    const list = await server.call('get', '/clients/ann/conversations').expect(200);
    expect(answered('conversation.list', list.body).items).toMatchObject([
      { unread: 1, conversation: { name: 'Team' } },
    ]);

    const edited = await server.call('patch', `/messages/${message}`).send({ body: 'hello all' }).expect(200);
    expect(answered('message.edit', edited.body).message).toMatchObject({
      body: 'hello all',
      from: 'ann',
    });
    await server.call('post', `/messages/${message}/recall`).send({}).expect(200);
    const body = bodyOf(await server.call('get', `/messages?messages=${message}`).expect(200));
    expect(answered('message.get', body).messages).toMatchObject([{ recalled: true, body: '' }]);
    const entries = await server.call('get', '/conversations/team/entries?after=0').expect(200);
    expect(answered('conversation.entries', entries.body).entries.map(({ kind }) => kind)).toEqual([
      'created',
      'message',
      'message',
      'edit',
      'recall',
    ]);
  });

  it('changes members, roles, silences and blocks', async () => {
    const id = await conversationOf(['ann', 'bob']);
    const path = `/conversations/${id}`;
    const added = await server
      .call('post', `${path}/members`)
      .send({ members: ['cleo'] })
      .expect(200);
    expect(answered('conversation.add', added.body).done).toEqual(['cleo']);
    await server.call('put', `${path}/members/ann/role`).send({ role: 'manager' }).expect(200);
    const body = bodyOf(await server.call('get', `${path}/members?role=manager`).expect(200));
    expect(answered('conversation.members', body).items).toMatchObject([{ client: 'ann', role: 'manager' }]);
    await server
      .call('post', `${path}/silences`)
      .send({ members: ['bob'], seconds: 60 })
      .expect(200);
    const silenced = await server.call('get', `${path}/silences`).expect(200);
    expect(answered('conversation.silenced', silenced.body).items).toMatchObject([{ client: 'bob' }]);
    await server
      .call('post', `${path}/silences/lift`)
      .send({ members: ['bob'] })
      .expect(200);
    await server
      .call('post', `${path}/blocks`)
      .send({ members: ['cleo'] })
      .expect(200);
    const blocked = await server.call('get', `${path}/blocks`).expect(200);
    expect(answered('conversation.blocked', blocked.body).items).toEqual([{ client: 'cleo' }]);
    await server.call('delete', path).expect(200);
    await server.call('get', path).expect(404);
  });

  it('sets records, kicks and bans clients', async () => {
    const updated = await server.call('patch', '/clients/ann').send({ name: 'Ann' }).expect(200);
    expect(answered('client.update', updated.body).client).toMatchObject({ id: 'ann', name: 'Ann' });
    const got = await server
      .call('post', '/clients/query')
      .send({ clients: ['ann', 'nobody'] })
      .expect(200);
    expect(answered('client.get', got.body).clients).toMatchObject([{ id: 'ann', name: 'Ann' }]);
    await server.call('post', '/clients/a%2Fb/kick').send({ message: 'bye' }).expect(200);
    await server.call('post', '/clients/ann/ban').send({ seconds: 60 }).expect(200);
    await server.call('delete', '/clients/ann/ban').expect(200);
    expect(server.ended).toEqual([
      ['kick', 'red', 'a/b', { message: 'bye' }],
      ['ban', 'red', 'ann', server.clock.time + 60_000],
      ['unban', 'red', 'ann'],
    ]);
    const online = await server
      .call('post', '/presence/query')
      .send({ clients: ['ann'] })
      .expect(200);
    expect(online.body).toEqual({ online: [] });
    await server.call('get', '/clients/ann/sessions').expect(200, { sessions: [] });
  });

  it('makes rooms and system conversations', async () => {
    const room = await conversationOf([], { kind: 'room', name: 'Lobby' });
    expect((await server.call('get', `/rooms/${room}/count`).expect(200)).body).toEqual({ online: 0 });
    const news = await conversationOf([], { kind: 'system', name: 'News' });
    await server.call('put', `/clients/ann/subscriptions/${news}`).send({}).expect(200);
    await server.call('post', `/conversations/${news}/messages`).send({ body: 'today' }).expect(200);
    const body = bodyOf(await server.call('get', '/clients/ann/unread').expect(200));
    expect(body).toMatchObject({ unread: 1 });
    await server.call('delete', `/clients/ann/subscriptions/${news}`).expect(200);
  });

  it('is done once per idempotency key, which is answered', async () => {
    const id = await conversationOf(['ann', 'bob']);
    const send = (key: string, body: string) =>
      server.call('post', `/conversations/${id}/messages`).set('Idempotency-Key', key).send({ body });
    const first = await send('key-1', 'hello').expect(200).expect('idempotency-key', 'key-1');
    const again = await send('key-1', 'hello').expect(200);
    expect(again.body).toMatchObject({ id: (first.body as { id: string }).id, duplicate: true });
    expect((await send('key-1', 'other').expect(409)).body).toMatchObject({ name: 'operation_conflict' });
    const made = await server.call('post', `/conversations/${id}/messages`).send({ body: 'x' }).expect(200);
    expect(made.headers['idempotency-key']).toMatch(/^[0-9a-z]{29}$/);
  });

  it('goes on in pages', async () => {
    for (const name of ['a', 'b', 'c']) await conversationOf(['ann'], { name });
    const query =
      '/conversations?sort=name&limit=2&where=' + encodeURIComponent('{"name":{"$in":["a","b","c"]}}');
    const first = answered('conversation.query', (await server.call('get', query).expect(200)).body);
    const next = `${query}&cursor=${encodeURIComponent(first.cursor ?? '')}`;
    const second = answered('conversation.query', (await server.call('get', next).expect(200)).body);
    expect([...first.items, ...second.items].map(({ conversation }) => conversation.name)).toEqual([
      'a',
      'b',
      'c',
    ]);
    expect(second.cursor).toBeUndefined();
  });
});

describe('what is wrong', () => {
  it.each([
    ['post', '/conversations/x/messages', {}, 'body'],
    ['post', '/conversations/x/messages', { body: 1 }, 'body'],
    ['post', '/conversations/x/messages', { body: 'x', from: '' }, 'from'],
    ['post', '/conversations/x/messages', [], 'JSON object'],
    ['get', '/conversations/x/messages?limit=many', undefined, 'limit'],
    ['get', '/conversations?where=%7B', undefined, 'where'],
    ['get', '/conversations/%00', undefined, 'conversation'],
    ['post', '/clients/query', { clients: [] }, 'clients'],
  ] as const)('%s %s %j is refused', async (method, path, body, detail) => {
    const answer = await server.call(method, path).send(body).expect(400);
    expect(answer.headers['content-type']).toContain('application/problem+json');
    expect(answer.body).toMatchObject({ status: 400, code: 1001, name: 'bad_request', temporary: false });
    expect((answer.body as { message: string }).message).toContain(detail);
  });

  it('is told for broken JSON, unknown paths and huge bodies', async () => {
    const post = () => server.call('post', '/conversations').set('content-type', 'application/json');
    expect((await post().send('{').expect(400)).body).toMatchObject({ name: 'bad_request' });
    expect(
      (
        await post()
          .send(`"${'x'.repeat(3 << 20)}"`)
          .expect(413)
      ).body,
    ).toMatchObject({ name: 'too_large' });
    expect((await server.call('get', '/nowhere').expect(404)).body).toMatchObject({ name: 'not_found' });
    const id = await conversationOf(['ann']);
    const body = 'x'.repeat(61 * 1024);
    await server.call('post', `/conversations/${id}/messages`).send({ body }).expect(413);
  });
});

describe('two tenants with the same ids', () => {
  it('never meet', async () => {
    await conversationOf(['ann', 'bob'], { id: 'same', name: 'Red' });
    await server
      .call('post', '/conversations/same/messages')
      .send({ from: 'ann', body: 'secret' })
      .expect(200);
    await server.call('get', '/conversations/same', blue).expect(404);
    server.clock.time += 10_000;
    await server
      .call('post', '/conversations', blue)
      .send({ id: 'same', members: ['ann'], name: 'Blue' })
      .expect(200);
    const body = bodyOf(await server.call('get', '/conversations/same/messages', blue).expect(200));
    expect(body).toMatchObject({ messages: [] });
    server.clock.time += 10_000;
    await server.call('get', '/messages?messages=same.2', blue).expect(200, { messages: [] });
  });
});
