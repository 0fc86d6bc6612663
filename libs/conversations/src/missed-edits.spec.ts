import type { MessageId } from '@hongyan/protocol';
import { appOf, Harness, type TestClient } from './service-harness.contract.js';

let h: Harness;
let ann: TestClient;
let bob: TestClient;
beforeEach(async () => {
  h = await Harness.open([
    appOf('a'),
    appOf('b', (app) => ({
      ...app,
      conversations: { ...app.conversations, historyForNewMembers: 'since-join' },
    })),
  ]);
  ann = await h.client('ann').connect();
  bob = await h.client('bob').connect();
});
afterEach(() => h.close());

async function group(members: string[] = ['bob'], by = ann): Promise<string> {
  return (await by.run('conversation.create', { members })).conversation.id;
}

const edit = (by: TestClient, message: MessageId, body: string) => by.run('message.edit', { message, body });
const recall = (by: TestClient, message: MessageId) => by.run('message.recall', { message });

async function told(client: TestClient, since = 0): Promise<string[]> {
  const { entries } = await client.run('client.edits', { since });
  return entries.map((entry) =>
    'message' in entry ? `${entry.kind} of ${entry.message.seq}: ${entry.message.body}` : entry.kind,
  );
}

describe('edits and recalls that a client missed', () => {
  it('are told once per message, as it is now, to whoever is in', async () => {
    const id = await group();
    const [a, b, c] = [await ann.send(id, 'a'), await ann.send(id, 'b'), await ann.send(id, 'c')];
    await edit(ann, a.id, 'a1');
    await edit(ann, b.id, 'b1');
    await edit(ann, a.id, 'a2');
    await edit(ann, c.id, 'c1');
    await recall(ann, c.id);
    expect(await told(bob)).toEqual(['edit of 3: b1', 'edit of 2: a2', 'recall of 4: ']);
    // The author's other devices have missed them as well.
    expect(await told(ann)).toHaveLength(3);
    expect(await told(await h.client('cat').connect())).toEqual([]);
    expect(await told(await h.client('bob', 'b').connect())).toEqual([]);
    await ann.run('conversation.remove', { conversation: id, members: ['bob'] });
    expect(await told(bob)).toEqual([]);
  });

  it('leave out what was deleted', async () => {
    const id = await group();
    const [a, b, c] = [await ann.send(id, 'a'), await ann.send(id, 'b'), await ann.send(id, 'c')];
    await edit(ann, a.id, 'a1');
    await edit(ann, b.id, 'b1');
    await recall(ann, c.id);
    for (const { id: message } of [a, c]) await h.server().run('message.delete', { message });
    expect(await told(bob)).toEqual(['edit of 3: b1']);
    const { entries } = await bob.run('client.changes', { since: 0 });
    expect(entries.map(({ kind }) => kind)).toEqual(['created']);
  });

  it('are those of messages that the history shows', async () => {
    const id = await group();
    const first = await ann.send(id, 'a');
    const second = await ann.send(id, 'b');
    await edit(ann, first.id, 'a1');
    await edit(ann, second.id, 'b1');
    await bob.run('conversation.clear', { conversation: id, seq: 2 });
    expect(await told(bob)).toEqual(['edit of 3: b1']);
    await ann.run('conversation.delete', { conversation: id });
    expect(await told(bob)).toEqual([]);
  });

  it('are those since one joined, where the app hides what was before', async () => {
    const eve = await h.client('eve', 'b').connect();
    const id = await group([], eve);
    const before = await eve.send(id, 'before');
    await eve.run('conversation.add', { conversation: id, members: ['fay'] });
    const after = await eve.send(id, 'after');
    for (const { id: message } of [before, after]) await edit(eve, message, 'changed');
    expect(await told(await h.client('fay', 'b').connect())).toEqual(['edit of 4: changed']);
    expect(await told(eve)).toHaveLength(2);
  });

  it('reach subscribers of a service and the client of a thread, not after the message or the service ended', async () => {
    const server = h.server();
    const { conversation } = await server.run('conversation.create', { kind: 'system' });
    const service = conversation.id;
    await bob.run('system.subscribe', { conversation: service });
    const cast = await server.send(service, 'to all', { expiresAt: h.now + 1_000 });
    const direct = await server.send(service, 'to ann', { to: ['ann'] });
    await server.run('message.edit', { message: cast.id, body: 'to all, corrected' });
    await server.run('message.edit', { message: direct.id, body: 'to ann, corrected' });
    expect(await told(bob)).toEqual(['edit of 3: to all, corrected']);
    // A guest has the thread only.
    expect(await told(ann)).toEqual(['edit of 2: to ann, corrected']);
    h.now += 1_000;
    expect(await told(bob)).toEqual([]);
    await server.run('conversation.delete', { conversation: service });
    expect(await told(ann)).toEqual([]);
  });

  it('are not told in rooms, nor of temporary conversations that have ended', async () => {
    const { conversation: room } = await ann.run('conversation.create', { kind: 'room' });
    await ann.run('room.join', { conversation: room.id });
    await recall(ann, (await ann.send(room.id, 'a')).id);
    const { conversation } = await ann.run('conversation.create', {
      kind: 'temporary',
      members: ['bob'],
      ttl: 60,
    });
    await recall(ann, (await ann.send(conversation.id, 'a')).id);
    expect(await told(ann)).toEqual(['recall of 2: ']);
    h.now += 60_000;
    expect(await told(ann)).toEqual([]);
  });

  it('are found in old messages of many conversations, in pages that leave nothing out', async () => {
    const ids: string[] = [];
    for (let n = 0; n < 60; n += 1) ids.push(await group());
    const eldest = await ann.send(ids[0]!, 'eldest');
    for (let n = 0; n < 150; n += 1) await ann.send(ids[0]!, 'more');
    for (const id of ids.slice(1)) await recall(ann, (await ann.send(id, 'x')).id);
    const since = h.now;
    await edit(ann, eldest.id, 'changed');
    const found = new Set<string>();
    let asked = 0;
    for (let from = since - 1, more = true; more; asked += 1) {
      const page = await bob.run('client.edits', { since: from, limit: 20 });
      for (const { conversation } of page.entries) found.add(conversation);
      ({ until: from, more } = page);
    }
    expect([...found].sort()).toEqual([...ids].sort());
    expect(asked).toBe(4);
    expect(await told(bob, (await bob.run('client.edits', { since })).until)).toEqual([]);
  });

  it('and other changes are published in the order of their stamps', async () => {
    const made = await Promise.all(Array.from({ length: 20 }, () => group()));
    const sent = await Promise.all(made.map((id) => ann.send(id, 'a')));
    await h.settle();
    bob.events.length = 0;
    await Promise.all(
      sent.flatMap(({ id }, at) => [
        edit(ann, id, 'b'),
        ann.run('conversation.update', { conversation: made[(at * 7) % 20]!, name: 'n' }),
        edit(ann, id, 'c'),
      ]),
    );
    await h.settle();
    const stamps = bob.events.flatMap((event) =>
      event.type === 'entry' ? [event.entry.stamp ?? event.entry.time] : [],
    );
    expect(stamps).toHaveLength(60);
    expect(stamps).toEqual([...stamps].sort((a, b) => a - b));
    expect(new Set(stamps).size).toBe(60);
  });

  it('are asked for by clients, or in the name of one; a time of longer ago than a week is one of a week ago', async () => {
    expect(await h.server().outcome('client.edits', { since: 0 })).toBe('bad_request');
    const id = await group();
    await recall(ann, (await ann.send(id, 'a')).id);
    expect((await h.server('bob').run('client.edits', { since: 0 })).entries).toHaveLength(1);
    expect(await bob.outcome('client.edits', { since: 0, limit: 1_000 })).toBe('bad_request');
    h.now += 7 * 86_400_000 + 10;
    expect(await told(bob)).toEqual([]);
  });
});
