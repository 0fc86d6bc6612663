import { workerData } from 'node:worker_threads';
import { openReadConnection } from './database.js';
import { Reader } from './reader.js';
import { serve } from './thread-messages.js';
import type { ThreadSettings } from './thread-messages.js';

serve(new Reader(openReadConnection((workerData as ThreadSettings).path)));
