import { CommandType, OpType, type GenericCommand, type SessionCommand } from '@hongyan/leancloud';
import { AppError, asAppId, asClientId, type Args, type Delivery } from '@hongyan/protocol';
import { sampleApp } from '../fixtures.contract.js';
import { type LeanCloudRig, type RawFrames, startLeanCloudRig } from './raw-frames.contract.js';

const { session, patch, conv } = CommandType;

let rig: LeanCloudRig;
/** What the log has: stamps of edits of different messages, ascending. */
let log: number[];
let asked: number[];
beforeEach(async () => {
  rig = await startLeanCloudRig([sampleApp('red')]);
  [log, asked] = [[], []];
  rig.commands.always = {};
  rig.commands.answer = (name, args) => {
    if (name === 'conversation.list')
      return { items: [], totals: { unread: 0, mentionUnread: 0, unmutedUnread: 0 } };
    const { since, limit = 100 } = args as Args<'client.edits'>;
    asked.push(since);
    const found = log.filter((stamp) => stamp > since);
    const page = found.slice(0, limit);
    const more = found.length > limit;
    return { entries: page.map(edit), until: (more ? page.at(-1) : log.at(-1)) ?? 0, more };
  };
});
afterEach(() => rig.stop());

const edit = (stamp: number) => ({
  ...{ conversation: 'c', seq: stamp, time: stamp - 1, stamp, by: 'bob', kind: 'edit' },
  message: { id: `c.${stamp}`, conversation: 'c', seq: 1, time: 1, from: 'bob', format: 'text', body: 'x' },
});

const publish = (stamp: number): void => {
  const event = { type: 'entry', entry: edit(stamp) };
  const audience = { kind: 'clients', clients: [asClientId('ann')] };
  rig.hub.publish([{ app: asAppId('red'), audience, class: 'entry', event } as unknown as Delivery]);
};

async function login(more: SessionCommand): Promise<{ frames: RawFrames; serverTs: number }> {
  const frames = await rig.connect();
  const { serverTs } = await frames.ask({
    ...{ cmd: session, op: OpType.open, appId: 'red', peerId: 'ann' },
    sessionMessage: { ua: 'js/5', ...more },
  });
  // Whatever a command is answered with, pushes of before come first.
  await frames.ask({ cmd: conv, op: OpType.count, convMessage: {} });
  return { frames, serverTs: serverTs! };
}

const told = ({ received }: RawFrames): (number | undefined)[] =>
  received
    .filter(({ cmd }: GenericCommand) => cmd === patch)
    .map(({ patchMessage }) => patchMessage?.lastPatchTime);

const start = Date.now() - 1_000_000;
const at = (n: number) => start + n;

it('a client that comes back is told what came after the last that it heard, and keeps that time until then', async () => {
  log = [at(1), at(2), at(5), at(6)];
  const { frames, serverTs } = await login({ r: true, lastPatchTime: at(2) });
  expect([asked, told(frames), serverTs]).toEqual([[at(2)], [at(5), at(6)], at(2)]);
  const { patchMessage, serverTs: stamp } = await frames.push(patch, OpType.modify);
  expect(patchMessage!.patches).toMatchObject([{ mid: `c.${at(5)}`, patchTimestamp: at(5) }]);
  expect(stamp).toBe(at(5));
});

it('one that missed nothing knows everything that was committed', async () => {
  log = [Date.now() - 5_000];
  const { frames, serverTs } = await login({ r: true, lastPatchTime: log[0]! });
  expect([told(frames), serverTs]).toEqual([[], log[0]]);
});

it('an SDK that was just made has missed nothing, whatever its clock says; others keep their time over a restart', async () => {
  log = [at(1), at(2)];
  expect(told((await login({ r: false, lastPatchTime: at(1) })).frames)).toEqual([]);
  expect(told((await login({ r: false, lastPatchTime: at(1), ua: 'java/8' })).frames)).toEqual([at(2)]);
  expect(told((await login({ r: false, ua: 'java/8' })).frames)).toEqual([]);
});

it('asks page by page, and gives up at a thousand', async () => {
  log = Array.from({ length: 1_250 }, (_, n) => at(n + 1));
  const { frames } = await login({ r: true, lastPatchTime: at(0) });
  expect(told(frames)).toEqual(log.slice(0, 1_000));
  expect(asked).toEqual(Array.from({ length: 10 }, (_, page) => at(page * 100)));
});

it('what is told live is not told again, and comes after what was missed', async () => {
  const { answer } = rig.commands;
  log = [at(1), at(2), at(3)];
  rig.commands.answer = (name, args, caller) => {
    // Committed before and while the log is read.
    if (name === 'client.edits') for (const stamp of [at(2), at(3)]) publish(stamp);
    return answer(name, args, caller);
  };
  const { frames, serverTs } = await login({ r: true, lastPatchTime: at(0) });
  expect([told(frames), serverTs]).toEqual([[at(1), at(2), at(3)], at(0)]);
});

it('handles what a client asks after it has read what it missed', async () => {
  log = [at(1)];
  const frames = await rig.connect();
  const order: string[] = [];
  frames.socket.on('ping', () =>
    order.push(told(frames).length === 1 ? 'asked whether it read' : 'asked too early'),
  );
  frames.send({
    ...{ cmd: session, op: OpType.open, appId: 'red', peerId: 'ann', i: 1 },
    sessionMessage: { ua: 'js/5', r: true, lastPatchTime: at(0) },
  });
  const before = rig.commands.calls.length;
  frames.send({ cmd: conv, op: OpType.count, i: 2, convMessage: { cid: '0123456789abcdef01234567' } });
  await frames.until(() => frames.received.find(({ i }) => i === 2));
  expect([before, order]).toEqual([0, ['asked whether it read']]);
  expect(frames.received.map(({ i, cmd }) => i ?? cmd)).toEqual([1, patch, 2]);
});

it('goes on without a reader that says nothing', async () => {
  log = [at(1)];
  const frames = await rig.connect();
  (frames.socket as unknown as { pong: () => void }).pong = () => undefined;
  frames.socket.removeAllListeners('ping');
  await frames.ask({
    ...{ cmd: session, op: OpType.open, appId: 'red', peerId: 'ann' },
    sessionMessage: { ua: 'js/5', r: true, lastPatchTime: at(0) },
  });
  const asked = Date.now();
  await frames.ask({ cmd: conv, op: OpType.count, convMessage: {} });
  expect(Date.now() - asked).toBeGreaterThan(1_500);
  expect(Date.now() - asked).toBeLessThan(5_000);
});

it('a login for which nothing can be read succeeds, and the next one asks from where this one was', async () => {
  rig.commands.answer = () => {
    throw new AppError('unavailable');
  };
  const { frames, serverTs } = await login({ r: true, lastPatchTime: at(7) });
  expect([told(frames), serverTs]).toEqual([[], at(7)]);
});
