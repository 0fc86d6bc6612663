import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeLogStore } from '../../conversations/src/log-store.contract.js';
import { openSqliteStore } from './open-store.js';

const inMemory = () => openSqliteStore({ folder: ':memory:' });

async function inFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'hongyan-store-'));
  const store = await openSqliteStore({ folder, threads: false });
  return {
    ...store,
    async close() {
      await store.close();
      rmSync(folder, { recursive: true });
    },
  };
}

describeLogStore('SQLite in memory', inMemory);
describeLogStore('SQLite in a folder', inFolder);
