import { signLeanCloud } from '@hongyan/leancloud';
import { asApp, asMaster, type Door, masterKeyOf, openDoor } from './door.contract.js';

let door: Door;
beforeEach(async () => (door = await openDoor()));
afterEach(async () => {
  await door.close();
  expect(door.reported).toEqual([]);
});

interface Row {
  readonly 'msg-id': string;
  readonly 'conv-id': string;
  readonly to: string;
  readonly from: string;
  readonly timestamp: number;
  readonly data: string;
  readonly 'is-room': boolean;
  readonly recall?: boolean;
}
type Sent = { 'msg-id': string; timestamp: number };
type Listed = { results: Record<string, unknown>[]; count?: number };

const rtm = '/1.2/rtm';
const conversations = `${rtm}/conversations`;
const rooms = `${rtm}/chatrooms`;
const services = `${rtm}/service-conversations`;

const made = async (path: string, given: object): Promise<string> =>
  String((await door.ok('post', path, given))['objectId']);
const group = () => made(conversations, { name: 'Group', m: ['ann', 'bob'] });
const say = (path: string, message: string, more: object = {}) =>
  door.ok<Sent>('post', `${path}/messages`, { from_client: 'ann', message, ...more });
const data = (rows: readonly Row[]) => rows.map((row) => row.data);
const place = ({ timestamp }: Sent) => ({ from_client: 'ann', timestamp });

describe('conversations', () => {
  it('are made of columns, found, changed and deleted', async () => {
    const row = await door.ok('post', conversations, {
      name: 'Team',
      m: ['bob', 'ann'],
      unique: true,
      attr: { level: 3 },
      colour: 'red',
    });
    expect(row).toMatchObject({
      name: 'Team',
      m: ['ann', 'bob'],
      unique: true,
      uniqueId: expect.stringMatching(/^[0-9a-f]{32}$/) as string,
      attr: { level: 3 },
      colour: 'red',
      createdAt: expect.stringMatching(/^\d{4}-.*Z$/) as string,
    });
    const id = String(row['objectId']);
    expect(await door.ok('post', conversations, { m: ['ann', 'bob'], unique: true })).toMatchObject({
      objectId: id,
    });
    const find = async (query: object) => (await door.ok<Listed>('get', conversations, query)).results;
    expect(await find({ where: JSON.stringify({ 'attr.level': { $gte: 2 }, colour: 'red' }) })).toMatchObject(
      [row],
    );
    expect(await find({ where: '{"colour":"blue"}' })).toEqual([]);
    const changed = await door.ok('put', `${conversations}/${id}`, {
      name: 'Crew',
      'attr.level': 4,
      colour: 'green',
    });
    expect(Object.keys(changed)).toEqual(['objectId', 'updatedAt']);
    expect(await find({ where: '{"m":"ann"}' })).toMatchObject([
      { name: 'Crew', attr: { level: 4 }, colour: 'green' },
    ]);
    expect(await door.refusal('put', `${conversations}/${id}`, {})).toBe('400 1');
    expect(await door.ok('delete', `${conversations}/${id}`)).toEqual({});
    expect(await find({})).toEqual([]);
    expect(await door.refusal('put', `${conversations}/${id}`, { name: 'x' })).toBe('404 4303');
  });

  it('are listed in pages of any size, in any order, with some keys, and counted', async () => {
    for (let i = 0; i < 25; i += 1) await made(conversations, { name: `n${String(i).padStart(2, '0')}` });
    await made(rooms, { name: 'room' });
    const all = `${rtm}/all-conversations`;
    const page = await door.ok<Listed>('get', conversations, {
      limit: 22,
      skip: 2,
      order: 'name',
      keys: 'name',
    });
    expect(page.results.map(({ name }) => name)).toEqual(
      Array.from({ length: 22 }, (_, i) => `n${String(i + 2).padStart(2, '0')}`),
    );
    expect(Object.keys(page.results[0]!).sort()).toEqual(['createdAt', 'name', 'objectId', 'updatedAt']);
    expect((await door.ok<Listed>('get', all, { limit: 5000 })).results).toHaveLength(26);
    expect((await door.ok<Listed>('get', all, { where: '{"tr":true}' })).results).toHaveLength(1);
    expect(await door.ok<Listed>('get', '/1.1/classes/_Conversation', { count: 1, limit: 0 })).toEqual({
      results: [],
      count: 26,
    });
    const scanned: unknown[] = [];
    for (let cursor: string | undefined; ;) {
      const got = await door.ok<Listed & { cursor?: string }>('get', '/1.1/scan/classes/_Conversation', {
        limit: 12,
        ...(cursor ? { cursor } : {}),
      });
      scanned.push(...got.results.map(({ objectId }) => objectId));
      if ((cursor = got.cursor) === undefined) break;
    }
    expect(new Set(scanned).size).toBe(26);
    expect(await door.refusal('get', conversations, { where: '{"a":{"$near":1}}' })).toBe('400 4310');
    expect(await door.refusal('get', conversations, { where: 'no json' })).toBe('400 1');
    expect(await door.refusal('get', conversations, { limit: -1 })).toBe('400 1');
    expect(await door.ok<Listed>('get', conversations, { skip: 100_000 })).toEqual({ results: [] });
    expect(await door.refusal('get', conversations, { skip: 100_001 })).toBe('400 1');
  });

  it('have members that come and go, and may want no push', async () => {
    const path = `${conversations}/${await group()}`;
    const ann = await door.online('ann');
    const members = async (of = 'members') =>
      (await door.ok<{ result: string[] }>('get', `${path}/${of}`)).result.sort();
    expect(await door.ok('post', `${path}/members`, { client_ids: ['cid'] })).toMatchObject({
      objectId: expect.any(String) as string,
    });
    expect(await members()).toEqual(['ann', 'bob', 'cid']);
    await door.ok('delete', `${path}/members`, { client_ids: ['bob'] });
    expect(await members()).toEqual(['ann', 'cid']);
    expect(ann.heard).toMatchObject([{ entry: { kind: 'added' } }, { entry: { kind: 'removed' } }]);
    await door.ok('post', `${path}/mutes`, { client_ids: ['ann', 'cid'] });
    expect(await members('mutes')).toEqual(['ann', 'cid']);
    await door.ok('delete', `${path}/mutes`, { client_ids: ['cid'] });
    expect(await members('mutes')).toEqual(['ann']);
    expect(await door.refusal('post', `${path}/mutes`, { client_ids: ['zoe'] })).toMatch(/^40\d 4317$/);
    expect(await door.refusal('post', `${path}/members`, { client_ids: [] })).toBe('400 1');
    await door.ok('post', `${path}/blacklists`, { client_ids: ['eve'] });
    expect(await door.refusal('post', `${path}/members`, { client_ids: ['eve'] })).toMatch(/ 4548$/);
    expect(await door.ok('post', `${path}/members`, { client_ids: ['eve', 'dan'] })).toMatchObject({
      failed: [{ client: 'eve' }],
    });
  });

  it('are of the kind that a call is about, where the path does not say it', async () => {
    const talk = await made(conversations, { m: ['ann'] });
    const subscription = { conv_id: talk, client_id: 'ann' };
    const of = '/1.1/rtm/conversation';
    expect(await door.refusal('get', `${of}/subscribed`, subscription)).toBe('400 4313');
    expect(await door.refusal('post', `${of}/subscription`, subscription)).toBe('400 4313');
    expect(await door.refusal('delete', `${of}/subscription`, subscription)).toBe('400 4313');
    for (const what of ['onlines', 'members'])
      expect(await door.refusal('get', `/1.1/rtm/transient_group/${what}`, { gid: talk }, asApp())).toBe(
        '400 4316',
      );
  });

  it('are of the kind that the path says, and of this app', async () => {
    const [normal, room, service] = [
      await group(),
      await made(rooms, { name: 'r' }),
      await made(services, { name: 's' }),
    ];
    expect(await door.refusal('put', `${conversations}/${room}`, { name: 'x' })).toBe('400 4314');
    expect(await door.refusal('get', `${rooms}/${normal}/members`)).toBe('400 4316');
    expect(await door.refusal('get', `${services}/${room}/subscribers`)).toBe('400 4313');
    expect((await door.ok<Listed>('get', services)).results).toMatchObject([
      { objectId: service, sys: true },
    ]);
    expect((await door.ok<Listed>('get', rooms)).results).toMatchObject([{ objectId: room, tr: true }]);
    expect(await door.refusal('get', `${conversations}/${normal}/members`, {}, asMaster('blue'))).toBe(
      '404 4303',
    );
    expect(await door.refusal('get', `${conversations}/%20/members`)).toBe('404 4303');
  });
});

describe('messages', () => {
  it('are sent in anybody’s name, once per Idempotency-Key', async () => {
    const id = await group();
    const bob = await door.online('bob');
    const path = `${conversations}/${id}/messages`;
    const text = JSON.stringify({ _lctype: -1, _lctext: 'hi' });
    const given = {
      from_client: 'stranger',
      message: text,
      mention_client_ids: ['bob'],
      push_data: '{"alert":"!"}',
    };
    const headers = { ...asMaster(), 'Idempotency-Key': 'once' };
    const sent = await door.ok<Sent>('post', path, given, headers);
    expect(await door.ok('post', path, given, headers)).toEqual(sent);
    expect(bob.heard).toMatchObject([
      { entry: { message: { from: 'stranger', body: text, type: 'lc:-1', mentions: ['bob'] } } },
    ]);
    expect(await door.ok<Row[]>('get', path)).toEqual([
      {
        'msg-id': sent['msg-id'],
        'conv-id': id,
        to: id,
        from: 'stranger',
        timestamp: sent.timestamp,
        data: text,
        bin: false,
        'is-conv': true,
        'is-room': false,
        'from-ip': '',
      },
    ]);
    await say(`${conversations}/${id}`, 'gone', { transient: 'True' });
    expect(bob.heard.at(-1)).toMatchObject({ type: 'transient', message: { body: 'gone' } });
    expect(await door.ok<Row[]>('get', path)).toHaveLength(1);
    expect(await door.refusal('post', path, { from_client: 'ann', message: 'x'.repeat(6_000) })).toBe(
      '413 413',
    );
    expect(await door.refusal('post', path, { from_client: 'ann' })).toBe('400 1');
    const many = Array.from({ length: 21 }, (_, i) => `c${i}`);
    expect(
      await door.refusal('post', path, { from_client: 'ann', message: 'x', mention_client_ids: many }),
    ).toBe('400 1');
    expect(
      await door.refusal('post', `${conversations}/none/messages`, { from_client: 'ann', message: 'x' }),
    ).toBe('404 4401');
  });

  it('have a history in pages, both ways, between bounds', async () => {
    const path = `${conversations}/${await group()}`;
    const sent: Sent[] = [];
    for (let i = 0; i < 25; i += 1) sent.push(await say(path, `${i}`));
    const all = sent.map((_, i) => `${i}`);
    const read = async (query: object = {}) => data(await door.ok<Row[]>('get', `${path}/messages`, query));
    expect(await read()).toEqual(all.toReversed());
    expect(await read({ reversed: 'true', limit: 12 })).toEqual(all.slice(0, 12));
    const at = (i: number) => ({ timestamp: sent[i]!.timestamp, msgid: sent[i]!['msg-id'] });
    expect(await read({ ...at(10), limit: 3 })).toEqual(['9', '8', '7']);
    expect(await read({ timestamp: at(10).timestamp, include_start: true, limit: 2 })).toEqual(['10', '9']);
    expect(await read({ ...at(20), reversed: true })).toEqual(['21', '22', '23', '24']);
    const till = { till_timestamp: at(5).timestamp, till_msgid: at(5).msgid };
    expect(await read({ ...at(8), ...till })).toEqual(['7', '6']);
    expect(await read({ ...at(8), ...till, include_stop: true })).toEqual(['7', '6', '5']);
    expect(await read({ limit: 100_000 })).toEqual(all.toReversed());
    expect(await door.refusal('get', `${path}/messages`, { timestamp: 'now' })).toBe('400 1');
    // Otherwise a script that pages by id alone would get the newest page for ever.
    expect(await door.refusal('get', `${path}/messages`, { msgid: at(10).msgid })).toBe('400 1');
  });

  it('are edited, recalled and removed by place', async () => {
    const path = `${conversations}/${await group()}`;
    const bob = await door.online('bob');
    const [first, second, third] = [await say(path, '1'), await say(path, '2'), await say(path, '3')];
    const of = ({ 'msg-id': id }: Sent) => `${path}/messages/${id}`;
    expect(await door.ok('put', of(first), { ...place(first), message: 'one' })).toEqual({});
    expect(await door.ok('put', `${of(second)}/recall`, place(second))).toEqual({});
    expect(await door.ok('delete', of(third), place(third))).toEqual({});
    const rows = await door.ok<Row[]>('get', `${path}/messages`);
    expect(rows.map(({ data: text, recall = false }) => [text, recall])).toEqual([
      ['{"_lctype":-127}', true],
      ['one', false],
    ]);
    expect(bob.heard.slice(3)).toMatchObject([
      { entry: { kind: 'edit' } },
      { entry: { kind: 'recall' } },
      { entry: { kind: 'delete' } },
    ]);
    expect(await door.ok('delete', of(third), place(third))).toEqual({});
    expect(await door.refusal('put', of(third), { ...place(third), message: 'x' })).toBe('404 4404');
    const change = { ...place(first), message: 'x' };
    expect(await door.refusal('put', of(first), { ...change, from_client: 'bob' })).toBe('404 4404');
    expect(await door.refusal('put', of(first), { ...change, timestamp: first.timestamp + 1 })).toBe(
      '404 4404',
    );
    expect(
      await door.refusal('put', `${conversations}/${await group()}/messages/${first['msg-id']}`, change),
    ).toBe('404 4404');
    expect(await door.refusal('put', `${path}/messages/x`, change)).toBe('404 4404');
  });

  it('of the app, and of one sender, have a history', async () => {
    const [one, other] = [
      `${conversations}/${await group()}`,
      `${rooms}/${await made(rooms, { name: 'r' })}`,
    ];
    const sent: Sent[] = [];
    for (let i = 0; i < 24; i += 1)
      sent.push(await say(i % 2 ? one : other, `${i}`, { from_client: i % 3 ? 'ann' : 'bob' }));
    const all = sent.map((_, i) => `${i}`).toReversed();
    expect(new Set(data(await door.ok('get', `${rtm}/messages`)))).toEqual(new Set(all));
    const walked: Row[] = [];
    for (;;) {
      const last = walked.at(-1);
      const page = await door.ok<Row[]>('get', `${rtm}/messages`, {
        limit: 7,
        ...(last && { timestamp: last.timestamp, msgid: last['msg-id'] }),
      });
      if (page.length === 0) break;
      walked.push(...page);
    }
    expect([walked.length, new Set(data(walked)).size]).toEqual([24, 24]);
    expect(walked.map(({ timestamp }) => timestamp)).toEqual(
      walked.map(({ timestamp }) => timestamp).sort((a, b) => b - a),
    );
    expect(walked.filter((row) => row['is-room'])).toHaveLength(12);
    const bobs = await door.ok<Row[]>('get', `${rtm}/clients/bob/messages`, { reversed: true });
    expect(bobs.every(({ from }) => from === 'bob')).toBe(true);
    expect(bobs).toHaveLength(8);
    expect(await door.ok<Row[]>('get', `${rtm}/messages`, {}, asMaster('blue'))).toEqual([]);
    // Also what it sent before it left, and what was sent in the name of one who never was in.
    await door.ok('delete', `${one}/members`, { client_ids: ['bob'] });
    await say(one, 'by a stranger', { from_client: 'zoe' });
    expect(await door.ok<Row[]>('get', `${rtm}/clients/bob/messages`, { reversed: true })).toEqual(bobs);
    for (const [path, query] of [
      [`${rtm}/clients/zoe/messages`],
      ['/1.1/rtm/messages/history', { from: 'zoe' }],
    ] as const)
      expect(data(await door.ok<Row[]>('get', path, query))).toEqual(['by a stranger']);
  });

  it('are read with the app key by who has a signature and is a member', async () => {
    const id = await group();
    await say(`${conversations}/${id}`, 'secret');
    const read = (client: string, nonce = 'n', key = masterKeyOf('red')) => {
      const time = Math.floor(door.clock.time / 1000);
      const signature = signLeanCloud(key, 'red', { kind: 'history', client, conversation: id }, time, nonce);
      return [
        `${conversations}/${id}/messages`,
        { client_id: client, nonce, signature_ts: time, signature },
        asApp(),
      ] as const;
    };
    expect(data(await door.ok<Row[]>('get', ...read('ann')))).toEqual(['secret']);
    expect(await door.refusal('get', ...read('ann', 'n', 'wrong'))).toBe('400 4302');
    expect(await door.refusal('get', `${conversations}/${id}/messages`, {}, asApp())).toBe('401 401');
  });
});
