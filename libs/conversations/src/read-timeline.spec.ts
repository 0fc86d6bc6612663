import type { Input } from '@hongyan/protocol';
import { appOf, Harness, type TestClient } from './service-harness.contract.js';

let h: Harness;
let ann: TestClient;
let bob: TestClient;
let ids: string[];

let indexed: boolean;
beforeEach(async () => {
  h = await Harness.open(
    [appOf('a', (app) => ({ ...app, limits: { ...app.limits, page: 10 } })), appOf('b')],
    indexed,
  );
  [ann, bob] = (await Promise.all(['ann', 'bob'].map((name) => h.client(name).connect()))) as [
    TestClient,
    TestClient,
  ];
  ids = [];
  for (let i = 0; i < 4; i += 1)
    ids.push((await ann.run('conversation.create', { members: ['bob'], name: `${i}` })).conversation.id);
});
afterEach(async () => {
  expect(h.errors).toEqual([]);
  await h.close();
});

/** Sixty messages, a millisecond or so apart, in conversations by turns; some of the same time. */
async function chatter(): Promise<string[]> {
  const said: { time: number; id: string; body: string }[] = [];
  for (let i = 0; i < 60; i += 1) {
    h.now += i % 3;
    const { id, time } = await (i % 5 === 0 ? bob : ann).send(ids[(i * 7) % 4]!, `${i}`);
    said.push({ id, time, body: `${i}` });
  }
  return said.sort((a, b) => a.time - b.time || (a.id < b.id ? -1 : 1)).map(({ body }) => body);
}

async function walk(query: Partial<Input<'message.timeline'>>, app = 'a'): Promise<string[]> {
  const forward = query.direction === 'forward';
  const seen: string[] = [];
  for (let bound = {}; ;) {
    const page = await h.server(undefined, app).run('message.timeline', { limit: 7, ...query, ...bound });
    const messages = forward ? page.messages : page.messages.toReversed();
    seen.push(...messages.map(({ body }) => body));
    const last = messages.at(-1);
    expect(messages.length).toBeLessThanOrEqual(7);
    if (!page.more) return seen;
    bound = { [forward ? 'after' : 'before']: { time: last!.time, message: last!.id } };
  }
}

describe.each([
  ['found by the store', true],
  ['merged from the logs', false],
])('the timeline of an app, %s', (_, isIndexed) => {
  beforeAll(() => (indexed = isIndexed));

  it('has every message once, in order, in both directions', async () => {
    const said = await chatter();
    expect(await walk({ direction: 'forward' })).toEqual(said);
    expect(await walk({})).toEqual(said.toReversed());
    expect(await walk({}, 'b')).toEqual([]);
  });

  it('is bounded by times, and by messages of the same time', async () => {
    const said = await chatter();
    const { messages } = await h.server().run('message.timeline', { limit: 10 });
    const [first, last] = [messages[0]!, messages.at(-1)!];
    const between = (more: object) =>
      h
        .server()
        .run('message.timeline', { limit: 10, ...more })
        .then((page) => page.messages.map(({ body }) => body));
    const newest = said.slice(-10);
    expect(await between({ after: { time: first.time, message: first.id, inclusive: true } })).toEqual(
      newest,
    );
    expect(await between({ after: { time: first.time, message: first.id } })).toEqual(newest.slice(1));
    expect(
      await between({
        after: { time: first.time, message: first.id },
        before: { time: last.time, message: last.id },
      }),
    ).toEqual(newest.slice(1, -1));
    const early = messages.filter(({ time }) => time < last.time).map(({ body }) => body);
    expect(await between({ before: { time: last.time } })).toEqual(expect.arrayContaining(early));
    expect(await between({ before: { time: last.time } })).not.toContain(last.body);
  });

  it('may be of one author, in rooms as well', async () => {
    await chatter();
    const room = (await ann.run('conversation.create', { kind: 'room' })).conversation.id;
    await h.server('bob').send(room, 'in the room');
    const bobs = await walk({ author: 'bob' });
    expect(bobs).toHaveLength(13);
    expect(bobs[0]).toBe('in the room');
    expect(await walk({ author: 'nobody' })).toEqual([]);
  });

  it('has what its author wrote in conversations that it left, or was never in, each once', async () => {
    await bob.send(ids[0]!, 'as a member');
    await h.server('bob').send(ids[1]!, 'silent', { silent: true });
    await bob.run('conversation.leave', { conversation: ids[0]! });
    await ann.run('conversation.remove', { conversation: ids[1]!, members: ['bob'] });
    const other = (await ann.run('conversation.create', { members: ['cat'] })).conversation.id;
    await h.server('bob').send(other, 'never in');
    await ann.send(other, 'by somebody else');
    const service = (await h.server().run('conversation.create', { kind: 'system' })).conversation.id;
    await bob.run('system.subscribe', { conversation: service });
    await h.server('bob').send(service, 'to subscribers');
    const room = (await bob.run('conversation.create', { kind: 'room' })).conversation.id;
    await h.server('bob').send(room, 'in my own room');
    expect((await walk({ author: 'bob', direction: 'forward' })).toSorted()).toEqual(
      ['as a member', 'silent', 'never in', 'to subscribers', 'in my own room'].toSorted(),
    );
    expect(await walk({ author: 'bob' }, 'b')).toEqual([]);
  });

  it('leaves out threads, and is for the server side', async () => {
    const service = (await h.server().run('conversation.create', { kind: 'system' })).conversation.id;
    await h.server().send(service, 'to one', { to: ['ann'] as never });
    await h.server().send(service, 'to all');
    expect(await walk({})).toEqual(['to all']);
    expect(await ann.outcome('message.timeline', {})).toBe('forbidden');
  });

  it('goes on where a part of the work ended', async () => {
    const said = await chatter();
    for (let hours = 1; hours < 600; hours += 1) {
      h.now += 3_600_000;
      await ann.send(ids[hours % 4]!, `hour ${hours}`);
      said.push(`hour ${hours}`);
    }
    expect(await walk({ direction: 'forward' })).toEqual(said);
    expect((await walk({ before: { time: h.now + 1 } })).length).toBe(said.length);
  });

  it('tells when an author is looked for in one long log for too long', async () => {
    for (let n = 0; n < 120; n += 1) await ann.send(ids[0]!, `${n}`);
    const { log } = h.store;
    const history = log.history.bind(log);
    expect(await h.server().outcome('message.timeline', { author: 'bob' })).toBe('ok');
    jest.spyOn(log, 'history').mockImplementation((...args) => ((h.now += 6_000), history(...args)));
    expect(await h.server().outcome('message.timeline', { author: 'bob' })).toBe('deadline_exceeded');
  });

  it('tells when that takes too long', async () => {
    await chatter();
    const { conversations, timeline } = h.store;
    const query = conversations.query.bind(conversations);
    const slowly = () => (h.now += 11_000);
    jest.spyOn(conversations, 'query').mockImplementation((...args) => (slowly(), query(...args)));
    jest.spyOn(timeline, 'part').mockImplementation(() => Promise.resolve({ items: [], resume: slowly() }));
    expect(await h.server().outcome('message.timeline', {})).toBe('deadline_exceeded');
  });
});
