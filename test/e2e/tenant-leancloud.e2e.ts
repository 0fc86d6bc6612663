import { CommandType, OpType, signLeanCloud, type GenericCommand } from '@hongyan/leancloud';
import { RawFrames } from '../../apps/connection/src/leancloud/raw-client.contract.js';
import { type TestApp, TestServer } from './server.js';

/**
 * Two apps at LeanCloud's door. Where ids are the same, nothing of one is seen from the other; what only the other has
 * looks like what nobody has, byte by byte.
 */

jest.setTimeout(60_000);

const { session, conv, direct, ack, read, logs, patch, blacklist } = CommandType;
const shared = ['talk', 'room', 'news'] as const;
const kinds = ['ordinary', 'room', 'system'] as const;
/** Of the same length; the right one of each pair is nowhere. */
const pairs = [
  ['talk-of-the-other', 'talk-of-nobody-at'],
  ['room-of-the-other', 'room-of-nobody-at'],
  ['news-of-the-other', 'news-of-nobody-at'],
] as const;

let server: TestServer;
let own: TestApp;
let other: TestApp;

beforeAll(async () => {
  server = await TestServer.start();
  own = await server.createApp({ 'limits.commandsPerSecond': 10_000 }, { preset: 'leancloud' });
  other = await server.createApp({ 'limits.commandsPerSecond': 10_000 }, { preset: 'leancloud' });
  const make = async (app: TestApp, id: string, kind: string, name: string) => {
    const members = kind === 'ordinary' ? { members: ['ann', 'bob'] } : {};
    const made = await server.rest(app, 'POST', '/conversations', { id, kind, name, ...members });
    expect([id, made.status]).toEqual([id, 200]);
  };
  for (const [at, kind] of kinds.entries()) {
    await make(own, shared[at]!, kind, 'apple');
    await make(other, shared[at]!, kind, 'pear');
    await make(other, pairs[at]![0], kind, 'pear');
    await server.rest(other, 'POST', `/conversations/${pairs[at]![0]}/messages`, { body: 'pear secret' });
  }
});
afterAll(() => server.close());

const open: RawFrames[] = [];
afterEach(() => open.splice(0).forEach(({ socket }) => socket.terminate()));

async function connect(): Promise<RawFrames> {
  const frames = RawFrames.to(server.url.replace('http', 'ws'));
  open.push(frames);
  await frames.opened;
  return frames;
}

const opening = (app: string, peerId: string, sessionMessage = {}): GenericCommand => ({
  cmd: session,
  op: OpType.open,
  appId: app,
  peerId,
  sessionMessage: { ua: 'test', r: false, ...sessionMessage },
});

async function login(app: TestApp, client: string): Promise<RawFrames & { token: string }> {
  const frames = await connect();
  const reply = await frames.ask(opening(app.id, client));
  expect(reply.op).toBe(OpType.opened);
  return Object.assign(frames, { token: reply.sessionMessage!.st! });
}

/** Every command that names a conversation. */
const naming = (cid: string): GenericCommand[] => {
  const convs: [number, object][] = [
    [OpType.query, { where: { data: JSON.stringify({ objectId: cid }) } }],
    [OpType.query, { where: { data: JSON.stringify({ objectId: { $in: [cid] } }) }, flag: 2 }],
    [OpType.query, { tempConvIds: [cid] }],
    [OpType.update, { attr: { data: '{"name":"x"}' } }],
    ...[OpType.add, OpType.remove, OpType.add_shutup, OpType.remove_shutup, OpType.check_shutup].map(
      (op): [number, object] => [op, { m: ['ann'] }],
    ),
    ...[OpType.add, OpType.remove].map((op): [number, object] => [op, { m: ['bob'] }]),
    ...[OpType.mute, OpType.unmute, OpType.count, OpType.members, OpType.query_shutup, OpType.max_read].map(
      (op): [number, object] => [op, {}],
    ),
    [OpType.max_read, { queryAllMembers: true }],
    [OpType.is_member, { cids: [cid] }],
    [OpType.member_info_update, { targetClientId: 'bob', info: { pid: 'bob', role: 'Manager' } }],
  ];
  const lists: [number, object][] = [OpType.block, OpType.unblock, OpType.query, OpType.check_block].map(
    (op) => [op, op === OpType.query ? {} : { toPids: ['bob'] }],
  );
  const mid = `${cid}.2`;
  return [
    ...convs.map(([op, more]) => ({ cmd: conv, op, convMessage: { cid, ...more } })),
    ...lists.map(([op, more]) => ({ cmd: blacklist, op, blacklistMessage: { srcCid: cid, ...more } })),
    { cmd: direct, directMessage: { cid, msg: 'x' } },
    { cmd: direct, directMessage: { cid, msg: 'x', transient: true } },
    { cmd: logs, logsMessage: { cid } },
    { cmd: logs, logsMessage: { cid, mid, t: Date.now() } },
    { cmd: read, readMessage: { convs: [{ cid, mid, timestamp: Date.now() }] } },
    { cmd: ack, ackMessage: { cid, mid } },
    { cmd: patch, op: OpType.modify, patchMessage: { patches: [{ cid, mid, timestamp: 1, recall: true }] } },
  ];
};

it('what only the other app has looks like what nobody has', async () => {
  const ann = await login(own, 'ann');
  const blank = (reply: GenericCommand, id: string) =>
    JSON.stringify({ ...reply, i: 0 })
      .replaceAll(id, '#')
      .replaceAll(/"(t|serverTs)":\d+/g, '"$1":0');
  let asked = 0;
  for (const [theirs, nobodys] of pairs) {
    const commands = naming(nobodys);
    for (const [at, command] of naming(theirs).entries()) {
      const told = blank(await ann.ask(command), theirs);
      expect([command, told]).toEqual([command, blank(await ann.ask(commands[at]!), nobodys)]);
      expect(told).not.toMatch(/pear|secret/);
      asked += 1;
    }
  }
  expect(asked).toBeGreaterThan(75);
  for (const [theirs] of pairs) {
    const entries = await server.entries(other, theirs);
    expect(entries.map(({ kind }) => kind)).toEqual(['created', 'message']);
  }
});

it('under the same ids, each has its own messages, members, receipts and rooms', async () => {
  const [mine, theirs] = [
    { ann: await login(own, 'ann'), bob: await login(own, 'bob') },
    { ann: await login(other, 'ann'), bob: await login(other, 'bob') },
  ];
  for (const { bob } of [mine, theirs])
    await bob.ask({ cmd: conv, op: OpType.add, convMessage: { cid: 'room', m: ['bob'] } });
  const heard = theirs.bob.received.length;
  const say = async (frames: RawFrames, cid: string, msg: string) => {
    const reply = await frames.ask({ cmd: direct, directMessage: { cid, msg, dt: 'the-same', r: true } });
    expect(reply.ackMessage).not.toHaveProperty('code');
    return reply.ackMessage!;
  };
  const sent = await say(mine.ann, 'talk', 'apple one');
  await say(mine.ann, 'room', 'apple in the room');
  await mine.bob.until(() => mine.bob.received.find(({ directMessage }) => directMessage?.cid === 'room'));
  const readMessage = { convs: [{ cid: 'talk', mid: sent.uid!, timestamp: sent.t! }] };
  await mine.bob.ask({ cmd: read, readMessage });
  await mine.ann.push(CommandType.rcp);
  await mine.ann.ask({
    cmd: conv,
    op: OpType.update,
    convMessage: { cid: 'talk', attr: { data: '{"a":1}' } },
  });
  await server.rest(own, 'POST', '/conversations/room/silences', { members: ['bob'] });
  await mine.bob.push(conv, OpType.shutuped);
  // The same mark against doubles counts once in each app.
  await say(theirs.ann, 'talk', 'pear one');
  const got = await theirs.bob.push(direct);
  expect(got.directMessage!.msg).toBe('pear one');
  expect(theirs.bob.received.slice(heard).filter(({ i }) => i === undefined)).toEqual([got]);
  expect(JSON.stringify([...theirs.ann.received, ...theirs.bob.received])).not.toContain('apple');
  const history = async (frames: RawFrames) =>
    (await frames.ask({ cmd: logs, logsMessage: { cid: 'talk' } })).logsMessage!.logs!.map(
      ({ data }) => data,
    );
  expect(await history(mine.ann)).toEqual(['apple one']);
  expect(await history(theirs.ann)).toEqual(['pear one']);
  await say(theirs.bob, 'room', 'still allowed here');
  await server.rest(own, 'POST', '/clients/bob/kick', {});
  await mine.bob.push(session, OpType.closed);
  const online = (frames: RawFrames) =>
    frames.ask({ cmd: session, op: OpType.query, sessionMessage: { sessionPeerIds: ['bob'] } });
  expect((await online(theirs.ann)).sessionMessage!.onlineSessionPeerIds).toEqual(['bob']);
  expect((await online(mine.ann)).sessionMessage?.onlineSessionPeerIds ?? []).toEqual([]);
});

it('a login of one app ends none of the other', async () => {
  const enter = async (app: TestApp, deviceId: string) => {
    const frames = await connect();
    expect((await frames.ask(opening(app.id, 'dan', { tag: 'phone', deviceId }))).op).toBe(OpType.opened);
    return frames;
  };
  const [here, there] = [await enter(own, 'one'), await enter(other, 'two')];
  await enter(own, 'three');
  expect(await here.push(session, OpType.closed)).toMatchObject({ sessionMessage: { code: 4111 } });
  await there.ask({ cmd: conv, op: OpType.query, convMessage: {} });
  expect(there.received.some(({ op }) => op === OpType.closed)).toBe(false);
});

it('credentials of one are those of nobody to the other', async () => {
  const { token } = await login(other, 'ann');
  const answer = async (st: string) => {
    const frames = await connect();
    return JSON.stringify(await frames.ask(opening(own.id, 'ann', { st }), 1));
  };
  const refused = await answer(token);
  expect(refused).toContain('"code":4112');
  expect(refused).toBe(await answer(`${token.slice(0, -6)}AAAAAA`));
  const notifications = async (app: string, given: string) => {
    const headers = { 'x-lc-id': app, 'x-lc-key': 'k', 'x-lc-im-session-token': given };
    const response = await fetch(`${server.url}/1.1/rtm/notifications?client_id=ann&start_ts=0`, { headers });
    return `${response.status} ${await response.text()}`;
  };
  expect(await notifications(other.id, token)).toMatch(/^200/);
  expect(await notifications(own.id, token)).toMatch(/^401/);
  expect(await notifications(own.id, token)).toBe(await notifications(own.id, `${token.slice(0, -6)}AAAAAA`));
  const strict = await server.createApp({ 'login.unsigned': false }, { preset: 'leancloud' });
  const sign = async (key: string, app: string) => {
    const t = Date.now();
    const s = signLeanCloud(key, app, { kind: 'login', client: 'ann' }, t, 'n');
    return await (await connect()).ask(opening(strict.id, 'ann', { s, t, n: 'n' }), 1);
  };
  expect((await sign(strict.masterKey, strict.id)).op).toBe(OpType.opened);
  for (const app of [strict.id, other.id])
    expect((await sign(other.masterKey, app)).errorMessage).toMatchObject({ code: 4102 });
});
