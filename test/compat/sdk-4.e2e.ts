import { type CompatApp, type CompatServer, startCompatServer } from './compat-server.js';
import { closeDevices, device, endTimers, eventually, next, trackTimers } from './devices.js';
import { watchScenarios } from './exercise.js';

/** What only version 4 of the SDK can: sockets without TLS to a given address, and messages instead of counts. */
let server: CompatServer;
let app: CompatApp;

trackTimers();
watchScenarios();
beforeAll(async () => {
  server = await startCompatServer();
  app = await server.app();
});
afterEach(closeDevices);
afterAll(async () => {
  await server?.stop();
  endTimers();
});

type Text = { text: string; id: string };

const device4 = (options: Record<string, unknown> = {}) =>
  device(server, app, { RTMServers: server.url.replace('http', 'ws'), server: 'localhost', ...options }, 4);

describe('version 4 alone', () => {
  it.each([[{}], [{ noBinary: true }]])('talks over a plain socket, with %j', async (options) => {
    const [one, two] = [device4(options), device4(options)];
    const [tom, jerry] = [await one.login('tom'), await two.login('jerry')];
    const conversation = await tom.createConversation({ members: [jerry.id], name: 'old friends' });
    const got = next<[Text]>(jerry, one.sdk.Event.MESSAGE);
    const message = await conversation.send(new one.sdk.TextMessage('hello'));
    expect((await got)[0]).toMatchObject({ id: message.id, text: 'hello' });
    const theirs = await jerry.getConversation(conversation.id);
    await theirs.send(new two.sdk.TextMessage('bye'));
    const history = await conversation.queryMessages({ limit: 1 });
    expect(history.map((one) => (one as unknown as Text).text)).toEqual(['bye']);
  });

  it.each([[{}], [{ noBinary: true }]])(
    'gets the messages themselves instead of counts, if it wants that, with %j',
    async (options) => {
      const [one, two] = [device4(), device4({ pushOfflineMessages: true, ...options })];
      const [tom, jerry] = [
        await one.login('tom-off'),
        await two.login(`jerry-off-${Object.keys(options).join('')}`),
      ];
      const conversation = await tom.createConversation({ members: [jerry.id] });
      await jerry.close();
      await conversation.send(new one.sdk.TextMessage('first'));
      await conversation.send(new one.sdk.TextMessage('second'));
      const texts: string[] = [];
      const third = device4({ pushOfflineMessages: true, ...options });
      const again = await third.login(jerry.id);
      again.on(third.sdk.Event.MESSAGE, ((message: Text) => texts.push(message.text)) as never);
      await eventually(() => expect(texts).toEqual(['first', 'second']));
    },
  );
});
