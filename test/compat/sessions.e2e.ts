import { createHmac } from 'node:crypto';
import { itUnless, masterKey, notOurs } from './compat-server.js';
import { eventually, next, pause, record } from './devices.js';
import { describeSdk } from './suite.js';

type Text = { text: string };

describeSdk('sessions', (suite) => {
  const name = (id: string) => suite.names(id)[0]!;

  it('works over base64 texts', async () => {
    const text = suite.device({ noBinary: true });
    const other = suite.device();
    const [tom, jerry] = [await text.login(name('tom')), await other.login(name('jerry'))];
    const conversation = await tom.createConversation({ members: [jerry.id], name: '名字' });
    const got = next<[Text]>(jerry, other.sdk.Event.MESSAGE);
    await conversation.send(new text.sdk.TextMessage('你好'));
    expect((await got)[0].text).toBe('你好');
    const theirs = await jerry.getConversation(conversation.id);
    expect(theirs.name).toBe('名字');
    const back = next<[Text]>(tom, text.sdk.Event.MESSAGE);
    await theirs.send(new other.sdk.TextMessage('hi'));
    expect((await back)[0].text).toBe('hi');
  });

  it('several clients on one connection hear their own', async () => {
    const { login, sdk } = suite.device();
    const [tom, jerry] = [await login(name('tom')), await login(name('jerry'))];
    const conversation = await tom.createConversation({ members: [jerry.id] });
    const seen = { tom: record(tom, { message: () => 1 }), jerry: record(jerry, { message: () => 1 }) };
    await conversation.send(new sdk.TextMessage('one'));
    await eventually(() => expect(seen).toEqual({ tom: [], jerry: ['message:1'] }));
    await jerry.close();
    await conversation.send(new sdk.TextMessage('two'));
    await pause(200);
    expect(seen).toEqual({ tom: [], jerry: ['message:1'] });
  });

  it('says who is online', async () => {
    const [one, two] = [suite.device(), suite.device()];
    const [tom, jerry] = [await one.login(name('tom')), await two.login(name('jerry'))];
    expect(await tom.ping([jerry.id, 'nobody', tom.id])).toEqual([jerry.id, tom.id]);
    await jerry.close();
    expect(await tom.ping([jerry.id])).toEqual([]);
  });

  it('comes back by itself after a lost connection, and gets what is sent then', async () => {
    const [one, two] = [suite.device(), suite.device()];
    const [tom, jerry] = [await one.login(name('tom')), await two.login(name('jerry'))];
    const conversation = await tom.createConversation({ members: [jerry.id] });
    await jerry.getConversation(conversation.id);
    const back = next(jerry, two.sdk.Event.RECONNECT, undefined, 10_000);
    await two.cut();
    await pause(100);
    await conversation.send(new one.sdk.TextMessage('while away'));
    await back;
    const theirs = await jerry.getConversation(conversation.id);
    await eventually(() => expect(theirs.unreadMessagesCount).toBe(1));
    expect((await theirs.queryMessages({ limit: 5 })).map((m) => (m as unknown as Text).text)).toEqual([
      'while away',
    ]);
    const got = next<[Text]>(jerry, two.sdk.Event.MESSAGE);
    await conversation.send(new one.sdk.TextMessage('after'));
    expect((await got)[0].text).toBe('after');
  });

  it('is in its chat room again after a lost connection', async () => {
    const [one, two] = [suite.device(), suite.device()];
    const [tom, jerry] = [await one.login(name('tom')), await two.login(name('jerry'))];
    const room = await tom.createChatRoom({ name: 'r' });
    const theirs = await jerry.getConversation(room.id);
    await theirs.join();
    const back = next(jerry, two.sdk.Event.RECONNECT, undefined, 10_000);
    await two.cut();
    await back;
    expect(await room.count()).toBe(2);
    const got = next<[Text]>(jerry, two.sdk.Event.MESSAGE);
    await room.send(new one.sdk.TextMessage('still here'));
    expect((await got)[0].text).toBe('still here');
  });

  it('replays recalls that were missed', async () => {
    const [one, two] = [suite.device(), suite.device()];
    const [tom, jerry] = [await one.login(name('tom')), await two.login(name('jerry'))];
    const conversation = await tom.createConversation({ members: [jerry.id] });
    const got = next(jerry, two.sdk.Event.MESSAGE);
    const message = await conversation.send(new one.sdk.TextMessage('oops'));
    await got;
    await pause(1_100);
    const back = next(jerry, two.sdk.Event.RECONNECT, undefined, 10_000);
    const recalled = next<[{ id: string }]>(jerry, two.sdk.Event.MESSAGE_RECALL, undefined, 10_000);
    await two.cut();
    await pause(100);
    await conversation.recall(message);
    await back;
    expect((await recalled)[0].id).toBe(message.id);
  });

  it('lets the later login of a tag win', async () => {
    const [one, two] = [suite.device(), suite.device()];
    const id = name('ann');
    const first = await one.login(id, { tag: 'phone' });
    const conflict = next(first, one.sdk.Event.CONFLICT);
    await two.login(id, { tag: 'phone' });
    await conflict;
    await suite.device().login(id, { tag: 'web' });
  });

  it('is told when the app’s server kicks it', async () => {
    const { login, sdk } = suite.device();
    const client = await login(name('ann'));
    const closed = next<[{ code: number; reason: string }]>(client, sdk.Event.CLOSE);
    await suite.server.rest(suite.app, 'POST', `api/v1/clients/${client.id}/kick`, {});
    expect((await closed)[0]).toMatchObject({ code: 4115, reason: 'KICKED_BY_APP' });
  });

  it('is told when its app is switched off, and cannot come back until it is on again', async () => {
    const own = await suite.server.app();
    const [here, there] = [suite.device({}, own), suite.device()];
    const [client, neighbour] = [await here.login(name('ann')), await there.login(name('ann'))];
    const closed = next<[{ code: number; reason: string }]>(client, here.sdk.Event.CLOSE);
    await suite.server.set(own, { enabled: false });
    expect((await closed)[0]).toMatchObject({ code: 4100, reason: 'APP_NOT_AVAILABLE' });
    await expect(suite.device({}, own).login(name('bob'))).rejects.toThrow();
    expect(await neighbour.ping([neighbour.id])).toEqual([neighbour.id]);
    await suite.server.set(own, { enabled: true });
    await suite.device({}, own).login(name('bob'));
  });

  it('logs in with signatures of LeanCloud’s form where the app demands them', async () => {
    const strict = await suite.server.app({ 'login.unsigned': false });
    const id = name('ann');
    const sign = (key: string) => (client: string) => {
      const timestamp = Date.now();
      const text = `${strict.id}:${client}::${timestamp}:nonce`;
      const signature = createHmac('sha1', key).update(text).digest('hex');
      return { signature, timestamp, nonce: 'nonce' };
    };
    await expect(suite.device({}, strict).login(id)).rejects.toMatchObject({ code: 4102 });
    await expect(
      suite.device({}, strict).login(id, { signatureFactory: sign('not the key') }),
    ).rejects.toMatchObject({ code: 4102, name: 'SIGNATURE_FAILED' });
    const client = await suite.device({}, strict).login(id, { signatureFactory: sign(masterKey) });
    expect(client.id).toBe(id);
  });

  it('gives an error, and no wait, for an app that does not exist', async () => {
    await expect(suite.device({}, { id: 'nobody-MdYXbMMI' }).login('ann')).rejects.toThrow();
  });

  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    itUnless(notOurs, `goes on after the server was ended by ${signal} and came back`, async () => {
      const [one, two] = [suite.device(), suite.device()];
      const [tom, jerry] = [await one.login(name('tom')), await two.login(name('jerry'))];
      const conversation = await tom.createConversation({ members: [jerry.id] });
      await conversation.send(new one.sdk.TextMessage('before'));
      const back = [tom, jerry].map((client) => next(client, one.sdk.Event.RECONNECT, undefined, 30_000));
      await suite.server.restart(signal);
      await Promise.all(back);
      const got = next<[Text]>(jerry, two.sdk.Event.MESSAGE);
      await conversation.send(new one.sdk.TextMessage('after'));
      expect((await got)[0].text).toBe('after');
      const theirs = await jerry.getConversation(conversation.id);
      expect((await theirs.queryMessages({ limit: 5 })).map((m) => (m as unknown as Text).text)).toEqual([
        'before',
        'after',
      ]);
    });
  }
});
