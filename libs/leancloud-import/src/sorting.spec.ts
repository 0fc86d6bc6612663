import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mergeRuns } from './merge-runs.js';
import { linesOf } from './part-lines.js';
import { Plan, type Step } from './plan.js';
import { readRecords } from './read-records.js';
import { compareKeys, encodeRecord, type SortRecord } from './record.js';
import { rowKey, threadId } from './row-keys.js';
import { unitsOf } from './units.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hongyan-sorting-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const text = '{"a":"鸿雁\u2028"}';
const record = (key: string, line: number): SortRecord => ({ key, part: 0, line, text });

it('merges more runs than it reads at a time, in rounds, and leaves nothing but the result', async () => {
  const runs = Array.from({ length: 150 }, (_, run) => {
    const records = Array.from({ length: 20 }, (_none, at) =>
      record(`k${(at * 150 + run * 7) % 500}`, run * 20 + at),
    );
    writeFileSync(join(folder, `run-${run}`), records.sort(compareKeys).map(encodeRecord).join(''));
    return `run-${run}`;
  });
  await mergeRuns(folder, runs, 'sorted');
  expect(readdirSync(folder)).toEqual(['sorted']);
  const found: SortRecord[] = [];
  const offsets: number[] = [];
  for await (const { record: one, offset } of readRecords(join(folder, 'sorted'), 0)) {
    found.push(one);
    offsets.push(offset);
  }
  expect(found).toHaveLength(3_000);
  expect(found).toEqual([...found].sort(compareKeys));
  expect(found[0]!.text).toBe(text);
  const behind: SortRecord[] = [];
  for await (const { record: one } of readRecords(join(folder, 'sorted'), offsets[2_990]!)) behind.push(one);
  expect(behind).toEqual(found.slice(2_990));
});

it('reads lines whatever is in them, and says which cannot be read', async () => {
  const long = Buffer.alloc(1_100_000, 'x');
  const parts = ['\uFEFF{"a":1}', '', long, Buffer.from([0xff, 0xfe]), '{"b":2}'];
  const bytes = Buffer.concat(
    parts.flatMap((one) => [Buffer.from(one as string), Buffer.from('\r\n')]),
  ).subarray(0, -2);
  writeFileSync(join(folder, 'part'), bytes);
  const part = { file: 'part', stream: 's', bytes: bytes.length };
  const lines = [];
  for await (const line of linesOf(folder, part)) lines.push(line);
  expect(lines.map(({ line, text: read, why }) => [line, read ?? why])).toEqual([
    [1, '{"a":1}'],
    [2, ''],
    [3, 'the line has 1100001 bytes'],
    [4, 'the line is not UTF-8'],
    [5, '{"b":2}'],
  ]);
  const again = [];
  for await (const line of linesOf(folder, part, lines[3])) again.push(line);
  expect(again).toEqual(lines.slice(4));
});

const service = 'service';
const row = (more: object): string =>
  JSON.stringify({ 'msg-id': 'm-1', timestamp: 5, from: 'ann', to: service, data: 'x', ...more });

/** What is done with rows of these streams, and what is reported. */
async function planned(rows: readonly (readonly [stream: string, text: string])[], longestList?: number) {
  const records = rows.map(([stream, line], at) => {
    const key = rowKey(stream, line, new Set([service]));
    if (!('key' in key)) throw new Error(JSON.stringify(key));
    return { key: key.key, part: 0, line: at + 1, text: line };
  });
  writeFileSync(join(folder, 'sorted'), records.sort(compareKeys).map(encodeRecord).join(''));
  const reported: [number, string][] = [];
  const plan = new Plan(1_000_000, ({ line }, why) => reported.push([line, why]), { mostMembers: 500 });
  const steps: Step[] = [];
  for await (const unit of unitsOf(join(folder, 'sorted'), 0, longestList)) steps.push(...plan.stepsOf(unit));
  return { steps: [...steps, ...plan.end()], reported };
}

const conversation = (more: object) =>
  [
    'conversations',
    JSON.stringify({
      objectId: service,
      createdAt: '1970-01-01T00:00:01.000Z',
      updatedAt: '1970-01-01T00:00:01.000Z',
      ...more,
    }),
  ] as const;

it('takes installations as they stand, before conversations; the last row of one counts', async () => {
  const device = (id: string, more: string) => ['installations', `{"objectId":"${id}", ${more}}`] as const;
  const { steps, reported } = await planned([
    conversation({}),
    device('b2', '"deviceType":"android","installationId":"i","channels":["x",7],"valid":false'),
    device('a1', '"deviceToken":"old","updatedAt":"2026-01-01T00:00:00.000Z"'),
    device('a1', '"deviceToken":"new","updatedAt":"2026-01-02T00:00:00.000Z","big":12345678901234567890'),
    device('ü', '"deviceToken":"t"'),
  ]);
  expect(steps.map((step) => (step.do === 'installation' ? step.installation : step.do))).toEqual([
    {
      id: 'a1',
      deviceToken: 'new',
      channels: [],
      isValid: true,
      updatedAt: Date.UTC(2026, 0, 2),
      record:
        '{"objectId":"a1", "deviceToken":"new","updatedAt":"2026-01-02T00:00:00.000Z","big":12345678901234567890}',
    },
    {
      id: 'b2',
      deviceType: 'android',
      installationId: 'i',
      channels: ['x'],
      isValid: false,
      updatedAt: 0,
      record:
        '{"objectId":"b2", "deviceType":"android","installationId":"i","channels":["x",7],"valid":false}',
    },
    'conversation',
  ]);
  expect(reported[0]).toEqual([5, '"ü" cannot be an installation id here']);
});

it('says how much of a list is left out that is too long', async () => {
  const silenced = (client: string) =>
    ['silenced', JSON.stringify({ conversation: service, clients: [client] })] as const;
  const all = [conversation({ m: ['ann'] }), ...['a', 'b', 'c', 'd'].map(silenced)];
  const { steps, reported } = await planned(all, 2);
  expect(steps[0]).toMatchObject({ do: 'conversation', item: { silenced: ['a', 'b'] } });
  expect(reported).toEqual([[4, 'its list is too long: 2 rows from here on were left out']]);
  expect((await planned(all)).reported).toEqual([]);
});

it('finds the thread of a message with a service, by its stream or by the key of LeanCloud', async () => {
  const thread = threadId(service, 'ann');
  const { steps, reported } = await planned([
    conversation({ sys: true }),
    ['threads', JSON.stringify({ service, client: 'ann', message: JSON.parse(row({})) as object })],
    ['messages', row({ 'conv-id': thread })],
    ['messages', row({ 'msg-id': 'm-2', timestamp: 6, 'conv-id': threadId(service, 'bob'), from: 'bob' })],
    ['messages', row({ 'msg-id': 'm-3', timestamp: 7, 'conv-id': threadId(service, 'eve'), from: service })],
    ['messages', row({ 'msg-id': 'm-4', timestamp: 8, 'conv-id': `${service}00`, from: service })],
  ]);
  const shown = steps.map((step) =>
    step.do === 'conversation'
      ? [step.item.conversation.kind, step.item.members.map(({ client }) => client).join()]
      : step.do === 'message'
        ? [step.conversation, step.message.id]
        : [],
  );
  expect(shown).toContainEqual(['system', '']);
  expect(shown).toContainEqual([service, 'm-4']);
  expect(shown).toContainEqual(['thread', 'ann']);
  expect(shown).toContainEqual([thread, 'm-1']);
  expect(shown).toContainEqual([threadId(service, 'bob'), 'm-2']);
  expect(shown.filter(([, id]) => id === 'm-1')).toHaveLength(1);
  expect(reported).toEqual([[5, 'nothing tells which client this message of a service is for']]);
});

it('lets the last row of a message count, and of a conversation, and keeps what was before', async () => {
  const other = {
    objectId: 'talk',
    m: ['ann', 'bob'],
    c: 'ann',
    mu: ['bob'],
    unique: true,
    uniqueId: 'u',
    attr: { a: 1 },
    colour: 'red',
    createdAt: '1970-01-01T00:00:01.000Z',
    updatedAt: '1970-01-01T00:00:01.000Z',
  };
  const { steps } = await planned([
    ['conversations', JSON.stringify(other)],
    ['conversations', JSON.stringify({ ...other, colour: 'blue' })],
    ['member-infos', JSON.stringify({ cid: 'talk', clientId: 'bob', role: 'Manager' })],
    ['messages', row({ to: 'talk' })],
    ['messages', row({ to: 'talk', data: '{"_lctype":-127}', 'patch-timestamp': 9 })],
  ]);
  expect(steps).toMatchObject([
    {
      item: {
        conversation: {
          attributes: { a: 1 },
          columns: { colour: 'blue', uniqueId: 'u' },
          uniqueKey: expect.any(String) as string,
        },
        members: [
          { client: 'ann', role: 'owner' },
          { client: 'bob', role: 'manager', muted: true },
        ],
        before: [{ columns: { colour: 'red', uniqueId: 'u' } }],
      },
    },
    { message: { id: 'm-1', recalled: true, body: '', editedAt: 9 }, replaced: 1 },
  ]);
});
