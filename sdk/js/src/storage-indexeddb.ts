import type { Storage } from './storage.js';

const storeName = 'state';

const answered = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error('IndexedDB'));
  });

/** Keeps everything in one IndexedDB database of this browser. One tab at a time should use a name. */
export class IndexedDBStorage implements Storage {
  #database: Promise<IDBDatabase> | undefined;

  constructor(private readonly name: string) {}

  async load(): Promise<Iterable<readonly [string, string]>> {
    const store = (await this.#open()).transaction(storeName).objectStore(storeName);
    const [keys, values] = await Promise.all([
      answered(store.getAllKeys()),
      answered(store.getAll() as IDBRequest<string[]>),
    ]);
    return keys.map((key, index) => [key as string, values[index] ?? ''] as const);
  }

  async write(changes: ReadonlyMap<string, string | undefined>): Promise<void> {
    const transaction = (await this.#open()).transaction(storeName, 'readwrite');
    const store = transaction.objectStore(storeName);
    for (const [key, value] of changes) {
      if (value === undefined) store.delete(key);
      else store.put(value, key);
    }
    await new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onerror = transaction.onabort = () => reject(transaction.error ?? new Error('IndexedDB'));
    });
  }

  /** Opens it once; anew after it could not be opened, or the browser closed it. */
  #open(): Promise<IDBDatabase> {
    this.#database ??= this.#request().catch((error: unknown) => {
      this.#database = undefined;
      throw error;
    });
    return this.#database;
  }

  async #request(): Promise<IDBDatabase> {
    const request = indexedDB.open(this.name, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(storeName);
    const database = await answered(request);
    database.onclose = () => (this.#database = undefined);
    database.onversionchange = () => {
      database.close(); // somebody deletes it: it is not kept from that
      this.#database = undefined;
    };
    return database;
  }
}
