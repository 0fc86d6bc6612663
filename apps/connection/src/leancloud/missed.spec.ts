import { CommandType, OpType } from '@hongyan/leancloud';
import { sampleApp } from '../fixtures.contract.js';
import { type LeanCloudRig, startLeanCloudRig } from './raw-frames.contract.js';

/** Clients that want messages instead of counts. */

const row = (id: string, kind: string, more: object) => ({
  conversation: {
    id,
    kind,
    seq: 9,
    attributes: {},
    memberCount: 2,
    frozen: false,
    createdAt: 1,
    updatedAt: 1,
  },
  ...{ unread: 3, mentionUnread: 0, own: { readSeq: 2, deliveredSeq: 8, joinedSeq: 1 } },
  ...more,
});
const message = (conversation: string, seq: number, scope?: 'broadcast' | 'thread') => ({
  ...{ id: `${conversation}.${scope ?? ''}${seq}`, conversation, seq, time: seq, from: 'bob' },
  ...{ format: 'text', body: 'x', ...(scope === undefined ? {} : { scope }) },
});

let rig: LeanCloudRig;
beforeEach(async () => (rig = await startLeanCloudRig([sampleApp('red')])));
afterEach(() => rig.stop());

it('get those of a service by what they have read of its broadcasts, and of their thread with it', async () => {
  const asked: object[] = [];
  rig.commands.answer = (name, args) => {
    if (name === 'conversation.list')
      return {
        items: [
          row('news', 'system', { thread: { conversation: 't', seq: 4, readSeq: 3, unread: 1 } }),
          row('group', 'ordinary', {}),
        ],
        totals: { unread: 6, mentionUnread: 0, unmutedUnread: 6 },
      };
    if (name !== 'message.history') return {};
    const { conversation, after } = args as { conversation: string; after?: object };
    asked.push({ conversation, after });
    if (conversation === 'group') return { messages: [message('group', 9)], more: false, floor: 0 };
    return {
      messages: [
        ...[message('news', 2, 'broadcast'), message('news', 3, 'thread'), message('news', 3, 'broadcast')],
        ...[message('news', 4, 'thread'), message('news', 8, 'broadcast')],
      ],
      more: true,
      floor: 0,
    };
  };
  const frames = await rig.connect({ subprotocol: 'lc.protobuf2.1' });
  const open = { cmd: CommandType.session, op: OpType.open, appId: 'red', peerId: 'ann' };
  await frames.ask({ ...open, sessionMessage: { ua: 'js/4', r: false } });
  await frames.ask({ cmd: CommandType.echo });
  const told = () => frames.received.flatMap(({ directMessage }) => directMessage ?? []);
  await frames.until(() => (told().length >= 4 ? true : undefined));
  expect(told().map(({ id, hasMore }) => [id, hasMore])).toEqual([
    ['group.9', false],
    ['news.broadcast3', false],
    ['news.thread4', false],
    ['news.broadcast8', false],
  ]);
  expect(asked).toEqual([
    { conversation: 'group', after: { seq: 8 } },
    { conversation: 'news', after: undefined },
  ]);
});
