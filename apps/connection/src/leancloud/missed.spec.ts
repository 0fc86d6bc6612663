import { CommandType, OpType } from '@hongyan/leancloud';
import { AppError } from '@hongyan/protocol';
import { sampleApp } from '../fixtures.contract.js';
import { type LeanCloudRig, startLeanCloudRig } from './raw-frames.contract.js';

/** What clients are told after a login: counts, or the messages themselves. */

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

it('are messages of a service by what they have read of its broadcasts, and of their thread with it', async () => {
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

it('are counts, also where a message that was unread has been recalled since', async () => {
  const recall = (conversation: string, from: string) => ({
    ...{ conversation, seq: 9, time: 9, stamp: 9, by: from, kind: 'recall' },
    message: { ...message(conversation, 8), from, body: '', recalled: true },
  });
  rig.commands.always = {
    'client.edits': {
      entries: [recall('one', 'bob'), recall('two', 'bob'), recall('left', 'bob'), recall('own', 'ann')],
      until: 9,
      more: false,
    },
  };
  rig.commands.answer = (name, args) => {
    const { conversation } = args as { conversation: string };
    if (name === 'conversation.list')
      return {
        items: [row('two', 'ordinary', { unread: 1 })],
        totals: { unread: 1, mentionUnread: 0, unmutedUnread: 1 },
      };
    if (name !== 'conversation.get') return {};
    if (conversation === 'left') throw new AppError('not_found');
    return row(conversation, 'ordinary', { unread: conversation === 'two' ? 1 : 0 });
  };
  const told = async (sessionMessage: object) => {
    const frames = await rig.connect();
    const open = { cmd: CommandType.session, op: OpType.open, appId: 'red', peerId: 'ann' };
    await frames.ask({ ...open, sessionMessage: { ua: 'js/5', ...sessionMessage } });
    await frames.ask({ cmd: CommandType.echo });
    await frames.ask({ cmd: CommandType.echo });
    return frames.received.flatMap(({ unreadMessage }) =>
      (unreadMessage?.convs ?? []).map(({ cid, unread }) => [cid, unread]),
    );
  };
  expect(await told({ r: true, lastPatchTime: 5, lastUnreadNotifTime: 5 })).toEqual([
    ['one', 0],
    ['two', 1],
  ]);
  // Who knows no counts has none to be put right.
  expect(await told({ r: true, lastPatchTime: 5 })).toEqual([]);
});
