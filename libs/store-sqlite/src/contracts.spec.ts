import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeConversationQueries } from '../../conversations/src/conversation-queries.contract.js';
import { describeConversationStore } from '../../conversations/src/conversation-store.contract.js';
import { describeAppStore } from '../../apps/src/app-store.contract.js';
import { describeInstallationStore } from '../../apps/src/installation-store.contract.js';
import { describeClientStore } from '../../conversations/src/client-store.contract.js';
import { describeEveryone, describeEveryoneInLists } from '../../conversations/src/everyone.contract.js';
import { describeLists } from '../../conversations/src/list.contract.js';
import { describeLogReads } from '../../conversations/src/log-reads.contract.js';
import { describeLogStore } from '../../conversations/src/log-store.contract.js';
import { describeMemberStore } from '../../conversations/src/member-store.contract.js';
import { describeRetention } from '../../conversations/src/retention-store.contract.js';
import { describeNotificationStore } from '../../conversations/src/notification-store.contract.js';
import { describeUnread } from '../../conversations/src/unread.contract.js';
import { describeRevocationStore } from '../../sessions/src/revocation-store.contract.js';
import { openSqliteStore } from './open-store.js';

/** With a clock that the suite sets. Readers remember even the shortest list. */
async function open(folder: string, onClose: () => void) {
  let now = Date.now();
  const store = await openSqliteStore({ folder, threads: false, clock: () => now, remember: { from: 0 } });
  return {
    ...store,
    setNow: (time: number) => {
      now = time;
    },
    close: async () => {
      expect((await store.check()).findings).toEqual([]);
      await store.close();
      onClose();
    },
  };
}

const inMemory = () => open(':memory:', () => undefined);

function inFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'hongyan-store-'));
  return open(folder, () => rmSync(folder, { recursive: true }));
}

for (const [name, open] of [
  ['SQLite in memory', inMemory],
  ['SQLite in a folder', inFolder],
] as const) {
  describeLogStore(name, open);
  describeInstallationStore(name, open);
  describeLogReads(name, open);
  describeConversationStore(name, open);
  describeConversationQueries(name, open);
  describeMemberStore(name, open);
  describeRetention(name, async () => {
    const store = await open();
    return { ...store, findings: async () => (await store.check()).findings };
  });
  describeNotificationStore(name, open);
  describeEveryone(name, open);
  describeEveryoneInLists(name, open);
  describeUnread(name, open, inMemory === open ? 100 : 15);
  describeLists(name, open, inMemory === open ? 10 : 3);
  describeClientStore(name, open);
  describeAppStore(name, open);
  describeRevocationStore(name, open);
}
