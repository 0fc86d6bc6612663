import { type Hash, createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readJson, syncFolder, writeAtomically } from './atomic-file.js';
import { PullError, onDisk } from './errors.js';
import type { OpenPart, PartEntry, Range, Row, StreamKind, StreamState } from './types.js';

export interface StreamOptions {
  readonly kind: StreamKind;
  /** A part is closed when it has at least so many bytes. */
  readonly partBytes?: number;
  /** The column by which parts tell their range. */
  readonly rangeOf?: (row: Row) => string | number | undefined;
}

/**
 * Rows of one stream, appended to parts. Rows count when `checkpoint` returned: they are synced first, then the
 * checkpoint names their number of bytes, so that what a dead process wrote behind it is cut off on the next open. One
 * writer per stream.
 */
export class StreamWriter {
  private file?: FileHandle;
  private hash?: Hash;
  private openPart?: OpenPart;

  private constructor(
    private readonly root: string,
    private current: StreamState,
    private readonly options: StreamOptions,
  ) {}

  static open(root: string, stream: string, options: StreamOptions): Promise<StreamWriter> {
    return onDisk(join(root, stream), async () => {
      await mkdir(join(root, stream), { recursive: true });
      const stored = await readState(root, stream);
      const writer = new StreamWriter(root, stored ?? newState(stream, options.kind), options);
      await writer.restore();
      return writer;
    });
  }

  get state(): StreamState {
    return this.current;
  }

  /** Rows of the pull that counts, written since the last checkpoint included. */
  get rows(): number {
    return rowsOf(this.current.parts) + (this.openPart?.rows ?? 0);
  }

  get bytes(): number {
    return this.current.parts.reduce((sum, { bytes }) => sum + bytes, 0) + (this.openPart?.bytes ?? 0);
  }

  /** Begins the next pull of a stream that is done. */
  async begin(pull: number, cursor: unknown): Promise<void> {
    const snapshot = this.options.kind === 'snapshot';
    this.current = {
      ...this.current,
      kind: this.options.kind,
      pull,
      parts: snapshot ? [] : this.current.parts,
      replaced: snapshot ? this.current.parts : [],
      done: false,
      unavailable: undefined,
      startedAt: new Date().toISOString(),
      finishedAt: undefined,
    };
    await this.checkpoint(cursor);
  }

  async append(rows: readonly Row[]): Promise<void> {
    if (rows.length === 0) return;
    await onDisk(join(this.root, this.current.stream), async () => {
      const { partBytes = 64 * 1024 * 1024 } = this.options;
      if ((this.openPart?.bytes ?? 0) >= partBytes) await this.closePart();
      if (this.openPart === undefined) await this.startPart();
      const part = this.openPart!;
      const data = Buffer.from(rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
      await writeAll(this.file!, data, part.bytes);
      this.hash!.update(data);
      this.openPart = {
        file: part.file,
        bytes: part.bytes + data.length,
        rows: part.rows + rows.length,
        range: this.rangeWith(part.range, rows),
      };
    });
  }

  /** Makes all rows so far durable, and then the cursor that stands behind them. */
  async checkpoint(cursor: unknown): Promise<void> {
    await onDisk(join(this.root, this.current.stream), async () => {
      await this.file?.datasync();
      this.current = { ...this.current, open: this.openPart, cursor };
      await this.save();
    });
  }

  /** The stream is complete; its last part is closed. */
  async finish(cursor: unknown, unavailable?: string): Promise<void> {
    await onDisk(join(this.root, this.current.stream), async () => {
      await this.closePart();
      const { replaced } = this.current;
      this.current = {
        ...this.current,
        open: undefined,
        replaced: [],
        cursor,
        done: true,
        unavailable,
        finishedAt: new Date().toISOString(),
      };
      await this.save();
      for (const { file } of replaced) await rm(join(this.root, file), { force: true });
    });
  }

  async close(): Promise<void> {
    await this.file?.close();
    this.file = undefined;
  }

  private async restore(): Promise<void> {
    const { stream, parts, replaced, open: part } = this.current;
    const known = new Set([...parts, ...replaced, ...(part ? [part] : [])].map(({ file }) => file));
    for (const name of await readdir(join(this.root, stream)))
      if (/^\d+\.ndjson$/.test(name) && !known.has(`${stream}/${name}`))
        await rm(join(this.root, stream, name));
    if (part === undefined) return;
    const path = join(this.root, part.file);
    this.file = await open(path, 'r+');
    const { size } = await this.file.stat();
    if (size < part.bytes)
      throw new PullError('damaged', `${path} has ${size} bytes, its checkpoint says ${part.bytes}`);
    await this.file.truncate(part.bytes);
    this.hash = createHash('sha256');
    if (part.bytes > 0)
      for await (const chunk of createReadStream(path, { end: part.bytes - 1 }))
        this.hash.update(chunk as Buffer);
    this.openPart = part;
  }

  private async startPart(): Promise<void> {
    const { stream, parts, replaced } = this.current;
    const numbers = [...parts, ...replaced].map(({ file }) => Number(/(\d+)\.ndjson$/.exec(file)?.[1] ?? 0));
    const name = `${String(Math.max(0, ...numbers) + 1).padStart(5, '0')}.ndjson`;
    this.file = await open(join(this.root, stream, name), 'wx+', 0o600);
    await syncFolder(join(this.root, stream));
    this.hash = createHash('sha256');
    this.openPart = { file: `${stream}/${name}`, bytes: 0, rows: 0 };
  }

  private async closePart(): Promise<void> {
    if (this.openPart === undefined) return;
    await this.file!.datasync();
    await this.file!.close();
    const entry: PartEntry = { ...this.openPart, sha256: this.hash!.digest('hex') };
    this.file = this.openPart = this.hash = undefined;
    this.current = { ...this.current, parts: [...this.current.parts, entry] };
  }

  private rangeWith(range: Range | undefined, rows: readonly Row[]): Range | undefined {
    let result = range;
    for (const row of rows) {
      const value = this.options.rangeOf?.(row);
      if (value === undefined) continue;
      result ??= { from: value, to: value };
      if (value < result.from) result = { ...result, from: value };
      if (value > result.to) result = { ...result, to: value };
    }
    return result;
  }

  private save(): Promise<void> {
    return writeAtomically(statePath(this.root, this.current.stream), `${JSON.stringify(this.current)}\n`);
  }
}

export const statePath = (root: string, stream: string): string => join(root, stream, 'checkpoint.json');

export const readState = (root: string, stream: string): Promise<StreamState | undefined> =>
  readJson<StreamState>(statePath(root, stream));

/** The parts that hold the stream's rows now: of a snapshot that is being replaced, the last complete one. */
export const validParts = (state: StreamState): readonly (PartEntry | OpenPart)[] =>
  state.replaced.length > 0 ? state.replaced : [...state.parts, ...(state.open ? [state.open] : [])];

export const rowsOf = (parts: readonly { rows: number }[]): number =>
  parts.reduce((sum, { rows }) => sum + rows, 0);

const newState = (stream: string, kind: StreamKind): StreamState => ({
  version: 1,
  stream,
  kind,
  pull: 0,
  parts: [],
  replaced: [],
  cursor: undefined,
  done: true,
  startedAt: new Date().toISOString(),
});

/** A write may be cut short (a full disk) without an error: the next one then tells why. */
async function writeAll(file: FileHandle, data: Buffer, position: number): Promise<void> {
  for (let at = 0; at < data.length;) {
    const { bytesWritten } = await file.write(data, at, data.length - at, position + at);
    at += bytesWritten;
  }
}
