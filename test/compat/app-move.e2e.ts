import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { HongyanClient } from '@hongyan/sdk';
import { nativeClient } from '../e2e/native-client.js';
import { GeneratedApp } from '../leancloud-stand-in/generated-app.js';
import { StandIn } from '../leancloud-stand-in/stand-in.js';
import {
  type CompatApp,
  type CompatServer,
  describeUnless,
  notOurs,
  startCompatServer,
} from './compat-server.js';
import { type Conversation, type Device, closeDevices, device, eventually } from './devices.js';
import { runCommand } from '../e2e/command.js';

/**
 * The days of a move, in the order of docs/leancloud/import.md: pull, verify, dry run, import, switch, second pull, import, verify.
 * Unmodified SDKs and native clients talk in the app all the time, also while the imports run.
 */

jest.setTimeout(300_000);

interface Report {
  readonly counts: Record<string, Record<string, number>>;
  readonly verification: Record<string, number>;
}

interface Said {
  readonly id: string;
  readonly from: string;
  readonly text: string;
}

// The import works on the folder of a server of ours.
describeUnless(notOurs, 'the move of an app that is in use', () => {
  let root: string;
  let source: StandIn;
  let server: CompatServer;
  let app: CompatApp;
  const natives: HongyanClient[] = [];

  beforeAll(async () => {
    root = mkdtempSync(join(tmpdir(), 'hongyan-move-'));
    source = await StandIn.start(
      new GeneratedApp({
        messages: 20_000,
        conversations: 200,
        services: 1,
        subscribers: 4,
        threadMessages: 2,
        installations: 250,
      }),
    );
    server = await startCompatServer();
    app = await server.app({ 'limits.members': 10_000 });
  });
  afterAll(async () => {
    await Promise.all(natives.map((client) => client.close()));
    await closeDevices();
    await server.stop();
    await source.stop();
    rmSync(root, { recursive: true, force: true });
  });

  const shop = () => join(root, 'shop');
  const pull = async () => {
    const where = ['--out', shop(), '--server', source.url];
    await runCommand(
      'leancloud',
      'pull',
      ...where,
      '--include',
      'unread',
      '--parallel',
      '8',
      '--max-wait',
      '1',
    );
    await runCommand('leancloud', 'pull', ...where, '--verify');
  };
  const imported = async (...more: string[]): Promise<Report> => {
    const where = ['--from', shop(), '--app', app.id, '--data', server.folder!];
    const said = await runCommand('leancloud', 'import', ...where, '--json', ...more);
    return (JSON.parse(said.trim().split('\n').at(-1)!) as { report: Report }).report;
  };
  const row = (client: string, conversation: string) =>
    server.rest(app, 'GET', `api/v1/clients/${client}/conversations/${conversation}`);

  const native = async (clientId: string) => {
    const client = await nativeClient(server.url, app.id, clientId);
    natives.push(client);
    return client;
  };

  it('loses, repeats and reorders nothing, at either door', async () => {
    const talk = source.app.conversationId(10); // of u10 and u11
    source.app.unreadOf.set('u12', 4);
    const members = Array.from({ length: 6_000 }, (_, at) => `person-${at}`);
    source.app.changeConversation(30, { m: members, c: 'person-0', mu: [] });
    source.app.changeConversation(0, { mu: [] }); // of a service, where it would be reported
    await pull();

    // Both doors, in a conversation that began here and that u12 never reads.
    const phone = device(server, app);
    const lean = await phone.login('u10');
    const ours = await native('u11');
    const own = await lean.createConversation({ members: ['u11', 'u12'], name: 'began here' });
    const heardByOurs = new Map<string, Said[]>();
    ours.on('message', ({ conversation, message }) => {
      push(heardByOurs, conversation.id, {
        id: message.id,
        from: message.from!,
        text: textOf(message.body),
      });
    });
    const heardByLean = new Map<string, Said[]>();
    lean.on(
      phone.sdk.Event.MESSAGE,
      (message: { id: string; from: string; text: string }, { id }: { id: string }) =>
        push(heardByLean, id, { id: message.id, from: message.from, text: message.text }),
    );
    const chat = new Chat(phone, ours);
    await chat.begin(own);

    await imported('--dry-run');
    expect(await row('u10', talk).catch((error: Error) => error.message)).toMatch(/404/);
    const first = await imported();
    expect(first.verification).toMatchObject({ differences: 0, reported: 0 });
    expect(first.counts['messages']).toMatchObject({ refused: 0 });
    expect([first.counts['installations']!['added'], first.verification['installations']]).toEqual([
      250, 250,
    ]);
    expect(chat.saidIn(own.id)).toBeGreaterThan(20);
    expect(
      (await server.rest(app, 'GET', `api/v1/conversations/${source.app.conversationId(30)}`))[
        'conversation'
      ],
    ).toMatchObject({ memberCount: 6_000 });
    // Unread as it was there: at both doors.
    const unreadTalk = source.app.conversationId(12);
    expect(await row('u12', unreadTalk)).toMatchObject({ unread: 4 });
    const late = await device(server, app).login('u12');
    const unread = await late.getConversation(unreadTalk);
    await eventually(() => expect(unread.unreadMessagesCount).toBe(4));

    // The switch: what came over is talked in here, and for some hours over there as well.
    await chat.begin(await lean.getConversation(talk));
    for (let n = 0; n < 300; n += 1) source.app.arrive(`late ${n}`, 1 + (n % 150));
    source.app.edit(19_810, 'edited there');
    source.app.recall(19_610);
    source.app.changeConversation(10, { mu: ['u11'] });
    source.app.silencedNow.set(10, ['quiet000', 'loud']);
    source.app.changeConversation(20, { m: ['u20', 'newcomer'], name: 'another name' });
    source.app.unreadOf.delete('u12');
    await pull();
    const second = await imported();
    expect(second.verification).toMatchObject({ differences: 0, reported: 0 });
    expect(second.counts['messages']).toMatchObject({ added: 300, changed: 2, refused: 0 });
    expect(second.counts['conversations']).toMatchObject({ created: 0, refused: 0 });
    await chat.end();

    for (const id of [own.id, talk]) {
      const said = chat.said.get(id)!;
      const by = (name: string) => said.filter(({ from }) => from === name);
      // Each hears all of the other, once and in order.
      await eventually(() =>
        expect(heardByOurs.get(id)!.filter(({ from }) => from === 'u10')).toEqual(by('u10')),
      );
      await eventually(() =>
        expect(heardByLean.get(id)!.filter(({ from }) => from === 'u11')).toEqual(by('u11')),
      );
      const pages = await leanHistory(await lean.getConversation(id));
      const live = pages.slice(-said.length);
      expect(sorted(live)).toEqual(sorted(said.map((one) => one.id)));
      for (const name of ['u10', 'u11'])
        expect(live.filter((one) => by(name).some((message) => message.id === one))).toEqual(
          by(name).map((one) => one.id),
        );
      // The old history behind the new, the same by both doors.
      expect(pages.slice(0, -said.length)).toEqual(id === talk ? idsThere(10) : []);
      expect(await nativeHistory(ours, id)).toEqual(pages);
      expect(await row('u11', id)).toMatchObject({ unread: by('u10').length });
    }
    expect(await row('u12', own.id)).toMatchObject({ unread: chat.saidIn(own.id) });
    // What changed there: mutes, a lifted silence and a new one, members, a name, what is unread.
    expect(((await row('u11', talk)) as { own: object }).own).toMatchObject({ muteUntil: null });
    expect(((await row('u10', talk)) as { own: object }).own).not.toHaveProperty('muteUntil');
    expect(await clientsOf(`api/v1/conversations/${talk}/silences`)).toEqual(['loud', 'quiet000']);
    expect(await clientsOf(`api/v1/conversations/${source.app.conversationId(20)}/members`)).toEqual([
      'newcomer',
      'u20',
    ]);
    expect(await row('u12', unreadTalk)).toMatchObject({ unread: 0 });
    // Once more changes nothing.
    const third = await imported();
    expect(third.counts['installations']).toEqual({ added: 0, changed: 0, same: 250, kept: 0 });
    expect(third.counts['messages']).toMatchObject({ added: 0, changed: 0, refused: 0 });
    expect(third.counts['conversations']).toMatchObject({ created: 0, changed: 0, refused: 0 });
    expect((await imported('--verify')).verification).toMatchObject({ differences: 0, reported: 0 });
  });

  const clientsOf = async (path: string) =>
    ((await server.rest(app, 'GET', path)) as { items: { client: string }[] }).items
      .map(({ client }) => client)
      .sort();

  const idsThere = (conversation: number): string[] => {
    const id = source.app.conversationId(conversation);
    const rows = Array.from({ length: source.app.messages }, (_, at) => source.app.message(at)!);
    return rows.filter(({ to }) => to === id).map((one) => one['msg-id'] as string);
  };
});

/** Ids, oldest first, through the SDK's iterator. */
async function leanHistory(conversation: Pick<Conversation, 'createMessagesIterator'>): Promise<string[]> {
  const iterator = conversation.createMessagesIterator({ limit: 100 });
  const ids: string[] = [];
  for (;;) {
    const { value, done } = await iterator.next();
    ids.unshift(...((value ?? []) as unknown as { id: string }[]).map(({ id }) => id));
    if (done) return ids;
  }
}

async function nativeHistory(client: HongyanClient, id: string): Promise<string[]> {
  let page = await (await client.conversations.get(id)).history({ limit: 100 });
  const ids = page.messages.map((message) => message.id);
  while (page.more) {
    page = await page.older();
    ids.unshift(...page.messages.map((message) => message.id));
  }
  return ids;
}

/** u10 at LeanCloud's door and u11 at ours, who never stop. */
class Chat {
  readonly said = new Map<string, Said[]>();
  private readonly going: Promise<void>[] = [];
  private isOver = false;

  constructor(
    private readonly phone: Device,
    private readonly ours: HongyanClient,
  ) {}

  async begin(conversation: Pick<Conversation, 'id' | 'send'>): Promise<void> {
    const { id } = conversation;
    const theirs = await this.ours.conversations.get(id);
    const { TextMessage } = this.phone.sdk;
    this.say(id, 'u10', async (text) => (await conversation.send(new TextMessage(text))).id);
    this.say(id, 'u11', async (text) => (await theirs.send(text)).id);
    await eventually(() => expect(this.saidIn(id)).toBeGreaterThan(10));
  }

  saidIn(id: string): number {
    return this.said.get(id)?.length ?? 0;
  }

  async end(): Promise<void> {
    this.isOver = true;
    await Promise.all(this.going);
  }

  private say(conversation: string, from: string, send: (text: string) => Promise<string>): void {
    const going = (async () => {
      for (let n = 1; !this.isOver; n += 1) {
        const text = `${from} ${n}`;
        push(this.said, conversation, { id: await send(text), from, text });
        await pause(15);
      }
    })();
    going.catch(() => undefined); // thrown by end()
    this.going.push(going);
  }
}

function push<T>(map: Map<string, T[]>, key: string, value: T): void {
  const list = map.get(key) ?? [];
  list.push(value);
  map.set(key, list);
}

const sorted = (ids: readonly string[]): string[] => [...ids].sort();
/** Messages of typed SDKs come to native readers as their text, or as they are. */
const textOf = (body: unknown): string =>
  typeof body === 'string' ? body : ((body as { _lctext?: string })._lctext ?? JSON.stringify(body));
