import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { importWithKills } from '../chaos/import-run.js';
import type { Row } from '../leancloud-stand-in/generated-app.js';
import { launchCommand } from './command.js';
import { MovedApp, reportOf } from './leancloud-import.js';
import { TestServer } from './server.js';

/** `hongyan leancloud import` as a process, into an installation that does not run. */

jest.setTimeout(600_000);

let moved: MovedApp;
afterEach(() => moved.close());

const problemsOf = (app: string): Record<string, unknown>[] =>
  ['unreadable.ndjson', 'not-taken.ndjson'].flatMap((name) =>
    readFileSync(join(moved.shop, `import-${app}`, name), 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>),
  );

it('has every message once and in order after ten kills, in a stopped installation', async () => {
  const size = {
    messages: 40_000,
    conversations: 800,
    services: 2,
    subscribers: 60,
    threadMessages: 3,
    installations: 20,
  };
  moved = await MovedApp.pulled(size);
  const app = await moved.createApp();
  const { report } = await importWithKills(moved, { kills: 10, lifeMs: 2_500 });
  expect(report.verification).toMatchObject({ differences: 0, reported: 0, equal: 800 + 120 });
  // Who muted a service is told; nothing was unreadable.
  expect(report.problemFiles.map((file) => basename(file))).toEqual(['not-taken.ndjson']);
  const { conversations, messages } = report.counts;
  expect((conversations['created'] ?? 0) + (conversations['same'] ?? 0)).toBe(800);
  expect((messages['added'] ?? 0) + (messages['same'] ?? 0)).toBe(40_000 + 2 * 60 * 3 + 2 * 3);

  const server = await TestServer.start({ folder: moved.data });
  try {
    expect(await moved.problemsIn(server, app)).toEqual([]);
    expect(await server.findings()).toEqual([]);
    const one = async (path: string) =>
      (await server.rest(app, 'GET', `/conversations/${moved.source.app.conversationId(10)}${path}`)).body;
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
    const row = (
      await server.rest(app, 'GET', `/clients/u10/conversations/${moved.source.app.conversationId(10)}`)
    ).body;
    expect(row).toMatchObject({ own: { muteUntil: null }, unread: 0 });
    const services = (
      await server.rest(app, 'GET', `/conversations/${moved.source.app.conversationId(0)}/members?limit=100`)
    ).body;
    expect((services as { items: unknown[] }).items).toHaveLength(60);
  } finally {
    await server.close();
  }
});

it('reports bad input by file and line, and takes the rest', async () => {
  moved = await MovedApp.pulled({ messages: 300, conversations: 20 });
  const part = join(moved.shop, 'messages', '00001.ndjson');
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

  await moved.createApp();
  const dry = await reportOf(moved.importing('shop', moved.data, '--dry-run'));
  const { ended } = moved.importing('shop', moved.data);
  expect((await ended).status).toBe(1);
  const report = await reportOf({ ended });
  // The one with a column too many is taken, and so is everything that was good.
  expect(report.counts.messages).toMatchObject({ added: 301, refused: 1 });
  expect(dry.counts.messages['added']).toBe(302);
  expect(report.counts.conversations).toMatchObject({ created: 21 });
  expect(report.verification).toMatchObject({ differences: 0, reported: 1 });
  const files = ['unreadable.ndjson', 'not-taken.ndjson'];
  expect(report.problemFiles).toEqual(files.map((name) => join(moved.shop, 'import-shop', name)));
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
    await launchCommand(['leancloud', 'import', '--from', moved.root, '--app', 'shop', '--data', moved.data])
      .ended,
  ).toMatchObject({
    status: 1,
    text: expect.stringContaining('no manifest.json') as string,
  });
});

/** Adds to a part, and to what its checkpoint says of its size: as if it had been pulled like that. */
function damage(stream: string, bytes: Buffer): void {
  appendFileSync(join(moved.shop, stream, '00001.ndjson'), bytes);
  const path = join(moved.shop, stream, 'checkpoint.json');
  const state = JSON.parse(readFileSync(path, 'utf8')) as { parts: { bytes: number }[] };
  state.parts[0]!.bytes += bytes.length;
  writeFileSync(path, JSON.stringify(state));
}
