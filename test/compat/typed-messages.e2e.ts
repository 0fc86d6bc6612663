/* eslint-disable @typescript-eslint/no-explicit-any, @typescript-eslint/no-unsafe-return, @typescript-eslint/no-unsafe-call, @typescript-eslint/no-unsafe-member-access, @typescript-eslint/no-unsafe-assignment, @typescript-eslint/no-unsafe-argument -- the types that the SDK ships leave much of it any */
import { next } from './devices.js';
import { describeSdk, type Suite } from './suite.js';

/** What the SDK makes of messages: types, forms and texts, after they travelled. */

async function pair(suite: Suite) {
  const [tom, jerry] = await suite.clients('tom', 'jerry');
  const conversation = await tom!.client.createConversation({ members: [jerry!.client.id], name: 'types' });
  const theirs = await jerry!.client.getConversation(conversation.id);
  return { tom: tom!, jerry: jerry!, conversation, theirs, sdk: tom!.sdk };
}

describeSdk('typed messages', (suite) => {
  it('text, attributes, mentions and their forms', async () => {
    const { jerry, conversation, sdk, tom } = await pair(suite);
    const got = next<any[]>(jerry.client, sdk.Event.MESSAGE);
    const message = new sdk.TextMessage('draft') as any;
    message.setText('hello').setAttributes({ a: 1 }).setMentionList([jerry.client.id]);
    expect([message.getText(), message.getAttributes()]).toEqual(['hello', { a: 1 }]);
    expect(message.getMentionList()).toEqual([jerry.client.id]);
    const sent = await conversation.send(message);
    const [there] = await got;
    expect([there.getText(), there.getAttributes(), there.getMentionList(), there.mentioned]).toEqual([
      'hello',
      { a: 1 },
      [jerry.client.id],
      true,
    ]);
    expect(there.getPayload()).toEqual(sent.getPayload());
    expect(there.toJSON()).toMatchObject({ id: sent.id, from: tom.client.id, text: 'hello' });
    expect(there.toFullJSON()).toMatchObject({ id: sent.id, cid: conversation.id });
    const Text = jerry.sdk.TextMessage as any;
    expect(Text.validate({ _lctype: -1 })).toBe(true);
    const again = await jerry.client.parseMessage(there.toFullJSON() as object);
    expect(again).toMatchObject({ id: sent.id, text: 'hello' });
  });

  it('plain and binary messages and their forms', async () => {
    const { jerry, conversation, sdk } = await pair(suite);
    const got = next<any[]>(jerry.client, sdk.Event.MESSAGE);
    const plain = await conversation.send<any>(new sdk.Message('plain').mentionAll());
    const [text] = await got;
    expect([text.getPayload(), text.mentionedAll]).toEqual(['plain', true]);
    expect(text.toJSON()).toMatchObject({ id: plain.id, data: 'plain' });
    expect(text.toFullJSON()).toMatchObject({ id: plain.id });
    const bytes = next<any[]>(jerry.client, sdk.Event.MESSAGE);
    await conversation.send(new sdk.BinaryMessage(new Uint8Array([7, 8]).buffer) as any);
    const [binary] = await bytes;
    expect([...new Uint8Array(binary.buffer as ArrayBuffer)]).toEqual([7, 8]);
    expect(binary.toFullJSON()).toMatchObject({ id: binary.id, bin: true });
    expect(binary.toJSON().data).toBe(binary.toFullJSON().data);
    const { BinaryMessage, Message, TypedMessage, RecalledMessage } = jerry.sdk as any;
    expect(BinaryMessage.validate(new ArrayBuffer(1))).toBe(true);
    expect(Message.validate()).toBe(true);
    expect(RecalledMessage.validate({ _lctype: -127 })).toBe(true);
    expect(Message.parse('x', new Message('x')).content).toBe('x');
    class Own extends TypedMessage {}
    (jerry.sdk as any).messageType(9)(Own);
    const json = { _lctype: 9, _lctext: 'typed', _lcattrs: { b: 2 } };
    const typed = TypedMessage.parse.call(Own, json, new Own());
    expect([typed.text, typed.attributes, typed.getPayload()._lctext]).toEqual(['typed', { b: 2 }, 'typed']);
    expect([typed.toJSON().text, typed.toFullJSON().data]).toEqual(['typed', expect.anything()]);
  });

  it('types of the app’s own, by every way of declaring them', async () => {
    const { tom, jerry, conversation } = await pair(suite);
    const types = [tom, jerry].map(({ sdk, device }) => {
      const { IE10Compatible, messageField, messageType, TypedMessage } = sdk as any;
      class Order extends TypedMessage {
        constructor(readonly total?: number) {
          super();
        }
      }
      messageType(11)(Order);
      messageField(['total'])(Order);
      const Compatible = IE10Compatible(Order) ?? Order; // it answers nothing where it is not needed
      device.realtime.register(Compatible);
      return Compatible;
    });
    const got = next<any[]>(jerry.client, jerry.sdk.Event.MESSAGE);
    await conversation.send(new types[0](42));
    expect((await got)[0]).toMatchObject({ total: 42, type: 11 });
    const { MessageParser } = jerry.sdk as any;
    if (suite.version === 4) return expect(MessageParser).toBeUndefined(); // of version 5 only
    const parser = new MessageParser({ messageClasses: [jerry.sdk.TextMessage] });
    parser.register([types[1]]);
    const parsed = await parser.parse(JSON.stringify({ _lctype: 11, total: 3 }));
    expect(parsed).toMatchObject({ total: 3 });
  });

  it('conversations and their forms', async () => {
    const { tom, jerry, conversation, theirs } = await pair(suite);
    expect((theirs as any).toJSON()).toMatchObject({ id: conversation.id, name: 'types' });
    const full = (theirs as any).toFullJSON();
    expect(full).toMatchObject({ id: conversation.id });
    const parsed = await jerry.client.parseConversation(full as object);
    expect(parsed.id).toBe(conversation.id);
    const temporary = await tom.client.createTemporaryConversation({ members: [jerry.client.id], ttl: 60 });
    expect((temporary as any).toJSON()).toMatchObject({ id: temporary.id });
    expect((temporary as any).toFullJSON()).toMatchObject({ id: temporary.id });
    const got = next(jerry.client, jerry.sdk.Event.MESSAGE);
    await temporary.send(new tom.sdk.TextMessage('brief'));
    await got;
  });

  it('properties of the app’s own on conversations', async () => {
    const { sdk, login } = suite.device();
    (sdk as any).Realtime.defineConversationProperty('colour', {
      get(this: any) {
        return this.get('colour');
      },
    });
    (sdk as any).defineConversationProperty('size');
    const tom = await login(suite.names('tom')[0]!);
    const conversation = (await tom.createConversation({ members: ['x'], colour: 'red', size: 3 })) as any;
    expect([conversation.colour, conversation.get('size')]).toEqual(['red', 3]);
    const { debug, getAdapter, setAdapters } = sdk as any;
    if (suite.version === 4) return expect(setAdapters).toBeUndefined(); // of version 5 only
    debug.enable('nothing');
    debug.disable();
    const request = getAdapter('request');
    let asked = 0;
    setAdapters({
      request: (...args: unknown[]) => {
        asked += 1;
        return request(...args);
      },
    });
    await conversation.getAllMemberInfo();
    expect(asked).toBeGreaterThan(0);
  });
});
