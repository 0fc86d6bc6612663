import { deepStrictEqual, ok } from 'node:assert/strict';
import { has, it, refuses } from '../suite.js';

it('conversations: creating tells the members, with what they need to know', async (world) => {
  const [ann, bob] = [await world.login('ann'), await world.login('bob')];
  const { conversation, own, created } = await ann.call('conversation.create', {
    op: world.op(),
    members: [world.id('bob')],
    name: 'two',
    attributes: { color: 'red' },
  });
  deepStrictEqual(created, true);
  has(conversation, {
    kind: 'ordinary',
    name: 'two',
    attributes: { color: 'red' },
    creator: world.id('ann'),
    memberCount: 2,
    seq: 1,
  });
  has(own, { role: 'owner' });
  const { entry, conversationView } = await bob.event('entry');
  has(entry, { kind: 'created', seq: 1, by: world.id('ann') });
  has(conversationView, { id: conversation.id, name: 'two' });
});

it('conversations: the same operation creates once; a unique one exists once', async (world) => {
  const ann = await world.login('ann');
  const bob = await world.login('bob');
  const args = { op: world.op(), members: [world.id('bob')] };
  const first = await ann.call('conversation.create', args);
  const retry = await ann.call('conversation.create', args);
  deepStrictEqual(retry.conversation.id, first.conversation.id);
  const make = (wire: typeof ann, other: string) =>
    wire.call('conversation.create', { op: world.op(), members: [world.id(other)], unique: true });
  const made = await Promise.all([make(ann, 'bob'), make(bob, 'ann'), make(ann, 'bob')]);
  deepStrictEqual(new Set(made.map((one) => one.conversation.id)).size, 1);
  deepStrictEqual(made.filter(({ created }) => created).length, 1);
  ok(made[0]?.conversation.id !== first.conversation.id);
});

it('conversations: managers change name and attributes, members do not', async (world) => {
  const { id, wires } = await world.group('ann', 'bob');
  const update = (wire: typeof wires.ann, more: object) =>
    wire.call('conversation.update', { op: world.op(), conversation: id, ...more });
  await update(wires.ann, { name: 'n', attributes: { a: 1, b: { c: 2 } } });
  await update(wires.ann, { attributes: { a: null, 'b.d': 3 } });
  const { conversation } = await wires.bob.call('conversation.get', { conversation: id });
  has(conversation, { name: 'n', attributes: { b: { c: 2, d: 3 } } });
  has((await wires.bob.event('entry', ({ entry }) => entry.kind === 'updated')).entry, { name: 'n' });
  await refuses('role_required', update(wires.bob, { name: 'mine' }));
});

it('conversations: are found by a bounded filter', async (world) => {
  const ann = await world.login('ann');
  const color = world.id('red');
  for (const size of [1, 2, 3]) {
    await ann.call('conversation.create', {
      op: world.op(),
      members: [world.id('bob')],
      name: `n${size}`,
      attributes: { color, size },
    });
  }
  const { items } = await ann.call('conversation.query', {
    where: { 'attributes.color': color, 'attributes.size': { $gte: 2 } },
    sort: '-name',
  });
  deepStrictEqual(
    items.map(({ conversation }) => conversation.name),
    ['n3', 'n2'],
  );
  await refuses('filter_invalid', ann.call('conversation.query', { where: { $where: 'true' } }));
});

it('conversations: deleting ends it for all', async (world) => {
  const { id, wires } = await world.group('ann', 'bob');
  await refuses('role_required', wires.bob.call('conversation.delete', { op: world.op(), conversation: id }));
  await wires.ann.call('conversation.delete', { op: world.op(), conversation: id });
  await wires.bob.event('entry', ({ entry }) => entry.kind === 'deleted');
  await refuses('not_found', world.send(wires.bob, id, 'x'));
});

it('members: adding is one entry, answers per id, and lets the added in', async (world) => {
  const { id, wires } = await world.group('ann', 'bob');
  const eve = await world.login('eve');
  const got = await wires.bob.call('conversation.add', {
    op: world.op(),
    conversation: id,
    members: [world.id('eve'), world.id('joe')],
  });
  deepStrictEqual([...got.done].sort(), [world.id('eve'), world.id('joe')]);
  deepStrictEqual(got.seq, 2);
  const { entry, conversationView } = await eve.event('entry');
  has(entry, { kind: 'added', seq: 2, by: world.id('bob') });
  deepStrictEqual(conversationView?.id as string, id);
  await world.send(eve, id, 'hi');
  const { items } = await eve.call('conversation.members', { conversation: id });
  deepStrictEqual(
    items.map(({ client }) => client as string).sort(),
    ['ann', 'bob', 'eve', 'joe'].map((name) => world.id(name)).sort(),
  );
});

it('members: a removed one hears it, and is out from the answer on', async (world) => {
  const { id, wires } = await world.group('ann', 'bob', 'eve');
  const refused = await wires.bob.call('conversation.remove', {
    op: world.op(),
    conversation: id,
    members: [world.id('eve')],
  });
  has(refused, { seq: undefined, done: [] });
  has(refused.failed[0], { client: world.id('eve'), name: 'role_required' });
  await wires.ann.call('conversation.remove', {
    op: world.op(),
    conversation: id,
    members: [world.id('bob')],
  });
  await refuses('not_found', world.send(wires.bob, id, 'x'));
  has((await wires.bob.event('entry', ({ entry }) => entry.kind === 'removed')).entry, {
    members: [world.id('bob')],
  });
  await world.send(wires.ann, id, 'later');
  await wires.eve.event('entry', ({ entry }) => entry.kind === 'message');
  ok(!wires.bob.events.some((event) => event.type === 'entry' && event.entry.kind === 'message'));
});

it('members: nobody joins uninvited; leaving passes the ownership on', async (world) => {
  const { id, wires } = await world.group('ann', 'bob');
  const eve = await world.login('eve');
  await refuses('not_found', eve.call('conversation.join', { op: world.op(), conversation: id }));
  await wires.ann.call('conversation.leave', { op: world.op(), conversation: id });
  has((await wires.bob.event('entry', ({ entry }) => entry.kind === 'left')).entry, {
    by: world.id('ann'),
    owner: world.id('bob'),
  });
  has((await wires.bob.call('conversation.get', { conversation: id })).own, { role: 'owner' });
  await refuses('not_found', wires.ann.call('message.history', { conversation: id }));
});

it('roles: the owner appoints managers; a manager removes members, not the owner', async (world) => {
  const { id, wires } = await world.group('ann', 'bob', 'eve');
  const role = (wire: typeof wires.ann, member: string, to: 'manager' | 'member') =>
    wire.call('conversation.setRole', {
      op: world.op(),
      conversation: id,
      member: world.id(member),
      role: to,
    });
  await refuses('role_required', role(wires.bob, 'eve', 'manager'));
  await role(wires.ann, 'bob', 'manager');
  has((await wires.eve.event('entry', ({ entry }) => entry.kind === 'role')).entry, {
    member: world.id('bob'),
    role: 'manager',
  });
  await wires.bob.call('conversation.remove', {
    op: world.op(),
    conversation: id,
    members: [world.id('eve')],
  });
  const { items } = await wires.ann.call('conversation.members', { conversation: id, role: 'manager' });
  deepStrictEqual(
    items.map(({ client }) => client as string),
    [world.id('bob')],
  );
});

it('silence: binds the silenced until it is lifted', async (world) => {
  const { id, wires } = await world.group('ann', 'bob');
  const members = [world.id('bob')];
  await wires.ann.call('conversation.silence', { op: world.op(), conversation: id, members, seconds: 600 });
  await refuses('silenced', world.send(wires.bob, id, 'x'));
  const { items } = await wires.ann.call('conversation.silenced', { conversation: id });
  ok(items.length === 1 && (items[0]?.until ?? 0) > Date.now());
  await wires.ann.call('conversation.unsilence', { op: world.op(), conversation: id, members });
  await world.send(wires.bob, id, 'x');
});

it('freeze: only managers send', async (world) => {
  const { id, wires } = await world.group('ann', 'bob');
  await wires.ann.call('conversation.update', { op: world.op(), conversation: id, frozen: true });
  await refuses('frozen', world.send(wires.bob, id, 'x'));
  await world.send(wires.ann, id, 'x');
  await wires.ann.call('conversation.update', { op: world.op(), conversation: id, frozen: false });
  await world.send(wires.bob, id, 'x');
});

it('block: puts out and keeps out until it is lifted', async (world) => {
  const { id, wires } = await world.group('ann', 'bob');
  const members = [world.id('bob')];
  await wires.ann.call('conversation.block', { op: world.op(), conversation: id, members });
  await wires.bob.event('entry', ({ entry }) => entry.kind === 'blocked');
  const { items } = await wires.ann.call('conversation.blocked', { conversation: id });
  deepStrictEqual(
    items.map(({ client }) => client as string),
    members,
  );
  const again = await wires.ann.call('conversation.add', { op: world.op(), conversation: id, members });
  has(again.failed[0], { client: members[0], name: 'blocked' });
  await wires.ann.call('conversation.unblock', { op: world.op(), conversation: id, members });
  deepStrictEqual(
    (await wires.ann.call('conversation.add', { op: world.op(), conversation: id, members })).done.length,
    1,
  );
});

it('mentions: reach those named; all may be mentioned by managers', async (world) => {
  const { id, wires } = await world.group('ann', 'bob', 'eve');
  await world.send(wires.ann, id, 'you', { mentions: [world.id('bob')] });
  const { entry } = await wires.bob.event('entry', (event) => event.entry.kind === 'message');
  has((entry as { message?: unknown }).message, { mentions: [world.id('bob')] });
  await refuses('role_required', world.send(wires.bob, id, 'all', { mentionAll: true }));
});
