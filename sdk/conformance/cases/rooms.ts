import { deepStrictEqual, ok } from 'node:assert/strict';
import type { Wire } from '../wire.js';
import { has, it, refuses, type World } from '../suite.js';
import { pause, rest, until } from '../wire.js';

const room = async (world: World, wire: Wire): Promise<string> =>
  (await wire.call('conversation.create', { op: world.op(), kind: 'room', name: 'hall' })).conversation.id;

it('rooms: joining lets me hear and speak; the answer brings the last messages', async (world) => {
  const [ann, bob] = [await world.login('ann'), await world.login('bob')];
  const id = await room(world, ann);
  await refuses('join_required', world.send(bob, id, 'x'));
  await ann.call('room.join', { conversation: id });
  for (const body of ['a', 'b', 'c']) await world.send(ann, id, body);
  const joined = await bob.call('room.join', { conversation: id, last: 2 });
  deepStrictEqual(
    joined.messages.map(({ body }) => body),
    ['b', 'c'],
  );
  deepStrictEqual(joined.online, 2);
  await world.send(bob, id, 'd');
  const { entry } = await ann.event('entry', (event) => event.entry.conversation === (id as never));
  has((entry as { message?: unknown }).message, { body: 'd', from: world.id('bob') });
  await until(async () => (await ann.call('room.count', { conversation: id })).online === 2, 'two in it');
  deepStrictEqual(
    [...(await ann.call('room.members', { conversation: id })).clients].sort(),
    [world.id('ann'), world.id('bob')].sort(),
  );
});

it('rooms: leaving ends it for this session; nothing in list or unread', async (world) => {
  const [ann, bob] = [await world.login('ann'), await world.login('bob')];
  const id = await room(world, ann);
  await ann.call('room.join', { conversation: id });
  await bob.call('room.join', { conversation: id });
  await bob.call('room.leave', { conversation: id });
  await world.send(ann, id, 'x');
  await pause(100);
  deepStrictEqual(bob.entries(id), []);
  await refuses('join_required', world.send(bob, id, 'x'));
  deepStrictEqual((await bob.call('conversation.list', {})).items, []);
  has(await bob.call('client.unread', {}), { unread: 0 });
});

it('rooms: know no members, receipts or reading', async (world) => {
  const ann = await world.login('ann');
  const id = await room(world, ann);
  await refuses('wrong_kind', ann.call('conversation.join', { op: world.op(), conversation: id }));
  const { conversation } = await ann.call('conversation.create', {
    op: world.op(),
    members: [world.id('bob')],
  });
  await refuses('wrong_kind', ann.call('room.join', { conversation: conversation.id }));
});

it('rooms: a session that comes back in time is still in them', async (world) => {
  const [ann, bob] = [await world.login('ann'), await world.login('bob')];
  const id = await room(world, ann);
  await ann.call('room.join', { conversation: id });
  await bob.call('room.join', { conversation: id });
  bob.socket.io.engine.close();
  await until(() => bob.closed, 'the connection is gone');
  const back = await world.open({ session: bob.session.token });
  deepStrictEqual(back.session.resumed, true);
  await world.send(ann, id, 'still there?');
  await back.event('entry', ({ entry }) => entry.conversation === (id as never));
  await world.send(back, id, 'yes');
});

it('system: a broadcast reaches subscribers, and counts as unread', async (world) => {
  const made = await rest(world.target, 'POST', '/conversations', { kind: 'system', name: 'news' });
  const id = (made.conversation as { id: string }).id;
  const [ann, bob] = [await world.login('ann'), await world.login('bob')];
  await ann.call('system.subscribe', { op: world.op(), conversation: id });
  await rest(world.target, 'POST', `/conversations/${id}/messages`, { body: 'extra' });
  const { entry } = await ann.event('entry', (event) => event.entry.kind === 'message');
  has((entry as { message?: unknown }).message, { conversation: id, body: 'extra', scope: 'broadcast' });
  const { items } = await ann.call('conversation.list', {});
  has(items[0], { unread: 1 });
  await pause(50);
  ok(!bob.events.some((event) => event.type === 'entry'));
  await ann.call('system.unsubscribe', { op: world.op(), conversation: id });
  await rest(world.target, 'POST', `/conversations/${id}/messages`, { body: 'unheard' });
  await pause(50);
  deepStrictEqual(
    ann.events.filter((event) => event.type === 'entry' && event.entry.kind === 'message').length,
    1,
  );
});

it('system: a broadcast to everyone reaches who has not subscribed, and no other does', async (world) => {
  const made = await rest(world.target, 'POST', '/conversations', { kind: 'system', name: 'news' });
  const id = (made.conversation as { id: string }).id;
  const [ann, bob] = [await world.login('ann'), await world.login('bob')];
  await ann.call('system.subscribe', { op: world.op(), conversation: id });
  const say = (body: string, more: object = {}) =>
    rest(world.target, 'POST', `/conversations/${id}/messages`, { body, ...more });
  await say('first', { audience: 'everyone' });
  await say('for subscribers');
  await say('last', { audience: 'everyone' });
  const heard = (wire: typeof ann) =>
    wire.events.flatMap((event) =>
      event.type === 'entry' && event.entry.kind === 'message' ? [event.entry.message.body] : [],
    );
  await until(() => heard(ann).length === 3 && heard(bob).length === 2, 'the broadcasts');
  deepStrictEqual(heard(bob), ['first', 'last']);
  const { unread, lastMessage, own } = await bob.call('conversation.get', { conversation: id });
  deepStrictEqual([unread, lastMessage?.body, own?.role], [2, 'last', undefined]);
  const { messages } = await bob.call('message.history', { conversation: id });
  deepStrictEqual(
    messages.map(({ body }) => body),
    ['first', 'last'],
  );
  const { entries } = await bob.call('conversation.entries', { conversation: id, after: 0 });
  deepStrictEqual(
    entries.map(({ kind }) => kind),
    ['message', 'message'],
  );
  await bob.call('conversation.read', { conversation: id, seq: lastMessage?.seq });
  has(await bob.call('client.unread', {}), { unread: 0 });
  const send = { op: world.op(), conversation: id, body: 'x', audience: 'everyone' } as const;
  await refuses('forbidden', ann.call('message.send', send));
});

it('system: a direct message goes to one client; what clients write nobody else hears', async (world) => {
  const made = await rest(world.target, 'POST', '/conversations', { kind: 'system', name: 'service' });
  const id = (made.conversation as { id: string }).id;
  const [ann, bob] = [await world.login('ann'), await world.login('bob')];
  for (const wire of [ann, bob]) await wire.call('system.subscribe', { op: world.op(), conversation: id });
  await rest(world.target, 'POST', `/conversations/${id}/messages`, {
    body: 'for ann',
    to: [world.id('ann')],
  });
  const { entry } = await ann.event('entry', (event) => event.entry.kind === 'message');
  has((entry as { message?: unknown }).message, { conversation: id, body: 'for ann', scope: 'thread' });
  await world.send(ann, id, 'my question');
  await pause(80);
  ok(!JSON.stringify(bob.events).includes('for ann') && !JSON.stringify(bob.events).includes('my question'));
  const { messages } = await ann.call('message.history', { conversation: id });
  deepStrictEqual(
    messages.map(({ body }) => body),
    ['for ann', 'my question'],
  );
  deepStrictEqual((await bob.call('message.history', { conversation: id })).messages, []);
});

it('system: clients make none', async (world) => {
  const ann = await world.login('ann');
  await refuses('forbidden', ann.call('conversation.create', { op: world.op(), kind: 'system', name: 'x' }));
});
