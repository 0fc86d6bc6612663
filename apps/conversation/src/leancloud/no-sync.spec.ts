import { type Door, openDoor } from './door.contract.js';

let door: Door;
beforeEach(async () => (door = await openDoor()));
afterEach(async () => {
  await door.close();
  expect(door.reported).toEqual([]);
});

const bodiesOf = (heard: readonly unknown[]): unknown[] =>
  (heard as { entry?: { message?: { body: string } }; message?: { body: string } }[])
    .map(({ entry, message }) => (entry?.message ?? message)?.body)
    .filter((body) => body !== undefined);

const talk = async () =>
  String((await door.ok('post', '/1.2/rtm/conversations', { m: ['ann', 'bob'] }))['objectId']);

it('leaves the devices of the sender out, now, of what is sent in its name with `no_sync`', async () => {
  const id = await talk();
  const [ann, bob] = [await door.online('ann'), await door.online('bob')];
  const messages = `/1.2/rtm/conversations/${id}/messages`;
  const say = (message: string, more: object) =>
    door.ok('post', messages, { from_client: 'ann', message, ...more });
  await say('to all', {});
  await say('stored', { no_sync: true });
  await say('passing', { no_sync: true, transient: true });
  const old = { from_peer: 'ann', conv_id: id, transient: false };
  await door.ok('post', '/1.1/rtm/messages', { ...old, message: 'old', no_sync: true });
  await door.ok('post', '/1.1/rtm/messages', { ...old, message: 'old, to all', no_sync: false });
  expect(bodiesOf(bob.heard)).toEqual(['to all', 'stored', 'passing', 'old', 'old, to all']);
  expect(bodiesOf(ann.heard)).toEqual(['to all', 'old, to all']);
  // They are in the history all the same.
  const rows = await door.ok<{ data: string }[]>('get', messages);
  expect(rows.map(({ data }) => data).toReversed()).toEqual(['to all', 'stored', 'old', 'old, to all']);
});

it('is for the server side only', async () => {
  const id = await talk();
  const { caller, commands } = await door.online('ann');
  const send = { op: 'op-1', conversation: id, format: 'text', body: 'hello', noSync: true } as never;
  await expect(commands.execute(caller, 'message.send', send, { deadline: Infinity })).rejects.toMatchObject({
    error: 'forbidden',
  });
});
