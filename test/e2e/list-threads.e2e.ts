import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Conversation, ListedConversation } from '@hongyan/conversations';
import type * as StoreModule from '@hongyan/store-sqlite';
import { asAppId, asClientId, asConversationId, asOperationId } from '@hongyan/protocol';

/** The built store with its real threads: lists that two readers remember, asked for while the writer writes. */

const built = join(__dirname, '..', '..', 'dist', 'libs', 'store-sqlite', 'src', 'index.js');
const app = asAppId('lists');
const [me, other] = ['me', 'other'].map(asClientId) as [
  ReturnType<typeof asClientId>,
  ReturnType<typeof asClientId>,
];
const count = 150;
const ids = Array.from({ length: count }, (_, at) => asConversationId(`c${at}`));

const folder = mkdtempSync(join(tmpdir(), 'hongyan-lists-'));
let store: StoreModule.SqliteStore;
beforeAll(async () => {
  const { openSqliteStore } = (await import(built)) as typeof StoreModule;
  store = await openSqliteStore({ folder, readers: 2 });
});
afterAll(async () => {
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

let operations = 0;
const op = () => asOperationId(`op-${(operations += 1)}`);
const any = <T>(of: readonly T[]): T => of[Math.floor(Math.random() * of.length)]!;

/** Rows are read when a page shows them, totals are added up from what is remembered: they must agree. */
function sumOf(items: readonly ListedConversation[]) {
  const sum = { unread: 0, mentionUnread: 0, unmutedUnread: 0 };
  for (const { unread, mentionUnread, own } of items) {
    sum.unread += unread;
    sum.mentionUnread += mentionUnread;
    if (own.muteUntil === undefined) sum.unmutedUnread += unread;
  }
  return sum;
}

it('remembered lists are of one moment, and never older than an answer', async () => {
  const { members, log, conversations } = store;
  const make = async (id: (typeof ids)[number], now: number) => {
    const conversation: Conversation = {
      id,
      kind: 'ordinary',
      attributes: {},
      frozen: false,
      createdAt: now,
      updatedAt: now,
    };
    const roles = [me, other].map((client) => ({ client, role: 'member' as const }));
    const payload = { kind: 'created', conversation, members: roles } as const;
    await conversations.create(app, { author: '', op: op(), payload }, now);
  };
  await Promise.all(ids.map((id, at) => make(id, 1_000 + at)));
  const listAll = () => members.list(app, me, { limit: 1_000, hidden: true });
  const list = async () => {
    const answer = await listAll();
    expect(answer.totals).toEqual(sumOf(answer.items));
    const times = answer.items.map(({ head, own }) => head.lastMessageTime || own.joinedAt);
    expect(times).toEqual([...times].sort((a, b) => b - a));
    return answer;
  };

  let token = (await list()).token;
  const known = new Map<string, ListedConversation>();
  const sync = async () => {
    for (let cursor: string | undefined; ;) {
      const page = await members.sync(app, me, {
        token,
        limit: 40,
        ...(cursor === undefined ? {} : { cursor }),
      });
      expect(page.reset).toBe(false);
      for (const row of page.items) known.set(row.conversation.id, row);
      cursor = page.cursor;
      if (cursor === undefined) {
        token = page.token!;
        return;
      }
    }
  };

  const until = Date.now() + 6_000;
  let asked = 0;
  const repeat = async (work: () => Promise<void>) => {
    while (Date.now() < until) await work();
  };
  const send = async () => {
    const conversation = any(ids);
    const { last = 0 } = (await log.head(app, conversation)) ?? {};
    const payload = {
      kind: 'message',
      format: 'text',
      body: 'x',
      mentions: Math.random() < 0.2 ? [me] : [],
    } as const;
    await log.append(app, {
      conversation,
      expected: last,
      now: Date.now(),
      entries: [{ author: any([me, other]), op: op(), payload }],
    });
  };
  const read = async () => {
    const id = any(ids);
    const answer = await members.advanceRead(app, id, me, 1 + Math.floor(Math.random() * 100));
    const row = (await list()).items.find(({ conversation }) => conversation.id === id)!;
    expect(row.own.readSeq).toBeGreaterThanOrEqual(answer!.readSeq);
    asked += 1;
  };
  const mute = async () => {
    await members.setOwn(app, any(ids), me, { muteUntil: Math.random() < 0.5 ? null : 'off' });
    const [{ totals }, alone] = [await list(), await members.totals(app, me)];
    expect(alone.unread).toBeGreaterThanOrEqual(0);
    expect(totals.unmutedUnread).toBeLessThanOrEqual(totals.unread);
  };
  let made = 0;
  const join = async () => {
    const id = asConversationId(`new${(made += 1)}`);
    await make(id, Date.now());
    expect((await listAll()).items.map(({ conversation }) => conversation.id)).toContain(id);
    await new Promise((resolve) => setTimeout(resolve, 200));
  };
  await Promise.all([send, send, send, read, read, mute, join, sync].map(repeat));
  await sync();
  const { items } = await list();
  expect(asked).toBeGreaterThan(20);
  // Rows that never changed are known from the list that the token came with.
  for (const row of items) expect(known.get(row.conversation.id) ?? row).toEqual(row);
  expect((await store.check()).findings).toEqual([]);
}, 60_000);
