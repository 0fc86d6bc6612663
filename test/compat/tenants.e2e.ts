import { eventually, next, pause, record } from './devices.js';
import { describeSdk } from './suite.js';

describeSdk('tenants', (suite) => {
  it('two apps with the same client ids never meet', async () => {
    const [red, blue] = [await suite.server.app(), await suite.server.app()];
    const [r1, r2] = [suite.device({}, red), suite.device({}, red)];
    const [b1, b2] = [suite.device({}, blue), suite.device({}, blue)];
    const [tom, jerry] = [await r1.login('tom'), await r2.login('jerry')];
    const [otherTom, otherJerry] = [await b1.login('tom'), await b2.login('jerry')];
    const seen = record(otherJerry, { message: () => '', invited: () => '', membersjoined: () => '' });
    const got = next(jerry, r1.sdk.Event.MESSAGE);
    const conversation = await tom.createConversation({ members: ['jerry'], name: 'red' });
    await conversation.send(new r1.sdk.TextMessage('red only'));
    await got;
    expect(await otherTom.getConversation(conversation.id)).toBeNull();
    expect(await otherTom.getQuery().limit(100).find()).toEqual([]);
    const own = await otherTom.createConversation({ members: ['jerry'], name: 'blue' });
    expect(own.id).not.toBe(conversation.id);
    await eventually(() => expect(seen.length).toBe(2));
    expect(await tom.ping(['jerry'])).toEqual(['jerry']);
    await jerry.close();
    expect([await tom.ping(['jerry']), await otherTom.ping(['jerry'])]).toEqual([[], ['jerry']]);
    await pause(100);
    expect(seen.filter((line) => line.startsWith('message'))).toEqual([]);
  });

  it('what the app’s own server sends reads as typed messages', async () => {
    const app = await suite.server.app();
    const { login, sdk } = suite.device({}, app);
    const tom = await login('tom');
    const conversation = await tom.createConversation({ members: ['jerry'], name: 'mixed' });
    const rest = (method: string, path: string, body: object) =>
      suite.server.rest(app, method, `api/v1/${path}`, body);
    const got = next<[{ text: string; from: string; id: string }]>(tom, sdk.Event.MESSAGE);
    const as = { op: 'n1', body: 'native text' };
    const { id } = await rest('POST', `conversations/${conversation.id}/messages`, as);
    expect((await got)[0]).toMatchObject({ id, text: 'native text' });
    expect(((await conversation.queryMessages({ limit: 1 }))[0] as unknown as { text: string }).text).toBe(
      'native text',
    );
    await eventually(() => expect(conversation.unreadMessagesCount).toBe(1));
  });
});
