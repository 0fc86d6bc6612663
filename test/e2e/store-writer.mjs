// Appends to a store until it is killed, and prints what was acknowledged: one line per append, conversation and
// sequence and operation id. Also says 'ready' with its conversations. Used by store-crash.e2e.ts.
import { writeSync } from 'node:fs';
import { openSqliteStore } from '../../dist/libs/store-sqlite/src/index.js';

const [folder, run] = process.argv.slice(2);
const app = 'crash';
const store = await openSqliteStore({ folder });

/** Not buffered: what was said was acknowledged. Waits while nobody reads. */
function say(line) {
  for (;;) {
    try {
      writeSync(
        1,
        `${line}
`,
      );
      return;
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}

const conversations = ['c1', 'c2', 'c3', 'c4'];
for (const id of conversations) {
  const conversation = { id, kind: 'ordinary', attributes: {}, frozen: false, createdAt: 1, updatedAt: 1 };
  const members = [
    { client: 'ann', role: 'owner' },
    { client: 'bob', role: 'member' },
  ];
  await store.conversations.create(
    app,
    { author: 'ann', op: 'create', payload: { kind: 'created', conversation, members } },
    Date.now(),
  );
}
say('ready');

async function sender(id, author, n) {
  for (let turn = 0; ; turn += 1) {
    const op = `${run}-${author}-${n}-${turn}`;
    const payload = {
      kind: 'message',
      format: 'text',
      body: 'x'.repeat(turn % 400),
      ...(turn % 9 === 0 ? { mentionAll: true } : {}),
    };
    for (;;) {
      const { last } = await store.log.head(app, id);
      const { results } = await store.log.append(app, {
        conversation: id,
        expected: last,
        now: Date.now(),
        entries: [{ author, op, payload }],
      });
      if (results.length === 0) continue;
      say(`${id} ${results[0].seq} ${op}`);
      break;
    }
    if (turn % 3 === 0) await store.members.advanceRead(app, id, author === 'ann' ? 'bob' : 'ann', turn);
  }
}

await Promise.all(
  conversations.flatMap((id) => ['ann', 'bob'].flatMap((author) => [0, 1].map((n) => sender(id, author, n)))),
);
