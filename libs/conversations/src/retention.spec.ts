import { asAppId, asConversationId } from '@hongyan/protocol';
import { Retention, type RetentionParts } from './retention.js';
import { Harness, type TestClient } from './service-harness.contract.js';

const day = 86_400_000;
const app = asAppId('a');

let h: Harness;
let ann: TestClient;
let bob: TestClient;
const running: Retention[] = [];

beforeEach(async () => {
  h = await Harness.open();
  [ann, bob] = [await h.client('ann').connect(), await h.client('bob').connect()];
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((retention) => retention.stop()));
  await h.close();
});

function retentionOf(more: Partial<RetentionParts> = {}): Retention {
  const retention = new Retention({
    store: h.store.retention,
    apps: () => Promise.resolve([{ id: app, days: 30 }]),
    clock: () => h.now,
    onRetired: (id, conversation, _removed, floor) => h.service.floorRaised(id, conversation, floor),
    options: { pauseMs: 0, firstMs: 1, intervalMs: 5 },
    ...more,
  });
  running.push(retention);
  return retention;
}

async function talk(): Promise<string> {
  const { conversation } = await ann.run('conversation.create', { members: ['bob'], unique: true });
  return conversation.id;
}

it('says in every answer where the history begins, and leaves the conversation as it was', async () => {
  const conversation = await talk();
  for (const body of ['a', 'b', 'c']) await ann.send(conversation, body);
  h.now += 20 * day;
  await bob.send(conversation, 'd');
  h.now += 11 * day;
  expect(await bob.run('client.unread', {})).toMatchObject({ unread: 3 });
  expect(await retentionOf().runOnce()).toBe(4);
  const history = await bob.run('message.history', { conversation });
  expect(history).toMatchObject({ floor: 4, more: false, messages: [{ body: 'd' }] });
  expect(await bob.run('conversation.entries', { conversation, after: 0 })).toMatchObject({
    floor: 4,
    seq: 5,
    entries: [{ seq: 5 }],
  });
  expect(await bob.run('client.unread', {})).toMatchObject({ unread: 0 });
  expect(await ann.run('client.unread', {})).toMatchObject({ unread: 1 });
  expect(await bob.outcome('message.edit', { message: `${conversation}.2`, body: 'x' })).toBe(
    'message_not_found',
  );
  const { messages } = await bob.run('message.get', { messages: [`${conversation}.2`, `${conversation}.5`] });
  expect(messages).toMatchObject([{ body: 'd' }]);
  // Its creation set is known still: who comes back is of it, somebody else is not.
  await bob.run('conversation.leave', { conversation });
  await ann.run('conversation.add', { conversation, members: ['bob'] });
  expect(await talk()).toBe(conversation);
  await ann.run('conversation.add', { conversation, members: ['cid'] });
  expect(await talk()).not.toBe(conversation);
});

it('fills pages up where edits are about messages that are gone', async () => {
  const conversation = await talk();
  await ann.send(conversation, 'old');
  h.now += 31 * day;
  for (let n = 0; n < 3; n += 1)
    await ann.run('message.edit', { message: `${conversation}.2`, body: `edit ${n}` });
  for (let n = 0; n < 3; n += 1) await ann.send(conversation, `new ${n}`);
  await retentionOf().runOnce();
  const { entries } = await bob.run('conversation.entries', { conversation, after: 0, limit: 3 });
  expect(entries.map(({ seq }) => seq)).toEqual([6, 7, 8]);
});

it('runs now and then, for the apps that want it, and goes on after a failure', async () => {
  const conversation = await talk();
  await ann.send(conversation, 'old');
  h.now += 31 * day;
  await ann.send(conversation, 'new');
  const failures: unknown[] = [];
  let reads = 0;
  const removed: number[] = [];
  const retired = new Promise<void>((resolve) => {
    retentionOf({
      apps: () => {
        reads += 1;
        if (reads === 1) return Promise.reject(new Error('the store is busy'));
        return Promise.resolve([
          { id: asAppId('forever'), days: 0 },
          { id: app, days: 30 },
        ]);
      },
      onError: (error) => failures.push(error),
      onRetired: (_app, _conversation, n) => {
        removed.push(n);
        resolve();
      },
    }).start();
  });
  await retired;
  expect([failures.length, removed]).toEqual([1, [2]]);
});

it('stops after the step under way', async () => {
  const conversation = asConversationId(await talk());
  let steps = 0;
  const retention = retentionOf({
    store: {
      expired: () => Promise.resolve({ items: [conversation] }),
      retire: async () => {
        steps += 1;
        await new Promise((resolve) => setTimeout(resolve, 5));
        return { removed: 1, floor: steps, next: 'more' }; // never done by itself
      },
    },
  });
  retention.start();
  while (steps < 3) await new Promise((resolve) => setTimeout(resolve, 1));
  await retention.stop();
  const atStop = steps;
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(steps).toBe(atStop);
});

it('takes what clients ask for by time with the entries, and leaves the rest of it in order', async () => {
  const conversation = await talk();
  const old = await ann.send(conversation, 'old');
  await ann.run('conversation.update', { conversation, name: 'old' });
  h.now += 20 * day;
  const young = await ann.send(conversation, 'young');
  h.now += 9 * day;
  const told = async (name: 'client.changes' | 'client.edits', since: number) => {
    const { entries, until } = await bob.run(name, { since });
    return [entries.map(({ kind, seq }) => `${kind}#${seq}`), until];
  };
  const start = h.now - 1;
  await ann.run('message.edit', { message: old.id, body: 'of old' });
  await ann.run('message.edit', { message: young.id, body: 'of young' });
  await ann.run('conversation.update', { conversation, name: 'young' });
  const until = h.now + 2;
  expect(await told('client.edits', start)).toEqual([['edit#5', 'edit#6'], until]);
  h.now += 2 * day;
  expect(await retentionOf().runOnce()).toBe(3);
  // The edit of what is gone shows nothing; the others stay, and so does how far it was told.
  expect(await told('client.edits', start)).toEqual([['edit#6'], until]);
  expect(await told('client.changes', start)).toEqual([['updated#7'], until]);
  h.now += 29 * day;
  await retentionOf().runOnce();
  // The newest row stays to keep its number; it is below the floor.
  expect(await told('client.changes', start)).toEqual([[], until]);
  expect(await told('client.edits', start)).toEqual([[], until]);
  await ann.run('conversation.update', { conversation, name: 'new' });
  expect(await told('client.changes', until)).toEqual([['updated#8'], h.now]);
  expect((await h.store.check()).findings).toEqual([]);
});
