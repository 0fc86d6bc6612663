import { type FileHandle, open } from 'node:fs/promises';

/** Lines that are appended to a file; it can be cut back to an earlier length. */
export class LineFile {
  private waiting: string[] = [];

  private constructor(
    private readonly file: FileHandle,
    private written: number,
  ) {}

  /** Goes on behind `bytes` of the file; what a dead process wrote behind them is cut off. */
  static async open(path: string, bytes: number): Promise<LineFile> {
    const file = await open(path, bytes === 0 ? 'w' : 'r+', 0o600);
    await file.truncate(bytes);
    return new LineFile(file, bytes);
  }

  add(line: string): void {
    this.waiting.push(`${line}\n`);
  }

  /** Lines that are not written yet. */
  get unwritten(): number {
    return this.waiting.length;
  }

  /** Writes what waits, durably; answers the length of the file. */
  async flush(): Promise<number> {
    if (this.waiting.length > 0) {
      const data = Buffer.from(this.waiting.splice(0).join(''));
      for (let at = 0; at < data.length;) {
        const { bytesWritten } = await this.file.write(data, at, data.length - at, this.written + at);
        at += bytesWritten;
      }
      this.written += data.length;
      await this.file.datasync();
    }
    return this.written;
  }

  async close(): Promise<void> {
    await this.file.close();
  }
}
