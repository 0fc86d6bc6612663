import { hash, randomUUID } from 'node:crypto';
import { closeSync, ftruncateSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** Places for fingerprints beside each other in the file, read at once: most are found, or found missing, with one read. */
const groupSlots = 16;
const slotBytes = BigUint64Array.BYTES_PER_ELEMENT;
const groupBytes = groupSlots * slotBytes;
const firstGroups = 1_024;
/** How full the file may be, and how much larger the next one is. */
const mostLoad = 0.5;
const growth = 4;
/** Groups that are moved at a time when it grows. */
const regionGroups = 64;

/**
 * Texts that were seen, by fingerprint, in a hash table on the disk: 16 to 64 bytes there for each and none in memory, however
 * many they are. The file has no name once it is open, so none is left when the process ends, however it ends. Where there are
 * a hundred million, one text in a hundred billion is taken for another one.
 */
export class DiskSet {
  private groups = firstGroups;
  private count = 0;
  private file: number;
  private readonly slots = new BigUint64Array(groupSlots);

  /** The file is made in `folder`. This and every call throw what the file system throws. */
  constructor(private readonly folder: string) {
    this.file = emptyFile(folder, firstGroups);
  }

  get size(): number {
    return this.count;
  }

  has(text: string): boolean {
    const key = keyOf(text);
    return this.slots[this.find(key).slot] === key;
  }

  /** True: it was not there before. */
  add(text: string): boolean {
    const key = keyOf(text);
    if (!this.insert(key)) return false;
    this.count += 1;
    if (this.count > this.groups * groupSlots * mostLoad) this.grow();
    return true;
  }

  close(): void {
    closeSync(this.file);
  }

  private insert(key: bigint): boolean {
    const { group, slot } = this.find(key);
    if (this.slots[slot] === key) return false;
    this.slots[slot] = key;
    const bytes = new Uint8Array(this.slots.buffer, slot * slotBytes, slotBytes);
    writeAll(this.file, bytes, group * groupBytes + slot * slotBytes);
    return true;
  }

  /** Where the key is, or the free place where it belongs; `slots` is that group. */
  private find(key: bigint): { group: number; slot: number } {
    let group = this.homeOf(key);
    for (;;) {
      readSync(this.file, this.slots, 0, groupBytes, group * groupBytes);
      for (let slot = 0; slot < groupSlots; slot += 1)
        if (this.slots[slot] === key || this.slots[slot] === 0n) return { group, slot };
      group = (group + 1) % this.groups;
    }
  }

  /** Both files are in the order of their keys, so the larger one is made from front to end, a region at a time. */
  private grow(): void {
    const { file: full, groups } = this;
    this.file = emptyFile(this.folder, groups * growth);
    this.groups = groups * growth;
    try {
      const old = new BigUint64Array(regionGroups * groupSlots);
      const region = new BigUint64Array(old.length * growth);
      const displaced: bigint[] = []; // into another region, from a group that was full: few
      for (let first = 0; first < groups; first += regionGroups) {
        readSync(full, old, 0, old.byteLength, first * groupBytes);
        region.fill(0n);
        for (const key of old) {
          if (key === 0n) continue;
          let at = (this.homeOf(key) - first * growth) * groupSlots;
          while (at >= 0 && at < region.length && region[at] !== 0n) at += 1;
          if (at >= 0 && at < region.length) region[at] = key;
          else displaced.push(key);
        }
        writeAll(this.file, new Uint8Array(region.buffer), first * growth * groupBytes);
      }
      for (const key of displaced) this.insert(key);
    } finally {
      closeSync(full);
    }
  }

  private homeOf(key: bigint): number {
    return Math.floor((Number(key >> 11n) / 2 ** 53) * this.groups);
  }
}

/** The beginning of the text's hash. 0 is a free place. */
const keyOf = (text: string): bigint => hash('sha1', text, 'buffer').readBigUInt64BE(0) || 1n;

function emptyFile(folder: string, groups: number): number {
  const path = join(folder, `seen-${randomUUID()}.tmp`);
  const file = openSync(path, 'wx+', 0o600);
  try {
    unlinkSync(path);
    ftruncateSync(file, groups * groupBytes);
    return file;
  } catch (error) {
    closeSync(file);
    throw error;
  }
}

/** A write may be cut short (a full disk) without an error: the next one then tells why. */
function writeAll(file: number, bytes: Uint8Array, position: number): void {
  for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at, bytes.length - at, position + at);
}
