import { CommandType, OpType, type GenericCommand } from '@hongyan/leancloud';
import { AppError, asAppId, asClientId } from '@hongyan/protocol';
import type { ConnectionTelemetry } from '../connection-parts.js';
import { sampleApp } from '../fixtures.contract.js';
import { type LeanCloudRig, type RawFrames, startLeanCloudRig } from './raw-frames.contract.js';

/** What the door does about connections that are silent, wild or too large, and what it counts. */

let rig: LeanCloudRig;
let counted: string[];
const limits = { ...sampleApp('x').limits, commandsPerSecond: 5, frameBytes: 2_048 };

beforeEach(async () => {
  const signed = sampleApp('signed');
  Object.assign(signed.login, { unsigned: false });
  const paced = {
    ...limits,
    commandsPerSecond: 100,
    messagesPerMinute: 3,
    historyPerMinute: 2,
    operationsPerMinute: 1,
  };
  rig = await startLeanCloudRig([
    sampleApp('red', { limits }),
    sampleApp('paced', { limits: paced }),
    signed,
  ]);
  rig.commands.answer = (name) => {
    if (name === 'conversation.list')
      return { items: [], totals: { unread: 0, mentionUnread: 0, unmutedUnread: 0 } };
    throw new AppError('not_found');
  };
  // What the server of the test before still tells is its own.
  const own: string[] = [];
  counted = own;
  const telemetry: ConnectionTelemetry = {
    sessionClosed: (reason) => own.push(`closed ${reason}`),
    loginRefused: (code) => own.push(`no login: ${code}`),
    frameRefused: (code) => own.push(`refused ${code}`),
  };
  Object.assign(rig.parts, { telemetry });
});
afterEach(() => rig.stop());

const open = (peerId: string, appId = 'red'): GenericCommand => ({
  cmd: CommandType.session,
  op: OpType.open,
  appId,
  peerId,
  sessionMessage: { ua: 'test', r: false },
});
async function login(client = 'ann', app = 'red'): Promise<RawFrames> {
  const frames = await rig.connect();
  expect((await frames.ask(open(client, app))).op).toBe(OpType.opened);
  return frames;
}
const times = (frames: RawFrames, count: number, command: GenericCommand) => {
  for (let i = 1; i <= count; i += 1) frames.send({ ...command, i });
};
const logs: GenericCommand = { cmd: CommandType.logs, logsMessage: { cid: 'c1' } };
async function until(what: string): Promise<void> {
  while (!counted.includes(what)) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe('time', () => {
  it('closes who never logs in with 4108, and nobody who has', async () => {
    const [silent, loggedIn, liveQuery] = [await rig.connect(), await login(), await rig.connect()];
    await liveQuery.ask({ cmd: CommandType.login, service: 1, installationId: 'i1', appId: 'red' });
    rig.leanCloud.tick(Date.now() + rig.leanCloud.options.loginTimeoutMs + 1_000);
    expect(await silent.whenClosed()).toEqual({ code: 4108, reason: 'LOGIN_TIMEOUT' });
    await loggedIn.ask({ cmd: CommandType.echo });
    await liveQuery.ask({ cmd: CommandType.echo });
  });

  it('asks the silent for a word, and closes who gives none with 4107', async () => {
    const frames = await login();
    const pinged = new Promise<void>((resolve) => frames.socket.once('ping', () => resolve()));
    rig.leanCloud.tick(Date.now() + 200_000);
    await pinged;
    await frames.ask({ cmd: CommandType.echo });
    rig.leanCloud.tick(Date.now() + 390_000);
    await frames.ask({ cmd: CommandType.echo });
    rig.leanCloud.tick(Date.now() + 401_000);
    expect(await frames.whenClosed()).toEqual({ code: 4107, reason: 'READ_TIMEOUT' });
    await until('closed lost');
  });
});

describe('too much', () => {
  it('of a session is refused with the code of what was asked, and closes with 4116 when it goes on', async () => {
    const [frames, neighbour] = [await login(), await login('bob')];
    times(frames, 51, logs);
    const refused = await frames.until(() =>
      frames.received.find(({ errorMessage }) => errorMessage?.code === 4116),
    );
    expect(refused.errorMessage!.reason).toBe('MESSAGE_SENT_QUOTA_EXCEEDED');
    times(frames, 1_100, logs);
    expect(await frames.whenClosed()).toEqual({ code: 4116, reason: 'MESSAGE_SENT_QUOTA_EXCEEDED' });
    await neighbour.ask({ cmd: CommandType.echo });
    expect(counted).toEqual(
      expect.arrayContaining(['refused rate_limited', 'refused flooding', 'closed flooding']),
    );
  });

  it('of a client within a minute is refused with 4116, over all its sessions, each kind by itself', async () => {
    const [one, two, other] = [
      await login('ann', 'paced'),
      await login('ann', 'paced'),
      await login('bob', 'paced'),
    ];
    rig.commands.answer = () => ({
      id: 'm',
      time: 1,
      messages: [],
      conversation: { kind: 'room' },
      online: 1,
    });
    const say = (frames: RawFrames) =>
      frames.ask({ cmd: CommandType.direct, directMessage: { cid: 'c1', msg: 'x' } });
    const page = async (frames: RawFrames) => (await frames.ask(logs)).errorMessage?.code;
    const ask = async (frames: RawFrames, op: number) =>
      (await frames.ask({ cmd: CommandType.conv, op, convMessage: { cid: 'c1' } })).errorMessage?.code;
    for (const frames of [one, two, one]) expect((await say(frames)).ackMessage).not.toHaveProperty('code');
    for (const frames of [one, two])
      expect((await say(frames)).ackMessage).toMatchObject({
        code: 4116,
        reason: 'MESSAGE_SENT_QUOTA_EXCEEDED',
      });
    expect((await say(other)).ackMessage).not.toHaveProperty('code');
    expect([await page(one), await page(two), await page(one)]).toEqual([undefined, undefined, 4116]);
    expect([await ask(two, OpType.count), await ask(one, OpType.count)]).toEqual([undefined, 4116]);
    expect(await ask(one, OpType.members)).toBeUndefined();
    expect((await one.ask({ cmd: CommandType.echo })).cmd).toBe(CommandType.echo);
  });

  it('outside of sessions is bounded, too: heartbeats, logins, other services', async () => {
    const frames = await rig.connect();
    times(frames, 600, { cmd: CommandType.echo });
    times(frames, 700, open('ann', 'nobody'));
    expect(await frames.whenClosed()).toMatchObject({ code: 4116 });
  });

  it('in one frame is refused with 4109, more than any app may send closes', async () => {
    const frames = await login();
    const long = { ...logs, logsMessage: { cid: 'c1', checksum: 'x'.repeat(3_000) } };
    expect(await frames.ask(long)).toMatchObject({ errorMessage: { code: 4109, reason: 'FRAME_TOO_LONG' } });
    frames.raw(Buffer.alloc(3 * 1024 * 1024));
    expect(await frames.whenClosed()).toMatchObject({ code: 1009 });
    await until('refused too_large');
  });
});

describe('what is counted', () => {
  it('is every session with the reason of its end, every refused login and frame', async () => {
    const leaving = await login();
    await leaving.ask({ cmd: CommandType.session, op: OpType.close });
    const kicked = await login('bob');
    rig.hub.close({ app: asAppId('red'), client: asClientId('bob'), reason: 'kicked' });
    await kicked.push(CommandType.session, OpType.closed);
    (await login('cleo')).socket.terminate();
    const wild = await login('dora');
    wild.raw(Buffer.from([255, 255, 255]));
    await wild.whenClosed();
    const stranger = await rig.connect();
    await stranger.ask(open('eve', 'nobody'));
    await stranger.ask(open('eve', 'signed'));
    await login('finn');
    await until('closed lost');
    await until('closed kicked');
    expect([...counted].sort()).toEqual(
      [
        ...['closed logged_out', 'closed kicked', 'closed lost', 'closed protocol_violation'],
        ...['refused protocol_violation', 'no login: app_unavailable', 'no login: signature_invalid'],
      ].sort(),
    );
    await rig.leanCloud.drain(100);
    await until('closed shutting_down');
  });
});
