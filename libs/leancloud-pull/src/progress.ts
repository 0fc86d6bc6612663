import type { ProgressSink } from './context.js';
import type { Source } from './ports.js';
import type { PullEvent } from './types.js';

interface Moving {
  readonly startedAt: number;
  readonly rowsAtStart: number;
  readonly fractionAtStart: number;
  rows: number;
  fraction?: number;
}

/** Turns what streams say into events with rates and what is left, at most one per interval; the latest stream is told. */
export class Progress implements ProgressSink {
  private readonly moving = new Map<string, Moving>();
  private toldAt = 0;

  constructor(
    private readonly source: Pick<Source, 'requests'>,
    private readonly waiting: readonly string[],
    private readonly tell: (event: PullEvent) => void,
    private readonly intervalMs = 1_000,
  ) {}

  private readonly ended = new Set<string>();

  moved(stream: string, rows: number, fraction?: number): void {
    const now = Date.now();
    const before = this.moving.get(stream);
    const moving = before ?? {
      startedAt: now,
      rowsAtStart: rows,
      fractionAtStart: fraction ?? 0,
      rows,
      fraction,
    };
    moving.rows = rows;
    moving.fraction = fraction;
    this.moving.set(stream, moving);
    if (now - this.toldAt < this.intervalMs) return;
    this.toldAt = now;
    for (const [name, { startedAt, rowsAtStart, fractionAtStart, ...at }] of this.moving) {
      const seconds = (now - startedAt) / 1000;
      const gained = (at.fraction ?? 0) - fractionAtStart;
      this.tell({
        event: 'progress',
        stream: name,
        rows: at.rows,
        fraction: at.fraction,
        rowsPerSecond: seconds > 0 ? Math.round((at.rows - rowsAtStart) / seconds) : 0,
        etaSeconds:
          at.fraction === undefined || gained <= 0 || seconds < 1
            ? undefined
            : Math.round(((1 - at.fraction) / gained) * seconds),
        requests: this.source.requests,
        waiting: this.waiting.filter((other) => !this.ended.has(other) && !this.moving.has(other)),
      });
    }
  }

  finished(stream: string, rows: number, unavailable?: string): void {
    this.moving.delete(stream);
    this.ended.add(stream);
    this.tell({ event: 'stream', stream, rows, unavailable });
  }

  note(text: string): void {
    this.tell({ event: 'note', text });
  }
}
