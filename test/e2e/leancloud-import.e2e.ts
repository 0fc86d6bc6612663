import { type ChildProcess, spawn } from 'node:child_process';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HongyanClient } from '@hongyan/sdk';
import { nodeFlags } from '../../tools/node-flags.mjs';
import { GeneratedApp, type GeneratedSize, type Row } from '../leancloud-stand-in/generated-app.js';
import { StandIn, standInKeys } from '../leancloud-stand-in/stand-in.js';
import { mainScript, pause, type TestApp, TestServer, until } from './server.js';

/** `hongyan leancloud import` as a process, of folders that were pulled from the stand-in. */

jest.setTimeout(600_000);

let root: string;
let shop: string;
let data: string;
let source: StandIn;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'hongyan-import-e2e-'));
  [shop, data] = [join(root, 'shop'), join(root, 'data')];
});
afterEach(async () => {
  await source.stop();
  rmSync(root, { recursive: true, force: true });
});

interface Ended {
  readonly status: number | string;
  readonly text: string;
}

function launch(args: readonly string[]): { child: ChildProcess; ended: Promise<Ended> } {
  const child = spawn(process.execPath, [...nodeFlags, mainScript, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env.PATH ?? '',
      LEANCLOUD_APP_ID: standInKeys.appId,
      LEANCLOUD_MASTER_KEY: standInKeys.masterKey,
    },
  });
  let text = '';
  const collect = (chunk: Buffer) => (text = (text + chunk.toString()).slice(-200_000));
  child.stdout.on('data', collect);
  child.stderr.on('data', collect);
  const ended = new Promise<Ended>((resolve) =>
    child.once('close', (code, signal) => resolve({ status: code ?? signal ?? '', text })),
  );
  return { child, ended };
}

async function done(...args: readonly string[]): Promise<string> {
  const { status, text } = await launch(args).ended;
  if (status !== 0) throw new Error(`${args.join(' ')}: ${status}\n${text}`);
  return text;
}

async function pulled(size: GeneratedSize): Promise<void> {
  source = await StandIn.start(new GeneratedApp(size));
  await pull();
}

const pull = () =>
  done('leancloud', 'pull', '--out', shop, '--server', source.url, '--parallel', '16', '--max-wait', '1');

const importing = (app: string, folder: string, ...more: string[]) =>
  launch(['leancloud', 'import', '--from', shop, '--app', app, '--data', folder, '--json', ...more]);

interface Report {
  readonly counts: {
    readonly conversations: Record<string, number>;
    readonly threads: Record<string, number>;
    readonly messages: Record<string, number>;
    readonly subscribers: Record<string, number>;
  };
  readonly problems: Record<string, number>;
  readonly verification: {
    readonly equal: number;
    readonly messages: number;
    readonly differences: number;
    readonly reported: number;
    readonly different: unknown[];
  };
}

async function reportOf({ ended }: { ended: Promise<Ended> }): Promise<Report> {
  const { status, text } = await ended;
  const last = text.trim().split('\n').at(-1) ?? '';
  if (!last.startsWith('{"event":"done"')) throw new Error(`${status}: ${text}`);
  return (JSON.parse(last) as { report: Report }).report;
}

const problemsOf = (app: string): Record<string, unknown>[] =>
  ['unreadable.ndjson', 'not-taken.ndjson'].flatMap((name) =>
    readFileSync(join(shop, `import-${app}`, name), 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>),
  );

interface Message {
  readonly id: string;
  readonly time: number;
  readonly from?: string;
  readonly body: string;
  readonly recalled?: boolean;
  readonly seq: number;
}

/** All messages of a conversation, oldest first, page by page. */
async function historyOf(server: TestServer, app: TestApp, conversation: string): Promise<Message[]> {
  const all: Message[] = [];
  for (let before = ''; ;) {
    const { body, text } = await server.rest(
      app,
      'GET',
      `/conversations/${conversation}/messages?limit=100${before}`,
    );
    const page = body as { messages?: Message[]; more: boolean };
    if (page.messages === undefined) throw new Error(text);
    all.unshift(...page.messages);
    if (!page.more) return all;
    before = `&before.seq=${page.messages[0]!.seq}`;
  }
}

/** As native readers get it: typed messages as text. The import itself compares contents to the byte. */
const shownOf = (row: Row) => {
  const { _lctype, _lctext } = JSON.parse(row['data'] as string) as { _lctype: number; _lctext?: string };
  return [row['msg-id'], row['timestamp'], row['from'], _lctype === -127 ? '' : _lctext];
};

/** Every message of the source is here once, in order, with its id, time, sender and content. */
async function expectEverything(server: TestServer, app: TestApp): Promise<void> {
  const expected = new Map<string, Row[]>();
  for (let at = 0; at < source.app.messages; at += 1) {
    const row = source.app.message(at);
    if (row === undefined) continue;
    const list = expected.get(row['to'] as string) ?? [];
    list.push(row);
    expected.set(row['to'] as string, list);
  }
  for (const [conversation, rows] of expected) {
    if (source.app.conversationAt(conversation) < source.app.services) continue; // broadcasts are among them
    const here = await historyOf(server, app, conversation);
    const inOrder = rows.sort(
      (a, b) =>
        (a['timestamp'] as number) - (b['timestamp'] as number) ||
        ((a['msg-id'] as string) < (b['msg-id'] as string) ? -1 : 1),
    );
    expect(here.map(({ id, time, from, body }) => [id, time, from, body])).toEqual(inOrder.map(shownOf));
  }
}

it('has every message once and in order after ten kills, in a stopped installation', async () => {
  const size = {
    messages: 40_000,
    conversations: 800,
    services: 2,
    subscribers: 60,
    threadMessages: 3,
    installations: 20,
  };
  await pulled(size);
  await done('tenant', 'create', '--name', 'T', '--id', 't', '--data', data);
  const made = JSON.parse(
    await done(
      'app',
      'create',
      '--tenant',
      't',
      '--name',
      'Shop',
      '--preset',
      'leancloud',
      '--id',
      'shop',
      '--data',
      data,
      '--json',
    ),
  ) as { masterKey: { current: string } };
  const app: TestApp = { id: 'shop', masterKey: made.masterKey.current };
  let kills = 0;
  while (kills < 10) {
    const { child, ended } = importing('shop', data);
    const timer = setTimeout(() => child.kill('SIGKILL'), 400 + Math.random() * 2_500);
    const { status, text } = await ended;
    clearTimeout(timer);
    if (status === 'SIGKILL') kills += 1;
    else expect(text).toContain('"event":"done"'); // it was through before: the next one finds everything there
  }
  const report = await reportOf(importing('shop', data));
  expect(report.verification).toMatchObject({ differences: 0, reported: 0, equal: 800 + 120 });
  const { conversations, messages } = report.counts;
  expect((conversations['created'] ?? 0) + (conversations['same'] ?? 0)).toBe(800);
  expect((messages['added'] ?? 0) + (messages['same'] ?? 0)).toBe(40_000 + 2 * 60 * 3 + 2 * 3);

  const server = await TestServer.start({ folder: data });
  try {
    await expectEverything(server, app);
    expect(await server.findings()).toEqual([]);
    const one = async (path: string) =>
      (await server.rest(app, 'GET', `/conversations/${source.app.conversationId(10)}${path}`)).body;
    expect(await one('')).toMatchObject({
      conversation: { name: 'talk 10 鸿雁', unique: true, attributes: { order: 10 } },
    });
    const { items } = (await one('/members')) as { items: { client: string; role: string }[] };
    expect(items.map(({ client, role }) => [client, role])).toEqual([
      ['u10', 'owner'],
      ['u11', 'member'],
    ]);
    expect((await one('/silences')) as object).toMatchObject({
      items: [{ client: 'quiet000' }, { client: 'quiet001' }],
    });
    // In a list as ever: the last message is there, nothing is unread, and who muted it still does.
    const row = (await server.rest(app, 'GET', `/clients/u10/conversations/${source.app.conversationId(10)}`))
      .body;
    expect(row).toMatchObject({ own: { muteUntil: null }, unread: 0 });
    const services = (
      await server.rest(app, 'GET', `/conversations/${source.app.conversationId(0)}/members?limit=100`)
    ).body;
    expect((services as { items: unknown[] }).items).toHaveLength(60);
  } finally {
    await server.close();
  }
});

it('is taken into a live app, and a second time after a second pull: no hole, no wrong unread, no reordering', async () => {
  await pulled({ messages: 20_000, conversations: 200, services: 1, subscribers: 5, threadMessages: 2 });
  const server = await TestServer.start();
  const clients: HongyanClient[] = [];
  const login = async (clientId: string) => {
    const client = new HongyanClient({
      url: server.url,
      appId: app.id,
      credentials: { clientId },
      maxGap: 100_000,
      maxQueue: 10_000,
    });
    clients.push(client);
    await client.connect({ timeoutMs: 10_000 });
    return client;
  };
  const app = await server.createApp({ 'limits.commandsPerSecond': 1_000 }, { preset: 'leancloud' });
  try {
    const [u10, u11] = [await login('u10'), await login('u11')];
    // A conversation that began here, and is talked in all the time.
    const own = await u10.conversations.create({ members: ['u11'] });
    const talks = new Map<string, string[]>([[own.id, []]]);
    const heard = new Map<string, { seq: number; body: string }[]>();
    u11.on('message', ({ conversation, message }) => {
      const list = heard.get(conversation.id) ?? [];
      list.push({ seq: message.seq!, body: message.body });
      heard.set(conversation.id, list);
    });
    let going = true;
    const chat = async (id: string) => {
      const conversation = await u10.conversations.get(id);
      for (let n = 1; going; n += 1) {
        const { body } = await conversation.send(`${id} ${n}`);
        talks.get(id)!.push(body);
        await pause(3);
      }
    };
    const chatting = [chat(own.id)];
    const first = await reportOf(importing(app.id, server.folder));
    expect(first.verification).toMatchObject({ differences: 0 });
    expect(talks.get(own.id)!.length).toBeGreaterThan(10);

    // The switch: the imported conversation is talked in here, while what came late over there is imported below.
    const shared = source.app.conversationId(10);
    talks.set(shared, []);
    chatting.push(chat(shared));
    await until(() => talks.get(shared)!.length > 5, 'the imported conversation is talked in');
    for (let n = 0; n < 300; n += 1) source.app.arrive(`late ${n}`, n % 150);
    source.app.edit(19_810, 'edited there');
    source.app.recall(19_610);
    source.app.changeConversation(12, { m: ['u12', 'u13', 'newcomer'], name: 'another name' });
    await pull();
    const second = await reportOf(importing(app.id, server.folder));
    expect(second.verification).toMatchObject({ differences: 0 });
    expect(second.counts.messages).toMatchObject({ added: 300, changed: 2, refused: 0 });
    expect(second.counts.conversations).toMatchObject({ created: 0, changed: 1 });
    going = false;
    await Promise.all(chatting);

    for (const [id, said] of talks) {
      await until(() => (heard.get(id) ?? []).length === said.length, 'everything is heard');
      expect(heard.get(id)!.map(({ body }) => body)).toEqual(said);
      // Nobody else wrote entries there: not one sequence is missing.
      const seqs = heard.get(id)!.map(({ seq }) => seq);
      expect(seqs).toEqual(seqs.map((_, at) => seqs[0]! + at));
      const row = (await server.rest(app, 'GET', `/clients/u11/conversations/${id}`)).body as {
        unread: number;
      };
      expect(row.unread).toBe(said.length);
    }
    // The old history behind the new, through the SDK: pages of 100 down to the first message.
    const conversation = await u11.conversations.get(shared);
    let page = await conversation.history({ limit: 100 });
    const bodies = page.messages.map(({ body }) => body);
    while (page.more) {
      page = await page.older();
      bodies.unshift(...page.messages.map(({ body }) => body));
    }
    const old = await historyOf(server, app, shared);
    const said = talks.get(shared)!;
    expect(bodies.slice(-said.length)).toEqual(said);
    expect(old.slice(0, -said.length).map(({ id }) => id)).toEqual(idsAtSource(shared));
    expect(bodies.length).toBe(old.length);
    const members = (await server.rest(app, 'GET', `/conversations/${source.app.conversationId(12)}/members`))
      .body;
    expect((members as { items: { client: string }[] }).items.map(({ client }) => client)).toContain(
      'newcomer',
    );
    expect(
      (await server.rest(app, 'GET', `/conversations/${source.app.conversationId(12)}`)).body,
    ).toMatchObject({
      conversation: { name: 'another name' },
    });
    expect(await server.findings()).toEqual([]);
    // And once more, when nothing changed.
    const third = await reportOf(importing(app.id, server.folder));
    expect(third.counts.messages).toMatchObject({ added: 0, changed: 0, refused: 0 });
    expect(third.counts.conversations).toMatchObject({ created: 0, changed: 0 });
  } finally {
    await Promise.all(clients.map((client) => client.close()));
    await server.close();
  }
});

const idsAtSource = (conversation: string): string[] => {
  const ids: string[] = [];
  for (let at = 0; at < source.app.messages; at += 1) {
    const row = source.app.message(at);
    if (row?.['to'] === conversation) ids.push(row['msg-id'] as string);
  }
  return ids;
};

it('reports bad input by file and line, and takes the rest', async () => {
  await pulled({ messages: 300, conversations: 20 });
  const part = join(shop, 'messages', '00001.ndjson');
  const lines = readFileSync(part, 'utf8').trim().split('\n');
  const row = JSON.parse(lines[9]!) as Row;
  const cases: readonly [why: RegExp, line: string | Buffer][] = [
    [/no JSON: cut off/, lines[3]!.slice(0, 60)],
    [/not UTF-8/, Buffer.from([0x7b, 0xc4, 0xe3, 0xba, 0xc3, 0x7d])], // GBK
    [
      /another message has this id: its time or sender/,
      JSON.stringify({ ...row, timestamp: (row['timestamp'] as number) + 5 }),
    ],
    [
      /column "colour" of messages was left out/,
      JSON.stringify({ ...row, 'msg-id': 'with-colour', colour: 'blue' }),
    ],
    [
      /nothing says what its conversation is/,
      JSON.stringify({ ...row, 'msg-id': 'lost', to: 'ffffffffffffffffffffffff' }),
    ],
    [/in the future/, JSON.stringify({ ...row, 'msg-id': 'tomorrow', timestamp: Date.now() + 86_400_000 })],
    [/no time/, JSON.stringify({ ...row, 'msg-id': 'never', timestamp: 'yesterday' })],
    [/sender cannot be/, JSON.stringify({ ...row, 'msg-id': 'long', from: 'x'.repeat(100) })],
    [/is no object/, '[1]'],
  ];
  const from = lines.length + 1;
  const bad = Buffer.concat(cases.flatMap(([, line]) => [Buffer.from(line), Buffer.from('\n')]));
  damage('messages', bad);
  const lonely = {
    objectId: '5fffffffffffffffffffffff',
    name: 'nobody',
    createdAt: '2026-01-01T00:00:00.000Z',
    updatedAt: '2099-01-01T00:00:00.000Z',
    $x: 1,
  };
  damage('conversations', Buffer.from(`${JSON.stringify(lonely)}\n`));

  await done('tenant', 'create', '--name', 'T', '--id', 't', '--data', data);
  await done(
    'app',
    'create',
    '--tenant',
    't',
    '--name',
    'Shop',
    '--preset',
    'leancloud',
    '--id',
    'shop',
    '--data',
    data,
  );
  const dry = await reportOf(importing('shop', data, '--dry-run'));
  const { ended } = importing('shop', data);
  expect((await ended).status).toBe(1);
  const report = await reportOf({ ended });
  // The one with a column too many is taken, and so is everything that was good.
  expect(report.counts.messages).toMatchObject({ added: 301, refused: 1 });
  expect(dry.counts.messages['added']).toBe(302);
  expect(report.counts.conversations).toMatchObject({ created: 21 });
  expect(report.verification).toMatchObject({ differences: 0, reported: 1 });
  const problems = problemsOf('shop');
  for (const [at, [why]] of cases.entries())
    expect(problems).toContainEqual(
      expect.objectContaining({
        file: 'messages/00001.ndjson',
        line: from + at,
        why: expect.stringMatching(why) as string,
      }),
    );
  const told = problems.filter(({ file }) => file === 'conversations/00001.ndjson').map(({ why }) => why);
  for (const why of ['it has no members: no list shows it', 'updatedAt is in the future'])
    expect(told).toContain(why);
  expect(told).toContainEqual(expect.stringMatching(/column "\$x" was left out/));
  expect(problems).toContainEqual(
    expect.objectContaining({
      file: 'messages/00001.ndjson',
      why: expect.stringMatching(/checksum/) as string,
    }),
  );
  expect(
    await launch(['leancloud', 'import', '--from', root, '--app', 'shop', '--data', data]).ended,
  ).toMatchObject({
    status: 1,
    text: expect.stringContaining('no manifest.json') as string,
  });
});

/** Adds to a part, and to what its checkpoint says of its size: as if it had been pulled like that. */
function damage(stream: string, bytes: Buffer): void {
  appendFileSync(join(shop, stream, '00001.ndjson'), bytes);
  const path = join(shop, stream, 'checkpoint.json');
  const state = JSON.parse(readFileSync(path, 'utf8')) as { parts: { bytes: number }[] };
  state.parts[0]!.bytes += bytes.length;
  writeFileSync(path, JSON.stringify(state));
}
