import { appOf, Harness, type TestClient } from './service-harness.contract.js';

let h: Harness;
let ann: TestClient;
let bob: TestClient;

beforeEach(async () => {
  h = await Harness.open([
    appOf('a'),
    appOf('one', (app) => ({ ...app, limits: { ...app.limits, roomsPerSession: 1 } })),
  ]);
  [ann, bob] = (await Promise.all(['ann', 'bob'].map((name) => h.client(name).connect()))) as [
    TestClient,
    TestClient,
  ];
});
afterEach(async () => {
  expect(h.errors).toEqual([]);
  await h.close();
});

describe('rooms', () => {
  let room: string;
  beforeEach(async () => {
    room = (await ann.run('conversation.create', { kind: 'room', name: 'Lobby' })).conversation.id;
  });

  it('are heard by who joined, counted by client, and have no unread', async () => {
    const tablet = await h.client('bob', 'a', 'tablet').connect();
    expect(await bob.outcome('message.send', { conversation: room, body: 'x' })).toBe('join_required');
    await ann.run('room.join', { conversation: room });
    await ann.send(room, 'first');
    const joined = await bob.run('room.join', { conversation: room, last: 10 });
    expect(joined).toMatchObject({ online: 2, messages: [{ body: 'first' }] });
    await tablet.run('room.join', { conversation: room });
    expect(await ann.run('room.count', { conversation: room })).toEqual({ online: 2 });
    expect([...(await ann.run('room.members', { conversation: room })).clients].sort()).toEqual([
      'ann',
      'bob',
    ]);
    await bob.send(room, 'hi', { priority: 'low' });
    expect([ann.heard(), bob.heard(), tablet.heard()]).toEqual([['message#3'], [], ['message#3']]);
    expect((await bob.run('conversation.list', {})).items).toEqual([]);
    expect(await bob.outcome('conversation.read', { conversation: room, seq: 1 })).toBe('wrong_kind');
    await bob.run('room.leave', { conversation: room });
    await ann.send(room, 'more');
    expect([bob.heard(), tablet.heard()]).toEqual([[], ['message#4']]);
  });

  it('put the blocked out and keep the silenced quiet', async () => {
    for (const client of [ann, bob]) await client.run('room.join', { conversation: room });
    await ann.run('conversation.silence', { conversation: room, members: ['bob'] });
    expect(await bob.outcome('message.send', { conversation: room, body: 'x' })).toBe('silenced');
    await ann.run('conversation.block', { conversation: room, members: ['bob'] });
    expect(await ann.run('room.count', { conversation: room })).toEqual({ online: 1 });
    expect(await bob.outcome('room.join', { conversation: room })).toBe('blocked');
    expect(await bob.outcome('message.history', { conversation: room })).toBe('blocked');
    expect(await bob.outcome('conversation.unblock', { conversation: room, members: ['bob'] })).toBe(
      'role_required',
    );
  });

  it('keep a dropped session for the window, and let a logout go', async () => {
    await bob.run('room.join', { conversation: room });
    await bob.drop('lost');
    expect(await ann.run('room.count', { conversation: room })).toEqual({ online: 1 });
    await bob.connect();
    await ann.run('room.join', { conversation: room });
    await ann.send(room, 'welcome back');
    expect(bob.heard()).toContain('message#2');
    await bob.drop('logout');
    expect(await ann.run('room.count', { conversation: room })).toEqual({ online: 1 });
  });

  it('let anybody hold a role, which counts whether it is in the room or not', async () => {
    const setRole = (who: TestClient, member: string, role: 'owner' | 'manager' | 'member') =>
      who.outcome('conversation.setRole', { conversation: room, member, role });
    const roles = async () =>
      (await h.server().run('conversation.members', { conversation: room })).items.map(
        ({ client, role }) => `${client} ${role}`,
      );
    const silence = (who: TestClient, member: string) =>
      who.outcome('conversation.silence', { conversation: room, members: [member] });
    expect(await setRole(bob, 'bob', 'manager')).toBe('member_required');
    expect(await setRole(ann, 'bob', 'manager')).toBe('ok');
    expect(await roles()).toEqual(['ann owner', 'bob manager']);
    expect(await silence(bob, 'cat')).toBe('ok');
    expect(await bob.outcome('message.history', { conversation: room })).toBe('ok');
    expect((await bob.run('conversation.list', {})).items).toMatchObject([
      { own: { role: 'manager' }, unread: 0 },
    ]);
    expect(await setRole(bob, 'cat', 'manager')).toBe('role_required');
    const before = await ann.run('conversation.get', { conversation: room });
    expect(await setRole(ann, 'cat', 'member')).toBe('ok');
    const after = await ann.run('conversation.get', { conversation: room });
    expect(after.conversation.seq).toBe(before.conversation.seq);
    expect(await setRole(ann, 'bob', 'member')).toBe('ok');
    expect(await roles()).toEqual(['ann owner']);
    expect(await silence(bob, 'dan')).toBe('role_required');
    await ann.run('conversation.block', { conversation: room, members: ['eve'] });
    expect(await setRole(ann, 'eve', 'manager')).toBe('blocked');
    expect(await setRole(ann, 'bob', 'owner')).toBe('ok');
    expect(await roles()).toEqual(['bob owner', 'ann manager']);
    expect((await h.store.check()).findings).toEqual([]);
  });

  it('are muted by anybody, on all devices, and by nothing else of a member', async () => {
    const tablet = await h.client('bob', 'a', 'tablet').connect();
    expect(await bob.outcome('conversation.setState', { conversation: room, pinned: true })).toBe(
      'member_required',
    );
    const muted = await bob.run('conversation.setState', { conversation: room, muteUntil: null });
    expect(muted.own).toMatchObject({ muteUntil: null });
    expect(muted.own).not.toHaveProperty('role');
    expect(await tablet.next('state')).toMatchObject({ conversation: room, own: { muteUntil: null } });
    await ann.run('room.join', { conversation: room });
    await ann.send(room, 'one');
    expect(await bob.run('client.unread', {})).toEqual({ unread: 0, mentionUnread: 0, unmutedUnread: 0 });
    expect(await bob.outcome('message.history', { conversation: room })).toBe('join_required');
    expect((await h.server().run('conversation.members', { conversation: room })).items).toMatchObject([
      { client: 'ann' },
    ]);
    await bob.run('conversation.setState', { conversation: room, muteUntil: 0 });
    const { own } = await tablet.run('conversation.get', { conversation: room });
    expect(own).not.toHaveProperty('muteUntil');
    expect((await h.store.check()).findings).toEqual([]);
  });

  it('are left for the next where a session may be in one only', async () => {
    const c = await h.client('cat', 'one').connect();
    const [r1, r2] = await Promise.all(
      ['1', '2'].map(
        async (name) => (await c.run('conversation.create', { kind: 'room', name })).conversation.id,
      ),
    );
    await c.run('room.join', { conversation: r1 as string });
    await c.run('room.join', { conversation: r2 as string });
    expect([
      await c.run('room.count', { conversation: r1 as string }),
      await c.run('room.count', { conversation: r2 as string }),
    ]).toEqual([{ online: 0 }, { online: 1 }]);
  });
});

describe('services', () => {
  const make = async (audience: 'subscribers' | 'everyone' = 'subscribers') =>
    (await h.server().run('conversation.create', { kind: 'system', name: 'News', audience })).conversation.id;

  it('send transient messages to those named, and to nobody else', async () => {
    const service = (await h.server().run('conversation.create', { kind: 'system' })).conversation.id;
    const sent = await h.server().send(service, 'now', { transient: true, to: ['bob', 'away'] as never });
    expect(sent.seq).toBeUndefined();
    expect(await bob.next('transient')).toMatchObject({ message: { body: 'now', conversation: service } });
    expect(ann.heard()).toEqual([]);
    const send = (more: object) =>
      h.server().outcome('message.send', { conversation: service, body: 'x', transient: true, ...more });
    expect(await send({})).toBe('wrong_kind');
  });

  it('broadcast to subscribers, counting from the subscription on', async () => {
    const news = await make();
    await h.server().run('message.send', { conversation: news, body: 'before' });
    await bob.run('system.subscribe', { conversation: news });
    await h.settle();
    bob.heard();
    await h.server().run('message.send', { conversation: news, body: 'after' });
    expect((await bob.next('entry')).entry).toMatchObject({
      kind: 'message',
      message: { body: 'after', scope: 'broadcast' },
    });
    expect((await bob.run('conversation.list', {})).items).toMatchObject([
      { conversation: { id: news, kind: 'system' }, unread: 1, lastMessage: { body: 'after' } },
    ]);
    await h.settle();
    expect(ann.heard()).toEqual([]);
    await bob.run('system.unsubscribe', { conversation: news });
    expect((await bob.run('conversation.list', {})).items).toEqual([]);
  });

  it('reach who was named before from the first login on, too', async () => {
    const news = await make('everyone');
    const group = await ann.run('conversation.create', { members: ['dan'] });
    await ann.send(group.conversation.id, 'are you there?');
    await h.server().send(news, 'before the first login');
    h.now += 1_000;
    const dan = await h.client('dan').connect();
    h.now += 1_000;
    await h.server().send(news, 'after it');
    const { items } = await dan.run('conversation.list', {});
    expect(items.map(({ unread }) => unread)).toEqual([1, 1]);
    expect(await ann.run('client.get', { clients: ['dan', 'nobody'] })).toEqual({ clients: [{ id: 'dan' }] });
  });

  it('reach everyone from the first login on', async () => {
    const news = await make('everyone');
    const early = await h.client('early').connect();
    await h.server().run('message.send', { conversation: news, body: 'one' });
    h.now += 1000;
    const late = await h.client('late').connect();
    h.now += 1000;
    await h.server().run('message.send', { conversation: news, body: 'two' });
    const unread = async (client: TestClient) => (await client.run('client.unread', {})).unread;
    expect([await unread(early), await unread(late)]).toEqual([2, 1]);
    expect(await early.outcome('system.unsubscribe', { conversation: news })).toBe('forbidden');
  });

  it('have a thread with each client, whose unread is part of the row', async () => {
    const news = await make();
    await bob.run('system.subscribe', { conversation: news });
    const question = await bob.send(news, 'question');
    await h.server().run('message.send', { conversation: news, body: 'to all' });
    await h.settle();
    bob.heard();
    h.now += 10;
    await h.server().run('message.send', { conversation: news, body: 'answer', to: ['bob', 'ann'] });
    expect((await bob.next('entry')).entry).toMatchObject({
      kind: 'message',
      message: { body: 'answer', scope: 'thread', conversation: news },
    });
    const [row] = (await bob.run('conversation.list', {})).items;
    expect(row).toMatchObject({
      conversation: { id: news },
      unread: 2,
      lastMessage: { body: 'answer' },
      thread: { unread: 1, readSeq: 0 },
    });
    const { messages } = await bob.run('message.history', { conversation: news });
    expect(messages.map(({ body, scope }) => [body, scope])).toEqual([
      ['question', 'thread'],
      ['to all', 'broadcast'],
      ['answer', 'thread'],
    ]);
    expect(question.id).toBe(messages[0]?.id);
    // The other's thread is another; who is not subscribed sees no broadcast.
    expect(
      (await ann.run('message.history', { conversation: news })).messages.map(({ body }) => body),
    ).toEqual(['answer']);
    expect((await ann.run('conversation.list', {})).items).toMatchObject([
      { unread: 1, lastMessage: { body: 'answer' } },
    ]);
    await bob.run('conversation.read', { conversation: row?.thread?.conversation as string, seq: 99 });
    expect((await bob.run('conversation.list', {})).items).toMatchObject([{ unread: 1 }]);
  });

  it('are read up to a time, broadcasts and thread together', async () => {
    const news = await make();
    const tablet = await h.client('bob', 'a', 'tablet').connect();
    await bob.run('system.subscribe', { conversation: news });
    const times: number[] = [];
    const say = async (body: string, to?: string[]) => {
      h.now += 10;
      times.push((await h.server().send(news, body, to && { to })).time);
    };
    await say('to all');
    await say('to you', ['bob']);
    await say('to all again');
    await say('to you again', ['bob']);
    const unread = async () => (await bob.run('conversation.list', {})).items.map((row) => row.unread);
    expect(await unread()).toEqual([4]);
    const read = (args: object) => bob.run('conversation.read', { conversation: news, ...args });
    expect(await read({ time: times[1] })).toMatchObject({ unread: 2 });
    expect(await unread()).toEqual([2]);
    const [ofThread, ofBoth] = [await tablet.next('cursor'), await tablet.next('cursor')];
    expect(ofThread.conversation).not.toBe(news);
    expect(ofThread).toMatchObject({ client: 'bob', read: 2 });
    expect(ofBoth).toMatchObject({ conversation: news, client: 'bob', unread: 2, mentionUnread: 0 });
    expect(await read({ time: times[2]! - 1 })).toMatchObject({ unread: 2 });
    expect(await read({ time: 8.64e15 })).toMatchObject({ unread: 0 });
    expect(await unread()).toEqual([0]);
    expect(await bob.outcome('conversation.read', { conversation: news })).toBe('bad_request');
    expect(await ann.outcome('conversation.read', { conversation: news, time: 1 })).toBe('member_required');
    const { conversation } = await ann.run('conversation.create', { members: ['bob'] });
    const first = await ann.send(conversation.id, 'one');
    h.now += 10;
    await ann.send(conversation.id, 'two');
    expect(
      await bob.run('conversation.read', { conversation: conversation.id, time: first.time }),
    ).toMatchObject({ readSeq: first.seq, unread: 1 });
  });

  it('are read in pages that end within a millisecond, without a hole or a message twice', async () => {
    const news = await make();
    await bob.run('system.subscribe', { conversation: news });
    for (let at = 0; at < 45; at += 1) {
      await h.server().send(news, `to all ${at}`);
      await h.server().send(news, `to you ${at}`, { to: ['bob'] });
    }
    const read = async (direction: 'backward' | 'forward') => {
      const found: string[] = [];
      let place: object = {};
      for (;;) {
        const page = await bob.run('message.history', { conversation: news, direction, limit: 7, ...place });
        const [first, last] = [page.messages[0]!, page.messages.at(-1)!];
        const bodies = page.messages.map(({ body }) => body);
        if (direction === 'forward') found.push(...bodies);
        else found.unshift(...bodies);
        place =
          direction === 'forward'
            ? { after: { time: last.time, message: last.id } }
            : { before: { message: first.id } };
        if (!page.more) return found;
      }
    };
    const whole = (await bob.run('message.history', { conversation: news, limit: 100 })).messages;
    expect(new Set(whole.map(({ time }) => time)).size).toBeLessThan(90);
    expect(whole).toHaveLength(90);
    for (const direction of ['backward', 'forward'] as const)
      expect(await read(direction)).toEqual(whole.map(({ body }) => body));
    const [one, two] = whole.slice(40);
    const between = { conversation: news, after: { message: one!.id, inclusive: true } };
    expect(
      (
        await bob.run('message.history', { ...between, before: { message: two!.id, inclusive: true } })
      ).messages.map(({ id }) => id),
    ).toEqual([one!.id, two!.id]);
    expect(
      await bob.outcome('message.history', { conversation: news, before: { message: 'no-such-message' } }),
    ).toBe('message_not_found');
  });

  it.each(['backward', 'forward'] as const)(
    'are read %s in short pages where they are long',
    async (direction) => {
      const news = await make();
      await bob.run('system.subscribe', { conversation: news });
      const all: string[] = [];
      for (let at = 0; at < 12; at += 1) {
        h.now += 10;
        const body = `${at}`.padEnd(60_000, 'x');
        await h.server().send(news, body, at % 2 === 0 ? {} : { to: ['bob'] as never });
        all.push(body);
      }
      let found: string[] = [];
      let place: object = {};
      let pages = 0;
      for (let more = true; more; pages += 1) {
        const page = await bob.run('message.history', {
          conversation: news,
          direction,
          limit: 100,
          ...place,
        });
        const bodies = page.messages.map(({ body }) => body);
        const isForward = direction === 'forward';
        found = isForward ? [...found, ...bodies] : [...bodies, ...found];
        const last = page.messages.at(isForward ? -1 : 0)!;
        place = { [isForward ? 'after' : 'before']: { time: last.time, message: last.id } };
        ({ more } = page);
      }
      expect(found).toEqual(all);
      expect(pages).toBe(3);
    },
  );

  it('have full pages, whatever is over of what they told', async () => {
    const news = await make();
    await bob.run('system.subscribe', { conversation: news });
    await h.server().send(news, 'stays');
    for (let at = 0; at < 30; at += 1) await h.server().send(news, 'is over', { expiresAt: h.now + 1_000 });
    h.now += 2_000;
    const page = await bob.run('message.history', { conversation: news, limit: 5 });
    expect(page).toMatchObject({ messages: [{ body: 'stays' }], more: false });
  });

  it('are written to by nobody but the server side', async () => {
    const news = await make();
    expect(await bob.outcome('conversation.update', { conversation: news, name: 'Mine' })).toBe('forbidden');
    expect(await bob.outcome('conversation.add', { conversation: news, members: ['ann'] })).toBe(
      'wrong_kind',
    );
    expect(await bob.outcome('message.send', { conversation: news, body: 'x', to: ['ann'] })).toBe(
      'forbidden',
    );
    await bob.send(news, 'private');
    await h.settle();
    expect(ann.heard()).toEqual([]);
  });
});

describe('presence and signals', () => {
  it('tell who watches of the first and the last session', async () => {
    const cat = h.client('cat');
    expect(await ann.run('presence.subscribe', { clients: ['bob', 'cat'] })).toEqual({ online: ['bob'] });
    await cat.connect();
    expect(await ann.next('presence')).toMatchObject({ client: 'cat', online: true });
    const tablet = await h.client('cat', 'a', 'tablet').connect();
    await cat.drop();
    expect(ann.heard()).toEqual([]);
    await tablet.drop();
    expect(await ann.next('presence')).toMatchObject({ client: 'cat', online: false });
  });

  it('carry typing to the members and keep nothing', async () => {
    const { conversation } = await ann.run('conversation.create', { members: ['bob'] });
    bob.heard();
    await ann.run('signal.send', { conversation: conversation.id, name: 'typing', data: { on: true } });
    expect(bob.events).toEqual([
      { type: 'signal', conversation: conversation.id, from: 'ann', name: 'typing', data: { on: true } },
    ]);
    expect(ann.heard()).toEqual([]);
    expect(
      await h.client('dan').outcome('signal.send', { conversation: conversation.id, name: 'typing' }),
    ).toBe('member_required');
  });
});
