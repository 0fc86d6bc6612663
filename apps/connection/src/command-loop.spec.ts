import { AppError, asClientId, asConversationId, type Delivery } from '@hongyan/protocol';
import { type RawClient, type Rig, sampleApp, startRig } from './fixtures.contract.js';

const limits = { ...sampleApp('x').limits, commandsPerSecond: 1_000, frameBytes: 4096, bodyBytes: 1024 };
const app = sampleApp('one', { limits });
const slow = sampleApp('slow', { limits: { ...limits, commandsPerSecond: 1 } });
const paced = sampleApp('paced', { limits: { ...limits, messagesPerMinute: 2, operationsPerMinute: 1 } });

let rig: Rig;
let client: RawClient;
beforeEach(async () => {
  rig = await startRig([app, slow, paced]);
  client = rig.client();
  await client.event('session');
});
afterEach(() => rig.stop());

const message = { op: '1', conversation: 'c', body: 'hello' };

describe('commands', () => {
  it('reach the conversation service parsed, with who gives them, in order of arrival', async () => {
    const ids = ['a', 'b', 'c'].map((op) => client.send('message.send', { ...message, op, unknown: 1 }));
    await Promise.all(ids.map((id) => client.ack(id)));
    const { session } = await client.event('session');
    expect(rig.commands.calls.map(({ args }) => (args as { op: string }).op)).toEqual(['a', 'b', 'c']);
    expect(rig.commands.calls[0]).toEqual({
      caller: { app: 'one', client: 'ann', session, device: session, server: false },
      name: 'message.send',
      args: { op: 'a', conversation: 'c', body: 'hello', format: 'text' },
    });
  });

  it.each([
    ['unknown_operation', 'message.fly', {}],
    ['unknown_operation', '__proto__', {}],
    ['unknown_operation', 'toString', {}],
    ['bad_request', 'message.send', undefined],
    ['bad_request', 'message.send', null],
    ['bad_request', 'message.send', []],
    ['bad_request', 'message.send', 'text'],
    ['bad_request', 'message.send', { ...message, body: 5 }],
    ['bad_request', 'message.send', { ...message, op: '' }],
    ['bad_request', 'message.send', { ...message, conversation: '../x' }],
    ['bad_request', 'conversation.read', { conversation: 'c', seq: -1 }],
    ['bad_request', 'conversation.read', { conversation: 'c', seq: 1e300 }],
    ['too_large', 'message.send', { ...message, body: 'é'.repeat(600) }],
    ['too_large', 'message.send', { ...message, body: 'x'.repeat(5_000) }],
    ['too_large', 'message.send', { ...message, format: 'binary', body: 'AAAA'.repeat(400) }],
  ])('are refused with %s: %s %j', async (name, operation, args) => {
    expect((await client.command(operation, args)).error?.name).toBe(name);
    expect(rig.commands.calls).toEqual([]);
    expect(client.closed).toBe(false);
  });

  it('nested without end are refused, not a crash', async () => {
    const deep = await startRig([sampleApp('one', { limits: { ...limits, frameBytes: 1_000_000 } })]);
    const diver = deep.client();
    await diver.event('session');
    diver.raw(
      `421["c","signal.send",{"conversation":"c","name":"n","data":${'['.repeat(200_000)}${']'.repeat(200_000)}}]`,
    );
    expect((await diver.ack(1)).error?.name).toBe('bad_request');
    await deep.stop();
  });

  it('answer the code of what was thrown; only failures of ours are logged, with reference and stack', async () => {
    const thrown = [new AppError('silenced'), new Error('secret detail'), 'a string'];
    rig.commands.answer = () => {
      throw thrown.shift(); // eslint-disable-line @typescript-eslint/only-throw-error
    };
    const first = await client.command('message.send', message);
    expect(first.error).toEqual({
      code: 1303,
      name: 'silenced',
      message: 'You are silenced in this conversation.',
      temporary: false,
    });
    expect(rig.logged).toEqual([]);
    const second = await client.command('message.send', message);
    expect(second.error).toMatchObject({
      name: 'internal',
      message: 'The server failed; the reference id finds the log line.',
    });
    const { reference } = second.error as unknown as { reference: string };
    expect(JSON.parse(rig.logged[0]!)).toMatchObject({
      reference,
      appId: 'one',
      err: { message: 'secret detail' },
    });
    expect(rig.logged[0]).not.toContain('hello');
    expect((await client.command('message.send', message)).error?.name).toBe('internal');
  });

  it('whose answer cannot be written are told so', async () => {
    rig.commands.answer = () => ({ seq: 1n });
    expect((await client.command('message.send', message)).error?.name).toBe('internal');
  });

  it('without an answer in time are told so', async () => {
    const hasty = await startRig([app], { deadlineMs: 1 });
    hasty.commands.answer = () => new Promise(() => undefined);
    const waiting = hasty.client();
    await waiting.event('session');
    expect((await waiting.command('message.send', message)).error?.name).toBe('deadline_exceeded');
    await hasty.stop();
  });

  it('may come without acknowledgement only where nobody waits', async () => {
    client.raw('42["c","signal.send",{"conversation":"c","name":"typing"}]');
    client.raw('42["c","client.unread",{}]');
    await client.command('client.unread');
    expect(rig.commands.calls.map(({ name }) => name)).toEqual(['signal.send', 'client.unread']);
  });
});

describe('frames that are no commands', () => {
  it.each([
    '421["x",1]',
    '421["c"]',
    '421[]',
    '421["c",1,{}]',
    '421["c","client.unread",{},1]',
    '421["c',
    '421["c","client.unread"]x',
  ])('are refused: %s', async (frame) => {
    client.raw(frame);
    expect((await client.ack(1)).error?.name).toBe('protocol_violation');
  });

  it.each([
    '4',
    '43',
    '431[1]',
    '44{}',
    '451-["c",{"_placeholder":true,"num":0}]',
    '42',
    '42/x,1["c"]',
    '49',
    '4\u0000',
    '42{"a":1}',
    Buffer.from([1, 2]),
  ])('close the connection after ten: %j', async (frame) => {
    for (let count = 0; count < 9; count += 1) client.raw(frame);
    expect((await client.command('client.unread')).ok).toEqual({});
    client.raw(frame);
    expect(await client.event('closing')).toMatchObject({ name: 'protocol_violation', code: 1207 });
    await client.whenClosed();
  });

  it('that Engine.IO does not know close the connection at once, with the code', async () => {
    client.raw('zzz');
    expect((await client.event('closing')).name).toBe('protocol_violation');
    await client.whenClosed();
  });

  it('larger than any app may allow close the connection with the code of WebSocket', async () => {
    const code = new Promise((resolve) => client.socket.on('close', resolve));
    client.raw(`42${'1'.repeat(1_100_000)}`);
    expect(await code).toBe(1009);
  });
});

describe('rates', () => {
  it('over the limit are refused with the time to wait', async () => {
    const hasty = rig.client({ appId: 'slow' });
    await hasty.event('session');
    const answers = await Promise.all(Array.from({ length: 12 }, () => hasty.command('client.unread')));
    expect(answers.slice(0, 10).every(({ ok }) => ok !== undefined)).toBe(true);
    const wait = answers[11]?.error?.retryAfterMs ?? 0;
    expect(answers[11]?.error?.name).toBe('rate_limited');
    expect(wait).toBeGreaterThan(0);
    expect(wait).toBeLessThanOrEqual(1_000);
  });

  it('of a client within a minute are refused, over all its sessions, each kind by itself', async () => {
    rig.commands.answer = () => ({ messages: [], more: false, floor: 0 });
    const [one, two] = [1, 2].map(() => rig.client({ appId: 'paced' })) as [RawClient, RawClient];
    for (const client of [one, two]) await client.event('session');
    const send = async (client: RawClient) =>
      (await client.command('message.send', { op: 'o', conversation: 'c', body: 'x' })).error;
    expect([await send(one), await send(two)]).toEqual([undefined, undefined]);
    const refused = await send(one);
    expect(refused?.name).toBe('rate_limited');
    expect(refused?.retryAfterMs).toBeGreaterThan(20_000);
    expect(refused?.retryAfterMs).toBeLessThanOrEqual(30_000);
    const unread = async () => (await one.command('client.unread')).error?.name;
    expect([await unread(), await unread()]).toEqual([undefined, 'rate_limited']);
    expect((await two.command('message.history', { conversation: 'c' })).error).toBeUndefined();
    expect((await one.command('conversation.read', { conversation: 'c', seq: 1 })).error).toBeUndefined();
    expect((await one.command('conversation.read', { conversation: 'c', seq: 2 })).error).toBeUndefined();
  });

  it('far over the limit close the connection', async () => {
    const flood = rig.client({ appId: 'slow' });
    await flood.event('session');
    for (let count = 0; count < 1_100; count += 1) flood.send('client.unread');
    expect(await flood.event('closing')).toMatchObject({ name: 'flooding', reconnectAfterMs: 30_000 });
    await flood.whenClosed();
    // One more for each second that a busy machine takes.
    expect(rig.commands.calls.filter(({ caller }) => caller.app === slow.id).length).toBeLessThan(20);
  });
});

describe('order on one socket', () => {
  const entry = (name: string): Delivery => ({
    app: app.id,
    audience: { kind: 'clients', clients: [asClientId('ann')] },
    class: 'entry',
    event: { type: 'signal', conversation: asConversationId('c'), from: asClientId('bob'), name },
  });

  it('is the order in which the service published and answered', async () => {
    rig.commands.answer = (_, args) => {
      const { op } = args as { op: string };
      rig.hub.publish([entry(`before ${op}`)]);
      return { op };
    };
    const ids = ['a', 'b', 'c'].map((op) => client.send('message.send', { ...message, op }));
    await Promise.all(ids.map((id) => client.ack(id)));
    const seen = client.packets
      .slice(2)
      .map((packet) => /"op":"(\w)"|"name":"([\w ]+)"/.exec(packet)?.slice(1).join(''));
    expect(seen.filter((text) => text?.length === 1)).toEqual(['a', 'b', 'c']);
    expect(seen.filter((text) => text?.startsWith('before'))).toEqual(['before a', 'before b', 'before c']);
    for (const op of ['a', 'b', 'c']) expect(seen.indexOf(`before ${op}`)).toBeLessThan(seen.indexOf(op));
  });

  it('begins with the session event, whatever is published while it opens', async () => {
    const { opened } = rig.commands;
    let goOn: () => void = () => undefined;
    rig.commands.sessionOpened = async (session) => {
      opened.push(session);
      rig.hub.publish([entry('early')]);
      await new Promise<void>((resolve) => (goOn = resolve));
      rig.hub.publish([entry('later')]);
    };
    const second = rig.client();
    await second.until(() => second.packets.length > 0);
    const id = second.send('client.unread');
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(second.packets).toHaveLength(1);
    goOn();
    await second.ack(id);
    expect(second.packets.map((packet) => /"type":"session"|early|later|^3/.exec(packet)?.[0])).toEqual([
      undefined,
      '"type":"session"',
      'early',
      'later',
      '3',
    ]);
  });
});

it('survives thousands of bad inputs, and goes on serving others', async () => {
  // A small generator with a fixed seed: the same inputs in every run.
  let state = 42;
  const random = (below: number) => (state = (state * 1_103_515_245 + 12_345) % 2_147_483_648) % below;
  const good = [
    '421["c","message.send",{"op":"1","conversation":"c","body":"hello","mentions":["a"]}]',
    '422["c","conversation.query",{"where":{"name":{"$in":["x"]}},"limit":5}]',
    '423["c","client.update",{"custom":{"__proto__":{"x":1},"constructor":{"prototype":1}}}]',
    '42["c","conversation.delivered",{"cursors":[{"conversation":"c","seq":1}]}]',
  ];
  const pieces = [
    '{',
    '}',
    '[',
    ']',
    '"',
    ',',
    '\\',
    '\\u0000',
    '\ud800',
    '1e999',
    'null',
    '-0',
    '4',
    '2',
    'é',
    '🙂',
    '['.repeat(2_000),
  ];
  const found = { items: [], messages: [], entries: [], message: {} };
  rig.commands.answer = (name) => (name === 'client.unread' ? {} : found);
  let sent = 0;
  while (sent < 5_000) {
    const attacker = rig.client();
    await attacker.event('session');
    for (let frame = 0; frame < 100 && attacker.events.length === 1; frame += 1) {
      let text = good[random(good.length)]!;
      for (let change = random(4); change >= 0; change -= 1) {
        const at = random(text.length);
        text = text.slice(0, at) + pieces[random(pieces.length)]! + text.slice(at + random(3));
      }
      attacker.raw(random(50) === 0 ? Buffer.from(text) : text);
      sent += 1;
      if (frame % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    attacker.socket.terminate();
  }
  expect((await client.command('client.unread')).ok).toEqual({});
  expect(rig.logged).toEqual([]);
}, 30_000);
