import { createApp, createSecretBox, createTenant, newSecretKey, parseSecretKey } from '@hongyan/apps';
import { asClientId, asConversationId, asOperationId } from '@hongyan/protocol';
import { openSqliteStore } from '@hongyan/store-sqlite';
import { silentLogger, telemetryOff } from '@hongyan/telemetry';
import { startRetention } from './start-retention.js';

const day = 86_400_000;

it('takes out what each app keeps no longer, counts it, and tells the conversation service', async () => {
  const store = await openSqliteStore({ folder: ':memory:' });
  const administration = {
    store: store.apps,
    secrets: createSecretBox(parseSecretKey(newSecretKey(), 'the key of this test')),
    now: Date.now,
  };
  const tenant = await createTenant(administration, { name: 't' });
  const [forDays, forGood] = await Promise.all(
    [7, 0].map((days) =>
      createApp(administration, {
        tenant: tenant.id,
        name: `for ${days} days`,
        settings: { 'messages.retentionDays': days },
      }),
    ),
  );
  const id = asConversationId('0123456789abcdef01234567');
  const ann = asClientId('ann');
  for (const { id: app } of [forDays!, forGood!]) {
    const createdAt = Date.now() - 9 * day;
    const conversation = {
      id,
      kind: 'ordinary',
      attributes: {},
      frozen: false,
      createdAt,
      updatedAt: createdAt,
    } as const;
    const payload = { kind: 'created', conversation, members: [{ client: ann, role: 'owner' }] } as const;
    await store.conversations.create(app, { author: ann, op: asOperationId('made'), payload }, createdAt);
    for (const [at, age] of [8, 6].entries()) {
      const entry = {
        author: ann,
        op: asOperationId(`op-${age}`),
        payload: { kind: 'message', format: 'text', body: `${age} days old` },
      } as const;
      await store.log.append(app, {
        conversation: id,
        expected: 1 + at,
        now: Date.now() - age * day,
        entries: [entry],
      });
    }
  }

  const told: unknown[] = [];
  const counted: unknown[] = [];
  const retention = startRetention({
    store,
    administration,
    conversations: { floorRaised: (...floor) => told.push(floor) },
    telemetry: { ...telemetryOff, counter: () => (reason, by) => counted.push([reason, by]) },
    logger: silentLogger,
  });
  expect(await retention.runOnce()).toBe(2);
  expect(told).toEqual([[forDays!.id, id, 2]]);
  expect(counted).toEqual([['retention', 2]]);
  const query = { direction: 'backward', after: 0, before: 99, limit: 9 } as const;
  expect((await store.log.history(forDays!.id, id, query)).messages).toMatchObject([{ seq: 3 }]);
  expect((await store.log.history(forGood!.id, id, query)).messages).toHaveLength(2);
  await retention.stop();
  expect((await store.check()).findings).toEqual([]);
  await store.close();
});
