import { CommandType } from '@hongyan/leancloud';
import { asAppId, asClientId, asConversationId } from '@hongyan/protocol';
import { sampleApp } from '../fixtures.contract.js';
import { type LeanCloudRig, logIn, type RawFrames, startLeanCloudRig } from './raw-frames.contract.js';

/** Receipts of messages that an earlier session sent: found in the log, and only until cursors come to this session's. */

const pair = asConversationId('pair');
let rig: LeanCloudRig;
let ann: RawFrames;
/** What the log has, by sequence. */
let stored: { id: string; seq: number; time: number; receipt?: boolean }[];

beforeEach(async () => {
  rig = await startLeanCloudRig([sampleApp('red')]);
  stored = [];
  ann = await logIn(rig, 'ann');
  rig.commands.answer = (name, args: { after?: { seq: number }; before?: { seq: number } }) => {
    if (name !== 'message.history') return {};
    const [after, before] = [args.after?.seq ?? 0, args.before?.seq ?? Infinity];
    const messages = stored.filter(({ seq }) => seq > after && seq <= before).slice(-2);
    return { messages, more: (messages[0]?.seq ?? 0) > after + 1, floor: 0 };
  };
  rig.commands.calls.length = 0;
});
afterEach(() => rig.stop());

async function deliveredUpTo(delivered: number, deliveredFrom: number): Promise<void> {
  rig.hub.publish([
    {
      app: asAppId('red'),
      audience: { kind: 'clients', clients: [asClientId('ann')] },
      class: 'cursor',
      event: { type: 'cursor', conversation: pair, client: asClientId('bob'), delivered, deliveredFrom },
    },
  ]);
  for (let n = 0; n < 3; n += 1) await ann.ask({ cmd: CommandType.echo });
}
const told = () => ann.received.flatMap(({ rcpMessage }) => rcpMessage?.id ?? []);
const looks = () => rig.commands.calls.filter(({ name }) => name === 'message.history').length;

it('are told one by one, in order, page after page, for those that were asked for', async () => {
  stored = [1, 2, 3, 4, 5].map((seq) => ({
    ...{ id: `m${seq}`, seq, time: seq },
    ...(seq === 2 ? {} : { receipt: true }),
  }));
  await deliveredUpTo(4, 0);
  expect(told()).toEqual(['m1', 'm3', 'm4']);
  await deliveredUpTo(5, 4);
  expect(told()).toEqual(['m1', 'm3', 'm4', 'm5']);
});

it('are not looked for any longer when a cursor has come to what was sent since', async () => {
  const now = Date.now();
  stored = [
    { id: 'old', seq: 1, time: now - 60_000, receipt: true },
    { id: 'new', seq: 2, time: now + 1_000, receipt: true },
  ];
  await deliveredUpTo(2, 0);
  expect(told()).toEqual(['old']);
  const before = looks();
  await deliveredUpTo(3, 2);
  expect([looks(), told()]).toEqual([before, ['old']]);
});
