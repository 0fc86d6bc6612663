import { deepStrictEqual, ok } from 'node:assert/strict';
import { has, it, refuses } from '../suite.js';
import { pause, rest, until } from '../wire.js';

it('messages: a sent one reaches the others and my other devices, not the sending session', async (world) => {
  const { id, wires } = await world.group('ann', 'bob');
  const second = await world.login('ann');
  const op = world.op();
  const sent = await wires.ann.call('message.send', {
    op,
    conversation: id,
    body: 'hello',
    type: 'greeting',
  });
  ok(sent.seq === 2 && sent.time > 0 && sent.id.length > 0);
  const got = await wires.bob.event('entry', ({ entry }) => entry.kind === 'message');
  has(got.entry, { conversation: id, seq: 2, by: world.id('ann'), time: sent.time });
  const { message } = got.entry as { message?: unknown } & typeof got.entry;
  has(message, {
    id: sent.id,
    from: world.id('ann'),
    body: 'hello',
    format: 'text',
    type: 'greeting',
    op: undefined,
  });
  const copy = await second.event('entry', ({ entry }) => entry.kind === 'message');
  has((copy.entry as { message?: unknown }).message, { op });
  await pause(50);
  deepStrictEqual(wires.ann.entries(id), []);
});

it('messages: text, JSON and bytes come back as they were sent', async (world) => {
  const { id, wires } = await world.group('ann', 'bob');
  const bodies = [
    { format: 'text', body: '鸿雁 \u{1f426} "\\' },
    { format: 'json', body: '{"big": 12345678901234567890, "a":1,  "b":"\\u00fc"}' },
    { format: 'binary', body: Buffer.from([0, 255, 1, 2]).toString('base64') },
  ];
  for (const { format, body } of bodies) await world.send(wires.ann, id, body, { format });
  const { messages } = await wires.bob.call('message.history', { conversation: id });
  deepStrictEqual(
    messages.map(({ format, body }) => ({ format, body })),
    bodies,
  );
  await refuses('bad_request', world.send(wires.ann, id, '{broken', { format: 'json' }));
});

it('messages: the same operation twice is one message with one answer', async (world) => {
  const { id, wires } = await world.group('ann', 'bob');
  const args = { op: world.op(), conversation: id, body: 'once' };
  const [a, b] = await Promise.all([
    wires.ann.call('message.send', args),
    wires.ann.call('message.send', args),
  ]);
  const c = await wires.ann.call('message.send', args);
  deepStrictEqual([b.id, c.id, c.seq], [a.id, a.id, a.seq]);
  deepStrictEqual(c.duplicate, true);
  await refuses('operation_conflict', wires.ann.call('message.send', { ...args, body: 'another' }));
  const bobs = await wires.bob.call('message.send', { ...args, body: 'my own' });
  ok(bobs.id !== a.id, 'operation ids belong to their author');
  const { messages } = await wires.ann.call('message.history', { conversation: id });
  deepStrictEqual(
    messages.map(({ body }) => body),
    ['once', 'my own'],
  );
});

it('messages: a retry of a done send is answered even when sending is no longer allowed', async (world) => {
  const { id, wires } = await world.group('ann', 'bob');
  const args = { op: world.op(), conversation: id, body: 'in time' };
  const first = await wires.bob.call('message.send', args);
  await wires.ann.call('conversation.remove', {
    op: world.op(),
    conversation: id,
    members: [world.id('bob')],
  });
  deepStrictEqual((await wires.bob.call('message.send', args)).id, first.id);
  await refuses('not_found', world.send(wires.bob, id, 'too late'));
});

it('messages: many in flight are stored and delivered in the order sent, without holes', async (world) => {
  const { id, wires } = await world.group('ann', 'bob');
  const sends = Array.from({ length: 200 }, (_, n) => world.send(wires.ann, id, String(n)));
  const seqs = (await Promise.all(sends)).map(({ seq }) => seq);
  deepStrictEqual(
    seqs,
    Array.from({ length: 200 }, (_, n) => n + 2),
  );
  await until(() => wires.bob.entries(id).length === 201, 'all 200 and the creation');
  deepStrictEqual(
    wires.bob.entries(id),
    Array.from({ length: 201 }, (_, n) => n + 1),
  );
});

it('messages: events of two writers come in one order, the same for all', async (world) => {
  const { id, wires } = await world.group('ann', 'bob', 'eve');
  const sends = Array.from({ length: 60 }, (_, n) =>
    world.send(n % 2 === 0 ? wires.ann : wires.bob, id, String(n)),
  );
  await Promise.all(sends);
  await until(() => wires.eve.entries(id).length === 61, 'all 60 and the creation');
  deepStrictEqual(
    wires.eve.entries(id),
    Array.from({ length: 61 }, (_, n) => n + 1),
  );
  for (const wire of [wires.ann, wires.bob]) {
    const seen = wire.entries(id);
    deepStrictEqual(
      seen,
      [...seen].sort((a, b) => a - b),
    );
  }
});

it('messages: an edit keeps id and sequence; the last one wins', async (world) => {
  const { id, wires } = await world.group('ann', 'bob');
  const sent = await world.send(wires.ann, id, 'first');
  const edit = await wires.ann.call('message.edit', {
    op: world.op(),
    message: sent.id,
    body: 'second',
    mentions: [world.id('bob')],
  });
  deepStrictEqual(edit.seq, 3);
  has(edit.message, { id: sent.id, seq: sent.seq, body: 'second' });
  const event = await wires.bob.event('entry', ({ entry }) => entry.kind === 'edit');
  has((event.entry as { message?: unknown }).message, {
    id: sent.id,
    seq: 2,
    body: 'second',
    mentions: [world.id('bob')],
  });
  const { messages } = await wires.bob.call('message.get', { messages: [sent.id] });
  has(messages[0], { body: 'second', seq: 2 });
  ok((messages[0]?.editedAt ?? 0) > 0);
  await refuses(
    'not_author',
    wires.bob.call('message.edit', { op: world.op(), message: sent.id, body: 'mine' }),
  );
  await refuses(
    'message_not_found',
    wires.ann.call('message.edit', { op: world.op(), message: `${id}.zz`, body: 'x' }),
  );
});

it('messages: a recall leaves nothing of the content; twice is fine; then no edit', async (world) => {
  const { id, wires } = await world.group('ann', 'bob');
  const sent = await world.send(wires.ann, id, 'secret', { mentions: [world.id('bob')] });
  await refuses('not_author', wires.bob.call('message.recall', { op: world.op(), message: sent.id }));
  await wires.ann.call('message.recall', { op: world.op(), message: sent.id });
  const event = await wires.bob.event('entry', ({ entry }) => entry.kind === 'recall');
  has((event.entry as { message?: unknown }).message, {
    id: sent.id,
    recalled: true,
    body: '',
    mentions: undefined,
  });
  await wires.ann.call('message.recall', { op: world.op(), message: sent.id });
  await refuses(
    'recalled',
    wires.ann.call('message.edit', { op: world.op(), message: sent.id, body: 'again' }),
  );
  const { messages } = await wires.bob.call('message.history', { conversation: id });
  has(messages[0], { recalled: true, body: '' });
  const { entries } = await wires.bob.call('conversation.entries', { conversation: id, after: 0 });
  ok(!JSON.stringify(entries).includes('secret'));
});

it('messages: an owner recalls what a member wrote', async (world) => {
  const { id, wires } = await world.group('ann', 'bob');
  const sent = await world.send(wires.bob, id, 'rude');
  await wires.ann.call('message.recall', { op: world.op(), message: sent.id });
});

it('messages: the app’s server deletes one; only the delete is told of it, and it counts for nobody', async (world) => {
  const { id, wires } = await world.group('ann', 'bob');
  const kept = await world.send(wires.ann, id, 'kept');
  const sent = await world.send(wires.ann, id, 'secret');
  await refuses('forbidden', wires.ann.call('message.delete', { op: world.op(), message: sent.id }));
  for (let n = 0; n < 2; n += 1) await rest(world.target, 'DELETE', `/messages/${sent.id}`);
  const { entry } = await wires.bob.event('entry', (event) => event.entry.kind === 'delete');
  has((entry as { message?: unknown }).message, { id: sent.id, seq: sent.seq, body: '' });
  await refuses('message_not_found', wires.ann.call('message.recall', { op: world.op(), message: sent.id }));
  const { unread, lastMessage } = await wires.bob.call('conversation.get', { conversation: id });
  deepStrictEqual([unread, lastMessage?.id], [1, kept.id]);
  const { messages } = await wires.bob.call('message.history', { conversation: id });
  deepStrictEqual(
    messages.map((message) => message.id),
    [kept.id],
  );
  deepStrictEqual((await wires.bob.call('message.get', { messages: [sent.id] })).messages, []);
  const { entries } = await wires.bob.call('conversation.entries', { conversation: id, after: 1 });
  deepStrictEqual(
    entries.map(({ kind }) => kind),
    ['message', 'delete'],
  );
});

it('messages: transient ones reach who is online and are not stored', async (world) => {
  const { id, wires } = await world.group('ann', 'bob');
  const sent = await world.send(wires.ann, id, 'now', { transient: true });
  deepStrictEqual(sent.seq, undefined);
  const { message } = await wires.bob.event('transient');
  has(message, { conversation: id, from: world.id('ann'), body: 'now', seq: undefined });
  deepStrictEqual((await wires.bob.call('message.history', { conversation: id })).messages, []);
});

it('messages: a reply names the message it answers', async (world) => {
  const { id, wires } = await world.group('ann', 'bob');
  const asked = await world.send(wires.ann, id, 'well?');
  await world.send(wires.bob, id, 'yes', { replyTo: asked.id });
  const { messages } = await wires.ann.call('message.history', { conversation: id });
  has(messages[1], { replyTo: asked.id });
});

it('messages: signals reach the others with or without an acknowledgement', async (world) => {
  const { id, wires } = await world.group('ann', 'bob');
  await wires.ann.call('signal.send', { conversation: id, name: 'typing' });
  has(await wires.bob.event('signal'), { conversation: id, from: world.id('ann'), name: 'typing' });
  wires.ann.socket.emit('c', 'signal.send', { conversation: id, name: 'wave', data: { n: 1 } });
  has(await wires.bob.event('signal', ({ name }) => name === 'wave'), { data: { n: 1 } });
});

it('messages: outsiders can neither see nor write, and cannot tell that there is something', async (world) => {
  const { id } = await world.group('ann', 'bob');
  const eve = await world.login('eve');
  await refuses('not_found', world.send(eve, id, 'hi'));
  await refuses('not_found', eve.call('message.history', { conversation: id }));
  await refuses('not_found', eve.call('conversation.get', { conversation: id }));
  await refuses('not_found', eve.call('conversation.entries', { conversation: id, after: 0 }));
});
