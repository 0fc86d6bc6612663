import { type FileHandle, open } from 'node:fs/promises';

/** A row, or something of a row, that could not be taken. */
export interface Problem {
  /** From the pulled folder. */
  readonly file: string;
  readonly line?: number;
  readonly why: string;
  readonly id?: string;
  /** The row itself was taken, without what `why` says. */
  readonly taken: boolean;
}

const differentReasons = 1_000;
/** So many that wait are to be written, whoever is in the middle of something. */
const many = 2_000;

/** The list of problems as lines of JSON, and how many there are of each. It can be cut back to an earlier length. */
export class Problems {
  private waiting: string[] = [];
  private written = 0;

  private constructor(
    private readonly file: FileHandle,
    private readonly counts: Map<string, number>,
  ) {}

  /** Goes on behind `bytes` of the file; what a dead process wrote behind them is cut off. */
  static async open(
    path: string,
    bytes: number,
    counts: Readonly<Record<string, number>>,
  ): Promise<Problems> {
    const file = await open(path, bytes === 0 ? 'w' : 'r+', 0o600);
    await file.truncate(bytes);
    const problems = new Problems(file, new Map(Object.entries(counts)));
    problems.written = bytes;
    return problems;
  }

  add(problem: Problem): void {
    this.waiting.push(`${JSON.stringify(problem)}\n`);
    const reason = problem.why.replaceAll(/"[^"]*"|\d+/g, '…');
    const key = this.counts.has(reason) || this.counts.size < differentReasons ? reason : 'other';
    this.counts.set(key, (this.counts.get(key) ?? 0) + 1);
  }

  get areMany(): boolean {
    return this.waiting.length >= many;
  }

  get byReason(): Record<string, number> {
    return Object.fromEntries(this.counts);
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
