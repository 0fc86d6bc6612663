import type { AppId, ConversationId } from '@hongyan/protocol';
import { toEntry } from './entry-codec.js';
import { keyOf } from './documents.js';
import type { MongoDatabase } from './database.js';

/**
 * Holds everything that is projected of a conversation's log against what the log itself says, recomputed here in
 * the plainest way.
 */
export async function expectProjectionsOfLog(db: MongoDatabase, app: AppId, conversation: ConversationId) {
  const { entries, heads, members, conversations, restrictions, marks } = db.collections;
  const log = (await entries.find({ app, conversation }).toArray()).sort((a, b) => a.seq - b.seq);
  expect(log.map(({ seq }) => seq)).toEqual(log.map((_, at) => at + 1));
  expect(new Set(log.map(({ author, op }) => `${author} ${op}`)).size).toBe(log.length);
  expect(log.every(({ time }, at) => at === 0 || time > (log[at - 1]?.time ?? 0))).toBe(true);

  const own: Record<string, number> = {};
  const inside = new Map<string, number>();
  const silenced = new Set<string>();
  const content = new Map<
    number,
    { body: unknown; edited: number; recalled: boolean; deleted: boolean; mentions: readonly string[] }
  >();
  let [count, name] = [0, undefined as string | undefined];
  for (const document of log) {
    const { author, seq } = document;
    const { payload } = toEntry(document);
    if (payload.kind === 'message') {
      if (payload.silent !== true) {
        count += 1;
        own[author] = (own[author] ?? 0) + 1;
      }
      const mentions = payload.mentions ?? [];
      content.set(seq, { body: undefined, edited: 0, recalled: false, deleted: false, mentions });
      // Running counts are absolute, so that nobody ever has to add up.
      expect(document.own).toBe(own[author] ?? 0);
    }
    expect(document.count).toBe(count);
    if (payload.kind === 'created') for (const { client } of payload.members) inside.set(client, seq);
    if (payload.kind === 'added') for (const client of payload.members) inside.set(client, seq);
    if (payload.kind === 'removed') for (const client of payload.members) inside.delete(client);
    if (payload.kind === 'silenced') for (const client of payload.members) silenced.add(client);
    if (payload.kind === 'unsilenced') for (const client of payload.members) silenced.delete(client);
    if (payload.kind === 'updated') name = payload.name ?? name;
    const target = 'target' in payload ? content.get(payload.target) : undefined;
    if (target !== undefined && payload.kind === 'edit' && !target.recalled) target.edited = seq;
    if (target !== undefined && (payload.kind === 'recall' || payload.kind === 'delete'))
      target.recalled = true;
    if (target !== undefined && payload.kind === 'delete') target.deleted = true;
  }

  const lastMessage = log.findLast(({ seq }) => content.get(seq)?.deleted === false);
  expect(await heads.findOne({ _id: keyOf(app, conversation) })).toMatchObject({
    last: log.length,
    lastTime: log.at(-1)?.time,
    count,
    lastMessageSeq: lastMessage?.seq ?? 0,
    lastMessageTime: lastMessage?.time ?? 0,
  });
  const rows = await members.find({ app, conversation }).toArray();
  expect(new Map(rows.filter((row) => row.in).map((row) => [row.client, row.joinedSeq]))).toEqual(inside);
  const counted = rows.filter((row) => (row.own ?? 0) > 0).map((row) => [row.client, row.own]);
  expect(Object.fromEntries(counted)).toEqual(own);
  const restricted = await restrictions.find({ app, conversation, on: true }).toArray();
  expect(new Set(restricted.map(({ client }) => client))).toEqual(silenced);
  const document = await conversations.findOne({ _id: keyOf(app, conversation) });
  expect(document?.name).toBe(name);

  const marked = new Map((await marks.find({ app, conversation }).toArray()).map((mark) => [mark.seq, mark]));
  for (const [seq, { edited, recalled, deleted }] of content) {
    const message = log[seq - 1];
    expect(message?.recalled === true).toBe(recalled);
    expect(message?.deleted === true).toBe(deleted);
    if (recalled) expect(message).toMatchObject({ body: '' });
    if (recalled && message?.counts === true)
      expect(marked.get(seq)).toMatchObject({ recalled: true, mentioned: [] });
    if (edited === 0 || recalled) continue;
    expect(message).toMatchObject({ editedSeq: edited, body: `edit of ${log[edited - 1]?.op}` });
  }
  for (const edit of log.filter(({ kind }) => kind === 'edit')) {
    expect(edit.moved).toBe(true);
    expect(edit).not.toHaveProperty('body');
  }
  return log;
}
