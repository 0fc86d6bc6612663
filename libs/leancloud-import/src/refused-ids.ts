import { createReadStream } from 'node:fs';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { DiskSet } from '@hongyan/disk-set';
import { LineFile } from './line-file.js';

/** Conversations of which something was refused, however many: a line each in a file that lasts, and a set to find them. */
export class RefusedIds {
  private constructor(
    private readonly file: LineFile,
    private readonly ids: DiskSet,
  ) {}

  /** Those in the first `bytes` of the file, which goes on behind them. */
  static async open(path: string, bytes: number): Promise<RefusedIds> {
    const file = await LineFile.open(path, bytes);
    const ids = new DiskSet(dirname(path));
    if (bytes > 0)
      for await (const id of createInterface({ input: createReadStream(path), crlfDelay: Infinity }))
        ids.add(id);
    return new RefusedIds(file, ids);
  }

  /** Ids have no line ends in them. */
  add(id: string): void {
    if (this.ids.add(id)) this.file.add(id);
  }

  has(id: string): boolean {
    return this.ids.has(id);
  }

  /** Writes what was added, durably; answers the length of the file. */
  flush(): Promise<number> {
    return this.file.flush();
  }

  async close(): Promise<void> {
    this.ids.close();
    await this.file.close();
  }
}
