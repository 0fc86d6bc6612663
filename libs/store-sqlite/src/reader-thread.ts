import { workerData } from 'node:worker_threads';
import { ChangeMarks } from './change-marks.js';
import { openReadConnection } from './database.js';
import { Reader } from './reader.js';
import { RememberedRows } from './remembered-rows.js';
import { serve } from './thread-messages.js';
import type { ThreadSettings } from './thread-messages.js';

const { path, marks, remember, memory } = workerData as ThreadSettings;
const remembered =
  marks === undefined || remember === undefined
    ? undefined
    : new RememberedRows(new ChangeMarks(marks), remember);
serve(new Reader(openReadConnection(path, memory), Date.now, remembered));
