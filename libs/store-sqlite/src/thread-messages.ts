import { parentPort, receiveMessageOnPort } from 'node:worker_threads';
import type { Batch, Executor } from './batch.js';
import type { StoreMemory } from './database.js';
import type { RememberLimits } from './remembered-rows.js';

export interface ThreadSettings {
  readonly path: string;
  /** See ChangeMarks: the writer sets them, readers look. */
  readonly marks?: SharedArrayBuffer;
  /** Of a reader: what it may remember. Without it: nothing. */
  readonly remember?: RememberLimits;
  readonly maxPages?: number;
  readonly memory?: StoreMemory;
}

export type ThreadStarted = 'started';

/** Requests in one transaction: enough to share a sync, few enough that nobody waits long. */
const together = 2_000;

/** The answering end of a thread: runs everything that waits as one, answers as one. */
export function serve(executor: Executor): void {
  const port = parentPort;
  if (port === null) throw new Error('this file is the start of a thread');
  const started: ThreadStarted = 'started';
  port.on('message', (first: Batch | 'close') => {
    let message: Batch | 'close' | undefined = first;
    const batches: Batch[] = [];
    let waiting = 0;
    while (message !== undefined && message !== 'close') {
      batches.push(message);
      waiting += message.requests.length / 2;
      if (waiting >= together) break;
      message = receiveMessageOnPort(port)?.message as Batch | 'close' | undefined;
    }
    if (batches.length > 0) port.postMessage(executor.run(batches));
    if (message === 'close') {
      executor.close();
      port.close();
    }
  });
  port.postMessage(started);
}
