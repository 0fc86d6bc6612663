import type { TimelineBound } from '@hongyan/conversations';
import {
  type AppId,
  type ConversationId,
  type MessageId,
  messageIdOf,
  parseMessageId,
} from '@hongyan/protocol';
import { append, change, client, message, newApp, T0 } from '../../conversations/src/fixtures.contract.js';
import { openSqliteStore } from './open-store.js';
import type { SqliteStore } from './open-store.js';
import { periodMs } from './spoken.js';

/** TimelineStore on this engine: against a plain list of everything that was said, live and imported. */

interface Said {
  readonly time: number;
  readonly id: string;
}

let store: SqliteStore;
let app: AppId;
let now: number;
let said: Said[];

beforeEach(async () => {
  now = T0;
  app = newApp();
  said = [];
  store = await openSqliteStore({ folder: ':memory:' });
});
afterEach(async () => {
  expect((await store.check()).findings).toEqual([]);
  await store.close();
});

const ordered = () => said.toSorted((a, b) => a.time - b.time || (a.id < b.id ? -1 : 1));

/** A conversation that began at `createdAt`, above imported history. */
async function takeOver(
  id: string,
  kind: 'ordinary' | 'room' | 'system' = 'ordinary',
): Promise<ConversationId> {
  const conversation = id as ConversationId;
  await store.imports.takeConversation(
    app,
    {
      conversation: { id: conversation, kind, attributes: {}, frozen: false, createdAt: T0, updatedAt: T0 },
      members: [{ client: client('ann'), role: 'owner' }],
      silenced: [],
      blocked: [],
    },
    now,
  );
  return conversation;
}

async function say(conversation: ConversationId, body: string): Promise<void> {
  const [seq] = await append(store, { app, id: conversation }, [message('ann', body)], now);
  const [entry] = await store.log.messages(app, conversation, [seq!]);
  said.push({ time: entry!.time, id: messageIdOf(conversation, entry!.seq) });
}

async function bring(conversation: ConversationId, ...times: number[]): Promise<void> {
  const messages = times.map((time) => ({
    id: `m${said.length}-${time}` as MessageId,
    time,
    author: client('bob'),
    format: 'text' as const,
    body: 'brought',
  }));
  await store.imports.takeMessages(app, [{ conversation, messages }]);
  said.push(...messages.map(({ id, time }) => ({ id, time })));
}

/** All pages of `limit`, by time and id of the last message. */
async function walk(
  direction: 'backward' | 'forward',
  limit: number,
  bound?: TimelineBound,
): Promise<string[]> {
  const ids: string[] = [];
  const side = direction === 'backward' ? 'before' : 'after';
  for (let from = bound; ;) {
    const page: { id: string; time: number }[] = [];
    let resume: number | undefined;
    do {
      const nearest = resume === undefined ? from : { time: resume };
      const query = { direction, limit: limit - page.length, ...(nearest && { [side]: nearest }) };
      const part = await store.timeline.part(app, query);
      page.push(
        ...part.items.map(({ conversation, message: entry }) => ({
          id: entry.importedId ?? messageIdOf(conversation.id, entry.seq),
          time: entry.time,
        })),
      );
      resume = part.resume;
    } while (resume !== undefined && page.length < limit);
    ids.push(...page.map(({ id }) => id));
    const last = page.at(-1);
    if (page.length < limit || last === undefined) return ids;
    from = { time: last.time, message: last.id as MessageId };
  }
}

async function expectAll(limits: readonly number[] = [1, 3, 1_000]): Promise<void> {
  const ids = ordered().map(({ id }) => id);
  for (const limit of limits) {
    expect(await walk('forward', limit)).toEqual(ids);
    expect(await walk('backward', limit)).toEqual(ids.toReversed());
  }
}

it('leaves deleted messages out, however many there are in a row', async () => {
  const [talk, other] = [await takeOver('talk'), await takeOver('other', 'room')];
  await bring(talk, T0 - 90, T0 - 60, T0 - 30);
  for (let n = 0; n < 120; n += 1) {
    now += n % 40 === 0 ? periodMs : 9;
    await say(n % 30 === 0 ? other : talk, `${n}`);
  }
  const gone = said.filter((_, at) => at === 1 || (at > 10 && at < 80) || at > 115);
  for (const { id } of gone) {
    const { conversation, seq } = parseMessageId(id) ?? (await store.imports.find(app, id as MessageId))!;
    await append(store, { app, id: conversation }, [change('', { kind: 'delete', target: seq })], now);
  }
  said = said.filter((one) => !gone.includes(one));
  await expectAll();
});

it('has every message once and in order, over periods, conversations and kinds', async () => {
  const talks = await Promise.all(
    (['ordinary', 'room', 'system', 'ordinary'] as const).map((kind, at) => takeOver(`talk-${at}`, kind)),
  );
  for (let n = 0; n < 120; n += 1) {
    now += [0, 1, 7, periodMs / 2, periodMs * 40][n % 5]!;
    await say(talks[(n * 7) % 4]!, `${n}`);
  }
  await expectAll();
  // From any place on.
  const all = ordered();
  for (const at of [0, 17, 60, 119]) {
    const { time, id } = all[at]!;
    const ids = all.map((one) => one.id);
    expect(await walk('backward', 50, { time, message: id as MessageId })).toEqual(
      ids.slice(0, at).toReversed(),
    );
    expect(await walk('forward', 50, { time, message: id as MessageId, inclusive: true })).toEqual(
      ids.slice(at),
    );
    expect(await walk('forward', 50, { time })).toEqual(
      all.filter((one) => one.time > time).map((one) => one.id),
    );
  }
});

it('has what was imported, in whatever order it came, also younger than what was written here', async () => {
  const [one, two] = [await takeOver('one'), await takeOver('two')];
  await say(one, 'first');
  await say(one, 'second');
  // Around, before and after what was written here, within one period and in others; into the middle last.
  const base = T0 - (T0 % periodMs);
  await bring(one, base + 10, base + 20_000, T0 + 5, T0 + 3 * periodMs);
  await bring(two, base - 5 * periodMs, base - 1, base);
  await bring(one, base - 2 * periodMs, base + 5, base + 15, T0 + 4);
  now = T0 + 2 * periodMs;
  await say(two, 'third');
  await say(one, 'fourth');
  await expectAll();
});

it('keeps to a bound on messages and periods in one part', async () => {
  const talk = await takeOver('talk');
  await bring(talk, ...Array.from({ length: 700 }, (_, at) => T0 - at * periodMs));
  const part = await store.timeline.part(app, { direction: 'backward', limit: 10_000 });
  expect(part.items).toHaveLength(500);
  expect(part.resume).toBeDefined();
  await expectAll([1_000]);
});

it('goes on behind a period of more messages than one part looks at', async () => {
  const talk = await takeOver('talk');
  const base = T0 - (T0 % periodMs) + periodMs;
  await bring(talk, base - 2 * periodMs, base - 1, base + periodMs, base + 3 * periodMs);
  for (let round = 0; round < 21; round += 1) {
    const many = Array.from({ length: 1_000 }, (_, n) => message('ann', `${round} ${n}`));
    const seqs = await append(store, { app, id: talk }, many, base);
    const entries = await store.log.messages(app, talk, seqs);
    said.push(...entries.map(({ seq, time }) => ({ time, id: messageIdOf(talk, seq) })));
  }
  await expectAll([15_000]);
  // From the edge of that period on, in both directions, one part is enough: the period is left behind.
  const first = async (direction: 'backward' | 'forward', time: number) => {
    const side = direction === 'backward' ? 'before' : 'after';
    const { items } = await store.timeline.part(app, { direction, limit: 1, [side]: { time } });
    return items.map(({ message: entry }) => entry.importedId);
  };
  expect(await first('backward', base)).toEqual([said[1]!.id]);
  expect(await first('forward', base + periodMs - 1)).toEqual([said[2]!.id]);
}, 30_000);

it('leaves out what is deleted or past its time to be kept, and other apps', async () => {
  const [kept, gone] = [await takeOver('kept'), await takeOver('gone')];
  for (let n = 0; n < 30; n += 1) {
    now += periodMs / 3;
    await say(kept, `${n}`);
    if (n % 10 === 0) await say(gone, `${n}`);
  }
  await append(store, { app, id: gone }, [change('ann', { kind: 'deleted' })], now);
  said = said.filter(({ id }) => !id.startsWith('gone'));
  await expectAll();
  const before = T0 + 4 * periodMs;
  let next: string | undefined;
  do ({ next } = await store.retention.retire(app, kept, before, next));
  while (next !== undefined);
  said = said.filter(({ time }) => time >= before);
  expect(said.length).toBeGreaterThan(10);
  await expectAll();
  expect((await store.timeline.part(newApp(), { direction: 'backward', limit: 9 })).items).toEqual([]);
});
