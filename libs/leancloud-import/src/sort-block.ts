import { open } from 'node:fs/promises';
import { type SortKey, compareKeys, recordHead } from './record.js';

/** Bytes of rows that are sorted in memory at a time. */
const blockBytes = 12 * 1024 * 1024;
/** Each has a key on the heap. */
const mostRows = 50_000;
/** Bytes that are written at a time. */
const writeBytes = 1024 * 1024;

interface Placed extends SortKey {
  readonly start: number;
  readonly end: number;
}

/**
 * Rows that wait to be sorted: their bytes outside of the heap, in one block for the whole run. Only keys are objects, so that
 * the garbage collector has little to move.
 */
export class SortBlock {
  private readonly bytes = Buffer.allocUnsafeSlow(blockBytes);
  private readonly output = Buffer.allocUnsafeSlow(writeBytes);
  private used = 0;
  private rows: Placed[] = [];

  /** Whether a row of this text may not fit. A row alone always does. */
  isFullFor(text: string): boolean {
    return this.used + 3 * text.length > blockBytes || this.rows.length >= mostRows;
  }

  add(key: SortKey, text: string): void {
    const start = this.used;
    this.used += this.bytes.write(text, start);
    this.rows.push({ ...key, start, end: this.used });
  }

  /** Writes what it holds, in order and durably, as a file of records; holds nothing then. */
  async spill(path: string): Promise<void> {
    const rows = this.rows.sort(compareKeys);
    const file = await open(path, 'w', 0o600);
    try {
      let filled = 0;
      for (const row of rows) {
        const head = recordHead(row);
        const bytes = row.end - row.start;
        if (filled + 3 * head.length + bytes + 1 > writeBytes) {
          await file.appendFile(this.output.subarray(0, filled));
          filled = 0;
        }
        // Longer than what is written at once: by itself.
        if (3 * head.length + bytes + 1 > writeBytes)
          await file.appendFile(
            Buffer.concat([Buffer.from(head), this.bytes.subarray(row.start, row.end), newline]),
          );
        else {
          filled += this.output.write(head, filled);
          filled += this.bytes.copy(this.output, filled, row.start, row.end);
          this.output[filled++] = newline[0]!;
        }
      }
      await file.appendFile(this.output.subarray(0, filled));
      await file.datasync();
    } finally {
      await file.close();
    }
    this.rows = [];
    this.used = 0;
  }
}

const newline = Buffer.from('\n');
