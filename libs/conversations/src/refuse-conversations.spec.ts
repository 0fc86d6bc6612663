import { type App, presets } from '@hongyan/apps';
import { appOf, Harness, newOp, type TestClient } from './service-harness.contract.js';

/** Conversations that a client refuses to be added to. */

const few = (app: App): App => ({ ...app, limits: { ...app.limits, refusedConversations: 2 } });
const withLeanCloud = (app: App): App => ({ ...app, ...presets.leancloud, preset: 'leancloud' });

let harness: Harness;
let ann: TestClient;
let bob: TestClient;
let cat: TestClient;
beforeEach(async () => {
  harness = await Harness.open([appOf('a', few), appOf('b'), appOf('lc', withLeanCloud)]);
  [ann, bob, cat] = (await Promise.all(
    ['ann', 'bob', 'cat'].map((name) => harness.client(name).connect()),
  )) as [TestClient, TestClient, TestClient];
});
afterEach(async () => {
  await harness.close();
  expect(harness.errors).toEqual([]);
});

const group = async (by: TestClient = ann, members = ['bob'], more: object = {}): Promise<string> =>
  (await by.run('conversation.create', { members, ...more })).conversation.id;
const membersOf = async (conversation: string) =>
  (await harness.server().run('conversation.members', { conversation })).items.map(({ client }) => client);
const refused = async (by: { run: TestClient['run'] } = bob) => (await by.run('client.refused', {})).items;

describe('a client that refuses a conversation', () => {
  it('leaves it, and nobody else adds it again', async () => {
    const conversation = await group();
    const phone = await harness.client('bob', 'a', 'tablet').connect();
    const left = await bob.run('conversation.refuse', { conversation });
    expect(left).toEqual({ seq: 2, time: expect.any(Number) as number });
    expect(ann.heard()).toContain('left#2');
    expect(phone.heard()).toContain('left#2');
    expect(await refused()).toEqual([conversation]);
    const both = { conversation, members: ['bob', 'cat'] };
    expect(await ann.run('conversation.add', both)).toEqual({
      seq: 3,
      done: ['cat'],
      failed: [{ client: 'bob', code: 1305, name: 'blocked' }],
    });
    expect(await harness.server().run('conversation.add', both)).toMatchObject({
      done: ['cat'],
      failed: [{ client: 'bob', name: 'blocked' }],
    });
    expect(await harness.server('bob').outcome('conversation.join', { conversation })).toBe('blocked');
    expect(await membersOf(conversation)).toEqual(['ann', 'cat']);
    // Others are free to be added, and it to be added elsewhere.
    const other = await group(ann, ['cat']);
    expect(await ann.run('conversation.add', { conversation: other, members: ['bob'] })).toMatchObject({
      done: ['bob'],
    });
  });

  it('is added again when it refuses no longer, and not by that', async () => {
    const conversation = await group();
    await bob.run('conversation.refuse', { conversation });
    await bob.run('conversation.unrefuse', { conversation });
    expect(await refused()).toEqual([]);
    expect(await membersOf(conversation)).toEqual(['ann']);
    expect(await ann.run('conversation.add', { conversation, members: ['bob'] })).toMatchObject({
      done: ['bob'],
    });
    expect(await bob.run('conversation.unrefuse', { conversation })).toEqual({});
  });

  it('may have been out before, as long as it knows of it', async () => {
    const conversation = await group(ann, ['bob', 'cat']);
    await ann.run('conversation.remove', { conversation, members: ['bob'] });
    expect(await bob.run('conversation.refuse', { conversation })).toEqual({});
    const unknown = await group(ann, ['cat']);
    expect(await bob.outcome('conversation.refuse', { conversation: unknown })).toBe('member_required');
    expect(await bob.outcome('conversation.refuse', { conversation: 'nowhere' })).toBe('not_found');
    expect(await refused()).toEqual([conversation]);
  });

  it('is answered alike when it asks again, also with the same operation', async () => {
    const conversation = await group();
    const op = newOp();
    const first = await bob.run('conversation.refuse', { op, conversation });
    expect(await bob.run('conversation.refuse', { op, conversation })).toEqual(first);
    expect(await bob.run('conversation.refuse', { conversation })).toEqual({});
    expect(await refused()).toEqual([conversation]);
  });

  it('refuses so many and no more, and stays in what it could not refuse', async () => {
    const three = [await group(), await group(), await group()];
    for (const conversation of three.slice(0, 2)) await bob.run('conversation.refuse', { conversation });
    const conversation = three[2]!;
    expect(await bob.outcome('conversation.refuse', { conversation })).toBe('limit_exceeded');
    expect(await membersOf(conversation)).toEqual(['ann', 'bob']);
    await bob.run('conversation.unrefuse', { conversation: three[0]! });
    await bob.run('conversation.refuse', { conversation });
    expect((await bob.run('client.refused', { limit: 1 })).items).toHaveLength(1);
    expect(await bob.outcome('client.refused', { limit: 101 })).toBe('bad_request');
  });

  it('hands an owner’s conversation on, or stays where it may not leave', async () => {
    const conversation = await group();
    await ann.run('conversation.refuse', { conversation });
    expect(await harness.server().run('conversation.members', { conversation })).toMatchObject({
      items: [{ client: 'bob', role: 'owner' }],
    });
    const [owner] = [await harness.client('ann', 'lc').connect()];
    const theirs = await group(owner, ['bob']);
    await owner.run('conversation.setRole', { conversation: theirs, member: 'bob', role: 'manager' });
    expect(await owner.outcome('conversation.refuse', { conversation: theirs })).toBe('owner_required');
    expect(await refused(owner)).toEqual([]);
  });

  it('joins by itself, which ends it', async () => {
    const [owner, guest] = [
      await harness.client('ann', 'lc').connect(),
      await harness.client('bob', 'lc').connect(),
    ];
    const conversation = await group(owner, ['bob']);
    await guest.run('conversation.refuse', { conversation });
    await guest.run('conversation.join', { conversation });
    expect(await refused(guest)).toEqual([]);
    await owner.run('conversation.remove', { conversation, members: ['bob'] });
    expect(await owner.run('conversation.add', { conversation, members: ['bob'] })).toMatchObject({
      done: ['bob'],
    });
  });

  it('is left out of a unique conversation that another makes again, and comes back by making it itself', async () => {
    const unique = { unique: true };
    const conversation = await group(ann, ['bob', 'cat'], unique);
    await bob.run('conversation.refuse', { conversation });
    await cat.run('conversation.leave', { conversation });
    expect(await group(ann, ['bob', 'cat'], unique)).toBe(conversation);
    expect(await membersOf(conversation)).toEqual(['ann', 'cat']);
    expect(
      (await harness.server('bob').run('conversation.create', { members: ['ann', 'cat'], unique: true }))
        .conversation.memberCount,
    ).toBe(2);
    expect(await group(bob, ['ann', 'cat'], unique)).toBe(conversation);
    expect(await membersOf(conversation)).toEqual(['ann', 'bob', 'cat']);
    expect(await refused()).toEqual([]);
  });

  it('is out when somebody adds it just before its refusal is stored', async () => {
    const conversation = await group(ann, ['cat', 'bob']);
    await ann.run('conversation.remove', { conversation, members: ['bob'] });
    const add = async () => (await ann.run('conversation.add', { conversation, members: ['bob'] })).done;
    const { clients } = harness.store;
    const refuse = clients.refuse.bind(clients);
    jest.spyOn(clients, 'refuse').mockImplementation(async (...given) => {
      expect(await add()).toEqual(['bob']);
      return await refuse(...given);
    });
    expect(await bob.run('conversation.refuse', { conversation })).toHaveProperty('seq');
    expect(await membersOf(conversation)).toEqual(['ann', 'cat']);
    expect(await add()).toEqual([]);
  });

  it('refuses services, which its server then cannot subscribe it to', async () => {
    const server = harness.server();
    const { conversation } = await server.run('conversation.create', { kind: 'system', name: 'News' });
    const service = { conversation: conversation.id };
    await harness.server('bob').run('system.subscribe', service);
    expect(await bob.run('conversation.refuse', service)).toMatchObject({
      seq: expect.any(Number) as number,
    });
    expect((await bob.run('conversation.get', service)).own).toBeUndefined();
    expect(await harness.server('bob').outcome('system.subscribe', service)).toBe('blocked');
    await harness.server('cat').run('system.subscribe', service);
    await bob.run('system.subscribe', service);
    expect(await refused()).toEqual([]);
    // Its thread with the service stays, and what is written to it there.
    await server.send(conversation.id, 'hello', { to: ['cat'] as never });
    await cat.run('conversation.refuse', service);
    expect((await cat.run('conversation.get', service)).own).not.toHaveProperty('role');
    await server.send(conversation.id, 'still here', { to: ['cat'] as never });
    expect((await cat.run('conversation.get', service)).unread).toBe(2);
    const everyones = await server.run('conversation.create', { kind: 'system', audience: 'everyone' });
    const all = { conversation: everyones.conversation.id };
    expect(await bob.outcome('conversation.refuse', all)).toBe('forbidden');
  });

  it('refuses no rooms and no temporary conversations, to which nobody is added', async () => {
    const room = await ann.run('conversation.create', { kind: 'room' });
    const brief = await ann.run('conversation.create', { kind: 'temporary', members: ['bob'] });
    for (const { conversation } of [room, brief])
      expect(await bob.outcome('conversation.refuse', { conversation: conversation.id })).toBe('wrong_kind');
  });

  it('does so in its own app only, and the server may for it', async () => {
    const id = 'shared-id-0001';
    for (const app of ['a', 'b'])
      await harness.server('ann', app).run('conversation.create', { id, members: ['bob'] });
    await harness.server('bob').run('conversation.refuse', { conversation: id });
    expect(await refused()).toEqual([id]);
    const elsewhere = harness.server(undefined, 'b');
    await elsewhere.run('conversation.remove', { conversation: id, members: ['bob'] });
    expect(await elsewhere.run('conversation.add', { conversation: id, members: ['bob'] })).toMatchObject({
      done: ['bob'],
    });
    expect(await harness.server().outcome('conversation.refuse', { conversation: id })).toBe('bad_request');
  });

  it('may forget a conversation that is gone', async () => {
    const conversation = await group();
    await bob.run('conversation.refuse', { conversation });
    await ann.run('conversation.delete', { conversation });
    expect(await refused()).toEqual([conversation]);
    await bob.run('conversation.unrefuse', { conversation });
    expect(await refused()).toEqual([]);
  });
});
