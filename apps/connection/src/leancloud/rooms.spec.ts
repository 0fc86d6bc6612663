import { CommandType, OpType, type GenericCommand } from '@hongyan/leancloud';
import { asAppId, asClientId, asConversationId, type Delivery, type EntryView } from '@hongyan/protocol';
import { sampleApp } from '../fixtures.contract.js';
import { type LeanCloudRig, logIn, type RawFrames, startLeanCloudRig } from './raw-frames.contract.js';

/** What those in a chat room are told, and what a slow one is spared. */

const kb = 1024;
const room = asConversationId('room1');
let rig: LeanCloudRig;
let dropped: string[];

beforeEach(async () => {
  rig = await startLeanCloudRig([sampleApp('red')], {
    softBufferedBytes: 64 * kb,
    maxBufferedBytes: 64 * kb * kb,
  });
  const own: string[] = [];
  dropped = own;
  Object.assign(rig.parts, { telemetry: { eventDropped: (name: string) => own.push(name) } });
});
afterEach(() => rig.stop());

const login = (client: string) => logIn(rig, client);

const tell = (clients: string[], entry: object, priority: Delivery['priority'] = 'normal') =>
  rig.hub.publish([
    {
      app: asAppId('red'),
      audience: { kind: 'clients', clients: clients.map(asClientId) },
      class: 'room',
      priority,
      event: {
        type: 'entry',
        entry: { conversation: room, seq: 1, time: 1, by: 'ann', ...entry } as EntryView,
      },
    },
  ]);

describe('silence and blocks', () => {
  it('are told to those in the room, in the second person to whom they concern', async () => {
    const [bob, cleo] = [await login('bob'), await login('cleo')];
    const members = ['bob'];
    for (const kind of ['silenced', 'unsilenced', 'blocked', 'unblocked', 'added'])
      tell(['bob', 'cleo'], { kind, members });
    tell(['bob', 'cleo'], { kind: 'silenced', members: ['dora'] });
    const ops = async (frames: RawFrames): Promise<GenericCommand['op'][]> => {
      await frames.until(() =>
        frames.received.find(({ convMessage }) => convMessage?.m?.includes('dora') === true),
      );
      return frames.received.flatMap(({ cmd, op }) => (cmd === CommandType.conv ? [op] : []));
    };
    expect(await ops(bob)).toEqual([
      ...[OpType.shutuped, OpType.members_shutuped, OpType.unshutuped, OpType.members_unshutuped],
      ...[OpType.blocked, OpType.left, OpType.unblocked, OpType.members_shutuped],
    ]);
    expect(await ops(cleo)).toEqual([
      ...[OpType.members_shutuped, OpType.members_unshutuped, OpType.members_blocked],
      ...[OpType.members_unblocked, OpType.members_shutuped],
    ]);
  });

  it('are told to the session that made them, after its reply', async () => {
    const ann = await login('ann');
    const entry = { conversation: room, seq: 7, time: 7, by: 'ann', kind: 'silenced', members: ['bob'] };
    rig.commands.answer = (name) =>
      ({
        'conversation.silence': { seq: 7, done: ['bob'], failed: [] },
        'conversation.get': { conversation: { id: room, kind: 'room' } },
        'conversation.entries': { entries: [entry] },
      })[name as string];
    const reply = await ann.ask({
      cmd: CommandType.conv,
      op: OpType.add_shutup,
      convMessage: { cid: room, m: ['bob'] },
    });
    expect(reply).toMatchObject({ op: OpType.shutup_added, convMessage: { allowedPids: ['bob'] } });
    expect(await ann.push(CommandType.conv, OpType.members_shutuped)).toMatchObject({
      convMessage: { cid: room, initBy: 'ann', m: ['bob'] },
    });
  });
});

describe('a reader that does not keep up', () => {
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  let sent = 0;
  const say = async (priority: Delivery['priority'], bytes = 1) => {
    sent += 1;
    const id = `${priority}.${sent}`;
    const message = { id, conversation: room, time: sent, format: 'text', body: 'x'.repeat(bytes) };
    tell(['bob'], { kind: 'message', message }, priority);
    await turn();
    return id;
  };
  /** Sends normal messages until what waits for the reader passes the bound that is asked for. */
  async function fillUntil(isFull: () => Promise<boolean>): Promise<void> {
    for (let i = 0; i < 1_000; i += 1) {
      if (await isFull()) return;
      await say('normal', 32 * kb);
    }
    throw new Error('the reader swallowed it all');
  }
  const drops = async (priority: Delivery['priority']) => {
    const before = dropped.length;
    await say(priority);
    return dropped.length > before;
  };

  it('misses low messages first, then normal ones, never high ones; nobody else misses any', async () => {
    const [bob, cleo] = [await login('bob'), await login('cleo')];
    bob.socket.pause();
    await fillUntil(() => drops('low'));
    expect(await drops('normal')).toBe(false);
    expect(await drops('high')).toBe(false);
    await fillUntil(() => drops('normal'));
    expect(await drops('low')).toBe(true);
    const last = await say('high');
    expect(new Set(dropped)).toEqual(new Set(['room']));
    const missed = dropped.length;
    tell(
      ['cleo'],
      { kind: 'message', message: { id: 'low.0', conversation: room, time: 1, format: 'text', body: '' } },
      'low',
    );
    await cleo.push(CommandType.direct);
    bob.socket.resume();
    const got = () => bob.received.flatMap(({ directMessage }) => directMessage?.id ?? []);
    await bob.until(() => (got().includes(last) ? true : undefined));
    expect(got()).toHaveLength(sent - missed);
    const numbers = got().map((id) => Number(id.split('.')[1]));
    expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
    expect(dropped).toHaveLength(missed);
  });
});
