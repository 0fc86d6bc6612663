import { type CompatServer, startCompatServer } from './compat-server.js';
import { closeDevices, device, eventually, next, pause, record } from './devices.js';

let server: CompatServer;

beforeAll(async () => {
  server = await startCompatServer();
});
afterEach(closeDevices);
afterAll(() => server.stop());

describe('two apps with the same client ids', () => {
  it('never meet', async () => {
    const [red, blue] = [await server.app(), await server.app()];
    const [r1, r2] = [device(server, red), device(server, red)];
    const [b1, b2] = [device(server, blue), device(server, blue)];
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
});

describe('a conversation with a sender of another family', () => {
  it('reads as typed messages', async () => {
    const app = await server.app();
    const { login, sdk } = device(server, app);
    const tom = await login('tom');
    const conversation = await tom.createConversation({ members: ['jerry'], name: 'mixed' });
    const rest = (method: string, path: string, body: object) =>
      server.rest(app, method, `api/v1/${path}`, body);
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
