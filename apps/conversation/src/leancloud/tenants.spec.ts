import { asMaster, type Door, openDoor } from './door.contract.js';
import { leanCloudRoutes } from './routes.js';

let door: Door;
beforeAll(async () => (door = await openDoor()));
afterAll(async () => {
  await door.close();
  expect(door.reported).toEqual([]);
});

const families = ['conversations', 'chatrooms', 'service-conversations'] as const;
type Family = (typeof families)[number];

/** Arguments that some route of the table takes; each takes what it knows. */
const givenFor = (conversation: string, message: string, timestamp: number) => ({
  ...{
    client_ids: ['ann'],
    client_id: 'ann',
    clientId: 'ann',
    to_clients: ['ann'],
    from_client: 'ann',
    ttl: 5,
  },
  ...{ message: 'x', role: 'Member', name: 'x', from_peer: 'ann', from: 'ann', data: 'x', transient: false },
  ...{ conv_id: conversation, convid: conversation, gid: conversation, to: conversation },
  ...{ msg_id: message, msgid: message, 'msg-id': message, mid: message, timestamp },
});

const about = leanCloudRoutes.filter(
  ({ path, input }) =>
    /:(conversation|message)/.test(path) ||
    ['conv_id', 'convid', 'gid', 'mid', 'to'].some((name) => name in input.shape),
);

it('nothing of one app can be reached with the keys of another', async () => {
  const things: Partial<Record<Family, { id: string; message: string; timestamp: number }>> = {};
  for (const family of families) {
    const { objectId: id } = await door.ok('post', `/1.2/rtm/${family}`, {
      name: 'red',
      ...(family === 'conversations' && { m: ['ann'] }),
    });
    const of = `/1.2/rtm/${family}/${String(id)}/${family === 'service-conversations' ? 'broadcasts' : 'messages'}`;
    const sent = await door.ok<{ 'msg-id': string; timestamp: number }>('post', of, {
      from_client: 'ann',
      message: 'secret',
    });
    things[family] = { id: String(id), message: sent['msg-id'], timestamp: sent.timestamp };
  }
  const tried: string[] = [];
  for (const { method, path } of about) {
    for (const family of families) {
      if (path.startsWith('/1.2/rtm/') && path.includes(':conversation') && !path.includes(`/${family}/`))
        continue;
      door.clock.time += 1_000;
      const { id, message, timestamp } = things[family]!;
      const names: Record<string, string> = { conversation: id, message, client: 'ann', info: `${id}:ann` };
      const url = path.replaceAll(/:(\w+)/g, (_, name: string) => names[name]!);
      const answer = await door.send(method, url, givenFor(id, message, timestamp), asMaster('blue'));
      tried.push(`${method} ${path} ${family}: ${answer.status}`);
      expect(answer.text).not.toContain('secret');
    }
  }
  expect(tried.filter((one) => !one.endsWith(': 404')).map((one) => one.replace(/ \S+: /, ': '))).toEqual([
    // The client of the other app with this id is subscribed to nothing, whatever the place it is listed from.
    ...Array.from({ length: 3 }, () => 'get /1.2/rtm/clients/:client/service-conversations: 200'),
    // It refuses nothing either, and that it does so no longer is so in any case.
    ...Array.from({ length: 3 }, () => 'delete /1.2/rtm/clients/:client/blacklists: 200'),
    ...Array.from({ length: 3 }, () => 'get /1.1/rtm/conversation/subscription: 200'),
  ]);
  for (const family of families)
    expect(await door.ok('get', `/1.2/rtm/${family}`)).toMatchObject({ results: [{ name: 'red' }] });
  expect(await door.ok('get', '/1.2/rtm/all-conversations', {}, asMaster('blue'))).toEqual({ results: [] });
  expect(await door.ok('get', '/1.2/rtm/messages', {}, asMaster('blue'))).toEqual([]);
  expect(await door.ok('get', '/1.2/rtm/clients/ann/messages', {}, asMaster('blue'))).toEqual([]);
});
