import { readFile, rename, writeFile } from 'node:fs/promises';
import type { Storage } from './storage.js';

/** Keeps everything in one JSON file, replaced as a whole: for bots and command lines on Node. */
export class FileStorage implements Storage {
  #values: Map<string, string> | undefined;

  constructor(private readonly path: string) {}

  async load(): Promise<Iterable<readonly [string, string]>> {
    return [...(await this.#read())];
  }

  async write(changes: ReadonlyMap<string, string | undefined>): Promise<void> {
    const values = await this.#read();
    for (const [key, value] of changes) {
      if (value === undefined) values.delete(key);
      else values.set(key, value);
    }
    await writeFile(`${this.path}.new`, JSON.stringify(Object.fromEntries(values)), {
      mode: 0o600,
      flush: true,
    });
    await rename(`${this.path}.new`, this.path);
  }

  async #read(): Promise<Map<string, string>> {
    if (this.#values !== undefined) return this.#values;
    let text = '{}';
    try {
      text = await readFile(this.path, 'utf8');
    } catch (error) {
      if ((error as { code?: string }).code !== 'ENOENT') throw error;
    }
    return (this.#values = new Map(Object.entries(JSON.parse(text) as Record<string, string>)));
  }
}
