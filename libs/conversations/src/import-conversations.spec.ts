import {
  asAppId,
  asClientId,
  type ClientId,
  type ConversationId,
  type MessageId,
  type Role,
} from '@hongyan/protocol';
import type { ConversationImport, ImportItem } from './import-conversations.js';
import { appOf, Harness } from './service-harness.contract.js';

/** What a second import brings, and what it leaves as it is here. */

const app = asAppId('a');
const id = 'c'.repeat(24) as ConversationId;
const people = (...names: string[]): ClientId[] => names.map(asClientId);

let h: Harness;
let imports: ConversationImport;
beforeEach(async () => {
  h = await Harness.open([appOf('a', (one) => ({ ...one, limits: { ...one.limits, members: 2_000 } }))]);
  imports = h.service.imports!;
});
afterEach(async () => {
  expect(h.errors).toEqual([]);
  expect((await h.store.check()).findings).toEqual([]);
  await h.close();
});

interface Source {
  readonly members?: readonly string[];
  readonly roles?: Readonly<Record<string, Role>>;
  readonly muted?: readonly string[];
  readonly silenced?: readonly string[];
  readonly blocked?: readonly string[];
  readonly name?: string;
  readonly mutes?: { muted: string[]; unmuted: string[] };
}

const item = (source: Source): ImportItem => {
  const {
    members = ['ann', 'bob', 'cat'],
    roles = {},
    muted = [],
    silenced = [],
    blocked = [],
    name = 'n',
  } = source;
  const { mutes } = source;
  return {
    conversation: { id, kind: 'ordinary', name, attributes: {}, frozen: false, createdAt: 1, updatedAt: 1 },
    members: members.map((client, at) => ({
      client: asClientId(client),
      role: roles[client] ?? (at === 0 ? 'owner' : 'member'),
      ...(muted.includes(client) ? { muted: true } : {}),
    })),
    silenced: people(...silenced),
    blocked: people(...blocked),
    ...(mutes === undefined
      ? {}
      : { mutes: { muted: people(...mutes.muted), unmuted: people(...mutes.unmuted) } }),
  };
};

const take = async (source: Source) => (await imports.conversations(app, [item(source)]))[0]!;

async function here() {
  const loaded = (await h.store.conversations.load(app, id))!;
  const muted: string[] = [];
  for (const { client } of loaded.members)
    if ((await h.store.members.own(app, id, client))?.muteUntil === null) muted.push(client);
  return {
    members: loaded.members.map(({ client, role }) => `${client} ${role}`).sort(),
    silenced: loaded.silences.map(({ client }) => client).sort(),
    blocked: [...loaded.blocked].sort(),
    muted: muted.sort(),
  };
}

const first: Source = {
  members: ['ann', 'bob', 'cat', 'dan'],
  roles: { bob: 'manager' },
  muted: ['cat'],
  silenced: ['cat', 'dan'],
  blocked: ['eve', 'fay'],
};

it('does not add who refuses the conversation here, member or not', async () => {
  await take({ members: ['ann', 'bob'] });
  for (const name of ['bob', 'cat']) await h.server(name).run('conversation.refuse', { conversation: id });
  const later = { members: ['ann', 'bob', 'cat', 'dan'] };
  expect(await take(later)).toEqual({ id, outcome: 'changed', notes: [] });
  expect((await here()).members).toEqual(['ann owner', 'dan member']);
  expect(await take(later)).toMatchObject({ outcome: 'same' });
});

it('carries over what was added, taken away and lifted elsewhere, and again changes nothing', async () => {
  expect(await take(first)).toMatchObject({ outcome: 'created', notes: [] });
  const second: Source = {
    members: ['ann', 'bob', 'cat', 'gus'],
    roles: { cat: 'manager' },
    muted: ['bob', 'gus'],
    silenced: ['cat', 'bob'],
    blocked: ['fay', 'hal'],
    mutes: { muted: ['bob'], unmuted: ['cat'] },
  };
  const expected = {
    members: ['ann owner', 'bob member', 'cat manager', 'gus member'],
    silenced: ['bob', 'cat'],
    blocked: ['fay', 'hal'],
    muted: ['bob', 'gus'],
  };
  expect(await take(second)).toEqual({ id, outcome: 'changed', notes: [] });
  expect(await here()).toEqual(expected);
  expect(await take(second)).toEqual({ id, outcome: 'same', notes: [] });
  expect(await here()).toEqual(expected);
  // And back to what it was: each of these is a change there.
  expect(await take({ ...first, mutes: { muted: ['cat'], unmuted: ['bob', 'gus'] } })).toMatchObject({
    outcome: 'changed',
  });
  expect(await here()).toEqual({
    members: ['ann owner', 'bob manager', 'cat member', 'dan member'],
    silenced: ['cat', 'dan'],
    blocked: ['eve', 'fay'],
    muted: ['cat'],
  });
});

it('does not undo what was done here', async () => {
  await take(first);
  const server = h.server();
  const conversation = id as string;
  await server.run('conversation.remove', { conversation, members: ['dan'] });
  await server.run('conversation.unsilence', { conversation, members: ['dan'] });
  await server.run('conversation.unblock', { conversation, members: ['eve'] });
  await server.run('conversation.block', { conversation, members: ['ivy'] });
  await server.run('conversation.silence', { conversation, members: ['bob'] });
  await server.run('conversation.setRole', { conversation, member: 'cat', role: 'manager' });
  await h.store.members.setOwn(app, id, asClientId('cat'), { muteUntil: 'off' });
  const before = await here();
  // Nothing changed there: what differs was done here.
  expect(await take(first)).toEqual({ id, outcome: 'same', notes: [] });
  expect(await here()).toEqual(before);
  // There, all of them go, and cat muted it for good: here, bob's silence and ivy's block are ours.
  const emptied = { members: ['ann', 'cat'], mutes: { muted: [], unmuted: ['cat'] } };
  expect(await take(emptied)).toMatchObject({ outcome: 'changed' });
  expect(await here()).toEqual({
    members: ['ann owner', 'cat manager'],
    silenced: ['bob'],
    blocked: ['ivy'],
    muted: [],
  });
});

it('does not remove who was removed by an import and was added again here, nor add who left here', async () => {
  await take(first);
  await take({ ...first, members: ['ann', 'bob', 'cat'] });
  await h.server().run('conversation.add', { conversation: id, members: ['dan'] });
  expect(await take({ ...first, members: ['ann', 'bob', 'cat'] })).toMatchObject({ outcome: 'same' });
  expect((await here()).members).toContain('dan member');
  await h.server().run('conversation.remove', { conversation: id, members: ['dan', 'cat'] });
  expect(await take(first)).toMatchObject({ outcome: 'same' });
  expect((await here()).members).toEqual(['ann owner', 'bob manager']);
});

it('takes thousands of members, in entries as large as any, and no more than the app allows', async () => {
  const members = Array.from({ length: 1_700 }, (_, at) => `m${at}`);
  const large: Source = {
    members,
    roles: { m1500: 'manager' },
    muted: ['m1600'],
    silenced: members.slice(0, 600),
  };
  expect(await take(large)).toMatchObject({ outcome: 'created', notes: [] });
  const state = (await h.store.conversations.load(app, id))!;
  expect(state.members).toHaveLength(1_700);
  expect(state.members.find(({ client }) => client === 'm1500')!.role).toBe('manager');
  expect((await here()).muted).toEqual(['m1600']);
  expect(state.head.last - state.head.origin).toBe(1 + 3 + 2);
  for (const client of ['m0', 'm1699'])
    expect(await h.store.members.own(app, id, asClientId(client))).toMatchObject({ unread: 0 });
  expect(await take(large)).toMatchObject({ outcome: 'same' });
  const more = [...members, ...Array.from({ length: 400 }, (_, at) => `n${at}`)];
  const { outcome, notes } = await take({ ...large, members: more });
  expect([outcome, notes.length, notes[0]]).toEqual([
    'changed',
    100,
    'the member "n300" was left out: there are as many as this app allows',
  ]);
  expect((await h.store.conversations.load(app, id))!.members).toHaveLength(2_000);
});

it('compares names only, where retention has taken the beginning', async () => {
  await take(first);
  h.now += 1_000;
  for (const body of ['later', 'newest']) await h.server().send(id, body);
  for (let next: string | undefined = ''; next !== undefined;)
    ({ next } = await h.store.retention.retire(app, id, h.now + 10_000, next === '' ? undefined : next));
  const renamed = {
    ...item({ ...first, name: 'another', silenced: [] }),
    before: [{ name: 'n', attributes: {} }],
  };
  const [outcome] = await imports.conversations(app, [renamed]);
  expect(outcome).toEqual({
    id,
    outcome: 'changed',
    notes: ['its beginning is past the retention here: members, silences and blocks were not compared'],
  });
  expect((await h.store.conversations.load(app, id))!.conversation.name).toBe('another');
  expect((await here()).silenced).toEqual(['cat', 'dan']);
});

it('is read in pages behind a message, also where many have the same time', async () => {
  await take({ members: ['ann', 'bob'] });
  const ids = Array.from({ length: 9 }, (_, at) => `elsewhere-${at}` as MessageId);
  const [ann] = people('ann');
  const messages = ids.map((of) => ({
    id: of,
    time: 1_000,
    author: ann!,
    format: 'text' as const,
    body: of,
  }));
  await imports.messages(app, [{ conversation: id, messages }]);
  const bob = h.client('bob');
  await bob.connect();
  const found: string[] = [];
  for (let before = {}; ;) {
    const page = await bob.run('message.history', { conversation: id, limit: 2, ...before });
    found.unshift(...page.messages.map((message) => message.id));
    if (!page.more) break;
    before = { before: { time: 1_000, message: page.messages[0]!.id } };
  }
  expect(found).toEqual(ids);
});
