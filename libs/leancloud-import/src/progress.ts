/** What an import tells while it runs. */
export type ImportEvent =
  | {
      readonly event: 'progress';
      readonly phase: 'sort' | 'import' | 'verify';
      readonly rows: number;
      readonly of?: number;
      readonly rowsPerSecond: number;
      readonly etaSeconds?: number;
    }
  | { readonly event: 'note'; readonly text: string };

const everyMs = 500;

/** Tells of a phase now and then. */
export class Progress {
  private readonly began = Date.now();
  private toldAt = Date.now();

  constructor(
    private readonly phase: (ImportEvent & { event: 'progress' })['phase'],
    private readonly tell: (event: ImportEvent) => void,
    /** Rows that an earlier run did. */
    private readonly before: number,
    private readonly of?: number,
  ) {}

  at(rows: number): void {
    const now = Date.now();
    if (now - this.toldAt < everyMs) return;
    this.toldAt = now;
    const rowsPerSecond = ((rows - this.before) * 1_000) / Math.max(1, now - this.began);
    const left = this.of === undefined ? undefined : Math.max(0, this.of - rows);
    this.tell({
      event: 'progress',
      phase: this.phase,
      rows,
      ...(this.of === undefined ? {} : { of: this.of }),
      rowsPerSecond: Math.round(rowsPerSecond),
      ...(left === undefined || rowsPerSecond === 0 ? {} : { etaSeconds: Math.round(left / rowsPerSecond) }),
    });
  }
}
