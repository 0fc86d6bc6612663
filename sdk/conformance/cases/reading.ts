import { deepStrictEqual, ok } from 'node:assert/strict';
import type { Wire } from '../wire.js';
import { has, it, refuses, type World } from '../suite.js';
import { until } from '../wire.js';

const numbers = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, n) => from + n);

async function row(wire: Wire, id: string) {
  const { items } = await wire.call('conversation.list', {});
  return items.find(({ conversation }) => conversation.id === id);
}

async function filled(world: World, count: number) {
  const group = await world.group('ann', 'bob');
  for (let n = 1; n <= count; n++)
    await world.send(group.wires.ann, group.id, `m${n}`, n % 5 === 0 ? { type: 'five' } : {});
  return group;
}

it('history: pages backward and forward, with bounds by sequence, by message and by time', async (world) => {
  const { id, wires } = await filled(world, 25); // sequences 2 to 26
  const ask = async (query: object) => {
    const { messages, more } = await wires.bob.call('message.history', { conversation: id, ...query });
    return {
      seqs: messages.map(({ seq }) => seq as number),
      times: messages.map(({ time }) => time),
      ids: messages.map((message) => message.id),
      more,
    };
  };
  deepStrictEqual((await ask({ limit: 10 })).seqs, numbers(17, 26));
  has(await ask({ limit: 10, before: { seq: 17 } }), { seqs: numbers(7, 16), more: true });
  has(await ask({ limit: 10, before: { seq: 7 } }), { seqs: numbers(2, 6), more: false });
  has(await ask({ direction: 'forward', limit: 10 }), { seqs: numbers(2, 11), more: true });
  has(await ask({ direction: 'forward', limit: 20, after: { seq: 11 } }), {
    seqs: numbers(12, 26),
    more: false,
  });
  has(await ask({ before: { seq: 9, inclusive: true }, after: { seq: 7, inclusive: true } }), {
    seqs: [7, 8, 9],
    more: false,
  });
  const { times, ids } = await ask({ limit: 25 });
  has(await ask({ limit: 3, before: { message: ids[10] } }), { seqs: numbers(9, 11), more: true });
  has(await ask({ direction: 'forward', limit: 3, after: { message: ids[10], inclusive: true } }), {
    seqs: numbers(12, 14),
  });
  ok(
    times.every((time, n) => n === 0 || time > (times[n - 1] as number)),
    'times grow strictly',
  );
  has(await ask({ before: { time: times[10] } }), { seqs: numbers(2, 11) });
  has(await ask({ before: { time: times[10], inclusive: true } }), { seqs: numbers(2, 12) });
  has(await ask({ direction: 'forward', after: { time: times[10] } }), { seqs: numbers(13, 26) });
  has(await ask({ types: ['five'] }), { seqs: [6, 11, 16, 21, 26] });
});

it('entries: everything between two sequences, in order, of every kind', async (world) => {
  const { id, wires } = await filled(world, 3);
  await wires.ann.call('conversation.update', { op: world.op(), conversation: id, name: 'new' });
  const all = await wires.bob.call('conversation.entries', { conversation: id, after: 0 });
  has(all, { seq: 5, floor: 0 });
  deepStrictEqual(
    all.entries.map(({ seq }) => seq),
    numbers(1, 5),
  );
  deepStrictEqual(
    all.entries.map(({ kind }) => kind),
    ['created', 'message', 'message', 'message', 'updated'],
  );
  const some = await wires.bob.call('conversation.entries', {
    conversation: id,
    after: 1,
    until: 4,
    limit: 2,
  });
  deepStrictEqual(
    some.entries.map(({ seq }) => seq),
    [2, 3],
  );
  has(some, { seq: 3 });
  has(await wires.bob.call('conversation.entries', { conversation: id, after: 3, until: 4 }), { seq: 4 });
  has(await wires.bob.call('conversation.entries', { conversation: id, after: 5 }), { seq: 5, entries: [] });
});

it('long messages make short pages, and a client that follows them misses nothing', async (world) => {
  const { id, wires } = await world.group('ann', 'bob');
  const long = 'x'.repeat(50_000);
  const count = 16;
  for (let n = 1; n <= count; n++) await world.send(wires.ann, id, `${n} ${long}`);
  const number = (body: string): number => Number.parseInt(body, 10);

  const missed: number[] = [];
  for (let after = 1; after <= count;) {
    const { entries, seq } = await wires.bob.call('conversation.entries', { conversation: id, after });
    ok(entries.length * long.length < 512_000, 'the page is short');
    ok(seq > after, 'the page goes on');
    for (const entry of entries) if (entry.kind === 'message') missed.push(number(entry.message.body));
    after = seq;
  }
  deepStrictEqual(missed, numbers(1, count));

  const read: number[] = [];
  for (let [before, more] = [Infinity, true]; more;) {
    const page = await wires.bob.call('message.history', {
      conversation: id,
      ...(before === Infinity ? {} : { before: { seq: before } }),
      limit: 100,
    });
    read.unshift(...page.messages.map(({ body }) => number(body)));
    ({ more } = page);
    before = page.messages[0]?.seq ?? 0;
  }
  deepStrictEqual(read, numbers(1, count));
});

it('who asks for much at once gets all of it, in one connection', async (world) => {
  const { id, wires } = await world.group('ann', 'bob');
  const long = 'x'.repeat(50_000);
  for (let n = 1; n <= 5; n++) await world.send(wires.ann, id, long);
  const pages = await Promise.all(
    numbers(1, 40).map(() => wires.bob.call('message.history', { conversation: id, limit: 5 })),
  );
  ok(
    pages.every(({ messages }) => messages.length === 5),
    'every page is whole',
  );
  has(await row(wires.bob, id), { unread: 5 });
});

it('unread: counts what others wrote after my cursor; mine, silent and recalled ones do not count', async (world) => {
  const { id, wires } = await world.group('ann', 'bob');
  const { ann, bob } = wires;
  const unread = async (): Promise<object> => {
    const found = await row(bob, id);
    return { seq: found?.conversation.seq, unread: found?.unread, mentions: found?.mentionUnread };
  };
  await world.send(ann, id, 'one');
  const two = await world.send(ann, id, 'two', { mentions: [world.id('bob')] });
  await world.send(ann, id, 'quiet', { silent: true });
  await world.send(bob, id, 'mine');
  await world.send(ann, id, 'three', { mentionAll: true });
  deepStrictEqual(await unread(), { seq: 6, unread: 3, mentions: 2 });
  await ann.call('message.recall', { op: world.op(), message: two.id });
  deepStrictEqual(await unread(), { seq: 7, unread: 2, mentions: 1 });
  const third = (await ann.call('message.history', { conversation: id })).messages.at(-1);
  await ann.call('message.edit', { op: world.op(), message: third?.id as string, body: 'three' });
  deepStrictEqual(await unread(), { seq: 8, unread: 2, mentions: 0 });
  has(await bob.call('conversation.read', { conversation: id, seq: 2 }), {
    readSeq: 2,
    unread: 1,
    mentionUnread: 0,
  });
  has(await bob.call('conversation.read', { conversation: id, seq: 1 }), { readSeq: 2, unread: 1 });
  has(await bob.call('conversation.read', { conversation: id, seq: 999 }), { readSeq: 8, unread: 0 });
  has(await bob.call('client.unread', {}), { unread: 0, mentionUnread: 0, unmutedUnread: 0 });
});

it('unread: totals come with and without muted conversations', async (world) => {
  const { id, wires } = await world.group('ann', 'bob');
  await world.send(wires.ann, id, 'x');
  const { own } = await wires.bob.call('conversation.setState', { conversation: id, muteUntil: null });
  deepStrictEqual(own.muteUntil, null);
  has(await wires.bob.call('client.unread', {}), { unread: 1, unmutedUnread: 0 });
});

/** `look` runs again and again while many messages are on their way. */
async function duringTraffic(world: World, look: (bob: Wire, id: string) => Promise<void>): Promise<void> {
  const { id, wires } = await world.group('ann', 'bob');
  let sending = true;
  const writers = Array.from({ length: 6 }, async () => {
    for (let n = 0; n < 60 && sending; n++) await world.send(wires.ann, id, 'x');
  });
  try {
    for (let n = 0; n < 80; n++) await look(wires.bob, id);
  } finally {
    sending = false;
    await Promise.all(writers);
  }
}

it('unread: `conversation.get` counts as of the sequence that it says', (world) =>
  duringTraffic(world, async (bob, id) => {
    const { conversation, unread } = await bob.call('conversation.get', { conversation: id });
    deepStrictEqual(unread, conversation.seq - 1, `at sequence ${conversation.seq}`);
  }));

it('unread: a row of the list counts as of the sequence that it says', (world) =>
  duringTraffic(world, async (bob, id) => {
    const found = await row(bob, id);
    deepStrictEqual(found?.unread, (found?.conversation.seq ?? 0) - 1);
  }));

it('read: my other devices hear it, the other side hears a cursor', async (world) => {
  const { id, wires } = await world.group('ann', 'bob');
  const second = await world.login('bob');
  const { seq } = await world.send(wires.ann, id, 'x');
  await wires.bob.call('conversation.read', { conversation: id, seq: seq });
  has(await second.event('cursor', ({ client }) => client === (world.id('bob') as never)), {
    conversation: id,
    read: seq,
    unread: 0,
  });
  has(await wires.ann.event('cursor', ({ read }) => read === seq), {
    conversation: id,
    client: world.id('bob'),
  });
});

it('receipts: delivered and read, by number and by name', async (world) => {
  const { id, wires } = await world.group('ann', 'bob', 'eve');
  const sent = await world.send(wires.ann, id, 'x');
  wires.bob.socket.emit('c', 'conversation.delivered', {
    cursors: [
      { conversation: id, seq: 2 },
      { conversation: 'nowhere', seq: 5 },
    ],
  });
  const receipts = (kind: 'delivered' | 'read') =>
    wires.ann.call('message.receipts', { message: sent.id, kind });
  await until(async () => (await receipts('delivered')).delivered === 1, 'the delivery of bob');
  deepStrictEqual(
    (await receipts('delivered')).items.map(({ client }) => client as string),
    [world.id('bob')],
  );
  await wires.eve.call('conversation.read', { conversation: id, seq: 2 });
  has(await receipts('read'), { delivered: 2, read: 1, of: 2 });
  deepStrictEqual(
    (await receipts('read')).items.map(({ client }) => client as string),
    [world.id('eve')],
  );
  await wires.ann.event(
    'cursor',
    ({ counts }) => counts?.some((one) => one.seq === 2 && one.read === 1 && one.of === 2) ?? false,
  );
});

it('list: pinned first, then by latest activity, in pages, hidden ones until the next message', async (world) => {
  const ann = await world.login('ann');
  const made: string[] = [];
  for (const name of ['a', 'b', 'c']) {
    const { conversation } = await ann.call('conversation.create', {
      op: world.op(),
      members: [world.id('bob')],
      name,
    });
    await world.send(ann, conversation.id, name);
    made.push(conversation.id);
  }
  const [a, b, c] = made as [string, string, string];
  const ids = async (args: object = {}): Promise<string[]> =>
    (await ann.call('conversation.list', args)).items.map((item) => item.conversation.id);
  deepStrictEqual(await ids(), [c, b, a]);
  await ann.call('conversation.setState', { conversation: a, pinned: true });
  deepStrictEqual(await ids(), [a, c, b]);
  await ann.call('conversation.setState', { conversation: c, hidden: true });
  deepStrictEqual(await ids(), [a, b]);
  await world.send(ann, c, 'again');
  deepStrictEqual(await ids(), [a, c, b]);
  const first = await ann.call('conversation.list', { limit: 2 });
  const second = await ann.call('conversation.list', { limit: 2, cursor: first.cursor });
  deepStrictEqual(
    [...first.items, ...second.items].map((item) => item.conversation.id),
    [a, c, b],
  );
  deepStrictEqual(second.cursor, undefined);
});

it("list: one-to-one rows tell the other's cursors, and each row its last message", async (world) => {
  const { id, wires } = await world.group('ann', 'bob');
  const sent = await world.send(wires.ann, id, 'x');
  await wires.bob.call('conversation.read', { conversation: id, seq: 2 });
  const found = await row(wires.ann, id);
  has(found?.peer, { client: world.id('bob'), readSeq: 2, deliveredSeq: 2 });
  has(found?.lastMessage, { id: sent.id, body: 'x' });
  has(found?.own, { role: 'owner' });
});

it('sync: tells what changed since a token, and the conversations I am no longer in', async (world) => {
  const { id, wires } = await world.group('ann', 'bob');
  const other = await wires.ann.call('conversation.create', {
    op: world.op(),
    members: [world.id('bob')],
    name: 'other',
  });
  const third = await wires.ann.call('conversation.create', {
    op: world.op(),
    members: [world.id('bob')],
    name: 'third',
  });
  const { token } = await wires.bob.call('conversation.list', {});
  wires.bob.close();
  await world.send(wires.ann, id, 'missed');
  await wires.ann.call('conversation.remove', {
    op: world.op(),
    conversation: other.conversation.id,
    members: [world.id('bob')],
  });
  const bob = await world.login('bob');
  const got = await bob.call('conversation.sync', { token });
  deepStrictEqual(got.reset, false);
  const changed = got.items.map((item) => item.conversation.id);
  ok(changed.includes(id as never));
  has(
    got.items.find((item) => item.conversation.id === (id as never)),
    { unread: 1 },
  );
  ok(got.gone.includes(other.conversation.id));
  ok(got.token !== undefined && got.token !== token);
  const later = await bob.call('conversation.sync', { token: got.token });
  ok(!later.gone.includes(third.conversation.id));
  await world.send(wires.ann, third.conversation.id, 'x');
  const last = await bob.call('conversation.sync', { token: got.token });
  ok(last.items.some((item) => item.conversation.id === third.conversation.id));
});

it('sync: without a token, or with an unknown one, it is the full list', async (world) => {
  const { id, wires } = await world.group('ann', 'bob');
  for (const args of [{}, { token: 'unknown' }]) {
    const got = await wires.bob.call('conversation.sync', args);
    deepStrictEqual(got.reset, true);
    deepStrictEqual(
      got.items.map((item) => item.conversation.id as string),
      [id],
    );
  }
});

it('clear: what is before is gone for me only', async (world) => {
  const { id, wires } = await filled(world, 3);
  await wires.bob.call('conversation.clear', { conversation: id, seq: 3 });
  const seqs = async (wire: Wire): Promise<unknown> =>
    (await wire.call('message.history', { conversation: id })).messages.map(({ seq }) => seq);
  deepStrictEqual(await seqs(wires.bob), [4]);
  deepStrictEqual(await seqs(wires.ann), [2, 3, 4]);
});

it('state: my changes reach my other devices; the highest revision wins', async (world) => {
  const { id, wires } = await world.group('ann', 'bob');
  const second = await world.login('bob');
  const { own } = await wires.bob.call('conversation.setState', {
    conversation: id,
    pinned: true,
    custom: { color: 'red' },
    markedUnread: true,
  });
  ok((own.pinnedAt ?? 0) > 0);
  has(own, { custom: { color: 'red' }, markedUnread: true });
  const event = await second.event('state');
  deepStrictEqual(event.own.revision, own.revision);
  await refuses(
    'not_found',
    (await world.login('eve')).call('conversation.setState', { conversation: id, pinned: true }),
  );
});
