import type { HongyanClient } from '@hongyan/sdk';
import { historyOf, MovedApp, reportOf } from './leancloud-import.js';
import { nativeClient } from './native-client.js';
import { pause, TestServer, until } from './server.js';

/** `hongyan leancloud import` into an app that clients talk in, twice. Both doors: test/compat/app-move.e2e.ts. */

jest.setTimeout(600_000);

let moved: MovedApp;
afterEach(() => moved.close());

it('is taken into a live app, and a second time after a second pull: no hole, no wrong unread, no reordering', async () => {
  moved = await MovedApp.pulled({
    messages: 20_000,
    conversations: 200,
    services: 1,
    subscribers: 5,
    threadMessages: 2,
  });
  const server = await TestServer.start();
  const clients: HongyanClient[] = [];
  const login = async (clientId: string) => {
    const client = await nativeClient(server.url, app.id, clientId);
    clients.push(client);
    return client;
  };
  const app = await server.createApp({ 'limits.commandsPerSecond': 1_000 }, { preset: 'leancloud' });
  try {
    const [u10, u11] = [await login('u10'), await login('u11')];
    // A conversation that began here, and is talked in all the time.
    const own = await u10.conversations.create({ members: ['u11'] });
    const talks = new Map<string, string[]>([[own.id, []]]);
    const heard = new Map<string, { seq: number; body: string }[]>();
    u11.on('message', ({ conversation, message }) => {
      const list = heard.get(conversation.id) ?? [];
      list.push({ seq: message.seq!, body: message.body });
      heard.set(conversation.id, list);
    });
    let going = true;
    const chat = async (id: string) => {
      const conversation = await u10.conversations.get(id);
      for (let n = 1; going; n += 1) {
        const { body } = await conversation.send(`${id} ${n}`);
        talks.get(id)!.push(body);
        await pause(3);
      }
    };
    const chatting = [chat(own.id)];
    const first = await reportOf(moved.importing(app.id, server.folder));
    expect(first.verification).toMatchObject({ differences: 0 });
    expect(talks.get(own.id)!.length).toBeGreaterThan(10);

    // The switch: the imported conversation is talked in here, while what came late over there is imported below.
    const shared = moved.source.app.conversationId(10);
    talks.set(shared, []);
    chatting.push(chat(shared));
    await until(() => talks.get(shared)!.length > 5, 'the imported conversation is talked in');
    for (let n = 0; n < 300; n += 1) moved.source.app.arrive(`late ${n}`, n % 150);
    moved.source.app.edit(19_810, 'edited there');
    moved.source.app.recall(19_610);
    moved.source.app.changeConversation(12, { m: ['u12', 'u13', 'newcomer'], name: 'another name' });
    await moved.pull();
    const second = await reportOf(moved.importing(app.id, server.folder));
    expect(second.verification).toMatchObject({ differences: 0 });
    expect(second.counts.messages).toMatchObject({ added: 300, changed: 2, refused: 0 });
    expect(second.counts.conversations).toMatchObject({ created: 0, changed: 1 });
    going = false;
    await Promise.all(chatting);

    for (const [id, said] of talks) {
      await until(() => (heard.get(id) ?? []).length === said.length, 'everything is heard');
      expect(heard.get(id)!.map(({ body }) => body)).toEqual(said);
      // Nobody else wrote entries there: not one sequence is missing.
      const seqs = heard.get(id)!.map(({ seq }) => seq);
      expect(seqs).toEqual(seqs.map((_, at) => seqs[0]! + at));
      const row = (await server.rest(app, 'GET', `/clients/u11/conversations/${id}`)).body as {
        unread: number;
      };
      expect(row.unread).toBe(said.length);
    }
    // The old history behind the new, through the SDK: pages of 100 down to the first message.
    const conversation = await u11.conversations.get(shared);
    let page = await conversation.history({ limit: 100 });
    const bodies = page.messages.map(({ body }) => body);
    while (page.more) {
      page = await page.older();
      bodies.unshift(...page.messages.map(({ body }) => body));
    }
    const old = await historyOf(server, app, shared);
    const said = talks.get(shared)!;
    expect(bodies.slice(-said.length)).toEqual(said);
    expect(old.slice(0, -said.length).map(({ id }) => id)).toEqual(moved.idsOf(shared));
    expect(bodies.length).toBe(old.length);
    const members = (
      await server.rest(app, 'GET', `/conversations/${moved.source.app.conversationId(12)}/members`)
    ).body;
    expect((members as { items: { client: string }[] }).items.map(({ client }) => client)).toContain(
      'newcomer',
    );
    expect(
      (await server.rest(app, 'GET', `/conversations/${moved.source.app.conversationId(12)}`)).body,
    ).toMatchObject({
      conversation: { name: 'another name' },
    });
    expect(await server.findings()).toEqual([]);
    // And once more, when nothing changed.
    const third = await reportOf(moved.importing(app.id, server.folder));
    expect(third.counts.messages).toMatchObject({ added: 0, changed: 0, refused: 0 });
    expect(third.counts.conversations).toMatchObject({ created: 0, changed: 0 });
  } finally {
    await Promise.all(clients.map((client) => client.close()));
    await server.close();
  }
});
