import { CommandType, OpType, signLeanCloud, type GenericCommand } from '@hongyan/leancloud';
import { AppError, asAppId, asClientId, type Delivery, type SessionId } from '@hongyan/protocol';
import { masterKey, sampleApp, slowPresence } from '../fixtures.contract.js';
import {
  type ConnectOptions,
  type LeanCloudRig,
  type RawFrames,
  startLeanCloudRig,
} from './raw-frames.contract.js';

const { session, conv, direct, echo, error, ack, read } = CommandType;
const open = (client: string, more: GenericCommand['sessionMessage'] = {}, app = 'red'): GenericCommand => ({
  cmd: session,
  op: OpType.open,
  appId: app,
  peerId: client,
  sessionMessage: { ua: 'test', r: false, ...more },
});

let rig: LeanCloudRig;
const start = async (options = {}) => {
  rig = await startLeanCloudRig(
    [
      sampleApp('red'),
      sampleApp('blue', { origins: ['https://good.example'] }),
      { ...sampleApp('signed'), login: { ...sampleApp('signed').login, unsigned: false } },
    ],
    options,
  );
  // What the door asks after a login.
  rig.commands.answer = (name) =>
    name === 'conversation.list'
      ? { items: [], totals: { unread: 0, mentionUnread: 0, unmutedUnread: 0 } }
      : {};
  return rig;
};
const login = async (client = 'ann', more = {}, options: ConnectOptions = {}): Promise<RawFrames> => {
  const frames = await rig.connect(options);
  expect(await frames.ask(open(client, more))).toMatchObject({
    cmd: session,
    op: OpType.opened,
    peerId: client,
  });
  return frames;
};

afterEach(() => rig.stop());

describe('the route', () => {
  beforeEach(() => start());
  const get = (path: string, headers: Record<string, string> = {}) =>
    fetch(`${rig.base}${path}`, { headers });

  it('is where the client asked, with or without TLS as it came, on double slashes too', async () => {
    const host = rig.base.slice('http://'.length);
    const plain = await get('//v1/route?appId=red&secure=true');
    expect(plain.headers.get('access-control-allow-origin')).toBe('*');
    expect(await plain.json()).toMatchObject({
      server: `ws://${host}/`,
      secondary: `ws://${host}/`,
      ttl: 3600,
    });
    const proxied = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'im.example' };
    expect(await (await get('/v1/route?appId=red', proxied)).json()).toMatchObject({
      server: 'wss://im.example/',
    });
    expect(await (await get('/2/route?appId=red', proxied)).json()).toMatchObject({
      api_server: 'im.example',
      rtm_router_server: 'im.example',
    });
  });

  it('refuses Java clients while the server goes away: they ask again, and do not where a connection is refused', async () => {
    void rig.leanCloud.drain(500);
    expect((await get('/v1/route?appId=red&secure=1&installationId=phone')).status).toBe(503);
    expect((await get('/v1/route?appId=red&secure=true')).status).toBe(200);
  });

  it('answers preflights, and unknown apps with code and text', async () => {
    const preflight = await fetch(`${rig.base}/v1/route`, { method: 'OPTIONS' });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-headers')).toContain('x-lc-im-session-token');
    const unknown = await get('/v1/route?appId=nobody');
    expect(unknown.status).toBe(404);
    expect(await unknown.json()).toEqual({ code: 4100, error: 'There is no such app.' });
    expect((await get('/v1/routes')).status).toBe(404);
  });

  it('says so when no server takes clients', async () => {
    await rig.stop();
    rig = await startLeanCloudRig([sampleApp('red')], {}, { route: () => Promise.resolve(undefined) });
    const none = await get('/v1/route?appId=red');
    expect([none.status, await none.json()]).toEqual([
      503,
      { code: 4200, error: 'No server takes clients now.' },
    ]);
  });
});

describe('a connection', () => {
  beforeEach(() => start());

  it.each(['lc.protobuf2.3', 'lc.protobuf2.1', 'lc.proto2base64.3', 'lc.proto2base64.1'])(
    'speaks %s and echoes it',
    async (subprotocol) => {
      const frames = await login('ann', {}, { subprotocol, path: '/anything/at/all' });
      expect(frames.socket.protocol).toBe(subprotocol);
      expect(new Set(frames.kinds)).toEqual(new Set([subprotocol.includes('base64') ? 'text' : 'binary']));
    },
  );

  it('takes the subprotocol from the query of clients that cannot set headers', async () => {
    const frames = await rig.connect({ subprotocol: [], path: '/?subprotocol=lc.proto2base64.3' });
    frames.raw(Buffer.from([8, 14, 40, 1]).toString('base64'));
    await frames.until(() => frames.received[0]);
    expect([frames.socket.protocol, frames.kinds[0], frames.received[0]]).toEqual([
      '',
      'text',
      { cmd: echo, i: 1 },
    ]);
  });

  it('is refused without a subprotocol that we speak', async () => {
    await expect(rig.connect({ subprotocol: 'lc.protobuf.1' })).rejects.toThrow('400');
  });

  it('answers heartbeats in kind: with the serial, or without one', async () => {
    const frames = await rig.connect();
    expect(await frames.ask({ cmd: echo })).toEqual({ cmd: echo, i: 1 });
    frames.send({ cmd: echo });
    expect(await frames.push(echo)).toEqual({ cmd: echo });
  });

  it('carries several clients; who is not named is the first', async () => {
    const frames = await login('ann');
    await frames.ask(open('bob'));
    rig.commands.answer = () => ({ online: [] });
    const query = { cmd: session, op: OpType.query, sessionMessage: { sessionPeerIds: ['x'] } };
    expect(await frames.ask(query)).toMatchObject({ op: OpType.query_result, peerId: 'ann' });
    expect(await frames.ask({ ...query, peerId: 'bob' })).toMatchObject({ peerId: 'bob' });
    expect(await frames.ask({ ...query, peerId: 'cleo' })).toMatchObject({
      cmd: error,
      errorMessage: { code: 4105 },
    });
    expect(
      rig.commands.calls.filter(({ name }) => name === 'presence.query').map(({ caller }) => caller.client),
    ).toEqual(['ann', 'bob']);
  });

  it.each([0, -1, -65_535, 65_535])('gives the serial %i back', async (i) => {
    const frames = await login();
    expect((await frames.ask({ cmd: session, op: OpType.query }, i)).i).toBe(i);
  });

  it('answers every command that nobody knows, so that no client waits for its time-out', async () => {
    const frames = await login();
    for (const unknown of [
      { cmd: 99 },
      { cmd: conv, op: 999 },
      { cmd: conv },
      {},
      { cmd: CommandType.room, op: 80 },
    ])
      expect(await frames.ask(unknown)).toMatchObject({
        cmd: error,
        peerId: 'ann',
        errorMessage: { code: 4200 },
      });
  });

  it('does not answer what has no serial', async () => {
    const frames = await login();
    frames.send({ cmd: read, readMessage: { convs: [{ cid: 'c', timestamp: 1 }] } });
    frames.send({ cmd: ack, ackMessage: { cid: 'nowhere!', mid: 'x' } });
    await frames.ask({ cmd: echo });
    expect(frames.received.map(({ cmd }) => cmd)).toEqual([session, echo]);
  });

  it('opens sessions as Java clients do: of the app that the device named, and again without a serial', async () => {
    const frames = await rig.connect();
    const reopened = (client: string, st: string): GenericCommand => ({
      cmd: session,
      op: OpType.open,
      peerId: client,
      sessionMessage: { ua: 'test', r: true, st },
    });
    await frames.ask({ cmd: CommandType.login, appId: 'red', installationId: 'phone' });
    const { sessionMessage } = await frames.ask({ cmd: session, op: OpType.open, peerId: 'ann' });
    const again = await rig.connect();
    again.send({ cmd: CommandType.login, appId: 'red', installationId: 'phone' });
    again.send(reopened('ann', sessionMessage!.st!));
    const opened = await again.push(session, OpType.opened);
    expect(opened).toMatchObject({ peerId: 'ann', sessionMessage: { st: expect.any(String) as string } });
    expect(opened).not.toHaveProperty('i');
    // It may be quicker than the device's login: the token tells the app.
    const sooner = await rig.connect();
    sooner.send(reopened('ann', opened.sessionMessage!.st!));
    expect(await sooner.push(session, OpType.opened)).toMatchObject({ peerId: 'ann' });
    again.send(reopened('bob', 'no token'));
    const refused = await again.push(error);
    expect(refused).toMatchObject({ peerId: 'bob', errorMessage: { code: 4112 } });
    expect(refused).not.toHaveProperty('i');
  });

  it('closes with 4114 after a frame that is none, and leaves its neighbours alone', async () => {
    const [bad, good] = [await login('ann'), await login('bob')];
    bad.raw(Buffer.from([0xff, 0xff, 0xff]));
    expect(await bad.whenClosed()).toEqual({ code: 4114, reason: 'UNPARSEABLE_RAW_MESSAGE' });
    expect(await good.ask({ cmd: echo })).toMatchObject({ cmd: echo });
  });

  it('handles one command after the other, each answered before the pushes that it caused', async () => {
    const frames = await login('ann');
    await frames.ask(open('bob'));
    const deliver = (n: number): Delivery => ({
      app: asAppId('red'),
      audience: { kind: 'clients', clients: [asClientId('bob')] },
      origin: rig.commands.opened[0]!.session,
      class: 'signal',
      event: {
        type: 'transient',
        message: {
          id: `c.${n}`,
          conversation: 'c',
          time: n,
          format: 'text',
          body: `${n}`,
          transient: true,
        } as never,
      },
    });
    let n = 0;
    rig.commands.answer = async () => {
      const now = (n += 1);
      rig.hub.publish([deliver(now)]);
      await new Promise((resolve) => setTimeout(resolve, 5 - now));
      return { id: `c.${now}`, time: now };
    };
    const serials = [11, 12, 13];
    for (const i of serials)
      frames.send({ cmd: direct, i, peerId: 'ann', directMessage: { cid: 'c', msg: 'x', transient: true } });
    await frames.until(() => frames.received.find(({ directMessage }) => directMessage?.id === 'c.3'));
    const order = frames.received.slice(2).map(({ i, directMessage }) => i ?? directMessage?.id);
    expect(order).toEqual([11, 'c.1', 12, 'c.2', 13, 'c.3']);
    const push = frames.received.find(({ directMessage }) => directMessage !== undefined);
    expect(push).toMatchObject({ service: 2, peerId: 'bob', directMessage: { cid: 'c', transient: true } });
  });

  it('refuses a message with an acknowledgement that has a code, and accepts one with one that has none', async () => {
    const frames = await login();
    rig.commands.answer = () => ({ id: 'c.1', seq: 1, time: 5 });
    const sent = await frames.ask({ cmd: direct, directMessage: { cid: 'c', msg: 'x', dt: 'd1' } });
    expect(sent).toEqual({ cmd: ack, i: 2, peerId: 'ann', ackMessage: { cid: 'c', uid: 'c.1', t: 5 } });
    expect(rig.commands.calls.at(-1)!.args).toMatchObject({
      op: 'd1',
      conversation: 'c',
      body: 'x',
      type: 'lc:plain',
    });
    rig.commands.answer = () => {
      throw new AppError('rejected_by_hook', { hook: { code: 7, text: 'no' } });
    };
    const refused = await frames.ask({ cmd: direct, directMessage: { cid: 'c', msg: 'x' } });
    expect(refused.ackMessage).toMatchObject({
      cid: 'c',
      code: 4402,
      reason: 'MESSAGE_REJECTED_BY_APP',
      appCode: 7,
      appMsg: 'no',
    });
  });

  it('refuses JSON that is nested without end before anything looks into it', async () => {
    const frames = await login();
    const data = '{"a":['.repeat(8_000) + ']}'.repeat(8_000);
    const deep = [
      { cmd: conv, op: OpType.start, convMessage: { attr: { data } } },
      { cmd: conv, op: OpType.query, convMessage: { where: { data } } },
    ];
    for (const command of deep)
      expect((await frames.ask(command)).errorMessage!.detail).toMatch('is nested too deeply');
    const { ackMessage } = await frames.ask({
      cmd: direct,
      directMessage: { cid: 'c', msg: 'x', pushData: data },
    });
    expect(ackMessage!.code).toBe(4401);
    const asked = rig.commands.calls.map(({ name }) => name);
    expect(asked.filter((name) => name !== 'conversation.list')).toEqual([]);
  });

  it('tells nothing of our own failures but a reference that is in the log', async () => {
    const frames = await login();
    rig.commands.answer = () => {
      throw new Error('secret');
    };
    const { errorMessage } = await frames.ask({ cmd: conv, op: OpType.count, convMessage: { cid: 'c' } });
    expect(errorMessage).toMatchObject({ code: 4300, reason: 'CONVERSATION_INTERNAL_ERROR' });
    expect(JSON.stringify(errorMessage)).not.toContain('secret');
    const reference = errorMessage!.detail!.split(' ')[1]!;
    expect(rig.logged.some((line) => line.includes(reference) && line.includes('secret'))).toBe(true);
  });

  it('ends with goaway when the server does', async () => {
    const frames = await login();
    await rig.leanCloud.drain(500);
    expect(frames.received.at(-1)).toEqual({ cmd: CommandType.goaway, peerId: 'ann' });
    expect((await frames.whenClosed()).code).toBe(1001);
    expect(rig.commands.ended.map(({ reason }) => reason)).toEqual(['lost']);
  });
});

describe('logging in', () => {
  beforeEach(() => start());
  const refusal = async (command: GenericCommand, options: ConnectOptions = {}) => {
    const frames = await rig.connect(options);
    const { cmd, errorMessage } = await frames.ask(command);
    expect(cmd).toBe(error);
    return errorMessage!.code;
  };

  it('answers with client id, time, token and its life', async () => {
    const frames = await login('ann');
    const { serverTs, sessionMessage } = frames.received[0]!;
    // What was committed up to a minute ago and is not told yet is asked for after this time.
    expect(Math.abs(serverTs! - Date.now() + 60_000)).toBeLessThan(5_000);
    expect(sessionMessage!.st!.length).toBeGreaterThan(20);
    expect(sessionMessage!.stTtl).toBeGreaterThan(3600);
    const nameless = await frames.ask({ ...open('x'), peerId: undefined });
    expect(nameless.peerId).toMatch(/^.{8,}$/);
  });

  it('refuses unknown apps, long ids, foreign pages, and commands before a login', async () => {
    expect(await refusal(open('ann', {}, 'nobody'))).toBe(4100);
    expect(await refusal(open('x'.repeat(65)))).toBe(4103);
    expect(await refusal({ cmd: session, op: OpType.query })).toBe(4105);
    const frames = await rig.connect({ origin: 'https://evil.example' });
    expect((await frames.ask(open('ann', {}, 'blue'))).errorMessage!.code).toBe(4110);
    expect(await frames.whenClosed()).toMatchObject({ code: 4110 });
    // Older Swift and Objective-C clients give the server's own address.
    for (const origin of ['https://good.example', rig.base]) {
      const good = await rig.connect({ origin });
      expect(await good.ask(open('ann', {}, 'blue'))).toMatchObject({ op: OpType.opened });
    }
  });

  it('brings a session back by its token; one that is no token is answered 4112 as an error', async () => {
    const frames = await login('ann', { tag: 'phone', deviceId: 'd1' });
    const { st } = frames.received[0]!.sessionMessage!;
    const first = rig.commands.opened[0]!.session;
    const again = await rig.connect();
    expect(await again.ask(open('ann', { st: st!, r: true }))).toMatchObject({ op: OpType.opened });
    expect(rig.commands.opened[1]).toMatchObject({ session: first, tag: 'phone', device: 'd1' });
    for (const token of ['garbage', `${st!.slice(0, -2)}xx`])
      expect(await refusal(open('ann', { st: token, r: true }))).toBe(4112);
    expect(await refusal(open('bob', { st: st!, r: true }))).toBe(4112);
    expect(await refusal(open('ann', { st: st!, r: true }, 'blue'))).toBe(4112);
  });

  it('ends the connection of who comes back and cannot be let in just now: Swift clients give up after an error', async () => {
    const begins = jest.spyOn(rig.commands, 'sessionOpened').mockRejectedValue(new AppError('unavailable'));
    const luck = jest.spyOn(Math, 'random').mockReturnValue(0);
    const frames = await rig.connect();
    expect((await frames.ask(open('ann'))).errorMessage).toMatchObject({ code: 4200 });
    const asked = Date.now();
    frames.send({ ...open('ann', { r: true }), i: 2 });
    expect(await frames.whenClosed()).toEqual({ code: 4200, reason: 'INTERNAL_ERROR' });
    expect(Date.now() - asked).toBeGreaterThan(900);
    expect(frames.received).toHaveLength(1);
    // What will not pass is said.
    const refused = await (await rig.connect()).ask(open('ann', { r: true, st: 'no token' }));
    expect(refused.errorMessage).toMatchObject({ code: 4112 });
    begins.mockRestore();
    luck.mockRestore();
  });

  it.each([
    ['without a serial', undefined, 'test'],
    ['with one', 2, 'LeanCloud-Java-SDK/8.2.28'],
    ['as C# does', 2, undefined],
  ])('lets who asks once in as soon as it can be: %s', async (_, i, ua) => {
    const begins = jest
      .spyOn(rig.commands, 'sessionOpened')
      .mockRejectedValueOnce(new AppError('unavailable'));
    const luck = jest.spyOn(Math, 'random').mockReturnValue(0);
    const frames = await rig.connect();
    const command = open('ann', { r: true, ua });
    frames.send(i === undefined ? command : { ...command, i });
    const opened = await frames.until(() => frames.received[0]);
    expect(opened).toMatchObject({ op: OpType.opened, peerId: 'ann' });
    expect(opened.i).toBe(i);
    expect(begins).toHaveBeenCalledTimes(2);
    begins.mockRestore();
    luck.mockRestore();
  });

  it('lets the later login of a tag win, also against the token of the earlier one', async () => {
    const old = await login('ann', { tag: 'phone', deviceId: 'd1' });
    await login('ann', { tag: 'phone', deviceId: 'd2' });
    const told = await old.push(session, OpType.closed);
    expect(told).toMatchObject({
      peerId: 'ann',
      service: 2,
      sessionMessage: { code: 4111, reason: 'SESSION_CONFLICT' },
    });
    const { st } = old.received[0]!.sessionMessage!;
    expect(await refusal(open('ann', { st: st!, r: true }))).toBe(4111);
    expect(await refusal(open('ann', { tag: 'phone', deviceId: 'd3', r: true }))).toBe(4111);
    await login('ann', { tag: 'default', deviceId: 'd4' });
    await login('ann', {});
  });

  it('demands a signature of LeanCloud’s form where the app demands signed logins', async () => {
    const t = Math.floor(Date.now() / 1000);
    const s = signLeanCloud(masterKey, 'signed', { kind: 'login', client: 'ann' }, t, 'n').toUpperCase();
    expect(await refusal(open('ann', {}, 'signed'))).toBe(4102);
    expect(await refusal(open('bob', { s, t, n: 'n' }, 'signed'))).toBe(4102);
    const frames = await rig.connect();
    expect(await frames.ask(open('ann', { s, t, n: 'n' }, 'signed'))).toMatchObject({ op: OpType.opened });
  });

  it('refreshes the token, and ends session and token on close without a code', async () => {
    const frames = await login('ann');
    const { st } = frames.received[0]!.sessionMessage!;
    const refreshed = await frames.ask({ cmd: session, op: OpType.refresh, sessionMessage: { st: st! } });
    expect(refreshed).toMatchObject({ op: OpType.refreshed, peerId: 'ann' });
    const closed = await frames.ask({ cmd: session, op: OpType.close });
    expect(closed).toEqual({ cmd: session, op: OpType.closed, i: 3, peerId: 'ann' });
    expect(rig.commands.ended).toMatchObject([{ reason: 'logout' }]);
    expect(await frames.ask({ cmd: session, op: OpType.query })).toMatchObject({
      errorMessage: { code: 4105 },
    });
    expect(await frames.ask(open('ann', { st: st!, r: true }))).toMatchObject({
      errorMessage: { code: 4112 },
    });
  });

  it('tells who is kicked with 4115 and the reason given', async () => {
    const frames = await login('ann');
    rig.hub.close({ app: asAppId('red'), client: asClientId('ann'), reason: 'kicked', message: 'bye' });
    expect(await frames.push(session, OpType.closed)).toMatchObject({
      sessionMessage: { code: 4115, reason: 'KICKED_BY_APP', detail: 'bye' },
    });
    expect(await frames.ask({ cmd: session, op: OpType.query })).toMatchObject({
      errorMessage: { code: 4105 },
    });
    expect(rig.commands.ended).toMatchObject([{ reason: 'kicked' }]);
  });

  it('tells whose app was switched off with 4100, who is one too many with 4113', async () => {
    const [ann, bob] = [await login('ann'), await login('bob')];
    rig.hub.enforce(asAppId('red'), { connections: 1, sessionsPerClient: 20 });
    expect(await bob.push(session, OpType.closed)).toMatchObject({
      sessionMessage: { code: 4113, reason: 'APP_QUOTA_EXCEEDED' },
    });
    rig.hub.enforce(asAppId('red'), undefined);
    expect(await ann.push(session, OpType.closed)).toMatchObject({
      sessionMessage: { code: 4100, reason: 'APP_NOT_AVAILABLE' },
    });
    await ann.until(() => (rig.hub.sessions === 0 ? true : undefined));
  });

  it('lets logins that come together pass no bound together', async () => {
    const few = { ...sampleApp('few'), limits: { ...sampleApp('few').limits, sessionsPerClient: 2 } };
    await rig.stop();
    rig = await startLeanCloudRig([few]);
    slowPresence(rig);
    const connections = await Promise.all(Array.from({ length: 8 }, () => rig.connect()));
    const answers = await Promise.all(connections.map((frames) => frames.ask(open('ann', {}, 'few'))));
    expect(answers.filter(({ op }) => op === OpType.opened)).toHaveLength(2);
    expect(answers.filter(({ errorMessage }) => errorMessage?.code === 4113)).toHaveLength(6);
  });

  it('tolerates the logins of the protocol’s other services', async () => {
    const frames = await rig.connect();
    const live = { cmd: CommandType.login, service: 1, installationId: 'i1', appId: 'red' };
    expect(await frames.ask(live)).toEqual({
      cmd: CommandType.loggedin,
      i: 1,
      service: 1,
      installationId: 'i1',
    });
    expect(await frames.ask({ cmd: CommandType.logout, service: 1 })).toMatchObject({
      cmd: CommandType.loggedout,
    });
    expect(await frames.ask({ cmd: CommandType.report, op: OpType.upload })).toMatchObject({
      op: OpType.uploaded,
    });
  });

  it('sends a will for who is lost, and none for who says goodbye', async () => {
    const will = { cmd: direct, directMessage: { cid: 'c', msg: 'gone', will: true } };
    const lost = await login('ann');
    const { ackMessage } = await lost.ask(will);
    expect(ackMessage).toMatchObject({ cid: 'c', uid: expect.any(String) as string });
    expect(ackMessage).not.toHaveProperty('code');
    const polite = await login('bob');
    await polite.ask(will);
    await polite.ask({ cmd: session, op: OpType.close });
    lost.socket.terminate();
    polite.socket.terminate();
    while (rig.commands.ended.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    const sent = rig.commands.calls.filter(({ name }) => name === 'message.send');
    expect(sent.map(({ caller, args }) => [caller.client, args])).toMatchObject([
      ['ann', { body: 'gone', transient: true, id: ackMessage!.uid }],
    ]);
  });

  it('leaves no session behind when a socket goes', async () => {
    const frames = await login('ann');
    await frames.ask(open('bob'));
    frames.socket.terminate();
    while (rig.commands.ended.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    expect([rig.hub.sessions, rig.leanCloud.size]).toEqual([0, 0]);
    expect(new Set(rig.commands.ended.map(({ session: one }): SessionId => one.session)).size).toBe(2);
  });
});
