import { CommandType } from '@hongyan/leancloud';
import { asAppId, asClientId, asConversationId } from '@hongyan/protocol';
import { sampleApp } from '../fixtures.contract.js';
import { type LeanCloudRig, logIn, type RawFrames, startLeanCloudRig } from './raw-frames.contract.js';

/** Pages that are longer than what may wait for one reader. */

const perPage = 20;
let rig: LeanCloudRig;
let ann: RawFrames;
beforeEach(async () => {
  const limits = { ...sampleApp('x').limits, commandsPerSecond: 10_000 };
  rig = await startLeanCloudRig([sampleApp('red', { limits })], { maxBufferedBytes: 400_000 });
  ann = await logIn(rig, 'ann');
  rig.commands.calls.length = 0;
  const messages = Array.from({ length: perPage }, (_, at) => ({
    ...{ id: `id-${at}`, conversation: 'c1', seq: at + 1, time: 1_000 + at, from: 'bob' },
    ...{ format: 'text', body: 'x'.repeat(400_000) },
  }));
  rig.commands.answer = (name) =>
    name === 'message.history'
      ? { messages, more: false, floor: 0 }
      : { conversation: { kind: 'ordinary', seq: 1 } };
});
afterEach(() => rig.stop());

const history = { cmd: CommandType.logs, logsMessage: { cid: 'c1', limit: perPage } };
const reads = () => rig.commands.calls.filter(({ name }) => name === 'message.history').length;
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const signal = (name: string) =>
  rig.hub.publish([
    {
      app: asAppId('red'),
      audience: { kind: 'clients', clients: [asClientId('ann')] },
      class: 'entry',
      event: {
        ...{ type: 'entry', conversation: asConversationId('c1'), log: 'c1' },
        entry: {
          ...{ kind: 'message', seq: 9, time: 9, by: 'bob' },
          message: { id: 'n', conversation: 'c1', seq: 9, time: 9, from: 'bob', format: 'text', body: name },
        },
      } as never,
    },
  ]);

it('are served page after page, and none is lost with what is pushed meanwhile', async () => {
  ann.socket.pause();
  for (let i = 101; i <= 105; i += 1) ann.send({ ...history, i });
  await pause(100);
  expect(reads()).toBe(1);
  signal('while it waits');
  await pause(50);
  expect(reads()).toBe(1);
  ann.socket.resume();
  const answered = () => ann.received.filter(({ i = 0 }) => i > 100).map(({ i }) => i);
  while (answered().length < 5) await pause(10);
  expect(answered()).toEqual([101, 102, 103, 104, 105]);
  expect(reads()).toBe(5);
  expect(ann.socket.readyState).toBe(1);
});

it('who never reads is cut off by what is pushed, and costs no more', async () => {
  ann.socket.pause();
  for (let i = 101; i <= 110; i += 1) ann.send({ ...history, i });
  await pause(100);
  for (let count = 0; rig.leanCloud.size > 0; count += 1) {
    if (count > 2_000) throw new Error('it was not cut off');
    signal('x'.repeat(10_000));
    await pause(1);
  }
  expect(reads()).toBe(1);
});
