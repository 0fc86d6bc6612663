import {
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  truncateSync,
  writeFileSync,
  appendFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { GeneratedApp } from '../../../test/leancloud-stand-in/generated-app.js';
import type { FailureKind } from '../../../test/leancloud-stand-in/failures.js';
import { StandIn, standInKeys } from '../../../test/leancloud-stand-in/stand-in.js';
import type { PullError } from './errors.js';
import { HttpSource, type HttpSourceOptions } from './http-source.js';
import { type PullOptions, pull } from './pull.js';
import { readExport } from './read-export.js';
import { readRows } from './read-rows.js';
import type { PullEvent, Row } from './types.js';
import { verifyPull } from './verify-pull.js';

const size = {
  messages: 5_300,
  conversations: 130,
  services: 2,
  subscribers: 120,
  threadMessages: 3,
  installations: 40,
  users: 12,
};
const app = { appId: standInKeys.appId, server: 'test', region: 'cn-n1' } as const;

jest.setTimeout(60_000);

let standIn: StandIn;
let out: string;
let sources: HttpSource[];

beforeEach(async () => {
  out = mkdtempSync(join(tmpdir(), 'hongyan-pull-'));
  standIn = await StandIn.start(new GeneratedApp(size));
  sources = [];
});
afterEach(async () => {
  for (const source of sources) await source.close();
  await standIn.stop();
  rmSync(out, { recursive: true, force: true });
});

function sourceOf(options: Partial<HttpSourceOptions> = {}): HttpSource {
  const source = new HttpSource({
    server: new URL(standIn.url),
    credentials: standInKeys,
    maxWaitMs: 20,
    ...options,
  });
  sources.push(source);
  return source;
}

const pulled = (options: Partial<PullOptions> = {}, http: Partial<HttpSourceOptions> = {}) =>
  pull({ out, app, source: sourceOf(http), ...options });

async function rowsOf(stream: string): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const { row } of readRows(out, stream)) rows.push(row);
  return rows;
}

/** Every message of the generator, newest first, as the source has it. */
const expected = () =>
  Array.from({ length: standIn.app.messages }, (_, at) =>
    standIn.app.message(standIn.app.messages - 1 - at),
  ).filter((row) => row !== undefined);

describe('a first pull', () => {
  it('saves every stream as the source has it, and the folder is sound', async () => {
    const manifest = await pulled({ include: ['users'], partBytes: 200_000 });
    expect(await rowsOf('messages')).toEqual(expected());
    expect(await rowsOf('conversations')).toEqual(
      Array.from({ length: 130 }, (_, at) => standIn.app.conversation(at)),
    );
    const listed = (rows: Row[]) => {
      const lists = new Map<string, string[]>();
      for (const row of rows) {
        const id = row['conversation'] as string;
        lists.set(id, [...(lists.get(id) ?? []), ...(row['clients'] as string[])]);
      }
      return Object.fromEntries(lists);
    };
    const lists = (of: (at: number) => readonly string[], from: number) =>
      Object.fromEntries<readonly string[]>(
        Array.from({ length: 130 - from }, (_, at): [string, readonly string[]] => [
          standIn.app.conversationId(at + from),
          of(at + from),
        ]).filter(([, clients]) => clients.length > 0),
      );
    expect(listed(await rowsOf('silenced'))).toEqual(lists((at) => standIn.app.silenced(at), size.services));
    expect(listed(await rowsOf('blocked'))).toEqual(lists((at) => standIn.app.blocked(at), 0));
    const rows = Object.fromEntries(Object.entries(manifest.streams).map(([name, { rows }]) => [name, rows]));
    expect(rows).toMatchObject({
      subscriptions: 240,
      threads: 720,
      broadcasts: 6,
      installations: 40,
      users: 12,
    });
    expect(manifest.streams['messages']!.parts.length).toBeGreaterThan(3);
    expect(readFileSync(join(out, 'manifest.json'), 'utf8')).not.toContain(standInKeys.masterKey);
    expect(await verifyPull(out, sourceOf())).toMatchObject({
      ok: true,
      unknownConversations: { messages: 0 },
    });
  });

  it('asks what is unread where that is wanted, and only of those who have not read all', async () => {
    standIn.app.unreadOf.set('u10', 3).set('u40', 250);
    standIn.app.changeConversation(20, { m: ['u10', 'u77'] });
    const asked = jest.spyOn(standIn.app, 'unread');
    await pulled({ include: ['unread'], skip: ['messages', 'silenced', 'blocked', 'threads', 'broadcasts'] });
    expect(await rowsOf('unread')).toEqual([
      { conversation: standIn.app.conversationId(10), client: 'u10', count: 3 },
      { conversation: standIn.app.conversationId(20), client: 'u10', count: 3 },
      { conversation: standIn.app.conversationId(40), client: 'u40', count: 100 },
    ]);
    // Where a client has read all, no conversation is asked about.
    expect(asked.mock.calls.filter(([, conversation]) => conversation !== undefined)).toHaveLength(3);
    // Read there since: the list is another the next time.
    standIn.app.unreadOf.delete('u40');
    await pulled({ include: ['unread'] });
    expect((await rowsOf('unread')).map(({ client }) => client)).toEqual(['u10', 'u10']);
    expect(await verifyPull(out, sourceOf())).toMatchObject({ ok: true });
  });

  it('is not moved by messages that arrive, are recalled or removed meanwhile', async () => {
    let requests = 0;
    standIn.onRequest = (path) => {
      if (!path.endsWith('/rtm/messages')) return;
      requests += 1;
      standIn.app.arrive(`meanwhile ${requests}`);
      if (requests === 3) standIn.app.remove(5_299 - 20); // read already
    };
    await pulled({ pageSize: 100 });
    const ids = (await rowsOf('messages')).map((row) => row['msg-id'] as string);
    expect(new Set(ids).size).toBe(ids.length);
    for (let at = 0; at < size.messages; at += 1) expect(ids).toContain(standIn.app.msgId(at));
  });

  it('says what the source does not offer, and goes on', async () => {
    await standIn.stop();
    standIn = await StandIn.start(new GeneratedApp(size), {
      listsOff: true,
      closedClasses: ['_ConversationMemberInfo'],
    });
    const { streams } = await pulled();
    expect(streams['silenced']!.unavailable).toMatch(/403, code 4544/);
    expect(streams['blocked']!.unavailable).toMatch(/403, code 4544/);
    expect(streams['member-infos']!.unavailable).toMatch(/403/);
    expect(streams['member-infos-asked']!.rows).toBe(50);
    expect(streams['messages']!.rows).toBe(size.messages);
  });

  it('reads a class that cannot be counted, by pages that are short or empty and lead on', async () => {
    await standIn.stop();
    standIn = await StandIn.start(new GeneratedApp(size), {
      uncounted: ['_Conversation', '_ConversationMemberInfo'],
      mostScanned: 7,
    });
    await pulled();
    expect(await rowsOf('conversations')).toHaveLength(130);
    expect(await rowsOf('member-infos')).toHaveLength(50);
    const asked = readdirSync(out).includes('member-infos-asked');
    expect(asked).toBe(false);
    standIn.app.changeConversation(120, { name: 'behind many empty pages' });
    await pulled();
    const rows = await rowsOf('conversations');
    expect(rows.slice(130)).toEqual([standIn.app.conversation(120)]);
  });

  it('goes on with a scan whose cursor is too old', async () => {
    await standIn.stop();
    standIn = await StandIn.start(new GeneratedApp(size), { cursorMs: 0 });
    await pulled({ pageSize: 10 });
    expect(await rowsOf('conversations')).toHaveLength(130);
  });
});

describe('failures', () => {
  const kinds: FailureKind[] = [
    'throttle',
    'throttle-after',
    'quota',
    'error',
    'slow',
    'cut',
    'truncated',
    'html',
    'reset',
  ];
  it.each(kinds)('of kind %s lose and repeat nothing', async (kind) => {
    standIn.failures.set([{ kind, every: 9, seconds: kind === 'slow' ? 3 : 0, times: 20 }]);
    const events: PullEvent[] = [];
    await pulled({ pageSize: 200 }, { timeoutMs: 300, parallel: 8, onEvent: (event) => events.push(event) });
    expect(standIn.failures.seen[kind]).toBe(20);
    expect(await rowsOf('messages')).toEqual(expected());
    if (kind !== 'quota') expect(events.some(({ event }) => event === 'retry')).toBe(true);
  });

  it('end the pull with one line when patience ends, and the next one goes on', async () => {
    standIn.failures.set([{ kind: 'error', every: 1, path: /rtm\/messages$/ }]);
    await expect(pulled({}, { patienceMs: 50 })).rejects.toMatchObject({ kind: 'unreachable' });
    standIn.failures.set([{ kind: 'throttle-after', every: 1, seconds: 7_200 }]);
    await expect(pulled()).rejects.toThrow('LeanCloud asks to wait 7200 s');
    standIn.failures.set([]);
    await pulled();
    expect(await rowsOf('messages')).toEqual(expected());
  });

  it('end the pull soon while nothing has ever answered: the address may be wrong', async () => {
    const elsewhere = { server: new URL('http://nowhere.invalid'), firstPatienceMs: 100 };
    await expect(pulled({}, elsewhere)).rejects.toThrow(/^nowhere\.invalid cannot be reached: .*--server/);
    const closed = { server: new URL('http://127.0.0.1:1'), firstPatienceMs: 100 };
    await expect(pulled({}, closed)).rejects.toMatchObject({ kind: 'unreachable' });
  });

  it('leave nothing under way: a source that is closed ends its requests and their pauses', async () => {
    standIn.failures.set([
      { kind: 'throttle-after', every: 2, seconds: 60 },
      { kind: 'slow', every: 1, seconds: 60 },
    ]);
    const source = sourceOf({ parallel: 2, maxWaitMs: 60_000 });
    const calls = [1, 2, 3, 4].map((limit) => source.get('1.2/rtm/messages', { limit }));
    const ended = Promise.allSettled(calls);
    while (standIn.requests < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    await source.close();
    expect((await ended).map((one) => one.status === 'rejected' && (one.reason as PullError).kind)).toEqual(
      Array(4).fill('stopped'),
    );
  }, 10_000);

  it('of the keys and the clock are named', async () => {
    const credentials = { ...standInKeys, masterKey: 'wrong' };
    await expect(pulled({}, { credentials })).rejects.toMatchObject({ kind: 'credentials' });
    // Nor is the folder that of an app whose id was mistyped.
    const mistyped = { app: { ...app, appId: 'StandIn1' } };
    await expect(
      pulled(mistyped, { credentials: { ...standInKeys, appId: 'StandIn1' } }),
    ).rejects.toMatchObject({ kind: 'credentials' });
    await expect(pulled({}, { credentials, proof: 'sign' })).rejects.toMatchObject({ kind: 'credentials' });
    standIn.clockAhead = 20 * 60_000;
    await expect(pulled({}, { proof: 'sign' })).rejects.toThrow(/clock is 20 minutes behind/);
    standIn.clockAhead = 0;
    await pulled({}, { proof: 'sign' });
  });
});

describe('a pull that was interrupted', () => {
  it('goes on behind its checkpoints; a torn line is cut', async () => {
    for (const stopAfter of [2, 30, 60, 200]) {
      const stop = new AbortController();
      const until = standIn.requests + stopAfter;
      standIn.onRequest = () => standIn.requests >= until && stop.abort(new Error('stopped'));
      await expect(pulled({ pageSize: 100 }, { signal: stop.signal })).rejects.toThrow();
      try {
        appendFileSync(join(out, 'messages', '00001.ndjson'), '{"timestamp":1,"torn');
      } catch {
        // not begun
      }
    }
    standIn.onRequest = undefined;
    await pulled({ pageSize: 100 });
    expect(await rowsOf('messages')).toEqual(expected());
    expect(await rowsOf('threads')).toHaveLength(720);
    expect(await verifyPull(out, sourceOf())).toMatchObject({ ok: true });
  });
});

describe('a second pull', () => {
  it('adds what is new and what changed, and only that', async () => {
    await pulled();
    standIn.app.edit(5_290, 'edited');
    standIn.app.recall(5_000);
    const time = standIn.app.timeOf(5_299);
    const arrived = [standIn.app.arrive('new', 5, time), standIn.app.arrive('newer', 6, time + 1)];
    standIn.app.changeConversation(7, { name: 'renamed' });
    const added = standIn.app.addConversation();
    const manifest = await pulled();
    expect(manifest.pull).toBe(2);
    expect((await rowsOf('messages')).slice(size.messages)).toEqual(
      [...arrived.reverse(), 5_290, 5_000].map((at) => standIn.app.message(at)),
    );
    const conversations = (await rowsOf('conversations')).slice(130);
    expect(conversations.map(({ objectId }) => objectId)).toEqual([standIn.app.conversationId(7), added]);
    expect(await rowsOf('silenced')).toHaveLength(manifest.streams['silenced']!.rows);
    expect(await rowsOf('threads')).toHaveLength(720);
    expect(await verifyPull(out, sourceOf())).toMatchObject({ ok: true });
  });
});

describe('verification', () => {
  it('finds what was changed, cut, or is missing', async () => {
    await pulled();
    const part = join(out, 'messages', '00001.ndjson');
    const whole = readFileSync(part);
    writeFileSync(part, whole.toString().replace('message 1:', 'message 2:'));
    expect((await verifyPull(out)).problems).toEqual(['messages/00001.ndjson: its checksum is another']);
    truncateSync(part, 1_000);
    expect((await verifyPull(out)).ok).toBe(false);
    writeFileSync(part, whole);
    standIn.app.addConversation();
    expect((await verifyPull(out, sourceOf())).problems).toEqual([
      'conversations: 130 here, 131 at LeanCloud: pull again',
    ]);
  });
});

describe('media', () => {
  it('are saved with a map, within bounds, and never from inside', async () => {
    const base = standIn.url;
    const names = ['a.png', 'page.html', 'away', 'gone.png', 'huge.png'];
    const urls = names.map((name) => `${base}/media/${name}`);
    standIn.answers.extra.set(
      '_File',
      urls.map((url, at) => ({ objectId: `f${at}`, url })),
    );
    const include = ['files', 'media'];
    await pulled({ include });
    for (const row of await rowsOf('media')) expect(row['refused']).toMatch(/private/);
    await pulled({ include, media: { allowPrivate: true, maxBytes: 1_000_000 } });
    const map = Object.fromEntries((await rowsOf('media')).map((row) => [row['url'], row])) as Record<
      string,
      Row
    >;
    expect(map[urls[0]!]).toMatchObject({ bytes: 100, type: 'image/png' });
    expect(readFileSync(join(out, map[urls[0]!]!['file'] as string))).toHaveLength(100);
    expect(
      urls
        .slice(1, 2)
        .concat(urls.slice(3))
        .map((url) => map[url]!['refused']),
    ).toEqual(['type text/html', 'the server answered 404', 'more than 1000000 bytes']);
  });
});

describe("LeanCloud's export", () => {
  it('is read from a packed archive; lines that are no JSON are reported', async () => {
    const archive = pack();
    archive.entry(
      { name: 'export/_Conversation.0.jsonl' },
      '#filetype:JSON-streamable {"type":"Class","class":"_Conversation"}\n{"objectId":"a","big":12345678901234567890}\n{"objectId":"b"\n',
    );
    archive.entry({ name: 'export/Shop.0.jsonl' }, '{"objectId":"s"}\n');
    archive.finalize();
    const chunks: Buffer[] = [];
    for await (const chunk of archive) chunks.push(chunk as Buffer);
    const file = join(tmpdir(), `hongyan-export-${process.pid}.tar.gz`);
    writeFileSync(file, gzipSync(Buffer.concat(chunks)));
    try {
      const { streams } = await readExport(file, out, app);
      expect(Object.entries(streams).map(([name, { rows }]) => [name, rows])).toEqual([
        ['class-Shop', 1],
        ['conversations', 1],
        ['export-problems', 1],
      ]);
      expect(readFileSync(join(out, 'conversations/00001.ndjson'), 'utf8')).toContain(
        '"big":12345678901234567890',
      );
      expect((await rowsOf('export-problems'))[0]).toMatchObject({ file: '_Conversation.0.jsonl', line: 3 });
    } finally {
      rmSync(file);
    }
  });
});
