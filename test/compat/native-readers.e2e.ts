import { HongyanClient, type MessageView } from '@hongyan/sdk';
import { type CompatApp, type CompatServer, startCompatServer } from './compat-server.js';
import { closeDevices, device, eventually, next } from './devices.js';

let server: CompatServer;
const clients: HongyanClient[] = [];

beforeAll(async () => {
  server = await startCompatServer();
});
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
  await closeDevices();
});
afterAll(() => server.stop());

function native(app: CompatApp, clientId: string): HongyanClient {
  const client = new HongyanClient({
    url: server.url,
    appId: app.id,
    credentials: { clientId },
    deviceId: clientId,
  });
  clients.push(client);
  return client;
}

/** What a reader sees of a message. */
const seen = ({ format, type, body, attributes }: MessageView) => ({
  format,
  ...(type === undefined ? {} : { type }),
  body: format === 'json' ? (JSON.parse(body) as unknown) : body,
  ...(attributes === undefined ? {} : { attributes }),
});

describe('a native client and one of LeanCloud in the same conversation', () => {
  it('read each other’s text, attributes and media, in events, in history, as last message and by REST', async () => {
    const app = await server.app();
    const { login, sdk } = device(server, app);
    const tom = await login('tom');
    const jerry = native(app, 'jerry');
    const events: MessageView[] = [];
    jerry.on('message', ({ message }) => events.push(message));
    await jerry.connect();
    const conversation = await tom.createConversation({ members: ['jerry'], name: 'mixed' });
    const text = new sdk.TextMessage('hello');
    text.setAttributes({ mood: 'fine' });
    await conversation.send(text);
    await conversation.send(new sdk.Message('just text'));
    const image = {
      _lctype: -2,
      _lctext: 'look',
      _lcfile: { url: 'https://files.example/a.png', name: 'a.png', size: 3, metaData: { width: 2 } },
    };
    await conversation.send(new sdk.Message(JSON.stringify(image)));
    const expected = [
      { format: 'text', body: 'hello', attributes: { mood: 'fine' } },
      { format: 'text', body: 'just text' },
      {
        ...{ format: 'json', type: 'image' },
        body: { url: 'https://files.example/a.png', name: 'a.png', size: 3, width: 2, text: 'look' },
      },
    ];
    await eventually(() => expect(events.map(seen)).toEqual(expected));
    const talk = await jerry.conversations.get(conversation.id);
    const { messages } = await talk.history();
    expect(messages.map(seen)).toEqual(expected);
    expect((await talk.history({ types: ['image'] })).messages.map(({ seq }) => seq)).toEqual([
      messages[2]?.seq,
    ]);
    const listed = await jerry.conversations.list();
    expect(seen(listed.items[0]!.lastMessage!)).toEqual(expected[2]);
    const page = await server.rest(app, 'GET', `api/v1/conversations/${conversation.id}/messages`);
    expect((page['messages'] as MessageView[]).map(seen)).toEqual(expected);

    const got = next<[{ content: unknown; type: number }]>(tom, sdk.Event.MESSAGE);
    const place = { latitude: 1.5, longitude: 2 };
    await talk.send({ json: place }, { type: 'location' });
    expect(JSON.stringify((await got)[0])).toContain('"_lctype":-5');
    const places = await conversation.queryMessages({ type: -5 });
    expect(places.map(({ from }) => from)).toEqual(['jerry']);
  });
});
