import type { EntryView } from '@hongyan/protocol';
import { online, range, server, until, watch } from '../test/stage.js';

describe('receiving', () => {
  it('drops duplicates and fills a hole in order while live events go on', async () => {
    const fake = await server();
    fake.conversation('c', ['me', 'you']);
    const client = await online(fake);
    const seen = watch(client);
    const first = fake.say('c', 'you', '1');
    fake.publish(first);
    fake.silent = true;
    for (const n of range(2, 130)) fake.say('c', 'you', String(n));
    fake.silent = false;
    let answered = 0;
    fake.intercept = ({ name }) => {
      if (name === 'conversation.entries' && answered++ < 2) fake.say('c', 'you', 'meanwhile');
      return false;
    };
    const last = fake.say('c', 'you', '131');
    fake.publish(last);
    await until(() => seen.seqs.length === 133);
    expect(seen.seqs).toEqual(range(1, 133));
    expect(seen.gaps).toEqual([]);
  });

  it.each([1, 7])('fills a hole of an app whose pages have %d items', async (page) => {
    const fake = await server();
    fake.page = page;
    fake.conversation('c', ['me', 'you']);
    const client = await online(fake);
    const seen = watch(client);
    fake.publish(fake.say('c', 'you', '1'));
    fake.silent = true;
    for (const n of range(2, 30)) fake.say('c', 'you', String(n));
    fake.silent = false;
    fake.say('c', 'you', '31');
    await until(() => seen.seqs.length === 31);
    expect(seen).toMatchObject({ seqs: range(1, 31), gaps: [] });
  });

  it('takes events in any order', async () => {
    const fake = await server();
    fake.conversation('c', ['me', 'you']);
    const client = await online(fake);
    const seen = watch(client);
    fake.silent = true;
    const entries = range(1, 5).map((n) => fake.say('c', 'you', String(n)));
    for (const n of [5, 3, 3, 1, 4, 2, 5]) fake.publish(entries[n - 1] as EntryView);
    await until(() => seen.seqs.length >= 5);
    expect(seen.seqs).toEqual(range(1, 5));
  });

  it('tells of a hole that is too large and goes on behind it', async () => {
    const fake = await server();
    fake.conversation('c', ['me', 'you']);
    const client = await online(fake);
    const seen = watch(client);
    fake.silent = true;
    for (const n of range(1, 250)) fake.say('c', 'you', String(n));
    fake.silent = false;
    fake.say('c', 'you', 'live');
    await until(() => seen.seqs.length === 1);
    expect(seen).toMatchObject({ seqs: [251], gaps: [[0, 250]] });
  });

  it('does not take the entries that others wrote before an own one for missing', async () => {
    const fake = await server();
    fake.conversation('c', ['me', 'you']);
    const client = await online(fake);
    const seen = watch(client);
    fake.intercept = ({ name }, ack, run) => {
      if (name !== 'message.send') return false;
      const result = run();
      fake.say('c', 'you', 'overtakes the answer');
      setTimeout(() => ack({ ok: result }), 30);
      return true;
    };
    await client.conversations.of('c').send('mine');
    expect(seen.seqs).toEqual([1, 2]);
    expect(fake.commands.filter(({ name }) => name === 'conversation.entries')).toEqual([]);
  });

  it('sends delivery cursors together, at most once a second', async () => {
    const fake = await server();
    for (const id of ['c', 'd']) fake.conversation(id, ['me', 'you']);
    await online(fake);
    for (const n of range(1, 20)) for (const id of ['c', 'd']) fake.say(id, 'you', String(n));
    const delivered = (): unknown[] =>
      fake.commands.filter(({ name }) => name === 'conversation.delivered').map(({ args }) => args);
    await until(() => delivered().length > 0);
    expect(delivered()).toEqual([
      {
        cursors: [
          { conversation: 'c', seq: 20 },
          { conversation: 'd', seq: 20 },
        ],
      },
    ]);
  });
});

describe('who is in a conversation', () => {
  it('is known of two at once, at both ends, and asked for when two are left', async () => {
    const fake = await server();
    const [me, you] = [await online(fake), await online(fake, { credentials: { clientId: 'you' } })];
    const mine = await me.conversations.create({ members: ['you'], unique: true });
    expect(mine.peer).toEqual({ client: 'you', readSeq: 0, deliveredSeq: 0 });
    await until(() => you.conversations.loaded.length === 1);
    const [theirs] = you.conversations.loaded;
    expect(theirs?.peer?.client).toBe('me');
    expect(fake.commands.filter(({ name }) => name === 'conversation.get')).toEqual([]);

    fake.enter(mine.id, ['her'], 'you');
    await until(() => mine.view?.memberCount === 3);
    expect(mine.peer).toBeUndefined();
    const left = fake.conversations.get(mine.id);
    if (left === undefined) throw new Error('it is gone');
    left.members = ['me', 'her'];
    fake.append(left, { conversation: mine.id, seq: 3, time: 3, by: 'you', kind: 'left' } as never);
    await until(() => mine.peer?.client === ('her' as never));
  });

  it('is told with the state of a conversation that was there before', async () => {
    const fake = await server();
    fake.conversation('of me and you', ['me', 'you']);
    const client = await online(fake, { preload: 0 });
    for (const n of range(1, 3)) fake.say('of me and you', 'you', String(n));
    fake.run({
      name: 'conversation.read',
      args: { conversation: 'of me and you', seq: 2 } as never,
      session: { client: 'you' } as never,
    });
    const conversation = await client.conversations.create({ members: ['you'], unique: true });
    expect(conversation.peer?.client).toBe('you');
    await until(() => conversation.peer?.readSeq === 2);
    expect(conversation.unread).toBe(3);
    expect(conversation.lastMessage?.body).toBe('3');
  });

  it('shows my own change without waiting for more', async () => {
    const fake = await server();
    fake.conversation('c', ['me', 'you']);
    const client = await online(fake);
    const conversation = client.conversations.of('c');
    await conversation.send('hello');
    await conversation.add(['her']);
    const since = Date.now();
    await until(() => conversation.view?.memberCount === 3);
    expect(Date.now() - since).toBeLessThan(150); // patience with the network is 250 ms
  });
});
