import { createHash } from 'node:crypto';
import { asApp, asMaster, type Door, openDoor } from './door.contract.js';

let door: Door;
beforeEach(async () => (door = await openDoor()));
afterEach(async () => {
  await door.close();
  expect(door.reported).toEqual([]);
});

type Sent = { 'msg-id': string; timestamp: number };
type Row = Sent & {
  readonly 'conv-id': string;
  readonly to: string;
  readonly data: string;
  readonly from: string;
};
type Subscription = { subscriber: string; conv_id: string; timestamp: number };

const rtm = '/1.2/rtm';
const v1 = '/1.1/rtm';
const made = async (family: string, given: object = {}): Promise<string> =>
  String((await door.ok('post', `${rtm}/${family}`, given))['objectId']);
const data = (rows: readonly Row[]) => rows.map((row) => row.data);
const say = { from_client: 'ann', message: 'hello' };

describe('chat rooms', () => {
  it('are sent to, counted and sampled', async () => {
    const path = `${rtm}/chatrooms/${await made('chatrooms', { name: 'Lobby' })}`;
    const { heard, caller, commands } = await door.online('bob');
    const conversation = path.split('/').pop() as never;
    await commands.execute(caller, 'room.join', { conversation }, { deadline: Infinity });
    expect(await door.ok('get', `${path}/members`)).toEqual({ result: ['bob'] });
    expect(await door.ok('get', `${path}/members/online-count`)).toEqual({ result: 1 });
    expect(await door.ok('get', `${v1}/transient_group/onlines`, { gid: conversation }, asApp())).toEqual({
      result: 1,
    });
    expect(await door.ok('get', `${v1}/transient_group/members`, { gid: conversation }, asApp())).toEqual({
      result: ['bob'],
    });
    const sent = await door.ok<Sent>('post', `${path}/messages`, { ...say, priority: 'HIGH' });
    expect(heard).toMatchObject([{ entry: { message: { body: 'hello' } } }]);
    const one = `${path}/messages/${sent['msg-id']}`;
    const place = { from_client: 'ann', timestamp: sent.timestamp };
    await door.ok('put', one, { ...place, message: 'changed' });
    expect(await door.ok<Row[]>('get', `${path}/messages`)).toMatchObject([
      { data: 'changed', 'is-room': true },
    ]);
    await door.ok('put', `${one}/recall`, place);
    await door.ok('delete', one, place);
    await door.ok('put', path, { name: 'Hall' });
    expect(await door.ok('get', `${rtm}/chatrooms`)).toMatchObject({ results: [{ name: 'Hall', tr: true }] });
    await door.ok('delete', path);
    expect(await door.refusal('get', `${path}/members`)).toBe('404 4303');
  });
});

describe('services', () => {
  it('have subscribers, in pages behind an id', async () => {
    const id = await made('service-conversations', { name: 'News' });
    const path = `${rtm}/service-conversations/${id}/subscribers`;
    const names = Array.from({ length: 12 }, (_, i) => `c${String(i).padStart(2, '0')}`);
    for (const client_id of names) expect(await door.ok('post', path, { client_id })).toEqual({});
    expect(await door.ok('get', `${path}/count`)).toEqual({ count: 12 });
    const seen: string[] = [];
    for (let after: string | undefined; ;) {
      const page = await door.ok<Subscription[]>('get', path, {
        limit: 5,
        ...(after && { client_id: after }),
      });
      if (page.length === 0) break;
      expect(page[0]).toEqual({
        subscriber: expect.any(String) as string,
        conv_id: id,
        timestamp: expect.any(Number) as number,
      });
      seen.push(...page.map(({ subscriber }) => subscriber));
      after = seen.at(-1);
    }
    expect(seen).toEqual(names);
    expect(await door.ok('get', `${v1}/conversation/subscribers`, { conv_id: id, limit: 2 })).toMatchObject([
      { subscriber: 'c00' },
      { subscriber: 'c01' },
    ]);
    expect(await door.ok('get', `${v1}/conversation/subscribers/count`, { conv_id: id })).toEqual({
      count: 12,
    });
    const subscribed = (client_id: string) =>
      door.ok('get', `${v1}/conversation/subscribed`, { conv_id: id, client_id });
    expect(await subscribed('c00')).toEqual({ result: true });
    await door.ok('delete', `${path}/c00`);
    expect(await subscribed('c00')).toEqual({ result: false });
    await door.ok('post', `${v1}/conversation/subscription`, { conv_id: id, client_id: 'c00' });
    expect(await subscribed('c00')).toEqual({ result: true });
    await door.ok('delete', `${v1}/conversation/subscription`, { conv_id: id, client_id: 'c00' });
    expect(await door.ok('get', `${path}/count`)).toEqual({ count: 11 });
  });

  it('of a client are listed both ways', async () => {
    const ids: string[] = [];
    for (let i = 0; i < 5; i += 1) {
      const id = await made('service-conversations', { name: `${i}` });
      await door.ok('post', `${rtm}/service-conversations/${id}/subscribers`, { client_id: 'ann' });
      await new Promise((resolve) => setTimeout(resolve, 3));
      ids.push(id);
    }
    const list = (query: object) =>
      door.ok<Subscription[]>('get', `${rtm}/clients/ann/service-conversations`, query);
    expect((await list({})).map(({ conv_id }) => conv_id)).toEqual(ids.toReversed());
    const first = await list({ limit: 2, direction: 'new' });
    expect(first.map(({ conv_id }) => conv_id)).toEqual(ids.slice(0, 2));
    const { conv_id, timestamp } = first[1]!;
    expect((await list({ direction: 'new', conv_id, timestamp })).map((one) => one.conv_id)).toEqual(
      ids.slice(2),
    );
    expect(
      await door.ok('get', `${v1}/conversation/subscription`, { client_id: 'ann', limit: 1 }),
    ).toMatchObject([{ conv_id: ids[4] }]);
  });

  it('write to all subscribers and to some clients; each sees its own', async () => {
    const id = await made('service-conversations', { name: 'News' });
    const path = `${rtm}/service-conversations/${id}`;
    for (const client_id of ['ann', 'bob']) await door.ok('post', `${path}/subscribers`, { client_id });
    const [ann, cid] = [await door.online('ann'), await door.online('cid')];
    const broadcast = await door.ok<Sent>('post', `${path}/broadcasts`, {
      from_client: 'news',
      message: 'all',
      push: 'Look!',
    });
    const sent = await door.ok<Sent>('post', `${path}/messages`, {
      from_client: 'news',
      message: 'some',
      to_clients: ['ann', 'cid'],
    });
    const transient = { from_client: 'news', message: 'now', to_clients: ['cid'], transient: true };
    await door.ok('post', `${path}/messages`, transient);
    await new Promise((resolve) => setTimeout(resolve, 50));
    const bodies = (heard: unknown[]) =>
      heard.flatMap((event) => {
        const { entry, message = entry?.message } = event as {
          entry?: { message?: { body: string } };
          message?: { body: string };
        };
        return message === undefined ? [] : [message.body];
      });
    // Who was only written to has not subscribed.
    expect(await door.ok('get', `${path}/subscribers/count`)).toEqual({ count: 2 });
    expect(await door.ok('get', `${path}/subscribers`)).toMatchObject([
      { subscriber: 'ann' },
      { subscriber: 'bob' },
    ]);
    expect(bodies(ann.heard).sort()).toEqual(['all', 'some']);
    expect(bodies(cid.heard).sort()).toEqual(['now', 'some']);
    const thread = async (client: string) => door.ok<Row[]>('get', `${path}/subscribers/${client}/messages`);
    expect(await thread('cid')).toMatchObject([
      { data: 'some', to: id, 'conv-id': createHash('md5').update(`${id}:cid`).digest('hex'), from: 'news' },
    ]);
    expect(await thread('bob')).toEqual([]);
    const one = `${path}/messages/${sent['msg-id']}`;
    const place = { from_client: 'news', timestamp: sent.timestamp };
    await door.ok('put', one, { ...place, message: 'both', to_clients: ['ann', 'cid'] });
    expect([data(await thread('ann')), data(await thread('cid'))]).toEqual([['both'], ['both']]);
    await door.ok('put', `${one}/recall`, { ...place, to_clients: ['cid'] });
    expect([data(await thread('ann')), data(await thread('cid'))]).toEqual([['both'], ['{"_lctype":-127}']]);
    expect(await door.refusal('put', one, { ...place, message: 'x', to_clients: ['bob'] })).toBe('404 4404');
    await door.ok('delete', `${path}/subscribers/ann/messages/${sent['msg-id']}`, place);
    expect([data(await thread('ann')), data(await thread('cid'))]).toEqual([[], ['{"_lctype":-127}']]);
    // Ann’s copy has the id that the send answered: the others are found by it still.
    await door.ok('delete', `${path}/subscribers/cid/messages/${sent['msg-id']}`, place);
    expect(data(await thread('cid'))).toEqual([]);
    const all = `${path}/messages/${broadcast['msg-id']}`;
    await door.ok('put', all, { from_client: 'news', timestamp: broadcast.timestamp, message: 'ALL' });
    const history = () => door.ok<Row[]>('get', `${v1}/messages/history`, { convid: id });
    expect(data(await history())).toEqual(['ALL']);
    await door.ok('put', `${all}/recall`, { from_client: 'news', timestamp: broadcast.timestamp });
    expect(data(await history())).toEqual(['{"_lctype":-127}']);
    const many = Array.from({ length: 21 }, (_, i) => `c${i}`);
    expect(
      await door.refusal('post', `${path}/messages`, { from_client: 'news', message: 'x', to_clients: many }),
    ).toBe('400 1');
    expect(await door.refusal('post', `${path}/messages`, { from_client: 'news', message: 'x' })).toBe(
      '400 1',
    );
  });

  it('for everyone broadcast until a time, and take it back', async () => {
    const { commands, caller } = await door.online('ops');
    const server = { app: caller.app, server: true };
    const { conversation } = await commands.execute(
      server,
      'conversation.create',
      { op: 'o' as never, kind: 'system', audience: 'everyone', name: 'All' },
      { deadline: Infinity },
    );
    const ann = await door.online('ann');
    const given = { from_client: 'news', conv_id: conversation.id, message: 'to all' };
    const sent = await door.ok<Sent>('post', `${rtm}/broadcasts`, given);
    const old = await door.ok<Sent>('post', `${v1}/broadcast`, {
      from_peer: 'news',
      conv_id: conversation.id,
      message: 'again',
      valid_till: door.clock.time + 60_000,
    });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(ann.heard).toMatchObject([
      { entry: { message: { body: 'to all' } } },
      { entry: { message: { body: 'again' } } },
    ]);
    const live = (query: object = {}) =>
      door.ok<Row[]>('get', `${rtm}/broadcasts`, { conv_id: conversation.id, ...query });
    expect(data(await live())).toEqual(['again', 'to all']);
    expect(data(await live({ skip: 1, limit: 1 }))).toEqual(['to all']);
    expect(data(await live({ skip: 2_000 }))).toEqual([]);
    const beyond = { conv_id: conversation.id, skip: 100_001 };
    expect(await door.refusal('get', `${rtm}/broadcasts`, beyond)).toBe('400 1');
    await door.ok('delete', `${rtm}/broadcasts/${sent['msg-id']}`);
    expect(data(await live())).toEqual(['again']);
    await door.ok('delete', `${v1}/broadcast`, { mid: old['msg-id'] });
    expect(await door.ok('get', `${v1}/broadcast`, { conv_id: conversation.id })).toEqual([]);
    expect(await door.refusal('post', `${rtm}/broadcasts`, { ...given, valid_till: 1 })).toBe('400 1');
    expect(
      await door.refusal('post', `${rtm}/broadcasts`, { ...given, conv_id: await made('conversations') }),
    ).toBe('400 4313');
    expect(await door.refusal('delete', `${rtm}/broadcasts/none`)).toBe('404 4404');
  });
});

describe('broadcasts to everyone by a service for subscribers', () => {
  it('reach all clients, are read, edited, recalled and taken back', async () => {
    const id = await made('service-conversations', { name: 'News' });
    const path = `${rtm}/service-conversations/${id}`;
    await door.ok('post', `${path}/subscribers`, { client_id: 'bob' });
    const [ann, bob] = [await door.online('ann'), await door.online('bob')];
    const tell = async (message: string, more: object = {}) => {
      const sent = await door.ok<Sent>('post', `${rtm}/broadcasts`, {
        ...{ from_client: 'news', conv_id: id, message },
        ...more,
      });
      await new Promise((resolve) => setTimeout(resolve, 20));
      return sent;
    };
    const [one, two, three] = [await tell('one'), await tell('two'), await tell('three')];
    const bodies = [
      { entry: { message: { body: 'one' } } },
      { entry: { message: { body: 'two' } } },
      { entry: { message: { body: 'three' } } },
    ];
    expect(ann.heard).toMatchObject(bodies);
    expect(bob.heard).toMatchObject(bodies);
    const unread = async (client: string) =>
      (await door.ok('get', `${rtm}/clients/${client}/unread-count`, {}, asApp()))['count'];
    expect([await unread('ann'), await unread('bob')]).toEqual([3, 3]);
    expect(await door.ok('get', `${path}/subscribers/count`)).toEqual({ count: 1 });

    const place = ({ timestamp }: Sent) => ({ from_client: 'news', timestamp });
    await door.ok('put', `${path}/messages/${two['msg-id']}`, { ...place(two), message: 'TWO' });
    await door.ok('put', `${path}/messages/${three['msg-id']}/recall`, place(three));
    const live = async () => data(await door.ok<Row[]>('get', `${rtm}/broadcasts`, { conv_id: id }));
    expect(await live()).toEqual(['TWO', 'one']);
    await door.ok('delete', `${rtm}/broadcasts/${one['msg-id']}`);
    expect(await live()).toEqual(['TWO']);
    expect(ann.heard.slice(3)).toMatchObject([
      { entry: { kind: 'edit', message: { body: 'TWO' } } },
      { entry: { kind: 'recall' } },
      { entry: { kind: 'delete' } },
    ]);
    expect([await unread('ann'), await unread('bob')]).toEqual([1, 1]);
    // The server's history of the service has them among all the others.
    await door.ok('post', `${path}/broadcasts`, { from_client: 'news', message: 'to subscribers' });
    expect(data(await door.ok<Row[]>('get', `${v1}/messages/history`, { convid: id }))[0]).toBe(
      'to subscribers',
    );
    expect(await unread('ann')).toBe(1);
  });

  it('may be for who is online only', async () => {
    const conv_id = await made('service-conversations');
    const ann = await door.online('ann');
    await door.ok('post', `${v1}/broadcast`, { from_peer: 'news', conv_id, message: 'now', transient: true });
    expect(ann.heard).toMatchObject([{ type: 'transient', message: { body: 'now' } }]);
    expect(await door.ok('get', `${v1}/broadcast`, { conv_id })).toEqual([]);
  });
});

describe('discipline', () => {
  it.each(['conversations', 'chatrooms'])('silences and blocks in %s', async (family) => {
    const path = `${rtm}/${family}/${await made(family, family === 'conversations' ? { m: ['ann', 'bob', 'cid'], c: 'ann' } : { c: 'ann' })}`;
    await door.ok('post', `${path}/temporary-silenceds`, { client_id: 'zoe', ttl: 60 });
    expect(
      await door.ok('post', `${path}/permanent-silenceds`, { client_ids: ['bob', 'cid', 'dan'] }),
    ).toEqual({});
    const listed = (of: string, query: object = {}) =>
      door.ok<{ client_ids: string[]; next: string }>('get', `${path}/${of}`, query);
    expect(await listed('permanent-silenceds')).toEqual({ client_ids: ['bob', 'cid', 'dan'], next: '' });
    const first = await listed('permanent-silenceds', { limit: 2 });
    expect(first.client_ids).toEqual(['bob', 'cid']);
    expect(await listed('permanent-silenceds', { limit: 2, next: first.next })).toEqual({
      client_ids: ['dan'],
      next: '',
    });
    await door.ok('delete', `${path}/permanent-silenceds`, { client_ids: ['bob', 'cid'] });
    await door.ok('delete', `${path}/temporary-silenceds`, { client_id: 'zoe' });
    expect((await listed('permanent-silenceds')).client_ids).toEqual(['dan']);
    expect(await door.refusal('post', `${path}/temporary-silenceds`, { client_id: 'zoe', ttl: 90_000 })).toBe(
      '400 1',
    );

    await door.ok('post', `${path}/blacklists`, { client_ids: ['eve', 'eva'] });
    expect(await listed('blacklists', { limit: 1 })).toMatchObject({ client_ids: ['eva'] });
    await door.ok('delete', `${path}/blacklists`, { client_ids: ['eva'] });
    expect((await listed('blacklists')).client_ids).toEqual(['eve']);
  });

  it('gives roles to members, and in rooms to anybody', async () => {
    const path = `${rtm}/conversations/${await made('conversations', { m: ['ann', 'bob', 'cid'], c: 'ann' })}`;
    const info = await door.ok('post', `${path}/member-infos`, { clientId: 'bob', role: 'Manager' });
    const infos = (query: object = {}) =>
      door.ok<{ results: object[] }>('get', `${path}/member-infos`, query);
    expect(await infos({ role: 'Manager' })).toMatchObject({
      results: [{ clientId: 'bob', role: 'Manager', objectId: info['objectId'] }],
    });
    expect((await infos({ skip: 1 })).results).toHaveLength((await infos()).results.length - 1);
    await door.ok('put', `${path}/member-infos/${String(info['objectId'])}`, {
      clientId: 'bob',
      role: 'Member',
    });
    expect((await infos({ role: 'Manager' })).results).toEqual([]);
    await door.ok('put', `${path}/member-infos/${String(info['objectId'])}`, { role: 'Manager' });
    await door.ok('delete', `${path}/member-infos/${String(info['objectId'])}`);
    expect((await infos({ role: 'Manager' })).results).toEqual([]);
    expect(await door.refusal('post', `${path}/member-infos`, { clientId: 'bob', role: 'King' })).toBe(
      '400 4321',
    );
    expect(await door.refusal('put', `${path}/member-infos/other`, { role: 'Member' })).toBe('400 4306');
    const room = `${rtm}/chatrooms/${await made('chatrooms', { c: 'ann' })}/member-infos`;
    expect(await door.ok('get', room)).toMatchObject({ results: [{ clientId: 'ann', role: 'Owner' }] });
    const given = await door.ok('post', room, { clientId: 'bob', role: 'Manager' });
    expect(await door.ok('get', room)).toMatchObject({
      results: [
        { clientId: 'ann', role: 'Owner' },
        { clientId: 'bob', role: 'Manager' },
      ],
    });
    await door.ok('delete', `${room}/${String(given['objectId'])}`);
    expect((await door.ok<{ results: object[] }>('get', room)).results).toHaveLength(1);
  });

  it('blocks from services, and silences by the old name', async () => {
    const service = `${rtm}/service-conversations/${await made('service-conversations')}`;
    await door.ok('post', `${service}/blacklists`, { client_ids: ['eve'] });
    expect(await door.refusal('post', `${service}/subscribers`, { client_id: 'eve' })).toMatch(/ 4548$/);
    const conv_id = await made('conversations', { m: ['ann', 'bob'] });
    const bob = await door.online('bob');
    const speak = () => bob.commands.execute(bob.caller, 'message.send', { op: `${Math.random()}` as never, conversation: conv_id as never, body: 'x', format: 'text' }, { deadline: Infinity }).then(() => 'sent', () => 'refused'); // prettier-ignore
    await door.ok('post', `${v1}/conversation/blacklist`, { conv_id, client_id: 'bob', ttl: 60 });
    expect(await speak()).toBe('refused');
    await door.ok('delete', `${v1}/conversation/blacklist`, { conv_id, client_id: 'bob' });
    expect(await speak()).toBe('sent');
  });
});

describe('clients', () => {
  it('are online, have unread, and are kicked', async () => {
    await door.online('ann');
    expect(await door.ok('post', `${rtm}/clients/check-online`, { client_ids: ['ann', 'bob'] })).toEqual({
      results: ['ann'],
    });
    expect(await door.ok('post', `${v1}/online`, { peers: ['ann', 'bob'] })).toEqual({ results: ['ann'] });
    const stats = async () => (await door.ok('get', `${rtm}/stats`))['result'];
    expect(await stats()).toEqual({ online_user_count: 1, user_count_today: 1 });
    // Tomorrow it is still there, and the only one; yesterday's guest is not.
    await (await door.online('guest')).leave();
    expect(await stats()).toMatchObject({ user_count_today: 2 });
    door.clock.time += 86_400_000;
    expect(await stats()).toMatchObject({ user_count_today: 1 });
    const [one, two] = [
      await made('conversations', { m: ['ann', 'bob'] }),
      await made('conversations', { m: ['bob'] }),
    ];
    for (const id of [one, one, two]) await door.ok('post', `${rtm}/conversations/${id}/messages`, say);
    const unread = (path: string, query: object = {}) => door.ok('get', path, query, asApp());
    expect(await unread(`${rtm}/clients/bob/unread-count`)).toEqual({ count: 3 });
    expect(await unread(`${rtm}/clients/bob/unread-count`, { conv_id: one })).toEqual({ count: 2 });
    expect(await unread(`${v1}/messages/unread/bob`)).toEqual({ count: 3 });
    expect(await unread(`${v1}/messages/unread/bob/${two}`)).toEqual({ count: 1 });
    await door.ok('post', `${rtm}/clients/ann/kick`, { reason: 'bye' });
    await door.ok('post', `${v1}/client/kick`, { client_id: 'bob' });
    expect(door.ended).toEqual([
      ['kick', 'red', 'ann', { message: 'bye' }],
      ['kick', 'red', 'bob', {}],
    ]);
    expect(await door.refusal('post', `${rtm}/clients/ann/kick`, { reason: 'x'.repeat(21) })).toBe('400 1');
  });
});

describe('version 1.1', () => {
  const path = '/1.1/classes/_Conversation';

  it('has conversations as rows of their class', async () => {
    const m = { __op: 'AddUnique', objects: ['ann', 'bob'] };
    const answer = await door.send('post', path, { name: 'Class', m, unique: true, colour: 'red' });
    const { objectId: id } = answer.body as { objectId: string };
    expect([answer.status, Object.keys(answer.body as object)]).toEqual([201, ['objectId', 'createdAt']]);
    const row = () => door.ok('get', `${path}/${id}`);
    expect(await row()).toMatchObject({ name: 'Class', m: ['ann', 'bob'], colour: 'red' });
    await door.ok('put', `${path}/${id}`, { m: { __op: 'AddUnique', objects: ['cid'] }, 'attr.x': 1 });
    await door.ok('put', `${path}/${id}`, {
      m: { __op: 'Remove', objects: ['ann'] },
      mu: { __op: 'Add', objects: ['bob'] },
    });
    expect(await row()).toMatchObject({ m: ['bob', 'cid'], attr: { x: 1 } });
    expect(await door.ok('get', `${rtm}/conversations/${id}/mutes`)).toEqual({ result: ['bob'] });
    expect(await door.ok('put', `${path}/${id}?fetchWhenSave=true`, { name: 'New' })).toMatchObject({
      name: 'New',
      m: ['bob', 'cid'],
    });
    expect(await door.refusal('put', `${path}/${id}`, { m: ['x'] })).toBe('400 4309');
    expect(await door.refusal('put', `${path}/${id}`, { createdAt: 'x' })).toBe('400 4309');
    expect(await door.ok('delete', `${path}/${id}`)).toEqual({});
    expect(await door.refusal('get', `${path}/${id}`)).toBe('404 101');
    for (const [flag, kind] of [
      ['tr', 'chatrooms'],
      ['sys', 'service-conversations'],
    ] as const) {
      await door.ok('post', path, { name: flag, [flag]: true });
      expect(await door.ok('get', `${rtm}/${kind}`)).toMatchObject({
        results: [{ name: flag, [flag]: true }],
      });
    }
  });

  it('sends, reads, changes and removes messages', async () => {
    const conv_id = await made('conversations', { m: ['ann', 'bob'] });
    const send = (more: object) =>
      door.ok<Sent>('post', `${v1}/messages`, { from_peer: 'ann', conv_id, message: 'one', ...more });
    await send({});
    const sent = await send({ transient: false });
    const history = (query: object = {}, of = 'history') =>
      door.ok<Row[]>('get', `${v1}/messages/${of}`, { convid: conv_id, ...query });
    const [row] = await history();
    expect(data(await history())).toEqual(['one']);
    expect(data(await history({ max_ts: sent.timestamp + 1 }, 'logs'))).toEqual(['one']);
    expect(data(await history({ max_ts: sent.timestamp }))).toEqual([]);
    expect(data(await door.ok('get', `${v1}/messages/history`, { from: 'ann' }))).toEqual(['one']);
    expect(data(await door.ok('get', `${v1}/messages/history`))).toEqual(['one']);
    await door.ok('put', `${v1}/messages/logs`, { ...row, data: 'two' });
    expect(data(await history())).toEqual(['two']);
    const place = { conv_id, msg_id: sent['msg-id'], timestamp: sent.timestamp, from_peer: 'ann' };
    await door.ok('post', `${v1}/patch/message`, { ...place, message: 'three' });
    expect(data(await history())).toEqual(['three']);
    await door.ok('post', `${v1}/patch/message`, { ...place, recall: true });
    expect(data(await history())).toEqual(['{"_lctype":-127}']);
    const other = await send({ transient: false });
    await door.ok('delete', `${v1}/messages/logs`, {
      convid: conv_id,
      msgid: other['msg-id'],
      timestamp: other.timestamp,
      from: 'ann',
    });
    expect(data(await history())).toEqual(['{"_lctype":-127}']);
  });

  it('writes to subscribers and to some clients of a service', async () => {
    const conv_id = await made('service-conversations');
    await door.ok('post', `${v1}/broadcast/subscriber`, { from_peer: 'news', conv_id, message: 'all' });
    const sent = await door.ok<Sent>('post', `${v1}/messages`, {
      from_peer: 'news',
      conv_id,
      message: 'some',
      transient: false,
      to_peers: 'ann,bob',
    });
    const thread = (client: string) =>
      door.ok<Row[]>('get', `${rtm}/service-conversations/${conv_id}/subscribers/${client}/messages`);
    expect(data(await thread('bob'))).toEqual(['some']);
    const place = {
      conv_id,
      msg_id: sent['msg-id'],
      timestamp: sent.timestamp,
      from_peer: 'news',
      to_peers: 'ann,bob',
    };
    await door.ok('post', `${v1}/patch/message`, { ...place, message: 'both' });
    expect([data(await thread('ann')), data(await thread('bob'))]).toEqual([['both'], ['both']]);
    expect(
      await door.refusal(
        'post',
        `${v1}/broadcast/subscriber`,
        { from_peer: 'n', conv_id: await made('conversations'), message: 'x' },
        asMaster(),
      ),
    ).toBe('400 4313');
  });
});
