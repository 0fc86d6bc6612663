import { eventually, next, pause, record } from './devices.js';
import { describeSdk } from './suite.js';

type Text = { text: string };
/** The typings leave them out. */
type Pausable = { pause(): void; resume(): void };

describeSdk('connections', (suite) => {
  it('tells the app each step of losing and finding its server', async () => {
    const [tom] = await suite.clients('tom');
    const { client, device, sdk } = tom!;
    const steps = {
      [sdk.Event.DISCONNECT]: () => '',
      [sdk.Event.SCHEDULE]: (attempt: number, delay: number) => [attempt, delay],
      [sdk.Event.RETRY]: (attempt: number) => attempt,
      [sdk.Event.RECONNECT]: () => '',
    };
    const told = { realtime: record(device.realtime, steps), client: record(client, steps) };
    await device.cut();
    const expected = ['disconnect:""', 'schedule:[0,1000]', 'retry:0', 'reconnect:""'];
    await eventually(() => expect(told).toEqual({ realtime: expected, client: expected }), 10_000);
    expect(await client.ping([client.id])).toEqual([client.id]);
  });

  it('pauses and resumes, and gets what came meanwhile', async () => {
    const [tom, jerry] = await suite.clients('tom', 'jerry');
    const conversation = await tom!.client.createConversation({ members: [jerry!.client.id] });
    const theirs = await jerry!.client.getConversation(conversation.id);
    const { client, device, sdk } = jerry!;
    const realtime = device.realtime as unknown as Pausable;
    const steps = { [sdk.Event.OFFLINE]: () => '', [sdk.Event.ONLINE]: () => '' };
    const told = { realtime: record(device.realtime, steps), client: record(client, steps) };
    realtime.pause();
    await eventually(async () => expect(await tom!.client.ping([client.id])).toEqual([]));
    await conversation.send(new tom!.sdk.TextMessage('while paused'));
    expect(told.client).toEqual(['offline:""']);
    const back = next(client, sdk.Event.RECONNECT);
    realtime.resume();
    await back;
    expect(told).toEqual({ realtime: ['offline:""', 'online:""'], client: ['offline:""', 'online:""'] });
    await eventually(() => expect(theirs.unreadMessagesCount).toBe(1));
    const [message] = await theirs.queryMessages({ limit: 1 });
    expect((message as unknown as Text).text).toBe('while paused');
  });

  it('tries at once when the app asks for it', async () => {
    const [tom] = await suite.clients('tom');
    const { client, device, sdk } = tom!;
    expect(() => device.realtime.retry()).toThrow('retrying not allowed');
    const scheduled = next(device.realtime, sdk.Event.SCHEDULE);
    const back = next(client, sdk.Event.RECONNECT, undefined, 900);
    await device.cut();
    await scheduled;
    device.realtime.retry();
    await back;
  });

  it('says why it cannot come back', async () => {
    const [tom] = await suite.clients('tom');
    const { client, device, sdk } = tom!;
    const realtime = device.realtime as unknown as Pausable;
    const failed = next<[{ code: number }]>(client, sdk.Event.RECONNECT_ERROR, undefined, 10_000);
    realtime.pause();
    await suite.server.rest(suite.app, 'POST', `api/v1/clients/${client.id}/ban`, { seconds: 60 });
    realtime.resume();
    expect(typeof (await failed)[0].code).toBe('number');
  });

  it('lets one client go and keeps the other on the connection', async () => {
    const { login, realtime, sdk } = suite.device();
    const [tom, jerry] = [await login(suite.names('tom')[0]!), await login(suite.names('jerry')[0]!)];
    const lost = record(realtime, { [sdk.Event.DISCONNECT]: () => '' });
    await tom.close();
    expect(await jerry.ping([tom.id, jerry.id])).toEqual([jerry.id]);
    await pause(100);
    expect(lost).toEqual([]);
  });
});
