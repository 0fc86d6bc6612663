import { deepStrictEqual, ok } from 'node:assert/strict';
import { has, it, refuses } from '../suite.js';
import { until } from '../wire.js';

it('frames: an unknown operation is refused, and the session goes on', async (world) => {
  const ann = await world.login('ann');
  for (const name of ['no.such', 'toString', '__proto__', 'constructor'])
    await refuses('unknown_operation', ann.raw('c', name, {}));
  await ann.call('client.unread', {});
});

it('frames: wrong arguments are refused', async (world) => {
  const { id, wires } = await world.group('ann', 'bob');
  const bad: [string, unknown][] = [
    ['message.send', {}],
    ['message.send', { op: 'a', conversation: id }],
    ['message.send', { op: 'a b', conversation: id, body: 'x' }],
    ['message.send', { op: 'a', conversation: '../etc', body: 'x' }],
    ['message.send', { op: 'a', conversation: id, body: 17 }],
    ['message.send', { op: 'a', conversation: id, body: 'x', mentions: 'bob' }],
    ['message.history', { conversation: id, limit: -1 }],
    ['message.history', { conversation: id, limit: 1e9 }],
    ['conversation.read', { conversation: id, seq: 'x' }],
    ['conversation.read', { conversation: id, seq: 1.5 }],
    ['presence.query', { clients: [''] }],
    ['client.get', 'text'],
    ['client.get', [1]],
    ['client.get', null],
  ];
  for (const [name, args] of bad) await refuses('bad_request', wires.ann.raw('c', name, args));
  await wires.ann.call('client.unread', {});
});

it('frames: unknown fields of arguments are ignored', async (world) => {
  const { id, wires } = await world.group('ann', 'bob');
  ok(
    (await wires.ann.raw('c', 'message.send', { op: world.op(), conversation: id, body: 'x', future: 1 })) !==
      undefined,
  );
});

it('frames: an oversize body is refused, and the session goes on', async (world) => {
  const { id, wires } = await world.group('ann', 'bob');
  const { bodyBytes } = wires.ann.session.limits;
  await refuses('too_large', world.send(wires.ann, id, 'x'.repeat(bodyBytes + 1)));
  await refuses('too_large', world.send(wires.ann, id, '鸿'.repeat(Math.floor(bodyBytes / 3) + 1)));
  await world.send(wires.ann, id, 'x'.repeat(bodyBytes));
});

it('frames: a frame beyond any measure ends the connection, not the server', async (world) => {
  const ann = await world.login('ann');
  ann.socket.emit('c', 'message.send', { body: 'x'.repeat(4_000_000) });
  await until(() => ann.closed, 'closed');
  await world.login('ann');
});

it('frames: what is not of the protocol is counted, then the connection is closed', async (world) => {
  const ann = await world.login('ann');
  for (let n = 0; n < 50 && !ann.closed; n++) ann.socket.emit('nonsense', n);
  has(await ann.event('closing'), { code: 1207, name: 'protocol_violation' });
  await until(() => ann.closed, 'closed');
});

it('frames: a flood is slowed down with a hint when to go on', async (world) => {
  const ann = await world.login('ann');
  const answers = await Promise.allSettled(
    Array.from({ length: 1_500 }, () => ann.call('room.count', { conversation: 'nowhere' })),
  );
  const names = answers.map((one) =>
    one.status === 'rejected' ? (one.reason as { wire?: { name: string } }).wire?.name : 'ok',
  );
  ok(names.includes('not_found') && names.includes('rate_limited'));
  const limited = answers.find(
    (one) =>
      one.status === 'rejected' && (one.reason as { wire?: { name: string } }).wire?.name === 'rate_limited',
  );
  const wire = (limited as PromiseRejectedResult).reason as {
    wire: { retryAfterMs?: number; temporary: boolean };
  };
  deepStrictEqual(wire.wire.temporary, true);
  ok((wire.wire.retryAfterMs ?? 0) > 0);
});
