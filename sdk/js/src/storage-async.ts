import type { Storage } from './storage.js';

/** The part of React Native's AsyncStorage that is used. */
export interface AsyncStorageLike {
  getAllKeys(): Promise<readonly string[]>;
  multiGet(keys: readonly string[]): Promise<readonly (readonly [string, string | null])[]>;
  multiSet(pairs: [string, string][]): Promise<void>;
  multiRemove(keys: string[]): Promise<void>;
}

/** Keeps everything in React Native's AsyncStorage, under keys that begin with `prefix`. */
export class AsyncStorage implements Storage {
  constructor(
    private readonly storage: AsyncStorageLike,
    private readonly prefix = 'hongyan/',
  ) {}

  async load(): Promise<Iterable<readonly [string, string]>> {
    const keys = (await this.storage.getAllKeys()).filter((key) => key.startsWith(this.prefix));
    const pairs = await this.storage.multiGet(keys);
    return pairs.flatMap(([key, value]) =>
      value === null ? [] : [[key.slice(this.prefix.length), value] as const],
    );
  }

  async write(changes: ReadonlyMap<string, string | undefined>): Promise<void> {
    const set: [string, string][] = [];
    const removed: string[] = [];
    for (const [key, value] of changes) {
      if (value === undefined) removed.push(this.prefix + key);
      else set.push([this.prefix + key, value]);
    }
    if (set.length > 0) await this.storage.multiSet(set);
    if (removed.length > 0) await this.storage.multiRemove(removed);
  }
}
