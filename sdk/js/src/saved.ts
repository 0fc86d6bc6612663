import type { SavedSession } from './connection.js';
import type { HongyanError } from './errors.js';
import { type Storage, WriteBehind } from './storage.js';

export interface SavedState {
  device?: string;
  client?: string;
  sync?: string;
  session?: SavedSession;
  /** Last sequence given to the app, by log. */
  readonly known: Map<string, number>;
  /** Unsent messages. */
  readonly queue: string[];
}

/** What the client keeps over a restart, under short keys: `q/` unsent messages, `k/` known sequences, and a few words. */
export class Saved {
  readonly #keys = new Set<string>();
  readonly #writes: WriteBehind;

  constructor(
    private readonly storage: Storage,
    failed: (error: HongyanError) => void,
  ) {
    this.#writes = new WriteBehind(storage, (error) => failed(error as HongyanError));
  }

  async load(): Promise<SavedState> {
    const state: SavedState = { known: new Map(), queue: [] };
    for (const [key, value] of await this.storage.load()) {
      this.#keys.add(key);
      if (key.startsWith('q/')) state.queue.push(value);
      else if (key.startsWith('k/')) state.known.set(key.slice(2), Number(value));
      else if (key === 'session') state.session = JSON.parse(value) as SavedSession;
      else if (key === 'device' || key === 'client' || key === 'sync') state[key] = value;
    }
    return state;
  }

  set(key: string, value: string | undefined): void {
    if (value === undefined) this.#keys.delete(key);
    else this.#keys.add(key);
    this.#writes.set(key, value);
  }

  /** Forgets everything but the device. */
  clear(): void {
    for (const key of [...this.#keys]) if (key !== 'device') this.set(key, undefined);
  }

  close(): Promise<void> {
    return this.#writes.close();
  }
}
