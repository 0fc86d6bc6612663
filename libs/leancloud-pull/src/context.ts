import { onDisk } from './errors.js';
import type { Source } from './ports.js';
import type { PullFolder } from './pull-folder.js';
import { StreamWriter, type StreamOptions } from './stream-writer.js';

/** What every stream of a pull works with. */
export interface PullContext {
  readonly source: Source;
  readonly folder: PullFolder;
  /** The number of this pull. */
  readonly pull: number;
  readonly progress: ProgressSink;
  readonly parallel: number;
  readonly pageSize: number;
  readonly partBytes: number;
  /** How far behind the last pull changes of messages are looked for, in ms. */
  readonly reReadMs: number;
  readonly signal?: AbortSignal;
}

export interface ProgressSink {
  /** `fraction` 0…1 of this stream. */
  moved(stream: string, rows: number, fraction?: number): void;
  finished(stream: string, rows: number, unavailable?: string): void;
  note(text: string): void;
}

/**
 * Opens a stream, lets `work` fill it and says so. `work` gets the cursor to go on from: the stored one after an
 * interruption, else what `begin` makes of the cursor of the last complete pull.
 */
export async function runStream<C>(
  context: PullContext,
  stream: string,
  options: Omit<StreamOptions, 'partBytes'>,
  begin: (last: C | undefined) => Promise<C> | C,
  work: (writer: StreamWriter, cursor: C) => Promise<{ cursor: C; unavailable?: string }>,
): Promise<void> {
  const writer = await StreamWriter.open(context.folder.path, stream, {
    ...options,
    partBytes: context.partBytes,
  });
  try {
    if (writer.state.done && writer.state.pull >= context.pull) {
      context.progress.finished(stream, writer.rows, writer.state.unavailable); // before an interruption
      return;
    }
    if (writer.state.done)
      await writer.begin(context.pull, await begin(writer.state.cursor as C | undefined));
    const { cursor, unavailable } = await onDisk(context.folder.path, () =>
      work(writer, writer.state.cursor as C),
    );
    await writer.finish(cursor, unavailable);
    context.progress.finished(stream, writer.rows, unavailable);
  } finally {
    await writer.close();
  }
}
