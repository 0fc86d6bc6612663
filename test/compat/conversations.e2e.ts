/* eslint-disable @typescript-eslint/no-unsafe-call, @typescript-eslint/no-unsafe-member-access, @typescript-eslint/no-unsafe-assignment -- the types that the SDK ships leave much of it any */
import { itUnless, withoutHttps } from './compat-server.js';
import { type Conversation, eventually, next, pause, record } from './devices.js';
import { describeSdk } from './suite.js';

const who = ({ members = [] as string[], ...rest }: Record<string, unknown> & { members?: string[] } = {}) =>
  [[...members].sort().join(','), ...Object.values(rest)].filter((one) => one !== '').join(' by ');

const membership = {
  invited: who,
  kicked: who,
  membersjoined: who,
  membersleft: who,
};

describeSdk('conversations', (suite) => {
  it('tells members who comes and goes, each in its own way', async () => {
    const [a, b, c] = await suite.clients('ann', 'bob', 'cleo');
    const [ann, bob, cleo] = [a!.client, b!.client, c!.client];
    const seen = {
      ann: record(ann, membership),
      bob: record(bob, membership),
      cleo: record(cleo, membership),
    };
    const conversation = await ann.createConversation({ members: [bob.id], name: 'three' });
    // Ann hears of her own change, too, and maybe later than Bob.
    await eventually(() => expect([seen.ann.length, seen.bob.length]).toEqual([2, 2]));
    expect(seen.bob).toEqual([
      `invited:"${ann.id}"`,
      `membersjoined:"${[ann.id, bob.id].sort().join(',')} by ${ann.id}"`,
    ]);
    for (const list of Object.values(seen)) list.length = 0;

    await conversation.add([cleo.id]);
    await eventually(() => expect([seen.ann.length, seen.bob.length, seen.cleo.length]).toEqual([1, 1, 2]));
    expect(seen.bob).toEqual([`membersjoined:"${cleo.id} by ${ann.id}"`]);
    expect(seen.cleo[0]).toBe(`invited:"${ann.id}"`);
    expect(conversation.members).toContain(cleo.id);
    for (const list of Object.values(seen)) list.length = 0;

    await conversation.remove([bob.id]);
    await eventually(() => expect([seen.ann.length, seen.bob.length, seen.cleo.length]).toEqual([1, 1, 1]));
    expect(seen.bob).toEqual([`kicked:"${ann.id}"`]);
    expect(seen.cleo).toEqual([`membersleft:"${bob.id} by ${ann.id}"`]);

    const theirs = await cleo.getConversation(conversation.id);
    await theirs.quit();
    await eventually(() => expect(seen.ann).toContain(`membersleft:"${cleo.id} by ${cleo.id}"`));
    await theirs.join();
    await eventually(() => expect(seen.ann).toContain(`membersjoined:"${cleo.id} by ${cleo.id}"`));
    expect(await conversation.count()).toBe(2);
  });

  it('changes name, attributes and own columns, and tells the others', async () => {
    const [a, b] = await suite.clients('ann', 'bob');
    const conversation = await a!.client.createConversation({
      members: [b!.client.id],
      name: 'before',
      attr: { colour: 'red', deep: { n: 1 } } as never,
      size: 3,
    });
    const theirs = await b!.client.getConversation(conversation.id);
    const columns = (): unknown[] => [theirs.name, theirs.get('attr'), theirs.get('size')];
    expect(columns()).toEqual(['before', { colour: 'red', deep: { n: 1 } }, 3]);
    const told = next(b!.client, b!.sdk.Event.CONVERSATION_INFO_UPDATED);
    conversation.name = 'after';
    conversation.set('attr.deep.n', 2).set('size', 4);
    await conversation.save();
    const [{ attributes }] = (await told) as unknown as [{ attributes: object }];
    expect(attributes).toMatchObject({ name: 'after' });
    expect(columns()).toEqual(['after', { colour: 'red', deep: { n: 2 } }, 4]);
    const fresh = await (
      await suite.device().login(`${b!.client.id}-again`)
    ).getConversation(conversation.id);
    expect([fresh.name, fresh.get('attr'), fresh.get('size')]).toEqual([
      'after',
      { colour: 'red', deep: { n: 2 } },
      4,
    ]);
  });

  it('finds conversations by members, names, attributes, columns and times', async () => {
    const [a, b] = await suite.clients('ann', 'bob');
    const [ann, bob] = [a!.client, b!.client];
    const make = async (name: string, members: string[], more: object = {}) =>
      (await ann.createConversation({ members, name, unique: false, ...more })).id;
    const one = await make('alpha one', [bob.id], { attr: { kind: 'work', n: 1 } });
    const two = await make('alpha two', [bob.id, 'zoe'], { attr: { kind: 'fun', n: 2 }, flag: true });
    const three = await make('beta (.*)', [], { attr: { n: 3 } });
    const ids = (found: readonly { id: string }[]) => found.map(({ id }) => id).sort();
    const q = () => ann.getQuery();
    expect(ids(await q().limit(100).find())).toEqual([one, two, three].sort());
    expect(ids(await q().containsMembers([bob.id]).find())).toEqual([one, two].sort());
    expect(ids(await q().withMembers([bob.id], true).find())).toEqual([one]);
    expect(ids(await q().sizeEqualTo('m', 1).containsMembers([ann.id]).find())).toEqual([three]);
    expect(ids(await q().equalTo('attr.kind', 'work').containsMembers([ann.id]).find())).toEqual([one]);
    expect(ids(await q().equalTo('flag', true).containsMembers([ann.id]).find())).toEqual([two]);
    expect(ids(await q().greaterThan('attr.n', 1).containsMembers([ann.id]).find())).toEqual(
      [two, three].sort(),
    );
    expect(ids(await q().startsWith('name', 'alpha').containsMembers([ann.id]).find())).toEqual(
      [one, two].sort(),
    );
    expect(ids(await q().contains('name', '(.*').containsMembers([ann.id]).find())).toEqual([three]);
    expect(
      ids(
        await q()
          .matches('name', /ALPHA t/i as never)
          .containsMembers([ann.id])
          .find(),
      ),
    ).toEqual([two]);
    expect(ids(await q().containedIn('attr.n', [1, 3]).containsMembers([ann.id]).find())).toEqual(
      [one, three].sort(),
    );
    expect(ids(await q().doesNotExist('attr.kind').containsMembers([ann.id]).find())).toEqual([three]);
    expect(
      ids(await q().greaterThan('createdAt', new Date(0)).containsMembers([ann.id]).find()),
    ).toHaveLength(3);
    const sorted = await q().containsMembers([ann.id]).ascending('name').skip(1).limit(1).find();
    expect(sorted.map(({ id }) => id)).toEqual([two]);
    const descending = await q().containsMembers([ann.id]).addDescending('createdAt').find();
    expect(descending.map(({ id }) => id)).toEqual([three, two, one]);
    expect((await q().containsMembers([ann.id]).compact(true).find())[0]!.members).toEqual([]);
    const [withLast] = await (async () => {
      await (await ann.getConversation(one)).send(new a!.sdk.TextMessage('last'));
      return await bob.getQuery().equalTo('objectId', one).withLastMessagesRefreshed(true).find();
    })();
    expect((withLast!.lastMessage as unknown as { text: string }).text).toBe('last');
    expect(ids(await bob.getQuery().equalTo('objectId', three).find())).toEqual([three]);
    expect(await bob.getConversation('6b0189d5ba61c9c2f16f2d88')).toBeNull();
  });

  it('mutes for oneself, chat rooms too', async () => {
    const [a, b] = await suite.clients('ann', 'bob');
    const room = await b!.client.createChatRoom({ name: 'loud' });
    const conversations = [
      await a!.client.createConversation({ members: ['zoe'] }),
      await a!.client.getConversation(room.id),
    ];
    const other = await suite.device().login(a!.client.id);
    for (const conversation of conversations) {
      // Of a chat room the SDK does not keep it: it is asked for.
      const { transient } = conversation;
      await conversation.mute();
      expect(transient || conversation.muted).toBe(true);
      expect((await other.getConversation(conversation.id, true)).muted).toBe(true);
      await conversation.unmute();
      expect((await other.getConversation(conversation.id, true)).muted).toBe(false);
    }
  });

  it('chat rooms: creator is in, others join, all may speak, joined ones hear', async () => {
    const [a, b, c] = await suite.clients('ann', 'bob', 'cleo');
    const room = await a!.client.createChatRoom({ name: 'room' });
    expect(await room.count()).toBe(1);
    const bobs = await b!.client.getConversation(room.id);
    expect(bobs.transient).toBe(true);
    expect(bobs).toBeInstanceOf(b!.sdk.ChatRoom);
    await bobs.join();
    await eventually(async () => expect(await room.count()).toBe(2));
    const heard = next<[{ text: string; from: string }]>(b!.client, b!.sdk.Event.MESSAGE);
    const cleos = await c!.client.getConversation(room.id);
    await cleos.send(new c!.sdk.TextMessage('from outside'), {
      priority: c!.sdk.MessagePriority.HIGH,
    });
    expect((await heard)[0]).toMatchObject({ text: 'from outside', from: c!.client.id });
    expect(
      (await bobs.queryMessages({ limit: 5 })).map((m) => (m as unknown as { text: string }).text),
    ).toEqual(['from outside']);
    await bobs.quit();
    await eventually(async () => expect(await room.count()).toBe(1));
    const found = await c!.client.getChatRoomQuery().equalTo('objectId', room.id).find();
    expect(found.map(({ id }) => id)).toEqual([room.id]);
  });

  it('temporary conversations are found by id only, and do not change', async () => {
    const [a, b] = await suite.clients('ann', 'bob');
    const invited = next(b!.client, b!.sdk.Event.INVITED);
    const conversation = await a!.client.createTemporaryConversation({
      members: [b!.client.id],
      ttl: 3600,
    });
    expect(conversation.id).toMatch(/^_tmp:/);
    expect(conversation.expiredAt.getTime() - Date.now()).toBeGreaterThan(3_500_000);
    const [, theirs] = (await invited) as [unknown, Conversation];
    expect(theirs.id).toBe(conversation.id);
    const got = next<[{ text: string }]>(b!.client, b!.sdk.Event.MESSAGE);
    await conversation.send(new a!.sdk.TextMessage('short'));
    expect((await got)[0].text).toBe('short');
    expect(await a!.client.getQuery().limit(100).find()).toEqual([]);
    const again = await a!.client.createTemporaryConversation({
      members: [b!.client.id],
      ttl: 3600,
    });
    // Version 4 does not ask for the same one.
    expect(again.id === conversation.id).toBe(suite.version === 5);
  });

  it('temporary conversations end', async () => {
    const [a, b] = await suite.clients('ann', 'bob');
    const conversation = await a!.client.createTemporaryConversation({
      members: [b!.client.id],
      ttl: 1,
    });
    await pause(1_300);
    await expect(conversation.send(new a!.sdk.TextMessage('late'))).rejects.toMatchObject({ code: 4323 });
  });

  itUnless(
    withoutHttps(suite.version),
    'roles: higher ones change lower ones, and an owner cannot go',
    async () => {
      const [a, b, c] = await suite.clients('ann', 'bob', 'cleo');
      const [ann, bob, cleo] = [a!.client, b!.client, c!.client];
      const conversation = await ann.createConversation({ members: [bob.id, cleo.id] });
      const bobs = await bob.getConversation(conversation.id);
      const cleos = await cleo.getConversation(conversation.id);
      const { MANAGER, MEMBER } = a!.sdk.ConversationMemberRole;
      await expect(
        bobs.updateMemberRole(bob.id, b!.sdk.ConversationMemberRole.MANAGER),
      ).rejects.toMatchObject({
        code: 4320,
        name: 'CONVERSATION_OPERATION_UNAUTHORIZED',
      });
      const told = next<[{ member: { memberId: string; role: string } }]>(
        bobs,
        b!.sdk.Event.MEMBER_INFO_UPDATED,
      );
      await conversation.updateMemberRole(bob.id, MANAGER);
      expect((await told)[0]).toBeTruthy();
      await expect(cleos.remove([bob.id])).resolves.toMatchObject({ successfulClientIds: [] });
      await expect(conversation.quit()).rejects.toMatchObject({
        code: 4324,
        name: 'CONVERSATION_NEED_OWNER',
      });
      const infos = await conversation.getAllMemberInfo();
      expect(
        (infos as { memberId: string; isOwner: boolean; role: string }[])
          .map(({ memberId, isOwner, role }) => [memberId, isOwner, role])
          .sort(),
      ).toEqual(
        [
          [ann.id, true, 'Owner'],
          [bob.id, false, 'Manager'],
          [cleo.id, false, 'Member'],
        ].sort(),
      );
      await conversation.updateMemberRole(bob.id, MEMBER);
    },
  );

  it('silences and blocks members', async () => {
    const [a, b] = await suite.clients('ann', 'bob');
    const [ann, bob] = [a!.client, b!.client];
    const conversation = await ann.createConversation({ members: [bob.id, 'zoe'] });
    const bobs = await bob.getConversation(conversation.id);
    const seen = record(bob, {
      muted: who,
      membersmuted: who,
      unmuted: who,
      blocked: who,
      kicked: who,
    });
    expect(await conversation.muteMembers([bob.id])).toMatchObject({ successfulClientIds: [bob.id] });
    await eventually(() =>
      expect(seen).toEqual([`muted:"${ann.id}"`, `membersmuted:"${bob.id} by ${ann.id}"`]),
    );
    expect((await conversation.queryMutedMembers()).results).toEqual([bob.id]);
    await expect(bobs.send(new b!.sdk.TextMessage('x'))).rejects.toMatchObject({ code: 4563 });
    await conversation.unmuteMembers([bob.id]);
    await bobs.send(new b!.sdk.TextMessage('again'));
    expect(await conversation.blockMembers([bob.id])).toMatchObject({ successfulClientIds: [bob.id] });
    await eventually(() => expect(seen.slice(-2)).toEqual([`blocked:"${ann.id}"`, `kicked:"${ann.id}"`]));
    expect((await conversation.queryBlockedMembers()).results).toEqual([bob.id]);
    expect(await conversation.add([bob.id])).toMatchObject({
      successfulClientIds: [],
      failures: [{ clientIds: [bob.id], code: 4548 }],
    });
    await conversation.unblockMembers([bob.id]);
    expect(await conversation.add([bob.id])).toMatchObject({ successfulClientIds: [bob.id] });
  });

  it('services: subscribing, broadcasts, and a thread of one’s own', async () => {
    const [a, b] = await suite.clients('ann', 'bob');
    const { conversation } = (await suite.server.rest(suite.app, 'POST', 'api/v1/conversations', {
      op: 'make-service',
      kind: 'system',
      name: 'news',
    })) as { conversation: { id: string } };
    const news = (await a!.client.getConversation(conversation.id)) as unknown as {
      name: string;
      system: boolean;
      subscribe(): Promise<unknown>;
      unsubscribe(): Promise<unknown>;
      send(message: unknown): Promise<{ id: string }>;
      queryMessages(options: object): Promise<{ text: string }[]>;
    };
    expect([news.name, news.system]).toEqual(['news', true]);
    await news.subscribe();
    const heard = next<[{ text: string }]>(a!.client, a!.sdk.Event.MESSAGE);
    const others = record(b!.client, { message: () => '' });
    await suite.server.rest(suite.app, 'POST', `api/v1/conversations/${conversation.id}/messages`, {
      op: 'b1',
      body: 'today',
    });
    expect((await heard)[0].text).toBe('today');
    const sent = await news.send(new a!.sdk.TextMessage('a question'));
    expect(sent.id).toBeTruthy();
    expect((await news.queryMessages({ limit: 5 })).map(({ text }) => text)).toEqual(['today', 'a question']);
    expect(others).toEqual([]);
    await news.unsubscribe();
  });
});
