import { deepStrictEqual } from 'node:assert/strict';
import { has, it, refuses } from '../suite.js';
import { until } from '../wire.js';

it('clients: records are read and changed', async (world) => {
  const ann = await world.login('ann');
  const { client } = await ann.call('client.update', { name: 'Ann', custom: { a: 1 } });
  has(client, { id: world.id('ann'), name: 'Ann', custom: { a: 1 } });
  await ann.call('client.update', { custom: null });
  const bob = await world.login('bob');
  const { clients } = await bob.call('client.get', { clients: [world.id('ann')] });
  has(clients[0], { id: world.id('ann'), name: 'Ann', custom: undefined });
});

it('clients: whom I refuse cannot write to me one-to-one, nor add me', async (world) => {
  const { id, wires } = await world.group('ann', 'bob');
  await wires.bob.call('client.block', { clients: [world.id('ann')] });
  deepStrictEqual((await wires.bob.call('client.blocked', {})).items, [world.id('ann') as never]);
  await refuses('blocked', world.send(wires.ann, id, 'x'));
  await wires.bob.call('client.unblock', { clients: [world.id('ann')] });
  await world.send(wires.ann, id, 'x');
});

it('clients: what I refuse I am out of, and not added to until I lift it', async (world) => {
  const { id, wires } = await world.group('ann', 'bob');
  const bob = world.id('bob');
  const left = await wires.bob.call('conversation.refuse', { op: world.op(), conversation: id });
  await wires.ann.event('entry', ({ entry }) => entry.kind === 'left' && entry.seq === left.seq);
  deepStrictEqual((await wires.bob.call('client.refused', {})).items, [id as never]);
  const add = async () => {
    const { done, failed } = await wires.ann.call('conversation.add', {
      op: world.op(),
      conversation: id,
      members: [bob],
    });
    return [done, failed.map(({ name }) => name)];
  };
  deepStrictEqual(await add(), [[], ['blocked']]);
  await wires.bob.call('conversation.unrefuse', { conversation: id });
  deepStrictEqual(await add(), [[bob], []]);
});

it('presence: asked for, and watched', async (world) => {
  const ann = await world.login('ann');
  const bob = world.id('bob');
  deepStrictEqual((await ann.call('presence.query', { clients: [bob, world.id('ann')] })).online, [
    world.id('ann') as never,
  ]);
  deepStrictEqual((await ann.call('presence.subscribe', { clients: [bob] })).online, []);
  const wire = await world.login('bob');
  await ann.event('presence', ({ client, online }) => client === (bob as never) && online);
  wire.close();
  await ann.event('presence', ({ client, online }) => client === (bob as never) && !online);
  await ann.call('presence.subscribe', { clients: [] });
  await world.login('bob');
  await until(
    async () => (await ann.call('presence.query', { clients: [bob] })).online.length === 1,
    'bob is online',
  );
  deepStrictEqual(ann.events.filter((event) => event.type === 'presence' && event.online).length, 1);
});

it('presence: watches a bounded number', async (world) => {
  const ann = await world.login('ann');
  const clients = Array.from({ length: 101 }, (_, n) => world.id(`c${n}`));
  await refuses('limit_exceeded', ann.call('presence.subscribe', { clients }));
});
