import { parentPort, workerData } from 'node:worker_threads';
import { closeCheckpointer, moveBacklog, openCheckpointer } from './checkpoint.js';
import type { ThreadSettings, ThreadStarted } from './thread-messages.js';

/** Between two looks at the write-ahead log, in ms. A look without work costs microseconds. */
const interval = 100;

const port = parentPort;
if (port === null) throw new Error('this file is the start of a thread');
const checkpointer = openCheckpointer((workerData as ThreadSettings).path);
const timer = setInterval(() => moveBacklog(checkpointer), interval);
port.once('message', () => {
  clearInterval(timer);
  closeCheckpointer(checkpointer);
  port.close();
});
const started: ThreadStarted = 'started';
port.postMessage(started);
