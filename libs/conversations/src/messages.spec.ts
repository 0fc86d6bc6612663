import { asConversationId, messageIdOf, parseMessageId, transientIdOf } from '@hongyan/protocol';
import { appOf, Harness, newOp, type TestClient } from './service-harness.contract.js';

let h: Harness;
let ann: TestClient;
let bob: TestClient;
let cat: TestClient;
let group: string;

beforeEach(async () => {
  h = await Harness.open([appOf('a'), appOf('b')]);
  [ann, bob, cat] = (await Promise.all(['ann', 'bob', 'cat'].map((name) => h.client(name).connect()))) as [
    TestClient,
    TestClient,
    TestClient,
  ];
  const { conversation } = await ann.run('conversation.create', { name: 'g', members: ['bob', 'cat'] });
  group = conversation.id;
  for (const client of [ann, bob, cat]) client.heard();
});
afterEach(async () => {
  expect(h.errors).toEqual([]);
  await h.close();
});

const unreadOf = async (client: TestClient, conversation = group): Promise<[number, number]> => {
  const { unread, mentionUnread } = await client.run('conversation.get', { conversation });
  return [unread ?? -1, mentionUnread ?? -1];
};

it('tells the others and the own other devices, but not the sending session', async () => {
  const tablet = await h.client('ann', 'a', 'tablet').connect();
  const { id, seq } = await ann.send(group, 'hello');
  expect(parseMessageId(id)).toEqual({ conversation: group, seq: 2 });
  expect(seq).toBe(2);
  expect([ann.heard(), bob.heard(), cat.heard()]).toEqual([[], ['message#2'], ['message#2']]);
  const [copy] = tablet.events;
  expect(copy).toMatchObject({
    type: 'entry',
    entry: {
      seq: 2,
      by: 'ann',
      kind: 'message',
      message: { id, body: 'hello', op: expect.any(String) as string },
    },
  });
});

it('shows the operation id to its author only', async () => {
  await ann.send(group, 'x', { op: 'mine' });
  expect(JSON.stringify(bob.events)).not.toContain('mine');
  const { messages } = await bob.run('message.history', { conversation: group });
  expect(messages[0]).not.toHaveProperty('op');
  const own = await ann.run('message.history', { conversation: group });
  expect(own.messages[0]).toHaveProperty('op', 'mine');
});

it('answers a retry with the first result, even where it would be refused by now, and tells nobody twice', async () => {
  const op = newOp();
  const first = await ann.send(group, 'once', { op });
  expect(await ann.send(group, 'once', { op })).toEqual({ ...first, duplicate: true });
  await h.server().run('conversation.remove', { conversation: group, members: ['ann'] });
  bob.heard();
  // No longer a member: the retry still learns that it had been sent.
  expect(await ann.send(group, 'once', { op })).toEqual({ ...first, duplicate: true });
  expect(await ann.outcome('message.send', { conversation: group, body: 'more' })).toBe('member_required');
  expect(bob.heard()).toEqual([]);
});

it('answers the same operation id with another content with the first result, where that is asked for', async () => {
  const op = newOp();
  const first = await ann.send(group, 'one', { op });
  bob.heard();
  const second = await ann.send(group, 'two', { op, format: 'json', body: '2', onConflict: 'first' });
  expect(second).toEqual({ ...first, duplicate: true });
  expect(bob.heard()).toEqual([]);
  const { messages } = await bob.run('message.history', { conversation: group });
  expect(messages.map(({ body }) => body)).toEqual(['one']);
  // An id that was used for something else is a mistake nevertheless.
  const other = newOp();
  await ann.run('message.edit', { message: first.id, body: 'edited', op: other });
  const again = { conversation: group, body: 'x', op: other, onConflict: 'first' } as const;
  expect(await ann.outcome('message.send', again)).toBe('operation_conflict');
});

it('refuses the same operation id with another content', async () => {
  const op = newOp();
  await ann.send(group, 'one', { op });
  expect(await ann.outcome('message.send', { conversation: group, body: 'two', op })).toBe(
    'operation_conflict',
  );
  // Another author may use the same id.
  expect(await bob.outcome('message.send', { conversation: group, body: 'two', op })).toBe('ok');
});

it('keeps the order of one sender with many in flight', async () => {
  const bodies = Array.from({ length: 200 }, (_, i) => `m${i}`);
  const results = await Promise.all(bodies.map((body) => ann.send(group, body)));
  expect(results.map(({ seq }) => seq)).toEqual(bodies.map((_, i) => i + 2));
  const heard = bob.events.flatMap((event) =>
    event.type === 'entry' && event.entry.kind === 'message' ? [event.entry.message.body] : [],
  );
  expect(heard).toEqual(bodies);
});

it('keeps bodies verbatim: text, JSON with its spaces and big numbers, bytes', async () => {
  const json = '{ "id": 9007199254740993,\n "ü": "\\u00fc" }';
  await ann.send(group, json, { format: 'json', type: 'order' });
  await ann.send(group, Buffer.from([0, 255, 1]).toString('base64'), { format: 'binary' });
  const { messages } = await bob.run('message.history', { conversation: group });
  expect(messages.map(({ body, format, type }) => [body, format, type])).toEqual([
    [json, 'json', 'order'],
    ['AP8B', 'binary', undefined],
  ]);
  expect(await ann.outcome('message.send', { conversation: group, body: '{', format: 'json' })).toBe(
    'bad_request',
  );
  expect(await ann.outcome('message.send', { conversation: group, body: 'a', format: 'binary' })).toBe(
    'bad_request',
  );
});

it('sends transient messages to who is online, stores nothing, and answers a retry', async () => {
  const op = newOp();
  const first = await ann.send(group, 'poke', { transient: true, op });
  expect(first).not.toHaveProperty('seq');
  expect(await ann.send(group, 'poke', { transient: true, op })).toEqual({ ...first, duplicate: true });
  expect(bob.heard()).toEqual(['transient']);
  const named = transientIdOf(asConversationId(group), 'abc_-9');
  expect(await ann.send(group, 'poke', { transient: true, id: named })).toMatchObject({ id: named });
  expect(await bob.next('transient')).toMatchObject({ message: { id: named, body: 'poke' } });
  expect(parseMessageId(named)).toBeUndefined();
  expect(first.id).not.toBe(named);
  for (const id of [
    messageIdOf(asConversationId(group), 7),
    `${group}.0.`,
    transientIdOf(asConversationId('other'), 'a'),
  ])
    expect(await ann.outcome('message.send', { conversation: group, body: 'x', transient: true, id })).toBe(
      'bad_request',
    );
  expect(await ann.outcome('message.send', { conversation: group, body: 'x', id: named })).toBe(
    'bad_request',
  );
  expect((await bob.run('message.history', { conversation: group })).messages).toEqual([]);
  expect(await unreadOf(bob)).toEqual([0, 0]);
});

describe('unread', () => {
  it('counts what others sent after my cursor, not what I sent, not silent ones', async () => {
    await ann.send(group, '1');
    await bob.send(group, '2');
    await ann.send(group, '3', { silent: true });
    await ann.send(group, '4', { mentions: ['bob'] });
    await cat.send(group, '5', { mentions: ['bob', 'ann'] });
    expect([await unreadOf(ann), await unreadOf(bob), await unreadOf(cat)]).toEqual([
      [2, 1],
      [3, 2],
      [3, 0],
    ]);
    expect(await bob.run('conversation.read', { conversation: group, seq: 5 })).toEqual({
      readSeq: 5,
      unread: 1,
      mentionUnread: 1,
    });
    expect(await bob.run('conversation.read', { conversation: group, seq: 3 })).toMatchObject({
      readSeq: 5,
      unread: 1,
    });
    expect(await bob.run('conversation.read', { conversation: group, seq: 999 })).toMatchObject({
      readSeq: 6,
      unread: 0,
    });
  });

  it('falls when a message is recalled and keeps when it is edited, but mentions follow the edit', async () => {
    const one = await ann.send(group, 'one');
    const two = await ann.send(group, 'two @bob', { mentions: ['bob'] });
    expect(await unreadOf(bob)).toEqual([2, 1]);
    await ann.run('message.edit', { message: two.id, body: 'two' });
    expect(await unreadOf(bob)).toEqual([2, 0]);
    expect(await unreadOf(cat)).toEqual([2, 0]);
    await ann.run('message.edit', { message: one.id, body: '@cat', mentions: ['cat'] });
    expect(await unreadOf(cat)).toEqual([2, 1]);
    await ann.run('message.recall', { message: one.id });
    expect([await unreadOf(bob), await unreadOf(cat)]).toEqual([
      [1, 0],
      [1, 0],
    ]);
  });

  it('begins anew for who comes back', async () => {
    await ann.send(group, '1');
    await cat.run('conversation.leave', { conversation: group });
    await ann.send(group, '2');
    await ann.run('conversation.add', { conversation: group, members: ['cat'] });
    await ann.send(group, '3');
    expect(await unreadOf(cat)).toEqual([1, 0]);
  });

  it('is one answer with the list, with totals apart for what is muted', async () => {
    await ann.send(group, 'hi');
    const other = await ann.run('conversation.create', { members: ['bob'], unique: true });
    await ann.send(other.conversation.id, 'psst');
    await bob.run('conversation.setState', { conversation: group, muteUntil: null });
    const { items, totals } = await bob.run('conversation.list', {});
    expect(items.map((row) => [row.conversation.id, row.unread, row.lastMessage?.body])).toEqual([
      [other.conversation.id, 1, 'psst'],
      [group, 1, 'hi'],
    ]);
    expect(totals).toEqual({ unread: 2, mentionUnread: 0, unmutedUnread: 1 });
  });
});

describe('edits and recalls', () => {
  it('keep id, sequence and time; the others hear the message as it is', async () => {
    const { id, time } = await ann.send(group, 'teh');
    const edited = await ann.run('message.edit', { message: id, body: 'the' });
    expect(edited).toMatchObject({
      seq: 3,
      message: { id, seq: 2, time, body: 'the', editedAt: edited.time },
    });
    expect(bob.events.at(-1)).toMatchObject({
      entry: { kind: 'edit', seq: 3, message: { id, seq: 2, body: 'the' } },
    });
    await ann.run('message.recall', { message: id });
    expect(bob.events.at(-1)).toMatchObject({
      entry: { kind: 'recall', seq: 4, message: { id, body: '', recalled: true } },
    });
    expect(await ann.outcome('message.recall', { message: id })).toBe('ok');
    expect(await ann.outcome('message.edit', { message: id, body: 'again' })).toBe('recalled');
    const { entries } = await bob.run('conversation.entries', { conversation: group, after: 1 });
    expect(
      entries.map((entry) => [entry.kind, entry.seq, 'message' in entry ? entry.message.body : '']),
    ).toEqual([
      ['message', 2, ''],
      ['edit', 3, ''],
      ['recall', 4, ''],
    ]);
  });

  it('say nothing of messages that are not there', async () => {
    expect(await ann.outcome('message.edit', { message: `${group}.zz`, body: 'x' })).toBe(
      'message_not_found',
    );
    expect(await ann.outcome('message.edit', { message: 'nonsense', body: 'x' })).toBe('message_not_found');
    expect(await ann.outcome('message.recall', { message: 'ffffffffffffffffffffffff.1' })).toBe('not_found');
  });
});

describe('long messages', () => {
  const long = 'x'.repeat(60_000);
  const count = 30;
  beforeEach(async () => {
    for (let n = 0; n < count; n += 1) await ann.send(group, `${n} ${long}`);
  });
  const numbers = (messages: readonly { body: string }[]) => messages.map(({ body }) => Number.parseInt(body, 10)); // prettier-ignore

  it('make short pages, and nothing is left out between them', async () => {
    const read: number[] = [];
    let before: { seq: number } | undefined;
    let pages = 0;
    for (let more = true; more; pages += 1) {
      const page = await bob.run('message.history', { conversation: group, limit: 100, ...(before && { before }) }); // prettier-ignore
      expect(JSON.stringify(page).length).toBeLessThan(400_000);
      read.unshift(...numbers(page.messages));
      before = { seq: page.messages[0]!.seq! };
      ({ more } = page);
    }
    expect(read).toEqual(Array.from({ length: count }, (_, n) => n));
    expect(pages).toBe(6);

    const missed: number[] = [];
    for (let after = 1; after < count + 1;) {
      const page = await bob.run('conversation.entries', { conversation: group, after });
      expect(JSON.stringify(page).length).toBeLessThan(400_000);
      missed.push(...numbers(page.entries.map((entry) => (entry as { message: { body: string } }).message)));
      expect(page.seq).toBeGreaterThan(after);
      after = page.seq;
    }
    expect(missed).toEqual(read);
  });
});

describe('deletes', () => {
  it('leave nothing of a message but its place, and are told to the members', async () => {
    const one = await ann.send(group, 'one');
    const two = await ann.send(group, 'two @bob', { mentions: ['bob'] });
    await ann.run('message.edit', { message: two.id, body: 'two again', mentions: ['bob'] });
    expect(await unreadOf(bob)).toEqual([2, 1]);
    const { seq } = await h.server().run('message.delete', { message: two.id });
    for (const member of [ann, bob])
      expect(member.events.at(-1)).toMatchObject({
        entry: { kind: 'delete', seq, message: { id: two.id, seq: 3, from: 'ann', body: '' } },
      });
    expect(await unreadOf(bob)).toEqual([1, 0]);
    expect(await bob.run('conversation.get', { conversation: group })).toMatchObject({
      conversation: { seq, lastMessageAt: one.time },
      lastMessage: { id: one.id },
    });
    const { messages, more } = await bob.run('message.history', { conversation: group, limit: 1 });
    expect([messages.map(({ id }) => id), more]).toEqual([[one.id], false]);
    expect(await bob.run('message.get', { messages: [two.id, one.id] })).toMatchObject({
      messages: [{ id: one.id }],
    });
    const timeline = await h.server().run('message.timeline', {});
    expect(timeline.messages.map(({ id }) => id)).toEqual([one.id]);
    const { entries } = await cat.run('conversation.entries', { conversation: group, after: 1 });
    expect(entries.map((entry) => [entry.kind, entry.seq])).toEqual([
      ['message', 2],
      ['delete', seq],
    ]);
    expect(JSON.stringify(entries)).not.toContain('two');
  });

  it('leave pages of entries full, however many there are in a row', async () => {
    const ids: string[] = [];
    for (let n = 0; n < 9; n += 1) ids.push((await ann.send(group, `${n}`)).id);
    for (const id of ids.slice(1, 8)) await h.server().run('message.delete', { message: id });
    const seqs = async (after: number) =>
      (await bob.run('conversation.entries', { conversation: group, after, limit: 2 })).entries.map(
        ({ seq }) => seq,
      );
    expect([await seqs(1), await seqs(2), await seqs(10)]).toEqual([
      [2, 10],
      [10, 11],
      [11, 12],
    ]);
  });

  it('tell with every page of entries how far it came', async () => {
    for (let n = 0; n < 5; n += 1) await ann.send(group, `${n}`);
    await h.server().run('message.delete', { message: (await ann.send(group, 'gone')).id });
    const page = async (args: { after: number; until?: number; limit?: number }) => {
      const { entries, seq } = await bob.run('conversation.entries', { conversation: group, ...args });
      return [entries.map((entry) => entry.seq), seq];
    };
    expect(await page({ after: 0, limit: 3 })).toEqual([[1, 2, 3], 3]);
    expect(await page({ after: 3, limit: 3 })).toEqual([[4, 5, 6], 6]);
    expect(await page({ after: 6, limit: 3 })).toEqual([[8], 8]);
    expect(await page({ after: 3, until: 5 })).toEqual([[4, 5], 5]);
    expect(await page({ after: 6, until: 7 })).toEqual([[], 7]);
    expect(await page({ after: 8 })).toEqual([[], 8]);
    expect(await page({ after: 6, until: 99 })).toEqual([[8], 8]);
  });

  it('are final, and succeed again', async () => {
    const sent = { body: 'one', op: 'once' };
    const { id } = await ann.send(group, sent.body, { op: sent.op });
    const op = newOp();
    const first = await h.server().run('message.delete', { message: id, op });
    expect(await h.server().run('message.delete', { message: id, op })).toEqual(first);
    expect(await h.server().run('message.delete', { message: id })).toEqual(first);
    for (const operation of ['message.recall', 'message.receipts'] as const)
      expect(await h.server('ann').outcome(operation, { message: id })).toBe('message_not_found');
    expect(await h.server('ann').outcome('message.edit', { message: id, body: 'x' })).toBe(
      'message_not_found',
    );
    // The client that repeats its send gets the first result.
    expect(await ann.send(group, sent.body, { op: sent.op })).toMatchObject({ id, duplicate: true });
    expect(await h.server().outcome('message.delete', { message: `${group}.zz` })).toBe('message_not_found');
  });

  it('take out what was recalled, too, and count once', async () => {
    const { id } = await ann.send(group, 'one');
    await ann.send(group, 'two');
    await ann.run('message.recall', { message: id });
    await h.server().run('message.delete', { message: id });
    expect(await unreadOf(bob)).toEqual([1, 0]);
    const { messages } = await bob.run('message.history', { conversation: group });
    expect(messages.map(({ body }) => body)).toEqual(['two']);
  });

  it('are for the app’s server, not for its author', async () => {
    const { id } = await ann.send(group, 'one');
    expect(await ann.outcome('message.delete', { message: id })).toBe('forbidden');
  });

  it('say nothing of another app’s message', async () => {
    const { id } = await ann.send(group, 'one');
    expect(await h.server(undefined, 'b').outcome('message.delete', { message: id })).toBe('not_found');
    expect((await bob.run('message.history', { conversation: group })).messages).toHaveLength(1);
  });
});

describe('history', () => {
  it('pages both ways with bounds by sequence and time, filtered by type', async () => {
    for (let i = 1; i <= 10; i += 1) {
      h.now += 1000;
      await ann.send(group, `${i}`, i % 2 === 0 ? { type: 'even' } : {});
    }
    const bodies = async (args: object) => {
      const { messages, more } = await bob.run('message.history', { conversation: group, ...args });
      return [messages.map(({ body }) => body).join(' '), more];
    };
    expect(await bodies({ limit: 3 })).toEqual(['8 9 10', true]);
    expect(await bodies({ limit: 3, before: { seq: 9 } })).toEqual(['5 6 7', true]);
    expect(await bodies({ limit: 3, before: { seq: 9, inclusive: true } })).toEqual(['6 7 8', true]);
    expect(await bodies({ limit: 3, direction: 'forward', after: { seq: 9 } })).toEqual(['9 10', false]);
    const at = (await bob.run('message.history', { conversation: group, limit: 1, before: { seq: 6 } }))
      .messages[0]?.time as number;
    expect(await bodies({ before: { time: at } })).toEqual(['1 2 3', false]);
    expect(await bodies({ before: { time: at, inclusive: true } })).toEqual(['1 2 3 4', false]);
    expect(await bodies({ direction: 'forward', after: { time: at }, limit: 2 })).toEqual(['5 6', true]);
    expect(await bodies({ types: ['even'], limit: 2 })).toEqual(['8 10', true]);
  });

  it('ends where I cleared it, for me only', async () => {
    await ann.send(group, '1');
    const { seq } = await ann.send(group, '2');
    await ann.send(group, '3');
    await bob.run('conversation.clear', { conversation: group, seq: seq as number });
    expect(
      (await bob.run('message.history', { conversation: group })).messages.map(({ body }) => body),
    ).toEqual(['3']);
    expect((await cat.run('message.history', { conversation: group })).messages).toHaveLength(3);
  });

  it('is closed to outsiders, who learn no more than that nothing is there', async () => {
    const dan = await h.client('dan').connect();
    const { id } = await ann.send(group, 'secret');
    expect(await dan.outcome('message.history', { conversation: group })).toBe('member_required');
    expect(await dan.outcome('conversation.get', { conversation: group })).toBe('member_required');
    expect(await dan.run('message.get', { messages: [id] })).toEqual({ messages: [] });
    expect(await dan.outcome('message.receipts', { message: id })).toBe('member_required');
  });
});

it('tells servers how much several members have not read, all or who has not read one message', async () => {
  const { seq } = await ann.send(group, 'one', { mentions: ['bob'] });
  await ann.send(group, 'two');
  await bob.run('conversation.read', { conversation: group, seq: seq });
  const clients = ['ann', 'bob', 'cat', 'nobody', 'cat'];
  const ask = (more: object = {}) =>
    h.server().run('conversation.unread', { conversation: group, clients, ...more });
  expect(await ask()).toEqual({
    items: [
      { client: 'ann', unread: 0, mentionUnread: 0 },
      { client: 'bob', unread: 1, mentionUnread: 0 },
      { client: 'cat', unread: 2, mentionUnread: 0 },
    ],
  });
  expect((await ask({ of: seq })).items.map(({ client }) => client)).toEqual(['ann', 'cat']);
  expect(await ann.outcome('conversation.unread', { conversation: group, clients })).toBe('forbidden');
});

describe('receipts', () => {
  it("tell a group's sender how many, and name them in pages", async () => {
    const { id, seq } = await ann.send(group, 'hi');
    await bob.run('conversation.read', { conversation: group, seq: seq });
    await cat.run('conversation.delivered', { cursors: [{ conversation: group, seq: seq as number }] });
    h.now += 2000;
    const { counts } = await ann.next('cursor');
    expect(counts).toEqual([{ seq, delivered: 2, read: 1, of: 2 }]);
    const named = await ann.run('message.receipts', { message: id, kind: 'delivered' });
    expect(named).toMatchObject({
      delivered: 2,
      read: 1,
      of: 2,
      items: [{ client: 'bob' }, { client: 'cat' }],
    });
  });

  it('tell the peer one-to-one, and my other devices', async () => {
    const { conversation } = await ann.run('conversation.create', { members: ['bob'], unique: true });
    const tablet = await h.client('bob', 'a', 'tablet').connect();
    const { seq } = await ann.send(conversation.id, 'hi');
    await bob.run('conversation.read', { conversation: conversation.id, seq: seq });
    h.now += 2000;
    expect(await ann.next('cursor')).toMatchObject({
      conversation: conversation.id,
      client: 'bob',
      read: seq,
      delivered: seq,
    });
    expect(await tablet.next('cursor')).toMatchObject({ client: 'bob', read: seq, unread: 0 });
  });

  it('say from where delivery came, and keep with a message that its author asked', async () => {
    const { conversation } = await ann.run('conversation.create', { members: ['bob'], unique: true });
    const told = async (seq: number) => {
      await bob.run('conversation.delivered', { cursors: [{ conversation: conversation.id, seq }] });
      h.now += 2000;
      return await ann.next('cursor');
    };
    const tablet = await h.client('ann', 'a', 'tablet').connect();
    const { seq: asked = 0 } = await ann.send(conversation.id, 'there?', { receipt: true });
    const { seq: silent = 0 } = await ann.send(conversation.id, 'well');
    expect(await told(asked)).toMatchObject({ deliveredFrom: 0, delivered: asked });
    expect(await told(silent)).toMatchObject({ deliveredFrom: asked, delivered: silent });
    const flags = async (reader: typeof ann) =>
      (await reader.run('message.history', { conversation: conversation.id })).messages.map(
        ({ receipt }) => receipt,
      );
    expect(await flags(ann)).toEqual([true, undefined]);
    expect(await flags(bob)).toEqual([undefined, undefined]);
    const copies = ({ events }: typeof ann) =>
      events.flatMap((event) =>
        event.type === 'entry' && event.entry.kind === 'message' ? [event.entry.message.receipt] : [],
      );
    expect([copies(tablet), copies(bob)]).toEqual([
      [true, undefined],
      [undefined, undefined],
    ]);
  });
});

it('never lets two apps meet, with the same ids everywhere', async () => {
  const other = await h.client('ann', 'b').connect();
  const peer = await h.client('bob', 'b').connect();
  await h.server(undefined, 'b').run('conversation.create', { id: group, members: ['ann', 'bob'] });
  peer.heard();
  bob.heard();
  await other.send(group, 'in b', { op: 'same' });
  await ann.send(group, 'in a', { op: 'same' });
  expect(
    bob.events.map((event) =>
      event.type === 'entry' && event.entry.kind === 'message' ? event.entry.message.body : '',
    ),
  ).toEqual(['in a']);
  expect(
    (await peer.run('message.history', { conversation: group })).messages.map(({ body }) => body),
  ).toEqual(['in b']);
  expect(await unreadOf(bob)).toEqual([1, 0]);
  expect(await peer.run('presence.query', { clients: ['cat'] })).toEqual({ online: [] });
  expect(await bob.run('presence.query', { clients: ['cat'] })).toEqual({ online: ['cat'] });
});
