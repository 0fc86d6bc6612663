import { hash } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DiskSet } from './disk-set.js';

let folder: string;
let set: DiskSet;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hongyan-disk-set-'));
  set = new DiskSet(folder);
});
afterEach(() => {
  set.close();
  rmSync(folder, { recursive: true });
});

it('knows what was added, and nothing else, over its growth', () => {
  const texts = Array.from({ length: 40_000 }, (_, at) => `text ${at}`); // it grows at 8,192 and at 32,768
  expect(texts.filter((text) => set.add(text))).toHaveLength(texts.length);
  expect(texts.filter((text) => !set.has(text))).toEqual([]);
  expect(texts.filter((text) => set.add(text))).toEqual([]);
  expect(texts.filter((text) => set.has(`${text}!`))).toEqual([]);
  expect(set.size).toBe(texts.length);
});

it('finds what had no room where it belongs, over its growth too', () => {
  // Into the last places of the file, of which there are too few: they go on at the front.
  const last = [];
  for (let at = 0; last.length < 40; at += 1)
    if (hash('sha1', `${at}`, 'buffer').readUInt16BE() >= 0xffc0) last.push(`${at}`);
  for (const text of last) set.add(text);
  expect(last.filter((text) => !set.has(text))).toEqual([]);
  for (let at = 0; at < 10_000; at += 1) set.add(`other ${at}`);
  expect(last.filter((text) => set.add(text))).toEqual([]);
  expect(set.size).toBe(10_040);
});

it('leaves nothing in the folder, and keeps two of one folder apart', () => {
  const other = new DiskSet(folder);
  set.add('one');
  expect(other.has('one')).toBe(false);
  other.close();
  expect(readdirSync(folder)).toEqual([]);
});

it('throws what the file system throws', () => {
  expect(() => new DiskSet(join(folder, 'gone'))).toThrow('ENOENT');
});
