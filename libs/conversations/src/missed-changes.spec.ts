import type { EntryView } from '@hongyan/protocol';
import { appOf, Harness, type TestClient } from './service-harness.contract.js';

let h: Harness;
let ann: TestClient;
let bob: TestClient;
beforeEach(async () => {
  h = await Harness.open([appOf('a', (app) => ({ ...app, limits: { ...app.limits, page: 3 } })), appOf('b')]);
  ann = await h.client('ann').connect();
  bob = await h.client('bob').connect();
});
afterEach(() => h.close());

const told = async (client: TestClient, since: number) =>
  (await client.run('client.changes', { since })).entries.map(({ kind, seq }) => `${kind}#${seq}`);

const placeOf = ({ conversation, time, stamp = time }: EntryView) => [conversation, time, stamp];

describe('changes that a client missed', () => {
  it('are those while it was in, and its own coming and going, in pages by time', async () => {
    const start = h.now - 1;
    const { conversation } = await ann.run('conversation.create', { members: ['cat'] });
    const { id } = conversation;
    const tick = () => (h.now += 10);
    tick();
    await ann.run('conversation.update', { conversation: id, name: 'before' });
    tick();
    await ann.run('conversation.add', { conversation: id, members: ['bob'] });
    const added = h.now;
    tick();
    await ann.send(id, 'no change');
    await ann.run('conversation.update', { conversation: id, name: 'inside' });
    tick();
    await ann.run('conversation.remove', { conversation: id, members: ['bob'] });
    tick();
    await ann.run('conversation.update', { conversation: id, name: 'after' });
    expect(await told(bob, start)).toEqual(['added#3', 'updated#5', 'removed#6']);
    expect(await told(bob, added)).toEqual(['updated#5', 'removed#6']);
    expect(await told(bob, h.now - 10)).toEqual([]);
    const first = await ann.run('client.changes', { since: start, limit: 3 });
    expect([first.entries.map(({ seq }) => seq), first.more]).toEqual([[1, 2, 3], true]);
    const rest = await ann.run('client.changes', { since: first.until });
    expect([rest.entries.map(({ seq }) => seq), rest.more]).toEqual([[5, 6, 7], false]);
    await ann.run('conversation.block', { conversation: id, members: ['bob'] });
    await ann.run('conversation.unblock', { conversation: id, members: ['bob'] });
    expect(await told(bob, h.now - 10)).toEqual(['blocked#8', 'unblocked#9']);
    expect(await told(await h.client('bob', 'b').connect(), start)).toEqual([]);
  });

  it('of one time have different stamps, which live events have too, and are forgotten after a week', async () => {
    const start = h.now - 1;
    const made: string[] = [];
    for (let n = 0; n < 5; n += 1)
      made.push((await ann.run('conversation.create', { members: ['bob'] })).conversation.id);
    await h.settle();
    const live = bob.events.flatMap((event) => (event.type === 'entry' ? [placeOf(event.entry)] : []));
    expect(live).toEqual(made.map((id, n) => [id, h.now, h.now + n]));
    const found: unknown[] = [];
    for (let since = start, more = true; more;) {
      const page = await bob.run('client.changes', { since, limit: 2 });
      found.push(...page.entries.map(placeOf));
      ({ until: since, more } = page);
    }
    expect(found).toEqual(live);
    const last = h.now + 4;
    expect(await bob.run('client.changes', { since: last })).toEqual({
      entries: [],
      until: last,
      more: false,
    });
    h.now += 7 * 86_400_000 - 1;
    expect(await told(bob, 0)).toHaveLength(3);
    h.now += 5;
    expect(await told(bob, 0)).toEqual([]);
  });

  it('are asked for by clients, or in the name of one', async () => {
    expect(await h.server().outcome('client.changes', { since: 0 })).toBe('bad_request');
    await ann.run('conversation.create', { members: ['bob'] });
    expect((await h.server('bob').run('client.changes', { since: h.now - 1 })).entries).toHaveLength(1);
  });
});
