/* eslint-disable @typescript-eslint/no-explicit-any, @typescript-eslint/no-unsafe-return, @typescript-eslint/no-unsafe-call, @typescript-eslint/no-unsafe-member-access, @typescript-eslint/no-unsafe-assignment, @typescript-eslint/no-unsafe-argument -- the types that the SDK ships leave much of it any */
import { itUnless, withoutHttps } from './compat-server.js';
import { eventually, next, pause, record } from './devices.js';
import { describeSdk, type Suite } from './suite.js';

/** What conversations themselves tell, to the one concerned and to the others, and the rest of their methods. */

const by = (payload: Record<string, any>) =>
  [payload['members'] ?? [], Object.entries(payload).find(([name]) => name.endsWith('By'))?.[1]].flat();

async function three(suite: Suite) {
  const [ann, bob, cleo] = await suite.clients('ann', 'bob', 'cleo');
  const joined = [bob!, cleo!].map(({ client, sdk }) => next(client, sdk.Event.MEMBERS_JOINED));
  const conversation = await ann!.client.createConversation({
    members: [bob!.client.id, cleo!.client.id],
    name: 'three',
  });
  await Promise.all(joined);
  const of = async (person: typeof ann) => (await person!.client.getConversation(conversation.id)) as any;
  return {
    ann: ann!.client, bob: bob!.client, cleo: cleo!.client, sdk: ann!.sdk,
    conversation: conversation as any, bobs: await of(bob), cleos: await of(cleo),
  }; // prettier-ignore
}

describeSdk('what conversations tell', (suite) => {
  it('who comes, goes and is taken out', async () => {
    const { ann, bob, cleo, bobs, cleos, conversation } = await three(suite);
    const events = { invited: by, kicked: by, membersjoined: by, membersleft: by };
    const told = { bob: record(bobs, events), cleo: record(cleos, events) };
    await conversation.remove([bob.id]);
    await eventually(() => {
      expect(told.bob).toEqual([`kicked:["${ann.id}"]`]);
      expect(told.cleo).toEqual([`membersleft:["${bob.id}","${ann.id}"]`]);
    });
    await conversation.add([bob.id]);
    await eventually(() => {
      expect(told.bob).toContain(`invited:["${ann.id}"]`);
      expect(told.cleo).toContain(`membersjoined:["${bob.id}","${ann.id}"]`);
    });
    expect(cleo.id).toBeTruthy();
  });

  it('who is silenced and blocked, and is not any more', async () => {
    const { ann, bob, cleo, bobs, cleos, conversation } = await three(suite);
    const events = {
      muted: by, unmuted: by, blocked: by, unblocked: by,
      membersmuted: by, membersunmuted: by, membersblocked: by, membersunblocked: by,
    }; // prettier-ignore
    const told = {
      bob: record(bobs, events),
      bobClient: record(bob, events),
      cleo: record(cleos, events),
      cleoClient: record(cleo, events),
    };
    await conversation.muteMembers([bob.id]);
    await eventually(() => expect(told.bob.join()).toContain(`muted:["${ann.id}"]`));
    await conversation.unmuteMembers([bob.id]);
    await eventually(() => expect(told.bob.join()).toContain(`unmuted:["${ann.id}"]`));
    await conversation.blockMembers([bob.id]);
    await eventually(() => expect(told.bob.join()).toContain(`blocked:["${ann.id}"]`));
    await conversation.unblockMembers([bob.id]);
    // He is no member any more, but may be again.
    await eventually(() => expect(told.bob.join()).toContain(`unblocked:["${ann.id}"]`));
    const others = ['muted', 'unmuted', 'blocked', 'unblocked'].map(
      (what) => `members${what}:["${bob.id}","${ann.id}"]`,
    );
    await eventually(() => expect(told.cleo).toEqual(others));
    expect(told.cleoClient).toEqual(others);
    expect(told.bobClient).toEqual(told.bob);
  });

  itUnless(withoutHttps(suite.version), 'new names and roles', async () => {
    const { ann, bob, bobs, cleos, conversation, sdk } = await three(suite);
    const renamed = next<any[]>(cleos, sdk.Event.INFO_UPDATED);
    await conversation.set('name', 'four').save();
    expect((await renamed)[0]).toMatchObject({ attributes: { name: 'four' }, updatedBy: ann.id });
    const [told, toldClient] = [
      next<any[]>(bobs, 'memberinfoupdated'),
      next<any[]>(bob, 'memberinfoupdated'),
    ];
    await conversation.updateMemberRole(bob.id, sdk.ConversationMemberRole.MANAGER);
    await Promise.all([told, toldClient]);
    const info = await conversation.getMemberInfo(bob.id);
    expect([info.role, info.isOwner, info.memberId]).toEqual(['Manager', false, bob.id]);
    expect(info.toJSON()).toMatchObject({ memberId: bob.id, role: 'Manager' });
    await cleos.fetch();
    expect(cleos.name).toBe('four');
  });

  it('messages, edits, recalls and receipts', async () => {
    const { ann, bob, bobs, conversation, sdk } = await three(suite);
    const [message, messageUpdate, recalled] = [
      sdk.Event.MESSAGE,
      sdk.Event.MESSAGE_UPDATE,
      sdk.Event.MESSAGE_RECALL,
    ];
    const got = next<any[]>(bobs, message);
    const sent = await conversation.send(new sdk.TextMessage('one'), { receipt: true });
    expect((await got)[0].id).toBe(sent.id);
    const edited = [next<any[]>(bobs, messageUpdate), next<any[]>(bob, messageUpdate)];
    const better = await conversation.update(sent, new sdk.TextMessage('two'));
    for (const one of edited) expect((await one)[0].text).toBe('two');
    const gone = [next<any[]>(bobs, recalled), next<any[]>(bob, recalled)];
    await conversation.recall(better);
    for (const one of gone) expect((await one)[0].id).toBe(sent.id);
    expect(ann.id).toBeTruthy();
  });

  it('once, and until nobody listens any more', async () => {
    const { bob, bobs, conversation, sdk } = await three(suite);
    const texts: string[] = [];
    const first: string[] = [];
    (bob as any).once(sdk.Event.MESSAGE, (message: any) => first.push(message.text));
    bobs.once(sdk.Event.MESSAGE, (message: any) => texts.push(`once ${message.text}`));
    const listener = (message: any) => texts.push(message.text);
    bobs.on(sdk.Event.MESSAGE, listener);
    await conversation.send(new sdk.TextMessage('1'));
    await eventually(() => expect(texts).toEqual(['once 1', '1']));
    bobs.off(sdk.Event.MESSAGE, listener);
    await conversation.send(new sdk.TextMessage('2'));
    bobs.emit('something', 1);
    await pause(100);
    expect([texts, first]).toEqual([['once 1', '1'], ['1']]);
  });

  it('a last will, when a connection is lost', async () => {
    const [tom, jerry] = await suite.clients('tom', 'jerry');
    const conversation = await tom!.client.createConversation({ members: [jerry!.client.id] });
    const got = next<any[]>(jerry!.client, jerry!.sdk.Event.MESSAGE, undefined, 10_000);
    const will = await conversation.send(new tom!.sdk.TextMessage('gone'), { will: true });
    await tom!.device.cut();
    expect((await got)[0]).toMatchObject({ id: will.id, text: 'gone', from: tom!.client.id });
  });
});
