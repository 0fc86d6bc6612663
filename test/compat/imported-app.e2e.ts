import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GeneratedApp } from '../leancloud-stand-in/generated-app.js';
import { StandIn } from '../leancloud-stand-in/stand-in.js';
import {
  type CompatApp,
  type CompatServer,
  describeUnless,
  masterKey,
  notOurs,
  startCompatServer,
} from './compat-server.js';
import { closeDevices, device, eventually, next } from './devices.js';
import { runCommand } from '../e2e/command.js';

/** The unmodified SDK and an app that was pulled from the stand-in and imported while the server runs. */

jest.setTimeout(120_000);

// The import works on the folder of a server of ours.
describeUnless(notOurs, 'an imported app', () => {
  let root: string;
  let source: StandIn;
  let server: CompatServer;
  let app: CompatApp;

  beforeAll(async () => {
    root = mkdtempSync(join(tmpdir(), 'hongyan-imported-'));
    source = await StandIn.start(
      new GeneratedApp({
        messages: 3_000,
        conversations: 30,
        services: 1,
        subscribers: 1,
        threadMessages: 9,
      }),
    );
    source.app.changeConversation(0, { mu: [] }); // of a service, where it would be reported
    server = await startCompatServer();
    app = await server.app();
    await runCommand(
      'leancloud',
      'pull',
      '--out',
      join(root, 'shop'),
      '--server',
      source.url,
      '--parallel',
      '8',
    );
    await runCommand(
      'leancloud',
      'import',
      '--from',
      join(root, 'shop'),
      '--app',
      app.id,
      '--data',
      server.folder!,
    );
  });
  afterEach(closeDevices);
  afterAll(async () => {
    await server.stop();
    await source.stop();
    rmSync(root, { recursive: true, force: true });
  });

  const talk = 10; // of u10 and u11, unique, with a column of the app's own
  const idsOf = (conversation: number): string[] =>
    Array.from({ length: 3_000 }, (_, at) => at)
      .filter((at) => at % 30 === conversation)
      .map((at) => source.app.msgId(at));

  it('finds conversations by query as before: members, columns, name, the last message', async () => {
    const ann = await device(server, app).login('u10');
    const byColumn = await ann
      .getQuery()
      .equalTo('shopColumn', 'extra 10')
      .containsMembers(['u10'])
      .withLastMessagesRefreshed()
      .find();
    expect(byColumn.map(({ id }) => id)).toEqual([source.app.conversationId(talk)]);
    const [found] = byColumn;
    expect([found!.name, found!.get('attr.order'), found!.get('shopColumn'), found!.members.sort()]).toEqual([
      'talk 10 鸿雁',
      10,
      'extra 10',
      ['u10', 'u11'],
    ]);
    expect(found!.muted).toBe(true);
    expect(found!.lastMessage).toMatchObject({ id: idsOf(talk).at(-1) });
    // The unique conversation of these two is still this one.
    const again = await ann.createConversation({ members: ['u11'], unique: true });
    expect(again.id).toBe(found!.id);
    expect(found!.unreadMessagesCount).toBe(0);
  });

  it('pages history across the seam, with the ids and times of then', async () => {
    const [a, b] = [device(server, app), device(server, app)];
    const [ann, bob] = [await a.login('u10'), await b.login('u11')];
    const id = source.app.conversationId(talk);
    const [atAnn, atBob] = [await ann.getConversation(id), await bob.getConversation(id)];
    expect(atBob.unreadMessagesCount).toBe(0);
    for (const text of ['new 1', 'new 2', 'new 3']) await atAnn.send(new a.sdk.TextMessage(text));
    await eventually(() => expect(atBob.unreadMessagesCount).toBe(3));

    const iterator = atBob.createMessagesIterator({ limit: 20 });
    const all: { id: string; timestamp: Date; text?: string }[] = [];
    for (;;) {
      const { value, done } = await iterator.next();
      all.unshift(...((value ?? []) as unknown as typeof all));
      if (done) break;
    }
    expect(all.slice(-3).map(({ text }) => text)).toEqual(['new 1', 'new 2', 'new 3']);
    const old = all.slice(0, -3);
    expect(old.map((message) => message.id)).toEqual(idsOf(talk));
    expect(old.map(({ timestamp }) => timestamp.getTime())).toEqual(
      Array.from({ length: 100 }, (_, n) => source.app.timeOf(n * 30 + talk)),
    );
    await atBob.read();
    await eventually(() => expect(atBob.unreadMessagesCount).toBe(0));
    // What came over counts as read; what is new, as it was read here.
    await eventually(async () => {
      await atAnn.fetchReceiptTimestamps();
      expect(atAnn.lastReadAt).toEqual(all.at(-1)!.timestamp);
    });
  });

  it('edits what came over, and the other one hears of it', async () => {
    const [a, b] = [device(server, app), device(server, app)];
    // The last message of conversation 14 is of number 2,984: u989, who is not a member; 14 itself is of u14.
    const [ann, bob] = [await a.login('u14'), await b.login('u15')];
    const id = source.app.conversationId(14);
    const [atAnn, atBob] = [await ann.getConversation(id), await bob.getConversation(id)];
    const { value } = await atAnn.createMessagesIterator({ limit: 100 }).next();
    const [first] = value as unknown as { id: string; from: string }[];
    expect([first!.id, first!.from]).toEqual([source.app.msgId(14), 'u14']);
    const heard = next<[{ id: string; text: string }]>(atBob, 'messageupdate');
    await atAnn.update(first as never, new a.sdk.TextMessage('changed here') as never);
    const [changed] = await heard;
    expect([changed.id, changed.text]).toEqual([first!.id, 'changed here']);
  });

  it('has the thread of a service row by row, though several have the same time', async () => {
    const service = source.app.conversationId(0);
    const [client] = source.app.subscribers(0);
    const thread = source.app.thread(0, client!);
    expect(new Set(thread.map(({ timestamp }) => timestamp)).size).toBeLessThan(thread.length);
    const url = new URL(
      `1.2/rtm/service-conversations/${service}/subscribers/${client}/messages`,
      server.url,
    );
    const headers = { 'X-LC-Id': app.id, 'X-LC-Key': `${masterKey},master` };
    const found: unknown[] = [];
    for (let place = ''; ;) {
      url.search = `limit=1${place}`;
      const rows = (await (await fetch(url, { headers })).json()) as Record<string, unknown>[];
      if (rows.length === 0) break;
      found.unshift(rows[0]!['msg-id']);
      place = `&timestamp=${String(rows[0]!['timestamp'])}&msgid=${String(rows[0]!['msg-id'])}`;
    }
    expect(found).toEqual(thread.map((row) => row['msg-id']));
  });
});
