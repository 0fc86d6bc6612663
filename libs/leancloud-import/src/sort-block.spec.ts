import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readRecords } from './read-records.js';
import { compareKeys, type SortRecord } from './record.js';
import { SortBlock } from './sort-block.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hongyan-block-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

async function spilled(block: SortBlock, name: string): Promise<SortRecord[]> {
  await block.spill(join(folder, name));
  const found: SortRecord[] = [];
  for await (const { record } of readRecords(join(folder, name), 0)) found.push(record);
  return found;
}

it('writes rows of any length in order, as they came, and is empty then', async () => {
  const block = new SortBlock();
  const rows = Array.from({ length: 3_000 }, (_, at): SortRecord => ({
    key: `鸿 ${(at * 7_919) % 1_000}`,
    part: at % 3,
    line: at,
    // Some longer than what is written at a time.
    text: at % 1_500 === 0 ? '词'.repeat(500_000) : `{"at":${at},"text":"${'é雁'.repeat(at % 50)}"}`,
  }));
  for (const { text, ...key } of rows) {
    expect(block.isFullFor(text)).toBe(false);
    block.add(key, text);
  }
  expect(await spilled(block, 'first')).toEqual([...rows].sort(compareKeys));
  block.add({ key: 'k', part: 0, line: 1 }, '{}');
  expect(await spilled(block, 'second')).toEqual([{ key: 'k', part: 0, line: 1, text: '{}' }]);
});

it('is full by bytes, and by rows', () => {
  const long = 'x'.repeat(1024 * 1024);
  const block = new SortBlock();
  let rows = 0;
  for (; !block.isFullFor(long); rows += 1) block.add({ key: 'k', part: 0, line: rows }, long);
  expect(rows).toBe(10);
  expect(block.isFullFor('short')).toBe(false);
  const short = new SortBlock();
  for (rows = 0; !short.isFullFor('1'); rows += 1) short.add({ key: 'k', part: 0, line: rows }, '1');
  expect(rows).toBe(50_000);
});
