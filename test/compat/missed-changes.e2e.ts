import { appKey, type CompatServer, startCompatServer } from './compat-server.js';
import { closeDevices, type Conversation, device, eventually, next, record } from './devices.js';

let server: CompatServer;

beforeAll(async () => {
  server = await startCompatServer();
});
afterEach(closeDevices);
afterAll(() => server.stop());

type Fields = Record<string, unknown>;

describe('changes of conversations missed over a lost connection', () => {
  it('are told when the client is back, once each and in order', async () => {
    const app = await server.app();
    const [tom, two] = [await device(server, app).login('tom'), device(server, app)];
    const jerry = await two.login('jerry');
    const told = record(jerry, { invited: () => undefined, membersjoined: () => undefined });
    const old = (await tom.createConversation({ members: ['jerry', 'cat'], name: 'old' })) as Conversation;
    const left = (await tom.createConversation({ members: ['jerry'], name: 'left' })) as Conversation;
    // A look-up that is under way when the connection is lost would be waited for by the SDK.
    const theirs = await jerry.getConversation(old.id);
    await jerry.getConversation(left.id);
    await eventually(() => expect(told).toHaveLength(4));
    const members = (payload: Fields): unknown => payload['members'];
    const seen = record(jerry, {
      invited: (_: Fields, { id }: Conversation) => id,
      kicked: (_: Fields, { id }: Conversation) => id,
      membersjoined: members,
      membersleft: members,
      conversationinfoupdated: ({ attributes }: Fields) => attributes,
    });
    const back = next(two.realtime, 'reconnect', () => true, 20_000);
    await two.cut();
    await old.add(['dog']);
    await old.set('name', 'new name').save();
    await old.remove(['dog']);
    await left.remove(['jerry']);
    const young = (await tom.createConversation({ members: ['jerry'], name: 'young' })) as Conversation;
    await back;
    await eventually(() =>
      expect(seen).toEqual([
        'membersjoined:["dog"]',
        'conversationinfoupdated:{"name":"new name"}',
        'membersleft:["dog"]',
        `kicked:"${left.id}"`,
        `invited:"${young.id}"`,
        'membersjoined:["tom","jerry"]',
      ]),
    );
    expect([theirs.name, theirs.members.sort()]).toEqual(['new name', ['cat', 'jerry', 'tom']]);
    // What was told live is not told again.
    seen.length = 0;
    const live = next(jerry, 'membersjoined');
    await old.add(['eel']);
    await live;
    const again = next(two.realtime, 'reconnect', () => true, 20_000);
    await two.cut();
    await again;
    await old.add(['fox']);
    await eventually(() => expect(seen).toEqual(['membersjoined:["eel"]', 'membersjoined:["fox"]']));
  });

  it('are told in two shapes, to whom they belong', async () => {
    const app = await server.app();
    const one = device(server, app);
    const tom = await one.login('tom');
    const conversation = (await tom.createConversation({ members: ['jerry'], name: 'n' })) as Conversation;
    await conversation.set('attr.a', 1).save();
    const token = await (
      tom as unknown as { _sessionManager: { getSessionToken(): Promise<string> } }
    )._sessionManager.getSessionToken();
    const ask = async (query: string): Promise<{ status: number; body: Fields }> => {
      const response = await fetch(`${server.url}/1.1/rtm/notifications?client_id=${query}`, {
        headers: { 'x-lc-id': app.id, 'x-lc-key': appKey, 'x-lc-im-session-token': token },
      });
      return { status: response.status, body: (await response.json()) as Fields };
    };
    const list = (await ask('tom&start_ts=0&notification_type=permanent')).body;
    const told = list['notifications'] as Fields[];
    expect([list['hasMore'], told.map(({ cmd, op }) => `${String(cmd)} ${String(op)}`)]).toEqual([
      false,
      ['conv joined', 'conv members_joined', 'conv updated'],
    ]);
    expect(told[1]).toMatchObject({ cid: conversation.id, initBy: 'tom', notificationType: 1 });
    expect([...(told[1]!['m'] as string[])].sort()).toEqual(['jerry', 'tom']);
    expect(told[2]).toMatchObject({ attr: { data: '{"attr.a":1}' } });
    const other = (await ask('tom&start_ts=0')).body as { permanent: { notifications: Fields[] } };
    expect(other).toMatchObject({ droppable: { invalidLocalConvCache: false, notifications: [] } });
    expect(other.permanent.notifications.map(({ op }) => op)).toEqual([
      'joined',
      'members-joined',
      'updated',
    ]);
    expect(other.permanent.notifications[2]).toMatchObject({
      attr: { 'attr.a': 1 },
      attrModified: { attr: { a: 1 } },
    });
    const last = told[2]!['serverTs'] as number;
    expect((await ask(`tom&start_ts=${last}&notification_type=permanent`)).body).toEqual({
      hasMore: false,
      notifications: [],
    });
    expect((await ask('jerry&start_ts=0')).status).toBeGreaterThanOrEqual(400);
    expect((await ask('tom&start_ts=x')).status).toBeGreaterThanOrEqual(400);
  });
});

describe('edits and recalls missed over a lost connection', () => {
  it('are told when the client is back, the last of each message once', async () => {
    const app = await server.app();
    const [alone, two] = [device(server, app), device(server, app)];
    const [tom, jerry] = [await alone.login('tom'), await two.login('jerry')];
    const { TextMessage } = alone.sdk;
    const make = async (name: string) =>
      (await tom.createConversation({ members: ['jerry'], name })) as Conversation;
    const [one, other] = [await make('one'), await make('other')];
    const theirs = await jerry.getConversation(one.id);
    await jerry.getConversation(other.id);
    const send = (conversation: Conversation, text: string) => conversation.send(new TextMessage(text));
    const [first, second] = [await send(one, 'first'), await send(other, 'second')];
    const { TextMessage: Theirs } = two.sdk;
    const mine = await theirs.send(new Theirs('mine'));
    for (let n = 0; n < 20; n += 1) await send(one, `later ${n}`);
    const text = ({ text: content }: { text?: string }) => content;
    const seen = record(jerry, { messageupdate: text, messagerecall: ({ id }: { id: string }) => id });
    const cut = async (meanwhile: () => Promise<unknown>): Promise<void> => {
      const back = next(jerry, 'reconnect', () => true, 20_000);
      await two.cut();
      await meanwhile();
      await back;
      // What was missed comes before the answer to what is asked.
      await theirs.count();
    };
    await cut(async () => {
      await one.update(first, new TextMessage('first, then'));
      await other.recall(second);
      await one.update(first, new TextMessage('first, at last'));
    });
    const missed = [`messagerecall:"${second.id}"`, 'messageupdate:"first, at last"'];
    expect(seen).toEqual(missed);
    await cut(() => Promise.resolve());
    expect(seen).toEqual(missed);
    // Its other devices have to hear of its own changes, so it hears of them once as well.
    await theirs.update(mine, new Theirs('mine, too'));
    for (let n = 0; n < 2; n += 1) await cut(() => Promise.resolve());
    expect(seen).toEqual([...missed, 'messageupdate:"mine, too"']);
  });
});

describe('a client that was blocked from a conversation', () => {
  it('is told when that is lifted, and may come back', async () => {
    const app = await server.app();
    const [tom, two] = [await device(server, app).login('tom'), device(server, app)];
    const jerry = await two.login('jerry');
    const conversation = (await tom.createConversation({ members: ['jerry'], name: 'n' })) as Conversation;
    await jerry.getConversation(conversation.id);
    const out = next(jerry, 'blocked');
    await conversation.blockMembers(['jerry']);
    await out;
    const lifted = next<[Fields, Conversation]>(jerry, 'unblocked');
    await conversation.unblockMembers(['jerry']);
    expect((await lifted)[1].id).toBe(conversation.id);
    await conversation.add(['jerry']);
  });
});
