import { eventually, next, pause, record, type Sdk } from './devices.js';
import { describeSdk, type Suite } from './suite.js';

type Message = {
  id: string;
  text?: string;
  content?: unknown;
  from: string;
  timestamp: Date;
  cid: string;
  status: number;
};

/** A type of the app's own, as its tenants write them. */
function orderType({ TypedMessage, messageType, messageField }: Sdk): new (total: number) => object {
  class Order extends TypedMessage {
    constructor(public total: number) {
      super(undefined);
    }
  }
  messageType(7)(Order as never);
  messageField(['total'])(Order as never);
  return Order;
}

/** Two clients on two devices with a conversation. */
async function pair(suite: Suite) {
  const [tomId, jerryId] = suite.names('tom', 'jerry') as [string, string];
  const [one, other] = [suite.device(), suite.device()];
  const [tom, jerry] = [await one.login(tomId), await other.login(jerryId)];
  const invited = next(jerry, one.sdk.Event.INVITED);
  const conversation = await tom.createConversation({ members: [jerryId], name: 'T & J', unique: true });
  const [, theirs] = (await invited) as [unknown, typeof conversation];
  return { one, other, tom, jerry, conversation, theirs, sdk: one.sdk, theirSdk: other.sdk };
}

describeSdk('messages between two clients', (suite) => {
  it('creates a conversation that the other is invited to, and sends text both ways', async () => {
    const { conversation, theirs, jerry, tom, sdk, theirSdk } = await pair(suite);
    expect(theirs.id).toBe(conversation.id);
    expect([...theirs.members].sort()).toEqual([jerry.id, tom.id].sort());
    expect(theirs.name).toBe('T & J');
    const received = next<[Message, unknown]>(jerry, sdk.Event.MESSAGE);
    const sent = await conversation.send(new sdk.TextMessage('hello'));
    const [message] = await received;
    expect(message).toMatchObject({ id: sent.id, text: 'hello', from: tom.id, cid: conversation.id });
    expect(message.timestamp).toEqual(sent.timestamp);
    const back = next<[Message]>(tom, sdk.Event.MESSAGE);
    await theirs.send(new theirSdk.TextMessage('hi'));
    expect((await back)[0]).toMatchObject({ text: 'hi', from: jerry.id });
  });

  it('finds the same unique conversation again, and another for other members', async () => {
    const { tom, jerry, conversation } = await pair(suite);
    const again = await jerry.createConversation({ members: [tom.id], unique: true });
    expect(again.id).toBe(conversation.id);
    const own = await tom.createConversation({ members: [jerry.id], unique: false });
    expect(own.id).not.toBe(conversation.id);
  });

  it('carries text without a type, bytes, attributes and own types verbatim', async () => {
    const { conversation, jerry, tom, one, other, sdk, theirSdk } = await pair(suite);
    const got: Message[] = [];
    jerry.on(sdk.Event.MESSAGE, ((message: Message) => got.push(message)) as never);
    const Order = orderType(sdk);
    one.realtime.register(Order as never);
    other.realtime.register(orderType(theirSdk) as never);
    await conversation.send(new sdk.Message('plain {text}'));
    await conversation.send(new sdk.BinaryMessage(new Uint8Array([1, 0, 255]).buffer));
    await conversation.send(new sdk.TextMessage('attributed').setAttributes({ a: { b: 1 } }));
    await conversation.send(new Order(42) as never);
    await eventually(() => expect(got).toHaveLength(4));
    expect(got[0]!.content).toBe('plain {text}');
    expect([...new Uint8Array((got[1] as unknown as { buffer: ArrayBuffer }).buffer)]).toEqual([1, 0, 255]);
    expect((got[2] as unknown as { attributes: unknown }).attributes).toEqual({ a: { b: 1 } });
    expect((got[3] as unknown as { total: number }).total).toBe(42);
    const history = await conversation.queryMessages({ limit: 10 });
    expect(history.map(({ id }) => id)).toEqual(got.map(({ id }) => id));
    expect([...new Uint8Array((history[1] as unknown as { buffer: ArrayBuffer }).buffer)]).toEqual([
      1, 0, 255,
    ]);
    expect(tom.id).toBe(history[0]!.from);
  });

  it('mentions', async () => {
    const { conversation, jerry, sdk } = await pair(suite);
    const one = next<[{ mentioned: boolean; mentionList: string[] }]>(jerry, sdk.Event.MESSAGE);
    await conversation.send(new sdk.TextMessage('@jerry').setMentionList([jerry.id]));
    expect((await one)[0]).toMatchObject({ mentioned: true, mentionList: [jerry.id] });
    const all = next<[{ mentioned: boolean; mentionedAll: boolean }]>(jerry, sdk.Event.MESSAGE);
    await conversation.send(new sdk.TextMessage('@all').mentionAll());
    expect((await all)[0]).toMatchObject({ mentioned: true, mentionedAll: true });
  });

  it('transient messages arrive, and are in no history', async () => {
    const { conversation, jerry, sdk } = await pair(suite);
    const got = next<[Message]>(jerry, sdk.Event.MESSAGE);
    await conversation.send(new sdk.TextMessage('typing'), { transient: true });
    expect((await got)[0]).toMatchObject({ text: 'typing' });
    expect(await conversation.queryMessages({ limit: 10 })).toEqual([]);
  });

  it('pages through history in both directions, between bounds, and by type', async () => {
    const { conversation, sdk } = await pair(suite);
    const sent: Message[] = [];
    for (let i = 0; i < 12; i += 1) sent.push(await conversation.send(new sdk.TextMessage(`${i}`)));
    const texts = (messages: unknown[]) => messages.map((message) => (message as Message).text);
    expect(texts(await conversation.queryMessages({ limit: 3 }))).toEqual(['9', '10', '11']);
    const iterator = conversation.createMessagesIterator({ limit: 5 });
    const pages = [await iterator.next(), await iterator.next(), await iterator.next()];
    expect(pages.map(({ value }) => texts(value as unknown[]))).toEqual([
      ['7', '8', '9', '10', '11'],
      ['2', '3', '4', '5', '6'],
      ['0', '1'],
    ]);
    expect(pages[2]!.done).toBe(true);
    const { MessageQueryDirection } = sdk;
    const at = (i: number) => ({ startTime: sent[i]!.timestamp, startMessageId: sent[i]!.id });
    expect(texts(await conversation.queryMessages({ ...at(5), limit: 3 }))).toEqual(['2', '3', '4']);
    expect(texts(await conversation.queryMessages({ ...at(5), startClosed: true, limit: 3 }))).toEqual([
      '3',
      '4',
      '5',
    ]);
    expect(
      texts(
        await conversation.queryMessages({ ...at(5), direction: MessageQueryDirection.OLD_TO_NEW, limit: 3 }),
      ),
    ).toEqual(['6', '7', '8']);
    expect(
      texts(await conversation.queryMessages({ direction: MessageQueryDirection.OLD_TO_NEW, limit: 2 })),
    ).toEqual(['0', '1']);
    const between = { ...at(8), endTime: sent[4]!.timestamp, endMessageId: sent[4]!.id, limit: 20 };
    expect(texts(await conversation.queryMessages(between))).toEqual(['5', '6', '7']);
    await conversation.send(new sdk.Message('no text of a type'));
    expect(texts(await conversation.queryMessages({ type: sdk.TextMessage.TYPE, limit: 2 }))).toEqual([
      '10',
      '11',
    ]);
  });

  it('counts unread, tells it on the next login, and clears it for all devices', async () => {
    const { conversation, jerry, other, sdk } = await pair(suite);
    await jerry.close();
    await conversation.send(new sdk.TextMessage('one'));
    await conversation.send(new sdk.TextMessage('two').setMentionList([jerry.id]));
    const [phone, tablet] = [suite.device(), suite.device()];
    const again = await phone.login(jerry.id);
    const [[first]] = await next<[(typeof conversation)[]]>(again, sdk.Event.UNREAD_MESSAGES_COUNT_UPDATE);
    expect(first).toMatchObject({
      id: conversation.id,
      unreadMessagesCount: 2,
      unreadMessagesMentioned: true,
    });
    expect((first!.lastMessage as unknown as Message).text).toBe('two');
    const second = await tablet.login(jerry.id);
    await next(second, sdk.Event.UNREAD_MESSAGES_COUNT_UPDATE);
    const cleared = next<[(typeof conversation)[]]>(second, sdk.Event.UNREAD_MESSAGES_COUNT_UPDATE);
    await first!.read();
    expect((await cleared)[0][0]).toMatchObject({ id: conversation.id, unreadMessagesCount: 0 });
    const third = await suite.device().login(jerry.id);
    const told = record(third, { [sdk.Event.UNREAD_MESSAGES_COUNT_UPDATE]: () => '' });
    await pause(300);
    expect(told).toEqual([]);
    expect(other.clients).toHaveLength(1);
  });

  it('tells the sender when its message has arrived and is read', async () => {
    const { conversation, theirs, jerry, sdk } = await pair(suite);
    const arrived = next(conversation, sdk.Event.LAST_DELIVERED_AT_UPDATE);
    const message = await conversation.send(new sdk.TextMessage('there?'), { receipt: true });
    await arrived;
    expect(conversation.lastDeliveredAt).toEqual(message.timestamp);
    const isRead = next(conversation, sdk.Event.LAST_READ_AT_UPDATE);
    await theirs.read();
    await isRead;
    expect(conversation.lastReadAt).toEqual(message.timestamp);
    await conversation.fetchReceiptTimestamps();
    expect(conversation.lastReadAt).toEqual(message.timestamp);
    const times = await (
      conversation as unknown as { fetchAllReceiptTimestamps(): Promise<unknown> }
    ).fetchAllReceiptTimestamps?.();
    expect(times === undefined || JSON.stringify(times).includes(jerry.id)).toBe(true);
  });

  it('tells the sender what arrived, though its connection was lost meanwhile', async () => {
    const { conversation, one, tom, jerry, sdk } = await pair(suite);
    await jerry.close();
    const asked = await conversation.send(new sdk.TextMessage('there?'), { receipt: true });
    const back = next(tom, sdk.Event.RECONNECT, undefined, 10_000);
    await one.cut();
    await back;
    expect(asked.status).toBe(sdk.MessageStatus.SENT);
    const again = await suite.device().login(jerry.id);
    await (await again.getConversation(conversation.id)).read();
    await eventually(() => expect(asked.status).toBe(sdk.MessageStatus.DELIVERED));
  });

  it('refuses who sends or asks too fast for its app, with code and name', async () => {
    const app = await suite.server.app({ 'limits.messagesPerMinute': 2, 'limits.historyPerMinute': 1 });
    const { login, sdk } = suite.device({}, app);
    const tom = await login(suite.names('tom')[0]!);
    const conversation = await tom.createConversation({ members: ['jerry'] });
    const refusal = { code: 4116, name: 'MESSAGE_SENT_QUOTA_EXCEEDED' };
    for (const text of ['one', 'two']) await conversation.send(new sdk.TextMessage(text));
    await expect(conversation.send(new sdk.TextMessage('three'))).rejects.toMatchObject(refusal);
    expect((await conversation.queryMessages({ limit: 5 })).length).toBe(2);
    await expect(conversation.queryMessages({ limit: 5 })).rejects.toMatchObject(refusal);
    expect(await conversation.count()).toBe(2);
  });

  it('edits and recalls, live and in history', async () => {
    const { conversation, jerry, theirs, sdk, theirSdk } = await pair(suite);
    const got = next<[Message]>(jerry, sdk.Event.MESSAGE);
    const message = await conversation.send(new sdk.TextMessage('frist'));
    await got;
    const updated = next<[Message]>(theirs, sdk.Event.MESSAGE_UPDATE);
    await conversation.update(message, new sdk.TextMessage('first'));
    expect((await updated)[0]).toMatchObject({ id: message.id, text: 'first', from: message.from });
    const recalled = next<[Message]>(theirs, sdk.Event.MESSAGE_RECALL);
    const answer = await conversation.recall(message);
    expect(answer).toBeInstanceOf(sdk.RecalledMessage);
    expect((await recalled)[0]).toMatchObject({ id: message.id });
    expect((await theirs.queryMessages({ limit: 1 }))[0]).toBeInstanceOf(theirSdk.RecalledMessage);
    await expect(theirs.recall(message)).rejects.toMatchObject({ code: expect.any(Number) as number });
  });

  it('mirrors what one device sends to the sender’s other devices', async () => {
    const { conversation, tom, sdk } = await pair(suite);
    const second = await suite.device().login(tom.id);
    const mirrored = next<[Message]>(second, sdk.Event.MESSAGE);
    const sent = await conversation.send(new sdk.TextMessage('from my phone'));
    expect((await mirrored)[0]).toMatchObject({ id: sent.id, from: tom.id, text: 'from my phone' });
  });

  it('refuses what a stranger sends, with code and name', async () => {
    const { conversation } = await pair(suite);
    const [eve] = suite.names('eve') as [string];
    const third = suite.device();
    const stranger = await third.login(eve);
    const seen = await stranger.getConversation(conversation.id);
    await expect(seen.send(new third.sdk.TextMessage('x'))).rejects.toMatchObject({
      code: 4401,
      name: 'INVALID_MESSAGING_TARGET',
    });
    await expect(seen.queryMessages({ limit: 1 })).rejects.toMatchObject({ code: 4312 });
  });
});
