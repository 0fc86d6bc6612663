import { CommandType, OpType, type GenericCommand } from '@hongyan/leancloud';
import { sampleApp } from '../fixtures.contract.js';
import { type LeanCloudRig, logIn, type RawFrames, startLeanCloudRig } from './raw-frames.contract.js';

/** What a query of conversations costs: a read per page, and nothing per row but for large ones. */

let rig: LeanCloudRig;
let ann: RawFrames;
beforeEach(async () => {
  const app = sampleApp('shown');
  const shown = { ...app, conversations: { ...app.conversations, mutesShown: true } };
  rig = await startLeanCloudRig([sampleApp('red'), shown]);
  ann = await logIn(rig, 'ann');
  rig.commands.calls.length = 0;
});
afterEach(() => rig.stop());

const view = (id: string, more: object = {}) => ({
  ...{ id, kind: 'ordinary', attributes: {}, createdAt: 1, updatedAt: 1, memberCount: 2, seq: 1 },
  ...more,
});
const message = { id: 'm', conversation: 'c', seq: 1, time: 5, from: 'bob', format: 'text', body: 'hi' };
const own = {
  role: 'member',
  joinedSeq: 1,
  readSeq: 1,
  deliveredSeq: 1,
  clearedSeq: 0,
  revision: 1,
  muteUntil: null,
};

async function query(more: GenericCommand['convMessage']): Promise<Record<string, unknown>[]> {
  const reply = await ann.ask({ cmd: CommandType.conv, op: OpType.query, convMessage: { ...more } });
  return JSON.parse(reply.convMessage!.results!.data) as Record<string, unknown>[];
}
/** Native text for these clients. */
const text = '{"_lctype":-1,"_lctext":"hi"}';
const calls = () => rig.commands.calls.map(({ name }) => name);
const everything = { where: { data: '{"name":{"$exists":true}}' } };

it('is one read per page of rows', async () => {
  rig.commands.answer = (_name, args: { cursor?: string; limit: number }) => {
    const from = Number(args.cursor ?? 0);
    return {
      items: Array.from({ length: args.limit }, (_, n) => ({
        ...{ conversation: view(`c${from + n}`), own, unread: 0, mentionUnread: 0, lastMessage: message },
        members: ['ann', 'bob'],
      })),
      cursor: String(from + args.limit),
    };
  };
  const rows = await query({ ...everything, limit: 250, flag: 2 });
  expect(rows).toHaveLength(250);
  expect(rows[249]).toMatchObject({
    objectId: 'c249',
    m: ['ann', 'bob'],
    muted: true,
    msg: text,
    msg_from: 'bob',
  });
  expect(calls()).toEqual(['conversation.query', 'conversation.query', 'conversation.query']);
  expect(rig.commands.calls[0]!.args).toMatchObject({ own: true, members: true });
});

it('asks for members where a page has none, but for rooms, services, and who wants them not', async () => {
  rig.commands.answer = (name) =>
    name === 'conversation.members'
      ? { items: [{ client: 'ann' }, { client: 'zoe' }] }
      : { items: [{ conversation: view('large') }, { conversation: view('r', { kind: 'room' }) }] };
  const [large, room] = await query(everything);
  expect([large?.['m'], room?.['m']]).toEqual([['ann', 'zoe'], []]);
  expect(calls()).toEqual(['conversation.query', 'conversation.members']);
  rig.commands.calls.length = 0;
  expect((await query({ ...everything, flag: 1 }))[0]).not.toHaveProperty('m');
  expect(calls()).toEqual(['conversation.query']);
  expect(rig.commands.calls[0]!.args).toMatchObject({ members: false });
});

it.each([
  ['JavaScript and C#', '{"objectId":"one"}'],
  ['Swift and Objective-C', '{"$and":[{"objectId":"one"}]}'],
])('by id is a look-up and its members, as %s ask', async (_, where) => {
  rig.commands.answer = (name) =>
    name === 'conversation.members'
      ? { items: [{ client: 'ann' }] }
      : { conversation: view('one'), own, lastMessage: message };
  expect(await query({ where: { data: where }, flag: 2 })).toMatchObject([
    { objectId: 'one', m: ['ann'], muted: true, msg: text },
  ]);
  expect(calls()).toEqual(['conversation.get', 'conversation.members']);
});

it('tells who has muted with the members, of large ones from their pages', async () => {
  const elsewhere = await logIn(rig, 'ann', 'shown');
  rig.commands.answer = (name) =>
    name === 'conversation.members'
      ? { items: [{ client: 'ann' }, { client: 'zoe', muted: true }] }
      : {
          items: [
            { conversation: view('small'), members: ['ann', 'bob'], muted: ['bob'] },
            { conversation: view('large') },
            { conversation: view('r', { kind: 'room' }) },
          ],
        };
  const mu = (rows: Record<string, unknown>[]) => rows.map((row) => row['mu']);
  // Of an app that keeps it to itself nothing is said, not even that nobody has.
  expect(mu((await query(everything)).slice(1))).toEqual([undefined, undefined]);
  ann = elsewhere;
  expect(mu(await query(everything))).toEqual([['bob'], ['zoe'], undefined]);
  expect(mu(await query({ ...everything, flag: 1 }))).toEqual([undefined, undefined, undefined]);
});
