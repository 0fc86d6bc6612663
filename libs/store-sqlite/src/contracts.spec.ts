import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  describeConversationQueries,
  describeConversationStore,
} from '../../conversations/src/conversation-store.contract.js';
import { describeLogStore } from '../../conversations/src/log-store.contract.js';
import { describeMemberStore } from '../../conversations/src/member-store.contract.js';
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

for (const [name, open] of [
  ['SQLite in memory', inMemory],
  ['SQLite in a folder', inFolder],
] as const) {
  describeLogStore(name, open);
  describeConversationStore(name, open);
  describeConversationQueries(name, open);
  describeMemberStore(name, open);
}
