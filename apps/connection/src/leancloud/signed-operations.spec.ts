import { CommandType, OpType, signLeanCloud, type GenericCommand, type Signed } from '@hongyan/leancloud';
import { AppError } from '@hongyan/protocol';
import { masterKey, sampleApp, type RawClient } from '../fixtures.contract.js';
import { type LeanCloudRig, type RawFrames, startLeanCloudRig } from './raw-frames.contract.js';

/** `login.signedOperations`: what changes who is in a conversation needs the tenant's signature. */

let rig: LeanCloudRig;
let frames: RawFrames;
const signedApp = (id: string) => {
  const app = sampleApp(id);
  return { ...app, login: { ...app.login, signedOperations: true } };
};

beforeEach(async () => {
  rig = await startLeanCloudRig([signedApp('red'), sampleApp('blue')]);
  rig.commands.answer = (name) => {
    if (name === 'conversation.list')
      return { items: [], totals: { unread: 0, mentionUnread: 0, unmutedUnread: 0 } };
    // It got through: that is all that is asked here.
    throw new AppError('frozen');
  };
  frames = await login('red');
});
afterEach(() => rig.stop());

async function login(appId: string): Promise<RawFrames> {
  const connection = await rig.connect();
  const sessionMessage = { ua: 'test', r: false };
  await connection.ask({ cmd: CommandType.session, op: OpType.open, appId, peerId: 'ann', sessionMessage });
  return connection;
}

const sign = (signed: Signed, app = 'red', seconds = false) => {
  const t = seconds ? Math.floor(Date.now() / 1000) : Date.now();
  return { s: signLeanCloud(masterKey, app, signed, t, 'n'), t, n: 'n' };
};
const { conv, blacklist } = CommandType;
const members = ['ann', 'bob'];
const about = { kind: 'members', client: 'ann', conversation: 'c1', members: ['bob'] } as const;

const cases: [string, (given: object) => GenericCommand, Signed, number][] = [
  [
    'start',
    (given) => ({ cmd: conv, op: OpType.start, convMessage: { m: members, ...given } }),
    { kind: 'create', client: 'ann', members },
    4302,
  ],
  [
    'add',
    (given) => ({ cmd: conv, op: OpType.add, convMessage: { cid: 'c1', m: ['bob'], ...given } }),
    { ...about, action: 'invite' },
    4302,
  ],
  [
    'remove',
    (given) => ({ cmd: conv, op: OpType.remove, convMessage: { cid: 'c1', m: ['bob'], ...given } }),
    { ...about, action: 'kick' },
    4302,
  ],
  [
    'block',
    (given) => ({
      cmd: blacklist,
      op: OpType.block,
      blacklistMessage: { srcCid: 'c1', toPids: ['bob'], ...given },
    }),
    { ...about, action: 'conversation-block-clients' },
    4546,
  ],
  [
    'unblock',
    (given) => ({
      cmd: blacklist,
      op: OpType.unblock,
      blacklistMessage: { srcCid: 'c1', toPids: ['bob'], ...given },
    }),
    { ...about, action: 'conversation-unblock-clients' },
    4546,
  ],
  ...(['block', 'unblock'] as const).map((name): (typeof cases)[number] => [
    `${name} by the client`,
    (given) => ({
      cmd: blacklist,
      op: OpType[name],
      blacklistMessage: { srcPid: 'ann', toCids: ['c1'], ...given },
    }),
    { kind: 'client-block', client: 'ann', conversation: 'c1', action: `client-${name}-conversations` },
    4546,
  ]),
];

describe.each(cases)('%s', (_, command, signed, refusal) => {
  const codeOf = async (given: object) => (await frames.ask(command(given))).errorMessage?.code;

  it('needs a signature that is right', async () => {
    expect(await codeOf({})).toBe(refusal);
    expect(await codeOf({ ...sign(signed), s: '0'.repeat(40) })).toBe(refusal);
    expect(await codeOf(sign({ ...signed, client: 'bob' }))).toBe(refusal);
    expect(await codeOf(sign(signed, 'blue'))).toBe(refusal);
    expect(await codeOf({ ...sign(signed), n: 'other' })).toBe(refusal);
    const old = Date.now() - 7 * 3_600_000;
    expect(await codeOf({ s: signLeanCloud(masterKey, 'red', signed, old, 'n'), t: old, n: 'n' })).toBe(
      refusal,
    );
    expect(rig.commands.calls.some(({ name }) => name !== 'conversation.list')).toBe(false);
  });

  it('goes through with one, in seconds or milliseconds, of either case', async () => {
    const inSeconds = sign(signed, 'red', true);
    for (const given of [sign(signed), inSeconds, { ...inSeconds, s: inSeconds.s.toUpperCase() }])
      expect(await codeOf(given)).toBe(4563);
  });

  it('looks at none where the app demands none', async () => {
    frames = await login('blue');
    expect(await codeOf({})).toBe(4563);
    expect(await codeOf({ s: 'wrong', t: 1, n: 'n' })).toBe(4563);
  });
});

it('leaves these operations to the tenant’s server at the native door, which has no signatures', async () => {
  const client: RawClient = rig.client();
  await client.event('session');
  const op = { op: '1', conversation: 'c1' };
  const named = { ...op, members: ['bob'] };
  for (const [name, args] of [
    ['conversation.create', { op: '1', members }],
    ['conversation.add', named],
    ['conversation.remove', named],
    ['conversation.block', named],
    ['conversation.unblock', named],
    ['conversation.join', op],
    ['conversation.leave', op],
    ['conversation.refuse', op],
    ['conversation.unrefuse', { conversation: 'c1' }],
    ['room.join', { conversation: 'c1' }],
  ] as const)
    expect((await client.command(name, args)).error?.name).toBe('signature_invalid');
  expect((await client.command('message.send', { ...op, body: 'x' })).error?.name).toBe('frozen');
});

it('looks at none when a client quits: Java has none, and Objective-C that of an invitation', async () => {
  const quit = (given: object) =>
    frames.ask({ cmd: conv, op: OpType.remove, convMessage: { cid: 'c1', m: ['ann'], ...given } });
  const invitation = sign({ ...about, members: ['ann'], action: 'invite' });
  for (const given of [{}, invitation]) expect((await quit(given)).errorMessage?.code).not.toBe(4302);
  expect(rig.commands.calls.filter(({ name }) => name === 'conversation.get')).toHaveLength(2);
  const both = { cid: 'c1', m: ['ann', 'bob'] };
  expect((await frames.ask({ cmd: conv, op: OpType.remove, convMessage: both })).errorMessage?.code).toBe(
    4302,
  );
});

it('takes the signature of a room over nobody, or over who makes it, as Objective-C has it signed', async () => {
  const make = async (members: readonly string[], more: object = { transient: true }) => {
    const convMessage = { ...sign({ kind: 'create', client: 'ann', members }), ...more };
    return (await frames.ask({ cmd: conv, op: OpType.start, convMessage })).errorMessage?.code;
  };
  expect(await make([])).toBe(4563);
  expect(await make(['ann'])).toBe(4563);
  expect(await make(['bob'])).toBe(4302);
  expect(await make(['ann'], {})).toBe(4302);
});
