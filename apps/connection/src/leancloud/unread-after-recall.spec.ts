import { CommandType, type UnreadTuple } from '@hongyan/leancloud';
import { asAppId, asClientId, asConversationId, type EntryView, type MessageView } from '@hongyan/protocol';
import { sampleApp } from '../fixtures.contract.js';
import { type LeanCloudRig, logIn, type RawFrames, startLeanCloudRig } from './raw-frames.contract.js';

/** Who had not read a recalled or deleted message hears a new count; the conversation is asked once, however many hear. */

const group = asConversationId('group');
let rig: LeanCloudRig;
beforeEach(async () => {
  rig = await startLeanCloudRig([sampleApp('red')]);
});
afterEach(() => rig.stop());

const login = (client: string) => logIn(rig, client);

function recall(clients: string[], more: Partial<MessageView> = {}, kind = 'recall'): void {
  const message = {
    id: 'm7',
    conversation: group,
    seq: 7,
    time: 7,
    from: 'ann',
    format: 'text',
    body: '',
    recalled: true,
  };
  rig.hub.publish([
    {
      app: asAppId('red'),
      audience: { kind: 'clients', clients: clients.map(asClientId) },
      class: 'entry',
      event: {
        type: 'entry',
        entry: {
          conversation: group,
          seq: 9,
          time: 9,
          by: 'ann',
          kind,
          message: { ...message, ...more },
        } as EntryView,
      },
    },
  ]);
}

const view = {
  id: group,
  kind: 'ordinary',
  attributes: {},
  createdAt: 1,
  updatedAt: 1,
  memberCount: 4,
  seq: 9,
};
const lastMessage = {
  id: 'm8',
  conversation: group,
  seq: 8,
  time: 8,
  from: 'ann',
  format: 'text',
  body: 'last',
};
const tuples = (frames: RawFrames): readonly UnreadTuple[] =>
  frames.received.flatMap(({ unreadMessage }) => unreadMessage?.convs ?? []);
/** An answer to it comes after all that was pushed before. */
const settled = async (frames: RawFrames) => {
  await frames.push(CommandType.patch);
  for (let n = 0; n < 3; n += 1) await frames.ask({ cmd: CommandType.echo });
};

it('with one question for all, and an answer for each that had not read it', async () => {
  const names = ['ann', 'bob', 'cleo', 'dora'];
  const [ann, bob, cleo, dora] = (await Promise.all(names.map(login))) as [
    RawFrames,
    RawFrames,
    RawFrames,
    RawFrames,
  ];
  rig.commands.calls.length = 0;
  rig.commands.answer = (name) =>
    name === 'conversation.unread'
      ? {
          items: [
            { client: 'bob', unread: 2, mentionUnread: 1 },
            { client: 'cleo', unread: 0, mentionUnread: 0 },
          ],
        }
      : { conversation: view, lastMessage };
  recall(names);
  await bob.push(CommandType.unread);
  await cleo.push(CommandType.unread);
  expect(tuples(bob)).toMatchObject([{ cid: 'group', unread: 2, mentioned: true, mid: 'm8', convType: 1 }]);
  expect(tuples(cleo)).toMatchObject([{ cid: 'group', unread: 0, mentioned: false }]);
  for (const frames of [ann, dora]) {
    await settled(frames);
    expect(tuples(frames)).toEqual([]);
  }
  const asked = rig.commands.calls.map(({ name, args, caller }) => [name, args, caller.server]);
  expect(asked).toEqual([
    ['conversation.get', { conversation: 'group' }, true],
    ['conversation.unread', { conversation: 'group', of: 7, clients: ['bob', 'cleo', 'dora'] }, true],
  ]);
});

it('and of a deleted one nothing else', async () => {
  const bob = await login('bob');
  rig.commands.answer = (name) =>
    name === 'conversation.unread'
      ? { items: [{ client: 'bob', unread: 2, mentionUnread: 0 }] }
      : { conversation: view, lastMessage };
  recall(['bob'], {}, 'delete');
  await bob.push(CommandType.unread);
  for (let n = 0; n < 3; n += 1) await bob.ask({ cmd: CommandType.echo });
  expect(tuples(bob)).toMatchObject([{ cid: 'group', unread: 2, mid: 'm8' }]);
  expect(bob.received.filter(({ cmd }) => cmd === CommandType.patch)).toEqual([]);
});

it('of a service as the sum with its thread', async () => {
  const bob = await login('bob');
  const row = { conversation: { ...view, kind: 'system' }, own: { readSeq: 9 }, unread: 3, mentionUnread: 0 };
  const thread = { conversation: 'thread', seq: 9, readSeq: 6, unread: 1 };
  rig.commands.answer = () => ({ ...row, thread });
  recall(['bob'], { scope: 'thread', from: asClientId('desk') });
  await bob.push(CommandType.unread);
  expect(tuples(bob)).toMatchObject([{ cid: 'group', unread: 3, convType: 3 }]);
  recall(['bob'], { scope: 'broadcast', from: asClientId('desk') });
  await settled(bob);
  expect(tuples(bob)).toHaveLength(1);
});
