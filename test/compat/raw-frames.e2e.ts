import { CommandType, OpType, type ConvCommand, type GenericCommand } from '@hongyan/leancloud';
import { RawFrames } from '../../apps/connection/src/leancloud/raw-client.contract.js';
import { type CompatApp, type CompatServer, startCompatServer } from './compat-server.js';
import { eventually } from './devices.js';

/**
 * What clients for Swift, Java and C# expect, and the JavaScript SDK never asks, on frames of our own: names of operations,
 * fields that must be there or must not, serials of any sign.
 */

const { session, conv, direct, ack, read, logs, echo, blacklist, unread, rcp, patch } = CommandType;

let server: CompatServer;
let app: CompatApp;
let open: RawFrames[];

beforeAll(async () => {
  server = await startCompatServer();
});
beforeEach(async () => {
  app = await server.app();
  open = [];
});
afterEach(() => open.forEach(({ socket }) => socket.terminate()));
afterAll(() => server.stop());

async function connect(): Promise<RawFrames> {
  const frames = RawFrames.to(server.url.replace('http', 'ws'));
  open.push(frames);
  await frames.opened;
  return frames;
}

const opening = (peerId: string): GenericCommand => ({
  cmd: session,
  op: OpType.open,
  appId: app.id,
  peerId,
  sessionMessage: { ua: 'raw/1', r: false, configBitmap: 187 },
});

async function login(client: string): Promise<RawFrames> {
  const frames = await connect();
  expect(await frames.ask(opening(client))).toMatchObject({ op: OpType.opened, peerId: client });
  return frames;
}

const people = () =>
  Promise.all(['ann', 'bob', 'cleo'].map(login)) as Promise<[RawFrames, RawFrames, RawFrames]>;

const askConv = (frames: RawFrames, op: number, convMessage: ConvCommand): Promise<GenericCommand> =>
  frames.ask({ cmd: conv, op, convMessage });

async function start(frames: RawFrames, more: ConvCommand): Promise<string> {
  const reply = await askConv(frames, OpType.start, more);
  expect(reply.op).toBe(OpType.started);
  return reply.convMessage!.cid!;
}

/** A chat room of ann's, with all three in it. */
async function peopleInRoom() {
  const [ann, bob, cleo] = await people();
  const cid = await start(ann, { m: ['ann'], transient: true });
  await askConv(bob, OpType.add, { cid, m: ['bob'] });
  await askConv(cleo, OpType.add, { cid, m: ['cleo'] });
  return { ann, bob, cleo, cid };
}

async function say(
  frames: RawFrames,
  cid: string,
  msg: string,
  more = {},
): Promise<{ uid: string; t: number }> {
  const { ackMessage } = await frames.ask({ cmd: direct, directMessage: { cid, msg, ...more } });
  expect(ackMessage).not.toHaveProperty('code');
  return { uid: ackMessage!.uid!, t: ackMessage!.t! };
}

const jsonOf = (reply: GenericCommand): unknown => JSON.parse(reply.convMessage!.results!.data);
const pushesOf = (frames: RawFrames) => frames.received.filter(({ i }) => i === undefined);

describe('the envelope', () => {
  it('names service and session in every push, and the session in every reply', async () => {
    const [ann, bob] = await people();
    const cid = await start(ann, { m: ['ann', 'bob'] });
    const { uid, t } = await say(ann, cid, 'one', { r: true });
    await bob.push(direct);
    bob.send({ cmd: ack, ackMessage: { cid, mid: uid } });
    await ann.push(rcp);
    await bob.ask({ cmd: read, readMessage: { convs: [{ cid, mid: uid, timestamp: t }] } });
    await bob.push(unread);
    await askConv(ann, OpType.update, { cid, attr: { data: '{"name":"n"}' } });
    await bob.push(conv, OpType.updated);
    for (const frames of [ann, bob]) {
      const me = frames === ann ? 'ann' : 'bob';
      for (const push of pushesOf(frames)) expect(push).toMatchObject({ service: 2, peerId: me });
      for (const reply of frames.received.filter(({ i }) => i !== undefined)) expect(reply.peerId).toBe(me);
      for (const push of pushesOf(frames).filter(({ cmd }) => cmd === conv))
        expect(push).toMatchObject({ serverTs: expect.any(Number) as number, convMessage: { cid } });
    }
  });

  it.each([-65_535, -1, 0, 65_535])('answers the serial %i', async (i) => {
    const ann = await login('ann');
    expect(await ann.ask({ cmd: echo }, i)).toMatchObject({ cmd: echo, i });
    const refused = await ann.ask({ cmd: logs, logsMessage: { cid: 'nowhere' } }, i - 7);
    expect(refused).toMatchObject({ i: i - 7, errorMessage: { code: 4303 } });
  });

  it('answers heartbeats without a serial in kind, as C# sends them', async () => {
    const ann = await login('ann');
    ann.send({ cmd: echo, appId: app.id, peerId: 'ann' });
    expect(await ann.push(echo)).not.toHaveProperty('i');
  });

  it('tells two clients on one socket apart by name', async () => {
    const frames = await login('ann');
    await frames.ask(opening('bob'));
    const cid = await start(frames, { m: ['ann', 'bob'] });
    await frames.ask({ cmd: direct, peerId: 'bob', directMessage: { cid, msg: 'from bob' } });
    expect(await frames.push(direct)).toMatchObject({ peerId: 'ann', directMessage: { fromPeerId: 'bob' } });
    expect(await frames.ask({ cmd: direct, peerId: 'eve', directMessage: { cid, msg: 'x' } })).toMatchObject({
      ackMessage: { code: 4105 },
    });
  });
});

describe('sessions', () => {
  it('close without a code, refresh under their own names, and answer who is online in the order asked', async () => {
    const [ann] = await people();
    const asked = {
      cmd: session,
      op: OpType.query,
      sessionMessage: { sessionPeerIds: ['eve', 'cleo', 'ann'] },
    };
    const online = await ann.ask(asked);
    expect(online).toMatchObject({
      op: OpType.query_result,
      sessionMessage: { onlineSessionPeerIds: ['cleo', 'ann'] },
    });
    expect(await ann.ask({ cmd: session, op: OpType.refresh, sessionMessage: {} })).toMatchObject({
      op: OpType.refreshed,
      sessionMessage: { st: expect.any(String) as string, stTtl: expect.any(Number) as number },
    });
    const closed = await ann.ask({ cmd: session, op: OpType.close });
    expect(closed).toMatchObject({ op: OpType.closed });
    expect(closed.sessionMessage ?? {}).not.toHaveProperty('code');
  });

  it('upload device tokens and log in to the other services', async () => {
    const ann = await login('ann');
    const report = {
      cmd: CommandType.report,
      op: OpType.upload,
      reportMessage: { type: 'token', data: 'd' },
    };
    expect((await ann.ask(report)).op).toBe(OpType.uploaded);
    const live = { cmd: CommandType.login, service: 1, installationId: 'i1', appId: app.id };
    expect(await ann.ask(live)).toMatchObject({
      cmd: CommandType.loggedin,
      service: 1,
      installationId: 'i1',
    });
    expect(await ann.ask({ cmd: CommandType.logout, service: 1 })).toMatchObject({
      cmd: CommandType.loggedout,
    });
    expect((await ann.ask({ cmd: CommandType.login, appId: app.id })).cmd).toBe(CommandType.loggedin);
  });
});

describe('members', () => {
  it('are listed: all of a conversation, those in a chat room', async () => {
    const [ann, bob] = await people();
    const cid = await start(ann, { m: ['ann', 'bob'] });
    const listed = await askConv(ann, OpType.members, { cid });
    expect(listed.op).toBe(OpType.result);
    expect([...listed.convMessage!.m!].sort()).toEqual(['ann', 'bob']);
    expect((await askConv(ann, OpType.members, { cid, limit: 1 })).convMessage!.m).toHaveLength(1);
    const room = await start(ann, { m: ['ann'], transient: true });
    await askConv(bob, OpType.add, { cid: room, m: ['bob'] });
    await eventually(async () => {
      const inside = await askConv(ann, OpType.members, { cid: room, limit: 50 });
      expect([...inside.convMessage!.m!].sort()).toEqual(['ann', 'bob']);
    });
  });

  it('know in which of several conversations they are', async () => {
    const [ann, bob] = await people();
    const [mine, theirs, room] = [
      await start(ann, { m: ['ann', 'bob'] }),
      await start(bob, { m: ['bob', 'cleo'] }),
      await start(ann, { m: ['ann'], transient: true }),
    ];
    const reply = await askConv(ann, OpType.is_member, { cids: [mine, theirs, room, 'nowhere', 'a b/c'] });
    expect(reply.op).toBe(OpType.result);
    expect(jsonOf(reply)).toEqual({
      [mine]: true,
      [theirs]: false,
      [room]: true,
      nowhere: false,
      'a b/c': false,
    });
  });

  it('are joined and left with reply, time and those concerned', async () => {
    const [ann, , cleo] = await people();
    const cid = await start(ann, { m: ['ann', 'bob'] });
    const added = await askConv(ann, OpType.add, { cid, m: ['cleo', 'cleo'] });
    expect(added).toMatchObject({ op: OpType.added, convMessage: { cid, allowedPids: ['cleo'] } });
    expect(added.convMessage!.udate).toMatch(/^\d{4}-.*Z$/);
    await cleo.push(conv, OpType.joined);
    const both = await cleo.push(conv, OpType.members_joined);
    expect(both.convMessage).toMatchObject({ cid, initBy: 'ann', m: ['cleo'] });
    const removed = await askConv(cleo, OpType.remove, { cid, m: ['cleo'] });
    expect(removed).toMatchObject({ op: OpType.removed, convMessage: { allowedPids: ['cleo'] } });
  });
});

describe('silence and blocks', () => {
  it('are asked for by id', async () => {
    const [ann] = await people();
    const cid = await start(ann, { m: ['ann', 'bob', 'cleo'] });
    const silenced = await askConv(ann, OpType.add_shutup, { cid, m: ['bob'] });
    expect(silenced).toMatchObject({ op: OpType.shutup_added, convMessage: { cid, allowedPids: ['bob'] } });
    const checked = await askConv(ann, OpType.check_shutup, { cid, m: ['cleo', 'bob', 'eve'] });
    expect(checked).toMatchObject({ op: OpType.check_result, convMessage: { cid, m: ['bob'] } });
    const page = await askConv(ann, OpType.query_shutup, { cid, limit: 10 });
    expect(page).toMatchObject({ op: OpType.shutup_result, convMessage: { m: ['bob'] } });
    expect(page.convMessage).not.toHaveProperty('next');
    const block = { cmd: blacklist, op: OpType.block, blacklistMessage: { srcCid: cid, toPids: ['cleo'] } };
    expect(await ann.ask(block)).toMatchObject({
      op: OpType.blocked,
      blacklistMessage: { srcCid: cid, allowedPids: ['cleo'] },
    });
    const check = {
      cmd: blacklist,
      op: OpType.check_block,
      blacklistMessage: { srcCid: cid, toPids: ['bob', 'cleo'] },
    };
    expect(await ann.ask(check)).toMatchObject({
      op: OpType.check_result,
      blacklistMessage: { srcCid: cid, blockedPids: ['cleo'] },
    });
    const nobody = { ...check, blacklistMessage: { srcCid: cid, toPids: ['bob'] } };
    expect((await ann.ask(nobody)).blacklistMessage?.blockedPids ?? []).toEqual([]);
  });

  it('are paged by how many were before, which Java reads as a number', async () => {
    const [ann] = await people();
    const clients = Array.from({ length: 12 }, (_, n) => `guest-${String(n).padStart(2, '0')}`);
    const cid = await start(ann, { m: ['ann', ...clients] });
    await askConv(ann, OpType.add_shutup, { cid, m: clients });
    const first = (await askConv(ann, OpType.query_shutup, { cid, limit: 5 })).convMessage!;
    expect(first).toMatchObject({ m: clients.slice(0, 5), next: '5' });
    const second = (await askConv(ann, OpType.query_shutup, { cid, limit: 5, next: '5' })).convMessage!;
    expect(second).toMatchObject({ m: clients.slice(5, 10), next: '10' });
    const third = (await askConv(ann, OpType.query_shutup, { cid, limit: 5, next: '10' })).convMessage!;
    expect(third.m).toEqual(clients.slice(10));
    expect(third).not.toHaveProperty('next');
    // No page that was asked for before leads here.
    const middle = (await askConv(ann, OpType.query_shutup, { cid, limit: 2, next: '7' })).convMessage!;
    expect(middle).toMatchObject({ m: clients.slice(7, 9), next: '9' });
    expect((await askConv(ann, OpType.query_shutup, { cid, next: '12' })).convMessage?.m ?? []).toEqual([]);
    const nonsense = await askConv(ann, OpType.query_shutup, { cid, next: 'guest-04' });
    expect(nonsense.errorMessage).toMatchObject({ detail: expect.stringContaining('next') as string });
    await ann.ask({ cmd: blacklist, op: OpType.block, blacklistMessage: { srcCid: cid, toPids: clients } });
    const blocked = (next?: string) =>
      ann.ask({
        cmd: blacklist,
        op: OpType.query,
        blacklistMessage: { srcCid: cid, limit: 8, ...(next === undefined ? {} : { next }) },
      });
    expect((await blocked()).blacklistMessage).toMatchObject({ blockedPids: clients.slice(0, 8), next: '8' });
    expect((await blocked('8')).blacklistMessage).toMatchObject({ blockedPids: clients.slice(8) });
  });

  it('are a client’s own, too: it leaves the conversation and nobody adds it again', async () => {
    const [ann, bob] = await people();
    const cid = await start(ann, { m: ['ann', 'bob'] });
    const own = (op: number, list: object = {}) => ({
      cmd: blacklist,
      op,
      blacklistMessage: { srcPid: 'bob', toCids: [cid], ...list },
    });
    expect(await bob.ask(own(OpType.block))).toMatchObject({
      op: OpType.blocked,
      blacklistMessage: { srcPid: 'bob', blockedCids: [cid] },
    });
    await bob.push(conv, OpType.left);
    expect(await ann.push(conv, OpType.members_left)).toMatchObject({ convMessage: { cid, m: ['bob'] } });
    const added = await askConv(ann, OpType.add, { cid, m: ['bob', 'cleo'] });
    expect(added.convMessage).toMatchObject({
      allowedPids: ['cleo'],
      failedPids: [{ code: 4548, reason: 'BLOCKED_BY_CONV', pids: ['bob'] }],
    });
    const listed = { blacklistMessage: { srcPid: 'bob', blockedCids: [cid] } };
    expect(await bob.ask(own(OpType.query, { toCids: [] }))).toMatchObject({
      op: OpType.query_result,
      ...listed,
    });
    const check = own(OpType.check_block, { toCids: ['elsewhere', cid] });
    expect(await bob.ask(check)).toMatchObject({ op: OpType.check_result, ...listed });
    expect((await ann.ask(own(OpType.block))).errorMessage).toMatchObject({ code: 4320 });
    expect((await bob.ask(own(OpType.block, { toCids: [cid, 'another'] }))).errorMessage?.code).toBe(4301);
    expect((await bob.ask(own(OpType.block, { toCids: ['nowhere'] }))).errorMessage?.code).toBe(4303);
    expect(await bob.ask(own(OpType.unblock))).toMatchObject({
      op: OpType.unblocked,
      blacklistMessage: { srcPid: 'bob' },
    });
    expect(await askConv(ann, OpType.add, { cid, m: ['bob'] })).toMatchObject({
      convMessage: { allowedPids: ['bob'] },
    });
  });

  it('are told in chat rooms, too', async () => {
    const { ann, bob, cleo, cid } = await peopleInRoom();
    await askConv(ann, OpType.add_shutup, { cid, m: ['bob'] });
    const told = { convMessage: { cid, initBy: 'ann', m: ['bob'] } };
    expect(await ann.push(conv, OpType.members_shutuped)).toMatchObject(told);
    expect(await cleo.push(conv, OpType.members_shutuped)).toMatchObject(told);
    await bob.push(conv, OpType.shutuped);
    const refused = await bob.ask({ cmd: direct, directMessage: { cid, msg: 'x' } });
    expect(refused.ackMessage).toMatchObject({ code: 4563, reason: 'SILIENCED' });
    await ann.ask({ cmd: blacklist, op: OpType.block, blacklistMessage: { srcCid: cid, toPids: ['bob'] } });
    await bob.push(conv, OpType.blocked);
    await bob.push(conv, OpType.left);
    expect(await cleo.push(conv, OpType.members_blocked)).toMatchObject(told);
    expect(pushesOf(cleo).some(({ op }) => op === OpType.members_left)).toBe(false);
  });

  it('are a manager’s right in a chat room, once its creator made one', async () => {
    const { ann, bob, cleo, cid } = await peopleInRoom();
    const silence = () => askConv(bob, OpType.add_shutup, { cid, m: ['cleo'] });
    expect((await silence()).errorMessage).toMatchObject({ code: 4320 });
    const info = { pid: 'bob', role: 'Manager' };
    const change = { cid, targetClientId: 'bob', info };
    expect(await askConv(cleo, OpType.member_info_update, change)).toHaveProperty('errorMessage');
    expect((await askConv(ann, OpType.member_info_update, change)).op).toBe(OpType.member_info_updated);
    for (const frames of [bob, cleo])
      expect(await frames.push(conv, OpType.member_info_changed)).toMatchObject({
        convMessage: { cid, info },
      });
    expect((await silence()).convMessage).toMatchObject({ allowedPids: ['cleo'] });
  });
});

describe('columns', () => {
  it('are changed by operations of the storage SDKs', async () => {
    const [ann, bob] = await people();
    const data = JSON.stringify({ name: 'n', attr: { hits: 1, gone: 1 }, tags: ['a'], top: 5 });
    const cid = await start(ann, { m: ['ann', 'bob'], attr: { data } });
    const change = {
      'attr.hits': { __op: 'Increment', amount: 4 },
      'attr.gone': { __op: 'Delete' },
      'attr.made': { __op: 'AddUnique', objects: ['x', 'x'] },
      tags: { __op: 'Add', objects: ['b'] },
      top: { __op: 'Decrement', amount: 2 },
    };
    const reply = await askConv(ann, OpType.update, { cid, attr: { data: JSON.stringify(change) } });
    expect(reply.op).toBe(OpType.updated);
    expect(reply.convMessage!.udate).toMatch(/Z$/);
    const modified = JSON.parse(reply.convMessage!.attrModified!.data) as Record<string, unknown>;
    expect(modified).toMatchObject({ attr: { hits: 5, made: ['x'] }, tags: ['a', 'b'], top: 3 });
    expect(modified['attr']).not.toHaveProperty('gone');
    const push = await bob.push(conv, OpType.updated);
    expect(JSON.parse(push.convMessage!.attrModified!.data)).toEqual(modified);
    expect(JSON.parse(push.convMessage!.attr!.data)).toHaveProperty(['attr.hits']);
    const [row] = jsonOf(
      await askConv(ann, OpType.query, { where: { data: JSON.stringify({ objectId: cid }) } }),
    ) as Record<string, unknown>[];
    expect(row).toMatchObject({ name: 'n', attr: { hits: 5, made: ['x'] }, tags: ['a', 'b'], top: 3 });
    const unknown = await askConv(ann, OpType.update, { cid, attr: { data: '{"x":{"__op":"Explode"}}' } });
    expect(unknown.errorMessage!.code).toBe(4301);
  });

  it('limit 0 is none, no limit is ten', async () => {
    const ann = await login('ann');
    for (let n = 0; n < 12; n += 1) await start(ann, { m: ['ann', `guest-${n}`] });
    expect(jsonOf(await askConv(ann, OpType.query, { where: { data: '{}' }, limit: 0 }))).toEqual([]);
    expect(jsonOf(await askConv(ann, OpType.query, { where: { data: '{}' } }))).toHaveLength(10);
  });
});

describe('messages', () => {
  it('are received by id, and the receipt has no field that means “read”', async () => {
    const [ann, bob] = await people();
    const cid = await start(ann, { m: ['ann', 'bob'] });
    const { uid } = await say(ann, cid, 'one', { r: true, fromPeerId: 'somebody else' });
    expect((await bob.push(direct)).directMessage).toMatchObject({ fromPeerId: 'ann', convType: 1 });
    bob.send({ cmd: ack, ackMessage: { cid, mid: uid } });
    const receipt = await ann.push(rcp);
    expect(receipt.rcpMessage).toMatchObject({ id: uid, cid, from: 'bob' });
    expect(receipt.rcpMessage).not.toHaveProperty('read');
  });

  it('have receipts told to a later session of their sender, one by one, and never twice', async () => {
    const [ann, bob] = await people();
    const cid = await start(ann, { m: ['ann', 'bob'] });
    const first = await say(ann, cid, 'one', { r: true });
    bob.send({ cmd: ack, ackMessage: { cid, mid: first.uid } });
    await ann.push(rcp);
    bob.socket.terminate();
    const second = await say(ann, cid, 'two', { r: true });
    await say(ann, cid, 'three');
    const fourth = await say(ann, cid, 'four', { r: true });
    ann.socket.terminate();
    const [later, reader] = [await login('ann'), await login('bob')];
    reader.send({ cmd: ack, ackMessage: { cid, mid: fourth.uid } });
    await later.until(() => later.received.find(({ rcpMessage }) => rcpMessage?.id === fourth.uid));
    const fifth = await say(later, cid, 'five', { r: true });
    reader.send({ cmd: ack, ackMessage: { cid, mid: fifth.uid } });
    await later.until(() => later.received.find(({ rcpMessage }) => rcpMessage?.id === fifth.uid));
    const told = later.received.flatMap(({ rcpMessage }) => rcpMessage?.id ?? []);
    expect(told).toEqual([second.uid, fourth.uid, fifth.uid]);
  });

  it('of a service are read together with the thread, whatever the client says up to where', async () => {
    const bob = await login('bob');
    const made = await server.rest(app, 'POST', 'api/v1/conversations', { kind: 'system', name: 'news' });
    const { id: cid } = made['conversation'] as { id: string };
    expect((await askConv(bob, OpType.add, { cid, m: ['bob'] })).op).toBe(OpType.added);
    const send = async (body: string, to?: string[]) =>
      (await server.rest(app, 'POST', `api/v1/conversations/${cid}/messages`, { body, to })) as {
        id: string;
        time: number;
      };
    const unreadNow = async () =>
      (await server.rest(app, 'GET', `api/v1/clients/bob/conversations/${cid}`))['unread'];
    const readUpTo = async (tuple: object) => {
      await bob.ask({ cmd: read, readMessage: { convs: [{ cid, ...tuple }] } });
      return await unreadNow();
    };
    await send('to all');
    const { time } = await send('to you', ['bob']);
    await send('to all again');
    const last = await send('to you again', ['bob']);
    expect(await unreadNow()).toBe(4);
    expect(await readUpTo({ timestamp: time })).toBe(2);
    expect(await readUpTo({ mid: last.id })).toBe(0);
    await send('one more', ['bob']);
    expect(await readUpTo({})).toBe(0);
    const counts = bob.received.flatMap(({ unreadMessage }) => unreadMessage?.convs ?? []);
    expect(counts.map(({ unread: n }) => n)).toEqual([2, 0, 0]);
  });

  it('read are told to every session of the reader, with a count of zero', async () => {
    const [ann, bob] = await people();
    const second = await login('bob');
    const cid = await start(ann, { m: ['ann', 'bob'] });
    const { uid, t } = await say(ann, cid, 'one');
    await bob.push(direct);
    const answer = await bob.ask(
      { cmd: read, readMessage: { convs: [{ cid, mid: uid, timestamp: t }] } },
      -5,
    );
    expect(answer).toMatchObject({ cmd: read, i: -5 });
    for (const frames of [bob, second]) {
      const { convs } = (await frames.push(unread)).unreadMessage!;
      expect(convs).toMatchObject([{ cid, unread: 0, mentioned: false }]);
    }
  });

  it('read are told to Java with the last message, for which it keeps an empty one otherwise', async () => {
    const ua = 'LeanCloud-Java-SDK/8.2.28';
    const [ann] = await people();
    const cid = await start(ann, { m: ['ann', 'dora'] });
    const java = await Promise.all([connect(), connect()]);
    for (const [n, frames] of java.entries())
      await frames.ask({ ...opening('dora'), sessionMessage: { ua, deviceId: `device-${n}` } });
    const [first] = [await say(ann, cid, 'first'), await say(ann, cid, 'second')];
    await java[0].ask({ cmd: read, readMessage: { convs: [{ cid, mid: first.uid, timestamp: first.t }] } });
    for (const frames of java)
      expect((await frames.push(unread)).unreadMessage?.convs).toMatchObject([
        { cid, unread: 1, data: 'second', from: 'ann', mid: expect.any(String) as string },
      ]);
  });

  it('up to which all others have received and read, without the asker', async () => {
    const [ann, bob, cleo] = await people();
    const cid = await start(ann, { m: ['ann', 'bob', 'cleo'] });
    const first = await say(ann, cid, 'one');
    const second = await say(ann, cid, 'two');
    await cleo.until(() => pushesOf(cleo).filter(({ cmd }) => cmd === direct)[1]);
    cleo.send({ cmd: ack, ackMessage: { cid, mid: second.uid } });
    bob.send({ cmd: read, readMessage: { convs: [{ cid, mid: first.uid, timestamp: first.t }] } });
    await eventually(async () => {
      const reply = await askConv(ann, OpType.max_read, { cid, queryAllMembers: true });
      expect(reply.op).toBe(OpType.max_read);
      const tuples = new Map(reply.convMessage!.maxReadTuples?.map((tuple) => [tuple.pid, tuple]));
      expect(tuples.get('bob')).toMatchObject({ maxAckTimestamp: first.t, maxReadTimestamp: first.t });
      expect(tuples.get('cleo')).toMatchObject({ maxAckTimestamp: second.t });
      expect(tuples.get('cleo')).not.toHaveProperty('maxReadTimestamp');
      expect(tuples.has('ann')).toBe(false);
    });
    const highest = await askConv(ann, OpType.max_read, { cid });
    expect(highest.convMessage).toMatchObject({ maxReadTimestamp: first.t, maxAckTimestamp: second.t });
  });

  it('are paged by `limit` (Java, Swift, C#), too, always in ascending order, whatever `op` says', async () => {
    const [ann] = await people();
    const cid = await start(ann, { m: ['ann', 'bob'] });
    const sent: string[] = [];
    for (const text of ['1', '2', '3', '4']) sent.push((await say(ann, cid, text)).uid);
    const page = async (more: object) => {
      const reply = await ann.ask({ cmd: logs, op: OpType.open, logsMessage: { cid, ...more } });
      expect(reply.cmd).toBe(logs);
      return reply.logsMessage!.logs?.map(({ msgId }) => msgId) ?? [];
    };
    expect(await page({ limit: 2 })).toEqual(sent.slice(2));
    expect(await page({ limit: 2, direction: 2 })).toEqual(sent.slice(0, 2));
    expect(await page({ limit: 0 })).toEqual([]);
    expect(await page({ t: 0 })).toEqual(sent);
  });

  it('edited are answered with the time of the edit, which Swift demands', async () => {
    const [ann, bob] = await people();
    const cid = await start(ann, { m: ['ann', 'bob'] });
    const { uid, t } = await say(ann, cid, 'before');
    const reply = await ann.ask({
      cmd: patch,
      op: OpType.modify,
      patchMessage: { patches: [{ cid, mid: uid, timestamp: t, recall: false, data: 'after' }] },
    });
    expect(reply.op).toBe(OpType.modified);
    const { patchMessage } = await bob.push(patch, OpType.modify);
    expect(patchMessage!.patches).toMatchObject([
      { cid, mid: uid, timestamp: t, data: 'after', from: 'ann' },
    ]);
    expect(reply.patchMessage!.lastPatchTime).toBe(patchMessage!.patches![0]!.patchTimestamp);
  });

  it('edited into what stands for a recall are recalled: older Swift clients say it so', async () => {
    const [ann, bob] = await people();
    const cid = await start(ann, { m: ['ann', 'bob'] });
    const { uid, t } = await say(ann, cid, 'before');
    const recall = { cid, mid: uid, timestamp: t, data: '{"_lctype":-127}' };
    const reply = await ann.ask({ cmd: patch, op: OpType.modify, patchMessage: { patches: [recall] } });
    expect(reply).toMatchObject({
      op: OpType.modified,
      patchMessage: { lastPatchTime: expect.any(Number) as number },
    });
    const { patchMessage } = await bob.push(patch, OpType.modify);
    expect(patchMessage!.patches).toMatchObject([{ ...recall, recall: true, from: 'ann' }]);
  });
});

describe('roles', () => {
  it('answer and tell under their own names, and are paged over REST', async () => {
    const [ann, bob] = await people();
    const cid = await start(ann, { m: ['ann', 'bob', 'cleo'] });
    for (const pid of ['bob', 'cleo'])
      expect(
        (
          await askConv(ann, OpType.member_info_update, {
            cid,
            targetClientId: pid,
            info: { pid, role: 'Manager' },
          })
        ).op,
      ).toBe(OpType.member_info_updated);
    expect(await bob.push(conv, OpType.member_info_changed)).toMatchObject({
      convMessage: { cid, initBy: 'ann', info: { pid: 'bob', role: 'Manager' } },
    });
    const token = (await bob.ask({ cmd: session, op: OpType.refresh, sessionMessage: {} })).sessionMessage!
      .st!;
    const infos = async (query: string) => {
      const response = await fetch(
        `${server.url}/1.1/classes/_ConversationMemberInfo?client_id=bob&${query}`,
        {
          headers: { 'x-lc-id': app.id, 'x-lc-key': 'any', 'x-lc-im-session-token': token },
        },
      );
      return ((await response.json()) as { results: { clientId: string }[] }).results.map(
        ({ clientId }) => clientId,
      );
    };
    const where = encodeURIComponent(JSON.stringify({ cid }));
    expect((await infos(`where=${where}`)).sort()).toEqual(['bob', 'cleo']);
    expect(await infos(`where=${where}&limit=1&skip=1`)).toHaveLength(1);
    expect((await infos(`cid=${cid}`)).sort()).toEqual(['bob', 'cleo']);
    // One member, as Java asks; without a role it has no row.
    for (const [peerId, found] of [
      ['cleo', ['cleo']],
      ['ann', []],
    ] as const)
      expect(await infos(`where=${encodeURIComponent(JSON.stringify({ cid, peerId }))}`)).toEqual(found);
  });
});
