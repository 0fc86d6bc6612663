import { HongyanClient, type MessageView } from '@hongyan/sdk';
import { type CompatApp, type CompatServer, startCompatServer } from './compat-server.js';
import { closeDevices, type Conversation, device, eventually, next } from './devices.js';

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

  it('see the same attributes, and columns of the app’s own only where they are known', async () => {
    const app = await server.app();
    const { login, sdk } = device(server, app);
    const tom = await login('tom');
    const ben = await device(server, app).login('ben');
    const jerry = native(app, 'jerry');
    await jerry.connect();
    const entries: object[] = [];
    jerry.on('entry', ({ entry }) => entries.push(entry));
    const conversation = (await tom.createConversation({
      members: ['jerry', 'ben'],
      attr: { a: 1 } as never,
      size: 3,
    })) as Conversation;
    const talk = await jerry.conversations.get(conversation.id);
    expect(talk.view).toMatchObject({ attributes: { a: 1 } });
    expect(JSON.stringify(talk.view)).not.toContain('size');
    const theirs = await ben.getConversation(conversation.id);
    expect(theirs.get('size')).toBe(3);
    const told = next(ben, sdk.Event.CONVERSATION_INFO_UPDATED);
    await conversation.set('attr.b', 2).set('size', 4).save();
    await told;
    expect([theirs.get('size'), theirs.get('attr')]).toEqual([4, { a: 1, b: 2 }]);
    await eventually(() => expect(entries.at(-1)).toMatchObject({ kind: 'updated', attributes: { b: 2 } }));
    expect(JSON.stringify([entries, talk.view, await jerry.conversations.list()])).not.toContain('size');
    expect(await ben.getQuery().equalTo('size', 4).find()).toHaveLength(1);
    expect(await ben.getQuery().equalTo('attr.size', 4).find()).toHaveLength(0);
  });
});
