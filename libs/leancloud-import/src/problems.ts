import { LineFile } from './line-file.js';

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
  private constructor(
    private readonly file: LineFile,
    private readonly counts: Map<string, number>,
  ) {}

  /** Goes on behind `bytes` of the file; what a dead process wrote behind them is cut off. */
  static async open(
    path: string,
    bytes: number,
    counts: Readonly<Record<string, number>>,
  ): Promise<Problems> {
    return new Problems(await LineFile.open(path, bytes), new Map(Object.entries(counts)));
  }

  add(problem: Problem): void {
    this.file.add(JSON.stringify(problem));
    const reason = problem.why.replaceAll(/"[^"]*"|\d+/g, '…');
    const key = this.counts.has(reason) || this.counts.size < differentReasons ? reason : 'other';
    this.counts.set(key, (this.counts.get(key) ?? 0) + 1);
  }

  get areMany(): boolean {
    return this.file.unwritten >= many;
  }

  get byReason(): Record<string, number> {
    return Object.fromEntries(this.counts);
  }

  /** Writes what waits, durably; answers the length of the file. */
  flush(): Promise<number> {
    return this.file.flush();
  }

  close(): Promise<void> {
    return this.file.close();
  }
}
