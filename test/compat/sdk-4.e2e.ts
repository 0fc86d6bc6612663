/* eslint-disable @typescript-eslint/no-unsafe-call -- the types that the SDK ships leave much of it any */
import { type CompatApp, type CompatServer, startCompatServer } from './compat-server.js';
import { closeDevices, device, eventually, next } from './devices.js';

/**
 * The SDK that npm calls the latest insists on https for all but its sockets. Here it is given the socket's address, and
 * what it needs REST for is left out; tls.e2e.ts has it.
 */
let server: CompatServer;
let app: CompatApp;

beforeAll(async () => {
  server = await startCompatServer();
  app = await server.app();
});
afterEach(closeDevices);
afterAll(() => server.stop());

type Text = { text: string; id: string };

const device4 = (options: Record<string, unknown> = {}) =>
  device(server, app, { RTMServers: server.url.replace('http', 'ws'), server: 'localhost', ...options }, 4);

describe('SDK 4', () => {
  it.each([[{}], [{ noBinary: true }]])(
    'talks, reads history, edits and recalls, with %j',
    async (options) => {
      const [one, two] = [device4(options), device4(options)];
      const [tom, jerry] = [await one.login('tom'), await two.login('jerry')];
      const conversation = await tom.createConversation({
        members: [jerry.id],
        name: 'old friends',
        unique: true,
      });
      const got = next<[Text]>(jerry, one.sdk.Event.MESSAGE);
      const message = await conversation.send(new one.sdk.TextMessage('hello'));
      expect((await got)[0]).toMatchObject({ id: message.id, text: 'hello' });
      const theirs = await jerry.getConversation(conversation.id);
      expect(theirs.name).toBe('old friends');
      const recalled = next<[Text]>(theirs, one.sdk.Event.MESSAGE_RECALL);
      await conversation.recall(message);
      expect((await recalled)[0].id).toBe(message.id);
      await theirs.send(new two.sdk.TextMessage('bye'));
      const history = await conversation.queryMessages({ limit: 1 });
      expect(history.map((one) => (one as unknown as Text).text)).toEqual(['bye']);
      const read = next(theirs, one.sdk.Event.LAST_READ_AT_UPDATE);
      await conversation.read();
      await read;
    },
  );

  it('gets an operator’s own events and chat rooms', async () => {
    const [one, two] = [device4(), device4()];
    const [ann, bob] = [await one.login('ann'), await two.login('bob')];
    const conversation = await ann.createConversation({ members: [bob.id] });
    const left = next(ann, one.sdk.Event.MEMBERS_LEFT);
    await conversation.remove([bob.id]);
    await left;
    expect(conversation.members).toEqual([ann.id]);
    const room = await ann.createChatRoom({ name: 'room' });
    const theirs = await bob.getConversation(room.id);
    await theirs.join();
    await eventually(async () => expect(await room.count()).toBe(2));
    const got = next<[Text]>(bob, one.sdk.Event.MESSAGE);
    await room.send(new one.sdk.TextMessage('all'));
    expect((await got)[0].text).toBe('all');
  });

  it('comes back after a lost connection', async () => {
    const [one, two] = [device4(), device4()];
    const [tom, jerry] = [await one.login('tom-4'), await two.login('jerry-4')];
    const conversation = await tom.createConversation({ members: [jerry.id] });
    await jerry.getConversation(conversation.id);
    const back = next(jerry, two.sdk.Event.RECONNECT, undefined, 10_000);
    await two.cut();
    await back;
    const got = next<[Text]>(jerry, one.sdk.Event.MESSAGE);
    await conversation.send(new one.sdk.TextMessage('again'));
    expect((await got)[0].text).toBe('again');
  });

  it('gets the messages themselves instead of counts, if it wants that', async () => {
    const [one, two] = [device4(), device4({ pushOfflineMessages: true })];
    const [tom, jerry] = [await one.login('tom-off'), await two.login('jerry-off')];
    const conversation = await tom.createConversation({ members: [jerry.id] });
    await jerry.close();
    await conversation.send(new one.sdk.TextMessage('first'));
    await conversation.send(new one.sdk.TextMessage('second'));
    const texts: string[] = [];
    const third = device4({ pushOfflineMessages: true });
    const again = await third.login(jerry.id);
    again.on(third.sdk.Event.MESSAGE, ((message: Text) => texts.push(message.text)) as never);
    await eventually(() => expect(texts).toEqual(['first', 'second']));
  });
});
