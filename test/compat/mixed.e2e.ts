/* eslint-disable @typescript-eslint/no-explicit-any, @typescript-eslint/no-unsafe-return, @typescript-eslint/no-unsafe-call, @typescript-eslint/no-unsafe-member-access, @typescript-eslint/no-unsafe-assignment, @typescript-eslint/no-unsafe-argument -- the types that LeanCloud's SDK ships leave much of it any */
import { HongyanClient, type Conversation } from '@hongyan/sdk';
import { eventually, next, record } from './devices.js';
import { describeSdk, type Suite } from './suite.js';

/** LeanCloud's SDK and our own in one app: each sees what the other does. */

const natives: HongyanClient[] = [];

async function couple(suite: Suite) {
  const [lean] = await suite.clients('lean');
  const [name] = suite.names('native') as [string];
  const native = new HongyanClient({
    url: suite.server.url,
    appId: suite.app.id,
    credentials: { clientId: name },
  });
  natives.push(native);
  await native.connect({ timeoutMs: 10_000 });
  return { lean: lean!.client, sdk: lean!.sdk as any, native, name };
}

/** A conversation that LeanCloud's client made, as both have it. */
async function shared(suite: Suite) {
  const made = await couple(suite);
  const conversation: any = await made.lean.createConversation({ members: [made.name], name: 'mixed' });
  const theirs: Conversation = (await made.native.conversations.get(conversation.id)).open();
  return { ...made, conversation, theirs };
}

describeSdk('native and LeanCloud clients together', (suite) => {
  afterEach(() => {
    for (const client of natives.splice(0)) void client.close();
  });

  it('see each other’s messages, live, in history and in lists', async () => {
    const { lean, sdk, native, conversation, theirs, name } = await shared(suite);
    const got: any[] = [];
    native.on('message', ({ message }) => got.push(message));
    const sent = await conversation.send(new sdk.TextMessage('from lean').setAttributes({ a: 1 }));
    await eventually(() => expect(got).toHaveLength(1));
    expect(got[0]).toMatchObject({ id: sent.id, from: lean.id });
    expect(JSON.stringify(got[0].body)).toContain('from lean');
    const heard = next<any[]>(lean, sdk.Event.MESSAGE);
    const back = await theirs.send('from native');
    expect((await heard)[0]).toMatchObject({ id: back.id, from: name, text: 'from native' });
    const texts = (await conversation.queryMessages({ limit: 5 })).map(({ text }: any) => text);
    expect(texts).toEqual(['from lean', 'from native']);
    const { messages } = await theirs.history({ limit: 5 });
    expect(messages.map(({ id }) => id)).toEqual([sent.id, back.id]);
    const { items } = await native.conversations.list();
    expect(items.map(({ id }) => id)).toContain(conversation.id);
  });

  it('see each other’s edits and recalls', async () => {
    const { lean, sdk, native, conversation, theirs } = await shared(suite);
    const changed: any[] = [];
    native.on('entry', ({ entry }: any) => {
      if (['edit', 'recall'].includes(entry.kind as string)) changed.push(entry);
    });
    const mine = await conversation.send(new sdk.TextMessage('mine'));
    await conversation.update(mine, new sdk.TextMessage('mine, better'));
    await eventually(() => expect(changed).toHaveLength(1));
    expect(JSON.stringify(changed[0].message)).toContain('mine, better');
    await conversation.recall(mine);
    await eventually(() => expect(changed.map(({ kind }) => kind)).toEqual(['edit', 'recall']));

    const told = next<any[]>(lean, sdk.Event.MESSAGE);
    const theirMessage = await theirs.send('theirs');
    await told;
    const updated = next<any[]>(lean, sdk.Event.MESSAGE_UPDATE);
    await theirs.edit(theirMessage, 'theirs, better');
    expect((await updated)[0]).toMatchObject({ id: theirMessage.id, text: 'theirs, better' });
    const recalled = next<any[]>(lean, sdk.Event.MESSAGE_RECALL);
    await theirs.recall(theirMessage);
    expect((await recalled)[0].id).toBe(theirMessage.id);
  });

  it('see each other’s receipts', async () => {
    const { sdk, conversation, theirs, lean, name } = await shared(suite);
    const arrived = next(conversation, sdk.Event.LAST_DELIVERED_AT_UPDATE);
    const message = await conversation.send(new sdk.TextMessage('there?'), { receipt: true });
    await arrived;
    const isRead = next(conversation, sdk.Event.LAST_READ_AT_UPDATE);
    await theirs.read();
    await isRead;
    expect(conversation.lastReadAt).toEqual(message.timestamp);
    const receipts: any[] = [];
    theirs.on('receipt', (receipt: any) => receipts.push(receipt));
    const heard = next(lean, sdk.Event.MESSAGE);
    const back = await theirs.send('and you?');
    await heard;
    await conversation.read();
    await eventually(() =>
      expect(receipts.some(({ client, read }) => client === lean.id && read >= back.seq!)).toBe(true),
    );
    expect(name).toBeTruthy();
  });

  it('count the same unread', async () => {
    const { sdk, conversation, theirs, native } = await shared(suite);
    await conversation.send(new sdk.TextMessage('1'));
    await conversation.send(new sdk.TextMessage('2'));
    await eventually(() => expect(theirs.unread).toBe(2));
    await theirs.send('3');
    await theirs.send('4');
    await eventually(() => expect(conversation.unreadMessagesCount).toBe(2));
    await conversation.read();
    await theirs.read();
    await eventually(() => expect([conversation.unreadMessagesCount, theirs.unread]).toEqual([0, 0]));
    expect(native.state).toBe('online');
  });

  it('see each other’s members come and go, and new names', async () => {
    const { lean, sdk, native, name } = await couple(suite);
    const invited = next<any[]>(lean, sdk.Event.INVITED);
    const joined = next(lean, sdk.Event.MEMBERS_JOINED);
    const theirs = await native.conversations.create({ members: [lean.id], name: 'of native' });
    const [{ invitedBy }, conversation] = await invited;
    expect([invitedBy, conversation.id]).toEqual([name, theirs.id]);
    await joined;
    const told = record(lean, {
      membersjoined: ({ members }: any) => members,
      membersleft: ({ members }: any) => members,
      conversationinfoupdated: ({ attributes }: any) => attributes.name,
    });
    const entries: string[] = [];
    theirs.open();
    native.on('entry', ({ entry }) => entries.push(entry.kind));
    await theirs.add(['third']);
    await theirs.update({ name: 'renamed' });
    await theirs.remove(['third']);
    await eventually(() =>
      expect(told).toEqual([
        'membersjoined:["third"]',
        'conversationinfoupdated:"renamed"',
        'membersleft:["third"]',
      ]),
    );
    entries.length = 0;
    await conversation.add(['fourth']);
    await eventually(() => expect(entries.length).toBeGreaterThan(0));
    const { items } = await theirs.members();
    expect(items.map(({ client }) => client).sort()).toEqual([lean.id, name, 'fourth'].sort());
  });
});
