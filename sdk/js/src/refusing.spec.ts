import { clientOf, server } from '../test/stage.js';

it('leaves what it refuses, and lists it', async () => {
  const fake = await server();
  const client = clientOf(fake);
  await client.connect();
  const talk = await client.conversations.create({ members: ['you'], unique: true });
  const gone: string[] = [];
  client.on('gone', ({ id }) => gone.push(id));
  fake.intercept = ({ name }, ack) => {
    if (name !== 'client.refused') return false;
    ack({ ok: { items: [talk.id] } });
    return true;
  };
  await talk.refuse();
  expect(talk.own).toBeUndefined();
  expect(gone).toEqual([talk.id]);
  expect(await client.clients.refused({ limit: 5 })).toEqual({ items: [talk.id] });
  await talk.unrefuse();
  const asked = fake.commands.filter(({ name }) => /refuse/.test(name));
  expect(asked.map(({ name, args }) => [name, args])).toEqual([
    ['conversation.refuse', { op: expect.any(String) as string, conversation: talk.id }],
    ['client.refused', { limit: 5 }],
    ['conversation.unrefuse', { conversation: talk.id }],
  ]);
});
