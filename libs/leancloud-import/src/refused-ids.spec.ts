import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RefusedIds } from './refused-ids.js';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'hongyan-refused-'))));
afterEach(() => rmSync(folder, { recursive: true }));

it('knows what was noted by the process before, and nothing that it wrote behind', async () => {
  const path = join(folder, 'refused');
  const first = await RefusedIds.open(path, 0);
  for (const id of ['a', '鸿雁', 'a']) first.add(id);
  const bytes = await first.flush();
  first.add('lost');
  await first.flush(); // but its length was never noted
  await first.close();
  const second = await RefusedIds.open(path, bytes);
  expect(['a', '鸿雁', 'lost'].map((id) => second.has(id))).toEqual([true, true, false]);
  second.add('鸿雁');
  second.add('b');
  await second.flush();
  await second.close();
  expect(readFileSync(path, 'utf8')).toBe('a\n鸿雁\nb\n');
  expect(readdirSync(folder)).toEqual(['refused']);
});

it('begins anew', async () => {
  const path = join(folder, 'refused');
  const first = await RefusedIds.open(path, 0);
  first.add('a');
  await first.flush();
  await first.close();
  const second = await RefusedIds.open(path, 0);
  expect(second.has('a')).toBe(false);
  await second.close();
});
