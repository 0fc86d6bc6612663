import { workerData } from 'node:worker_threads';
import { ChangeMarks } from './change-marks.js';
import { openWriteConnection } from './database.js';
import { serve } from './thread-messages.js';
import type { ThreadSettings } from './thread-messages.js';
import { Writer } from './writer.js';

const { path, marks, maxPages, memory } = workerData as ThreadSettings;
const db = openWriteConnection(path, { memory, ...(maxPages === undefined ? {} : { maxPages }) });
serve(new Writer(db, Date.now, new ChangeMarks(marks), memory?.known));
