import { asHongyanError } from './errors.js';

/** Keeps small texts over a restart. One instance belongs to one client on one device. */
export interface Storage {
  /** Everything that is kept. Called once, before the first connect. */
  load(): Promise<Iterable<readonly [key: string, value: string]>>;
  /** Sets keys, or removes those with undefined; all or none of them. Calls do not overlap. */
  write(changes: ReadonlyMap<string, string | undefined>): Promise<void>;
}

/** The default: nothing outlives the instance. */
export class MemoryStorage implements Storage {
  readonly #values = new Map<string, string>();

  load(): Promise<Iterable<readonly [string, string]>> {
    return Promise.resolve([...this.#values]);
  }

  write(changes: ReadonlyMap<string, string | undefined>): Promise<void> {
    for (const [key, value] of changes) {
      if (value === undefined) this.#values.delete(key);
      else this.#values.set(key, value);
    }
    return Promise.resolve();
  }
}

/** Writes changes behind the client's back: all of one turn together, never two writes at a time, retried when failed. */
export class WriteBehind {
  #dirty = new Map<string, string | undefined>();
  #running: Promise<void> | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly storage: Storage,
    private readonly failed: (error: unknown) => void,
  ) {}

  set(key: string, value: string | undefined): void {
    this.#dirty.set(key, value);
    if (this.#retry === undefined) this.#running ??= this.#run();
  }

  /** Resolves when everything set until now is written, or could not be. */
  async flush(): Promise<void> {
    if (this.#retry !== undefined) {
      clearTimeout(this.#retry);
      this.#retry = undefined;
      this.#running ??= this.#run();
    }
    await this.#running;
  }

  close(): Promise<void> {
    return this.flush().finally(() => clearTimeout(this.#retry));
  }

  async #run(): Promise<void> {
    await Promise.resolve(); // gathers the changes of this turn
    while (this.#dirty.size > 0) {
      const changes = this.#dirty;
      this.#dirty = new Map();
      try {
        await this.storage.write(changes);
      } catch (error) {
        this.#dirty = new Map([...changes, ...this.#dirty]);
        this.failed(asHongyanError(error));
        this.#retry = setTimeout(() => void this.flush(), 1_000);
        break;
      }
    }
    this.#running = undefined;
  }
}
