import { type CompatApp, type CompatServer, startCompatServer } from './compat-server.js';
import { closeDevices, type Conversation, device, eventually, next, record } from './devices.js';

/** The app's server removes messages by LeanCloud's REST API: clients that have them are not told, counts and history are right. */

let server: CompatServer;
let app: CompatApp;

beforeAll(async () => {
  server = await startCompatServer();
  app = await server.app();
});
afterEach(closeDevices);
afterAll(() => server.stop());

type Sent = { readonly id: string; readonly from: string; readonly timestamp: Date };
type Texts = readonly { readonly text?: string }[];

const rest = (method: string, path: string, body?: object) => server.leanCloudRest(app, method, path, body);

const placeOf = ({ from, timestamp }: Sent, sender = 'from_client') =>
  `${sender}=${from}&timestamp=${timestamp.getTime()}`;

it('takes an unread message out of counts and history, and tells nobody else', async () => {
  const [one, two] = [device(server, app), device(server, app)];
  const [tom, jerry] = [await one.login('tom'), await two.login('jerry')];
  const { Event, TextMessage } = one.sdk;
  const talk = (await tom.createConversation({ members: ['jerry'], name: 'talk' })) as Conversation;
  const theirs = (await jerry.getConversation(talk.id)) as Conversation;
  const arrived = record(jerry, { [Event.MESSAGE]: ({ text }: { text: string }) => text });
  const sent: Sent[] = [];
  for (const text of ['first', 'second', 'third']) sent.push(await talk.send(new TextMessage(text)));
  await eventually(() => expect(arrived).toHaveLength(3));
  expect(theirs.unreadMessagesCount).toBe(3);

  const told = [tom, jerry].map((client) =>
    record(client, {
      [Event.MESSAGE_RECALL]: () => '',
      [Event.MESSAGE_UPDATE]: () => '',
      [Event.MESSAGE]: () => '',
    }),
  );
  const counted = next<[Conversation[]]>(jerry, Event.UNREAD_MESSAGES_COUNT_UPDATE);
  const path = `1.2/rtm/conversations/${talk.id}/messages`;
  const remove = () => rest('DELETE', `${path}/${sent[2]!.id}?${placeOf(sent[2]!)}`);
  expect(await remove()).toEqual({});
  const [[changed]] = await counted;
  expect(changed).toMatchObject({ id: talk.id, unreadMessagesCount: 2 });
  expect((changed!.lastMessage as unknown as { text: string }).text).toBe('second');

  const logs = `convid=${talk.id}&msgid=${sent[0]!.id}&${placeOf(sent[0]!, 'from')}`;
  const countedAgain = next<[Conversation[]]>(jerry, Event.UNREAD_MESSAGES_COUNT_UPDATE);
  expect(await rest('DELETE', `1.1/rtm/messages/logs?${logs}`)).toEqual({});
  expect((await countedAgain)[0][0]).toMatchObject({ unreadMessagesCount: 1 });
  expect(await remove()).toEqual({}); // a repetition whose answer was lost

  for (const conversation of [talk, theirs]) {
    const page = (await conversation.queryMessages({ limit: 10 })) as unknown as Texts;
    expect(page.map(({ text }) => text)).toEqual(['second']);
  }
  expect(await rest('GET', path)).toMatchObject([{ 'msg-id': sent[1]!.id }]);
  expect(await rest('GET', `1.2/rtm/clients/jerry/unread-count`)).toEqual({ count: 1 });
  // Nothing is told later, either: not at a reconnection, and not to another device.
  const back = next(two.realtime, 'reconnect', () => true, 20_000);
  await two.cut();
  await back;
  const again = await device(server, app).login('jerry');
  const [[listed]] = await next<[Conversation[]]>(again, Event.UNREAD_MESSAGES_COUNT_UPDATE);
  expect(listed).toMatchObject({ id: talk.id, unreadMessagesCount: 1 });
  expect(told).toEqual([[], []]);
});
