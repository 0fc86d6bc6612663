import { workerData } from 'node:worker_threads';
import { openWriteConnection } from './database.js';
import { serve } from './thread-messages.js';
import type { ThreadSettings } from './thread-messages.js';
import { Writer } from './writer.js';

const { path, maxPages } = workerData as ThreadSettings;
serve(new Writer(openWriteConnection(path, maxPages === undefined ? {} : { maxPages })));
