import { appOf, Harness, newOp, type TestClient } from './service-harness.contract.js';

let h: Harness;
let ann: TestClient;
let bob: TestClient;
let cat: TestClient;

beforeEach(async () => {
  h = await Harness.open([
    appOf('a'),
    appOf('open', (app) => ({
      ...app,
      conversations: { ...app.conversations, join: 'open', uniqueAfterLeave: 'detach' },
    })),
    appOf('small', (app) => ({
      ...app,
      limits: {
        ...app.limits,
        members: 3,
        conversationsPerClient: 2,
        mentions: 1,
        bodyBytes: 10,
        silencedMembers: 1,
      },
    })),
    appOf('shy', (app) => ({
      ...app,
      conversations: { ...app.conversations, historyForNewMembers: 'since-join' },
    })),
  ]);
  [ann, bob, cat] = (await Promise.all(['ann', 'bob', 'cat'].map((name) => h.client(name).connect()))) as [
    TestClient,
    TestClient,
    TestClient,
  ];
});
afterEach(async () => {
  expect(h.errors).toEqual([]);
  await h.close();
});

const members = async (caller: TestClient, conversation: string) =>
  (await caller.run('conversation.members', { conversation })).items
    .map(({ client, role }) => `${client}:${role}`)
    .sort();

describe('creating', () => {
  it('tells the members, once, with what they need to show it', async () => {
    const { conversation, own, created } = await ann.run('conversation.create', {
      name: 'Team',
      attributes: { colour: 'red' },
      members: ['bob', 'cat', 'bob'],
    });
    expect(created).toBe(true);
    expect(conversation).toMatchObject({
      kind: 'ordinary',
      name: 'Team',
      creator: 'ann',
      memberCount: 3,
      seq: 1,
      attributes: { colour: 'red' },
    });
    expect(conversation.id).toMatch(/^[0-9a-f]{24}$/);
    expect(own).toMatchObject({ role: 'owner', readSeq: 0 });
    expect(ann.events.filter(({ type }) => type === 'entry')).toEqual([]);
    expect(bob.events).toMatchObject([
      {
        type: 'entry',
        entry: { kind: 'created', seq: 1, members: ['ann', 'bob', 'cat'] },
        conversationView: { id: conversation.id, name: 'Team' },
      },
    ]);
  });

  it('is once per operation id', async () => {
    const op = newOp();
    const first = await ann.run('conversation.create', { op, members: ['bob'] });
    const again = await ann.run('conversation.create', { op, members: ['bob'] });
    expect([again.conversation.id, again.created]).toEqual([first.conversation.id, false]);
  });

  it('gives one unique conversation to all who create it at once, from either side', async () => {
    const made = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        i % 2 === 0
          ? ann.run('conversation.create', { members: ['bob'], unique: true })
          : bob.run('conversation.create', { members: ['ann'], unique: true }),
      ),
    );
    expect(new Set(made.map(({ conversation }) => conversation.id)).size).toBe(1);
    expect(made.filter(({ created }) => created)).toHaveLength(1);
  });

  it('refuses what only the server side may do, and what passes a limit', async () => {
    expect(await ann.outcome('conversation.create', { kind: 'system' })).toBe('forbidden');
    expect(await ann.outcome('conversation.create', { id: 'mine' })).toBe('forbidden');
    expect(await ann.outcome('conversation.create', { kind: 'room', members: ['bob'] })).toBe('wrong_kind');
    const small = await h.client('ann', 'small').connect();
    expect(await small.outcome('conversation.create', { members: ['b', 'c', 'd', 'e'] })).toBe(
      'conversation_full',
    );
    expect(await small.outcome('conversation.create', {})).toBe('ok');
    expect(await small.outcome('conversation.create', {})).toBe('ok');
    expect(await small.outcome('conversation.create', {})).toBe('limit_exceeded');
  });

  it('keeps an id that is given, and refuses it for another conversation', async () => {
    const { conversation } = await h
      .server()
      .run('conversation.create', { id: 'legacy-1', members: ['ann'] });
    expect(conversation.id).toBe('legacy-1');
    expect(await h.server().outcome('conversation.create', { id: 'legacy-1' })).toBe('already_exists');
  });

  it('lets a temporary conversation end by the clock', async () => {
    const { conversation } = await ann.run('conversation.create', {
      kind: 'temporary',
      members: ['bob'],
      ttl: 60,
    });
    expect(conversation.id).toMatch(/^_tmp:[0-9a-f]{24}$/);
    expect(await ann.outcome('message.send', { conversation: conversation.id, body: 'x' })).toBe('ok');
    expect(await ann.outcome('conversation.add', { conversation: conversation.id, members: ['cat'] })).toBe(
      'wrong_kind',
    );
    h.now += 60_000;
    expect(await ann.outcome('message.send', { conversation: conversation.id, body: 'x' })).toBe('expired');
  });
});

describe('unique conversations', () => {
  it('stay the same when a member left, and take who is missing in again', async () => {
    const first = await ann.run('conversation.create', { members: ['bob'], unique: true });
    await bob.run('conversation.leave', { conversation: first.conversation.id });
    const again = await ann.run('conversation.create', { members: ['bob'], unique: true });
    expect([again.conversation.id, again.created]).toEqual([first.conversation.id, false]);
    expect(await members(ann, first.conversation.id)).toEqual(['ann:owner', 'bob:member']);
  });

  it('end when somebody from outside the set is added', async () => {
    const first = await ann.run('conversation.create', { members: ['bob'], unique: true });
    await ann.run('conversation.add', { conversation: first.conversation.id, members: ['cat'] });
    const again = await ann.run('conversation.create', { members: ['bob'], unique: true });
    expect(again.created).toBe(true);
    expect(again.conversation.id).not.toBe(first.conversation.id);
  });

  it('are made anew after a leave where the app wants that', async () => {
    const [a, b] = [await h.client('ann', 'open').connect(), await h.client('bob', 'open').connect()];
    const first = await a.run('conversation.create', { members: ['bob'], unique: true });
    await b.run('conversation.leave', { conversation: first.conversation.id });
    expect((await a.run('conversation.create', { members: ['bob'], unique: true })).created).toBe(true);
  });
});

describe('members', () => {
  let group: string;
  beforeEach(async () => {
    group = (await ann.run('conversation.create', { members: ['bob'] })).conversation.id;
    for (const client of [ann, bob, cat]) client.heard();
  });

  it('come in by one entry and go out by one; who goes hears it too', async () => {
    expect(
      await bob.run('conversation.add', { conversation: group, members: ['cat', 'dan', 'ann'] }),
    ).toEqual({ seq: 2, done: ['cat', 'dan', 'ann'], failed: [] });
    expect([ann.heard(), cat.heard()]).toEqual([['added#2'], ['added#2']]);
    expect(
      await bob.run('conversation.remove', { conversation: group, members: ['cat', 'ann'] }),
    ).toMatchObject({
      done: [],
      failed: [
        { client: 'cat', name: 'role_required' },
        { client: 'ann', name: 'role_required' },
      ],
    });
    expect(await ann.run('conversation.remove', { conversation: group, members: ['cat', 'nobody'] })).toEqual(
      { seq: 3, done: ['cat', 'nobody'], failed: [] },
    );
    expect([bob.heard(), cat.heard()]).toEqual([['removed#3'], ['removed#3']]);
    expect(await cat.outcome('message.send', { conversation: group, body: 'x' })).toBe('member_required');
  });

  it('hand ownership on when the owner leaves', async () => {
    await ann.run('conversation.add', { conversation: group, members: ['cat'] });
    await ann.run('conversation.setRole', { conversation: group, member: 'cat', role: 'manager' });
    await ann.run('conversation.leave', { conversation: group });
    expect(await members(bob, group)).toEqual(['bob:member', 'cat:owner']);
    expect(bob.events.at(-1)).toMatchObject({ entry: { kind: 'left', by: 'ann', owner: 'cat' } });
  });

  it('may not join by themselves unless the app lets them', async () => {
    expect(await cat.outcome('conversation.join', { conversation: group })).toBe('member_required');
    const [a, c] = [await h.client('ann', 'open').connect(), await h.client('cat', 'open').connect()];
    const { conversation } = await a.run('conversation.create', {});
    await h
      .server(undefined, 'open')
      .run('conversation.update', { conversation: conversation.id, name: 'x' });
    expect(await c.outcome('conversation.join', { conversation: conversation.id })).toBe('member_required');
  });

  it('are bounded, in rooms of other apps too', async () => {
    const small = await h.client('ann', 'small').connect();
    const { conversation } = await small.run('conversation.create', { members: ['b'] });
    expect(
      await small.run('conversation.add', { conversation: conversation.id, members: ['c', 'd'] }),
    ).toMatchObject({ done: ['c'], failed: [{ client: 'd', name: 'conversation_full' }] });
  });

  it('who refuse somebody are neither written to one-to-one nor added by them', async () => {
    await cat.run('client.block', { clients: ['bob'] });
    expect(await bob.outcome('conversation.create', { members: ['cat'] })).toBe('blocked');
    expect(await bob.run('conversation.add', { conversation: group, members: ['cat'] })).toMatchObject({
      done: [],
      failed: [{ client: 'cat', name: 'blocked' }],
    });
    const pair = (await cat.run('conversation.create', { members: ['bob'] })).conversation.id;
    expect(await bob.outcome('message.send', { conversation: pair, body: 'x' })).toBe('blocked');
    expect(await cat.outcome('message.send', { conversation: pair, body: 'x' })).toBe('ok');
    await cat.run('client.unblock', { clients: ['bob'] });
    expect(await bob.outcome('message.send', { conversation: pair, body: 'x' })).toBe('ok');
  });

  it('see only what was said since they joined, where the app wants that', async () => {
    const [a, c] = [await h.client('ann', 'shy').connect(), await h.client('cat', 'shy').connect()];
    const { conversation } = await a.run('conversation.create', {});
    await a.send(conversation.id, 'before');
    await a.run('conversation.add', { conversation: conversation.id, members: ['cat'] });
    await a.send(conversation.id, 'after');
    const bodies = async (who: TestClient) =>
      (await who.run('message.history', { conversation: conversation.id })).messages.map(({ body }) => body);
    expect([await bodies(a), await bodies(c)]).toEqual([['before', 'after'], ['after']]);
    expect(
      (await c.run('conversation.entries', { conversation: conversation.id, after: 0 })).entries.map(
        ({ seq }) => seq,
      ),
    ).toEqual([4]);
  });
});

describe('discipline', () => {
  let group: string;
  beforeEach(async () => {
    group = (await ann.run('conversation.create', { members: ['bob', 'cat'] })).conversation.id;
    bob.heard();
  });

  it('binds every send after its answer, and ends when it ends', async () => {
    await ann.run('conversation.silence', { conversation: group, members: ['bob'], seconds: 60 });
    expect(bob.events).toMatchObject([
      { entry: { kind: 'silenced', members: ['bob'], until: h.now + 60_000 } },
    ]);
    expect(await bob.outcome('message.send', { conversation: group, body: 'x' })).toBe('silenced');
    expect((await ann.run('conversation.silenced', { conversation: group })).items).toEqual([
      { client: 'bob', until: h.now + 60_000 },
    ]);
    h.now += 60_000;
    expect(await bob.outcome('message.send', { conversation: group, body: 'x' })).toBe('ok');
    expect((await ann.run('conversation.silenced', { conversation: group })).items).toEqual([]);
  });

  it('freezes for all but managers', async () => {
    await ann.run('conversation.update', { conversation: group, frozen: true });
    expect([
      await bob.outcome('message.send', { conversation: group, body: 'x' }),
      await ann.outcome('message.send', { conversation: group, body: 'x' }),
    ]).toEqual(['frozen', 'ok']);
    expect(await h.server('bob').outcome('message.send', { conversation: group, body: 'x' })).toBe('ok');
  });

  it('blocks: out, and not in again until it is lifted', async () => {
    await ann.run('conversation.block', { conversation: group, members: ['bob'] });
    expect(await members(ann, group)).toEqual(['ann:owner', 'cat:member']);
    expect(bob.heard()).toEqual(['blocked#2']);
    expect(await ann.run('conversation.add', { conversation: group, members: ['bob'] })).toMatchObject({
      failed: [{ client: 'bob', name: 'blocked' }],
    });
    expect((await ann.run('conversation.blocked', { conversation: group })).items).toEqual([
      { client: 'bob' },
    ]);
    bob.heard();
    await ann.run('conversation.unblock', { conversation: group, members: ['bob'] });
    expect(bob.heard()).toEqual(['unblocked#3']);
    expect(await ann.run('conversation.add', { conversation: group, members: ['bob'] })).toMatchObject({
      done: ['bob'],
    });
  });

  it('says per id what was not done', async () => {
    expect(await bob.outcome('conversation.silence', { conversation: group, members: ['cat'] })).toBe(
      'role_required',
    );
    await ann.run('conversation.setRole', { conversation: group, member: 'bob', role: 'manager' });
    expect(
      await bob.run('conversation.block', { conversation: group, members: ['ann', 'cat'] }),
    ).toMatchObject({ done: ['cat'], failed: [{ client: 'ann', name: 'role_required' }] });
  });
});

describe('the document', () => {
  it('has columns of the app’s own apart from its attributes, as large and by the same paths', async () => {
    const big = 'x'.repeat(16_000);
    const { conversation } = await ann.run('conversation.create', {
      members: ['bob'],
      attributes: { a: big },
      columns: { size: { wide: 1 }, big },
    });
    bob.heard();
    const { id } = conversation;
    await ann.run('conversation.update', { conversation: id, columns: { 'size.wide': 2, big: null } });
    expect(bob.events.at(-1)).toMatchObject({
      entry: { kind: 'updated', columns: { 'size.wide': 2, big: null } },
    });
    const found = await bob.run('conversation.query', { where: { 'columns.size.wide': { $gte: 2 } } });
    expect(found.items.map((row) => row.conversation)).toMatchObject([
      { id, attributes: { a: big }, columns: { size: { wide: 2 } } },
    ]);
    for (const columns of [{ a: `${big}${big}` }, { $x: 1 }] as Record<string, string>[])
      expect(await ann.outcome('conversation.update', { conversation: id, columns })).toMatch(
        /too_large|bad_request/,
      );
    expect(await ann.outcome('conversation.create', { columns: { a: `${big}${big}` } })).toBe('too_large');
  });

  it('changes by paths, tells what changed, and is found by filter', async () => {
    const { conversation } = await ann.run('conversation.create', {
      members: ['bob'],
      attributes: { a: { b: 1, c: 2 } },
    });
    bob.heard();
    await ann.run('conversation.update', {
      conversation: conversation.id,
      name: 'N',
      attributes: { 'a.b': 5, 'a.c': null },
    });
    expect(bob.events).toMatchObject([
      { entry: { kind: 'updated', name: 'N', attributes: { 'a.b': 5, 'a.c': null } } },
    ]);
    expect((await bob.run('conversation.get', { conversation: conversation.id })).conversation).toMatchObject(
      { name: 'N', attributes: { a: { b: 5 } } },
    );
    expect(await bob.outcome('conversation.update', { conversation: conversation.id, name: 'M' })).toBe(
      'role_required',
    );
    expect((await bob.run('conversation.query', { where: { 'a.b': { $gt: 4 } } })).items).toMatchObject([
      { conversation: { id: conversation.id } },
    ]);
    expect((await cat.run('conversation.query', { where: { 'a.b': { $gt: 4 } } })).items).toEqual([]);
    expect(await bob.outcome('conversation.query', { where: { a: { $where: '1' } } })).toBe('filter_invalid');
  });

  it('is gone after the delete, for good', async () => {
    const { conversation } = await h
      .server('ann')
      .run('conversation.create', { id: 'gone', members: ['bob'] });
    expect(await bob.outcome('conversation.delete', { conversation: conversation.id })).toBe('role_required');
    await ann.run('conversation.delete', { conversation: conversation.id });
    expect(await ann.outcome('conversation.get', { conversation: 'gone' })).toBe('not_found');
    expect(await bob.outcome('message.send', { conversation: 'gone', body: 'x' })).toBe('not_found');
    expect((await bob.run('conversation.list', {})).items).toEqual([]);
    expect(await h.server().outcome('conversation.create', { id: 'gone' })).toBe('already_exists');
  });
});

describe('my own state', () => {
  it('is mine on all my devices, with a revision', async () => {
    const tablet = await h.client('ann', 'a', 'tablet').connect();
    const { conversation } = await ann.run('conversation.create', { members: ['bob'] });
    const { own } = await ann.run('conversation.setState', {
      conversation: conversation.id,
      pinned: true,
      markedUnread: true,
      muteUntil: h.now + 5000,
      custom: { note: 'x' },
    });
    expect(own).toMatchObject({
      pinnedAt: h.now,
      markedUnread: true,
      muteUntil: h.now + 5000,
      custom: { note: 'x' },
    });
    expect((await tablet.next('state')).own).toEqual(own);
    expect((await bob.run('conversation.get', { conversation: conversation.id })).own).not.toHaveProperty(
      'pinnedAt',
    );
  });

  it('hides until the next message', async () => {
    const { conversation } = await ann.run('conversation.create', { members: ['bob'] });
    await bob.send(conversation.id, '1');
    await ann.run('conversation.setState', { conversation: conversation.id, hidden: true });
    expect((await ann.run('conversation.list', {})).items).toEqual([]);
    expect((await ann.run('conversation.list', { hidden: true })).items).toMatchObject([
      { own: { hidden: true } },
    ]);
    await bob.send(conversation.id, '2');
    expect((await ann.run('conversation.list', {})).items).toMatchObject([{ unread: 2 }]);
  });
});

describe('sync', () => {
  it('shows one row alone exactly as the list does', async () => {
    const { conversation } = await ann.run('conversation.create', { members: ['bob'] });
    await ann.send(conversation.id, '1');
    await ann.send(conversation.id, '2', { mentions: ['bob'] });
    const [row] = (await bob.run('conversation.list', {})).items;
    expect(row).toMatchObject({ unread: 2, mentionUnread: 1, peer: { client: 'ann' } });
    expect(await bob.run('conversation.get', { conversation: conversation.id })).toEqual(row);
  });

  it('gives what changed since, the gone ones, and everything for a token it does not know', async () => {
    const one = (await ann.run('conversation.create', { members: ['bob'] })).conversation.id;
    const two = (await ann.run('conversation.create', { members: ['bob'] })).conversation.id;
    const { token } = await bob.run('conversation.list', {});
    expect(await bob.run('conversation.sync', { token })).toMatchObject({
      items: [],
      gone: [],
      reset: false,
    });
    await ann.send(one, 'new');
    await ann.run('conversation.remove', { conversation: two, members: ['bob'] });
    const synced = await bob.run('conversation.sync', { token });
    expect(synced).toMatchObject({ gone: [two], reset: false });
    expect(synced.items.map((row) => [row.conversation.id, row.unread, row.conversation.seq])).toEqual([
      [one, 1, 2],
    ]);
    expect(await bob.run('conversation.sync', { token: synced.token })).toMatchObject({
      items: [],
      gone: [],
    });
    expect(await bob.run('conversation.sync', { token: 'from elsewhere' })).toMatchObject({
      reset: true,
      items: [{ conversation: { id: one } }],
    });
  });
});
