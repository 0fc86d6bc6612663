import { nativeClient } from '../e2e/native-client.js';
import { type CompatApp, type CompatServer, startCompatServer } from './compat-server.js';
import {
  closeDevices,
  type Conversation,
  device,
  eventually,
  type IMClient,
  next,
  record,
} from './devices.js';

/** The app's server broadcasts to all clients by LeanCloud's REST API, through a service that has subscribers. */

let server: CompatServer;
let app: CompatApp;

beforeAll(async () => {
  server = await startCompatServer();
  app = await server.app();
});
afterEach(closeDevices);
afterAll(() => server.stop());

const rest = (method: string, path: string, body?: object) => server.leanCloudRest(app, method, path, body);

type Texts = readonly { readonly text?: string }[];
type Service = Conversation & { subscribe(): Promise<unknown> };

const text = (message: string) => JSON.stringify({ _lctype: -1, _lctext: message });

it('reaches each client once: online or later, subscribed or not', async () => {
  const { objectId } = (await rest('POST', '1.2/rtm/service-conversations', {
    name: 'News',
  })) as { objectId: string };
  const devices = Array.from({ length: 3 }, () => device(server, app));
  const { Event } = devices[0]!.sdk;
  const clients: IMClient[] = [];
  for (const [at, name] of ['stranger', 'subscriber', 'away'].entries())
    clients.push(await devices[at]!.login(name));
  const [stranger, subscriber, away] = clients as [IMClient, IMClient, IMClient];
  await ((await subscriber.getConversation(objectId)) as Service).subscribe();
  await away.close();
  const native = await nativeClient(server.url, app.id, 'native');
  const nativeHeard: string[] = [];
  native.on('message', ({ message }) => nativeHeard.push(message.body));
  const heard = [stranger, subscriber].map((client) =>
    record(client, { [Event.MESSAGE]: (message: { text: string }) => message.text }),
  );
  const broadcast = (message: string) =>
    rest('POST', '1.2/rtm/broadcasts', {
      from_client: 'desk',
      conv_id: objectId,
      message: text(message),
    }) as Promise<{ 'msg-id': string; timestamp: number }>;
  const first = await broadcast('to all');
  await rest('POST', `1.2/rtm/service-conversations/${objectId}/broadcasts`, {
    from_client: 'desk',
    message: text('to subscribers'),
  });
  const second = await broadcast('again');
  await eventually(() => expect(heard.map(({ length }) => length)).toEqual([2, 3]));
  expect(heard.map((one) => one.map((event) => event.split(':').slice(1).join(':')))).toEqual([
    ['"to all"', '"again"'],
    ['"to all"', '"to subscribers"', '"again"'],
  ]);

  // The native SDK is not put off by what others get in between.
  await eventually(() => expect(nativeHeard).toEqual(['to all', 'again']));
  const theirs = await native.conversations.get(objectId);
  expect([theirs.unread, theirs.lastMessage?.body]).toEqual([2, 'again']);
  await theirs.read();
  expect((await native.conversations.list()).items.map(({ unread }) => unread)).toEqual([0]);
  await native.close();

  // Who was away finds them counted, and in the history.
  const back = await device(server, app).login('away');
  const [[listed]] = await next<[Conversation[]]>(back, Event.UNREAD_MESSAGES_COUNT_UPDATE);
  expect(listed).toMatchObject({ id: objectId, unreadMessagesCount: 2 });
  const texts = async (conversation: Conversation) =>
    ((await conversation.queryMessages({ limit: 10 })) as unknown as Texts).map((one) => one.text);
  expect(await texts(listed!)).toEqual(['to all', 'again']);
  expect(await texts((await subscriber.getConversation(objectId)) as Conversation)).toEqual([
    'to all',
    'to subscribers',
    'again',
  ]);
  const unread = () => rest('GET', `1.2/rtm/clients/away/unread-count?conv_id=${objectId}`);
  expect(await unread()).toEqual({ count: 2 });
  await listed!.read();
  await eventually(async () => expect(await unread()).toEqual({ count: 0 }));

  // An edit and a recall reach who is no subscriber, too.
  const changed = next<[{ text: string }]>(stranger, Event.MESSAGE_UPDATE);
  const place = ({ timestamp }: { timestamp: number }) => ({ from_client: 'desk', timestamp });
  const path = `1.2/rtm/service-conversations/${objectId}/messages`;
  await rest('PUT', `${path}/${first['msg-id']}`, { ...place(first), message: text('TO ALL') });
  expect((await changed)[0].text).toBe('TO ALL');
  const recalled = next<[{ id: string }]>(stranger, Event.MESSAGE_RECALL);
  await rest('PUT', `${path}/${second['msg-id']}/recall`, place(second));
  expect((await recalled)[0].id).toBe(second['msg-id']);

  // Nobody hears anything twice, and who comes later has nothing to read.
  const late = await device(server, app).login('late');
  expect(await texts((await late.getConversation(objectId)) as Conversation)).toEqual(['TO ALL', undefined]);
  expect(heard.map(({ length }) => length)).toEqual([2, 3]);
});
