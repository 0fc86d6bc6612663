import { append, change, client, make, message, newConversationId, T0 } from './fixtures.contract.js';
import type { LogStoreUnderTest } from './log-store.contract.js';
import type { LogStore } from './ports.js';
import type { Entry, MessageEntry } from './types.js';

const bodies = (entries: readonly Entry[]) =>
  entries.map((entry) => ('body' in entry.payload ? entry.payload.body : entry.payload.kind));
const seqs = (entries: readonly Entry[]) => entries.map((entry) => entry.seq);

/** What every LogStore answers of what was appended: contents, edits and recalls, pages. */
export function describeLogReads(name: string, open: () => Promise<LogStoreUnderTest>): void {
  describe(`LogStore, reading: ${name}`, () => {
    let store: LogStoreUnderTest;
    beforeAll(async () => {
      store = await open();
    });
    afterAll(() => store.close());

    describe('content', () => {
      it('gives back every field of a message as sent', async () => {
        const made = await make(store);
        const full = {
          kind: 'message',
          format: 'json',
          type: 'lc:-1',
          body: '{"a": 9007199254740993,\n "b":"\\u0000 ü 🐦"}',
          mentions: [client('bob'), client('nobody')],
          mentionAll: true,
          replyTo: 'x.1' as never,
          ext: { k: [1, null, { deep: 'ü' }] },
          silent: true,
          priority: 'low',
          expiresAt: T0 + 1000,
          push: { alert: 'hi' },
        } as const;
        const sent = change('ann', full);
        await append(store, made, [sent]);
        const [read] = await store.log.entries(made.app, made.id, { after: 1, limit: 1 });
        expect(read).toEqual({ ...sent, seq: 2, time: T0 + 1 });
      });

      it.each([
        ['empty', ''],
        ['with NUL', 'a\0b'],
        ['with a lone surrogate', 'a\ud800b'],
        ['long', 'ü'.repeat(60_000)],
      ])('keeps a text body that is %s', async (_, body) => {
        const made = await make(store);
        await append(store, made, [message('ann', body)]);
        expect(bodies(await store.log.entries(made.app, made.id, { after: 1, limit: 1 }))).toEqual([body]);
      });

      it('keeps binary bodies, the empty one too', async () => {
        const made = await make(store);
        const bytes = Uint8Array.from({ length: 256 }, (_, at) => at);
        await append(store, made, [
          message('ann', '', { format: 'binary', body: bytes }),
          message('ann', '', { format: 'binary', body: new Uint8Array() }),
        ]);
        const entries = await store.log.entries(made.app, made.id, { after: 1, limit: 2 });
        const read = entries.map((entry) => (entry as MessageEntry).payload.body);
        expect(read.every((body) => body instanceof Uint8Array)).toBe(true);
        expect(read.map((body) => Array.from(body as Uint8Array))).toEqual([Array.from(bytes), []]);
      });

      it('gives back every other kind of entry as written', async () => {
        const made = await make(store, { members: ['ann', 'bob', 'cid'] });
        const written = [
          change('ann', { kind: 'added', members: [client('dan'), client('eve')] }),
          change('fay', { kind: 'joined', member: client('fay') }),
          change('ann', { kind: 'left', member: client('ann'), owner: client('bob') }),
          change('bob', { kind: 'removed', members: [client('eve')] }),
          change('bob', { kind: 'role', member: client('cid'), role: 'owner', former: client('bob') }),
          change('', { kind: 'silenced', members: [client('dan')], until: T0 + 5 }),
          change('', { kind: 'silenced', members: [client('fay')] }),
          change('', { kind: 'unsilenced', members: [client('dan')] }),
          change('', { kind: 'blocked', members: [client('dan'), client('zoe')], removed: [client('dan')] }),
          change('', { kind: 'unblocked', members: [client('zoe')] }),
          change('cid', {
            kind: 'updated',
            name: 'n',
            attributes: { a: { b: [1, 'x', null] } },
            changed: { a: null },
            frozen: true,
          }),
          change('cid', { kind: 'deleted' }),
        ];
        for (const entry of written) await append(store, made, [entry]);
        const [first, ...read] = await store.log.entries(made.app, made.id, { after: 0, limit: 100 });
        expect(first?.payload).toMatchObject({
          kind: 'created',
          conversation: { id: made.id },
          members: [
            { client: 'ann', role: 'owner' },
            { client: 'bob', role: 'member' },
            { client: 'cid', role: 'member' },
          ],
        });
        expect(read).toEqual(written.map((entry, at) => ({ ...entry, seq: at + 2, time: T0 + at + 1 })));
      });
    });

    describe('edit and recall', () => {
      it('shows the current content in the message and in every edit of it', async () => {
        const made = await make(store);
        const sent = message('ann', 'old', {
          type: 't',
          replyTo: 'x.1' as never,
          ext: { a: 1 },
          mentions: [client('bob')],
        });
        await append(store, made, [sent]);
        await append(store, made, [
          change('ann', { kind: 'edit', target: 2, format: 'text', body: 'newer', mentionAll: true }),
        ]);
        await append(
          store,
          made,
          [change('ann', { kind: 'edit', target: 2, format: 'json', type: 'u', body: '"newest"' })],
          T0 + 50,
        );
        const [read, first, second] = await store.log.entries(made.app, made.id, { after: 1, limit: 10 });
        expect(read).toEqual({
          ...sent,
          seq: 2,
          time: T0 + 1,
          editedAt: T0 + 50,
          editedSeq: 4,
          payload: {
            kind: 'message',
            format: 'json',
            type: 'u',
            body: '"newest"',
            replyTo: 'x.1',
            ext: { a: 1 },
          },
        });
        for (const edit of [first, second])
          expect(edit?.payload).toEqual({
            kind: 'edit',
            target: 2,
            format: 'json',
            type: 'u',
            body: '"newest"',
          });
        expect(await store.log.head(made.app, made.id)).toMatchObject({
          last: 4,
          count: 1,
          lastMessageSeq: 2,
        });
      });

      it('blanks a recalled message and every edit of it, and keeps them blank', async () => {
        const made = await make(store);
        const sent = message('ann', 'secret', {
          type: 't',
          mentions: [client('bob')],
          ext: { a: 1 },
          push: { alert: 'secret' },
        });
        await append(store, made, [sent, message('bob', 'other')]);
        await append(store, made, [
          change('ann', { kind: 'edit', target: 2, format: 'text', body: 'secret too' }),
          change('ann', { kind: 'recall', target: 2 }),
          change('ann', { kind: 'recall', target: 2 }),
          change('ann', { kind: 'edit', target: 2, format: 'text', body: 'too late' }),
        ]);
        const read = await store.log.entries(made.app, made.id, { after: 1, limit: 10 });
        expect(seqs(read)).toEqual([2, 3, 4, 5, 6, 7]);
        expect(JSON.stringify(read)).not.toMatch(/secret|too late|alert/);
        expect(read[0]).toMatchObject({
          seq: 2,
          author: 'ann',
          op: sent.op,
          recalled: true,
          payload: { kind: 'message', format: 'text', body: '' },
        });
        expect(read[0]?.payload).not.toHaveProperty('type');
        expect(read[0]?.payload).not.toHaveProperty('mentions');
        expect(read[2]).toMatchObject({
          recalled: true,
          payload: { kind: 'edit', target: 2, format: 'text', body: '' },
        });
        expect(read[3]?.payload).toEqual({ kind: 'recall', target: 2 });
        expect(read[1]).not.toHaveProperty('recalled');
        expect((await store.log.byOperation(made.app, made.id, client('ann'), sent.op))?.recalled).toBe(true);
      });
    });

    describe('delete', () => {
      it('leaves the row without content, which is in no history', async () => {
        const made = await make(store);
        const sent = message('ann', 'secret', { type: 't', mentions: [client('bob')], ext: { a: 1 } });
        await append(store, made, [message('bob', 'first'), sent, message('bob', 'last')]);
        await append(store, made, [
          change('ann', { kind: 'edit', target: 3, format: 'text', body: 'secret too' }),
          change('', { kind: 'delete', target: 3 }),
          change('', { kind: 'delete', target: 3 }),
          change('ann', { kind: 'edit', target: 3, format: 'text', body: 'too late' }),
        ]);
        const read = await store.log.entries(made.app, made.id, { after: 1, limit: 10 });
        expect(seqs(read)).toEqual([2, 3, 4, 5, 6, 7, 8]);
        expect(JSON.stringify(read)).not.toMatch(/secret|too late/);
        const gone = { seq: 3, author: 'ann', op: sent.op, recalled: true, deleted: true };
        expect(read[1]).toMatchObject({ ...gone, payload: { kind: 'message', format: 'text', body: '' } });
        expect(read[1]?.payload).not.toHaveProperty('mentions');
        expect(read[4]?.payload).toEqual({ kind: 'delete', target: 3 });
        expect(read[0]).not.toHaveProperty('deleted');
        expect(await store.log.byOperation(made.app, made.id, client('ann'), sent.op)).toMatchObject(gone);
        expect(await store.log.messages(made.app, made.id, [2, 3])).toMatchObject([{ seq: 2 }, gone]);
        for (const direction of ['backward', 'forward'] as const) {
          const page = (after: number, before: number, limit: number) =>
            store.log.history(made.app, made.id, { direction, after, before, limit });
          const all = await page(0, 99, 2);
          expect([seqs(all.messages), all.more]).toEqual([[2, 4], false]);
          expect(await page(2, 4, 2)).toEqual({ messages: [], more: false });
        }
      });

      it('makes the message before it the last one; also of one that was recalled', async () => {
        const made = await make(store);
        await append(store, made, [message('ann', 'a'), message('ann', 'b'), message('bob', 'c')]);
        const last = async () => {
          const head = await store.log.head(made.app, made.id);
          const { lastMessageSeq: seq = 0, lastMessageTime } = head ?? {};
          const [found] = await store.log.messages(made.app, made.id, [seq]);
          expect(found?.time ?? 0).toBe(lastMessageTime);
          return seq;
        };
        const remove = (target: number) => change('', { kind: 'delete', target });
        await append(store, made, [remove(3)]);
        expect(await last()).toBe(4);
        await append(store, made, [change('bob', { kind: 'recall', target: 4 })]);
        expect(await last()).toBe(4);
        const { head } = await store.log.append(made.app, {
          conversation: made.id,
          expected: 6,
          now: T0 + 100,
          entries: [remove(4), message('bob', 'd'), remove(8)],
        });
        expect(head).toMatchObject({ last: 9, count: 4, lastMessageSeq: 2 });
        expect(await last()).toBe(2);
        await append(store, made, [remove(2)]);
        expect(await last()).toBe(0);
        await append(store, made, [message('bob', 'e')]);
        expect(await last()).toBe(11);
      });
    });

    describe('reading', () => {
      it('gives entries after, until and by kind, at most so many', async () => {
        const made = await make(store);
        await append(store, made, [
          message('ann', 'a'),
          change('ann', { kind: 'added', members: [client('cid')] }),
          message('ann', 'b'),
          message('ann', 'c'),
        ]);
        const read = (range: Parameters<LogStore['entries']>[2]) =>
          store.log.entries(made.app, made.id, range).then(seqs);
        expect(await read({ after: 0, limit: 3 })).toEqual([1, 2, 3]);
        expect(await read({ after: 2, until: 4, limit: 10 })).toEqual([3, 4]);
        expect(await read({ after: 0, limit: 10, kinds: ['message'] })).toEqual([2, 4, 5]);
        expect(await read({ after: 0, limit: 2, kinds: ['added', 'created'] })).toEqual([1, 3]);
        expect(await read({ after: 5, limit: 10 })).toEqual([]);
        expect(await store.log.entries(made.app, newConversationId(), { after: 0, limit: 10 })).toEqual([]);
      });

      it('pages history both ways, messages only, ascending', async () => {
        const made = await make(store);
        await append(store, made, [
          message('ann', '2'),
          message('ann', '3', { type: 'x' }),
          change('ann', { kind: 'added', members: [client('cid')] }),
          message('ann', '5'),
          message('ann', '6', { type: 'x' }),
        ]);
        const read = async (query: Partial<Parameters<LogStore['history']>[2]>) => {
          const { messages, more } = await store.log.history(made.app, made.id, {
            direction: 'backward',
            after: 0,
            before: Number.MAX_SAFE_INTEGER,
            limit: 10,
            ...query,
          });
          return [seqs(messages), more];
        };
        expect(await read({})).toEqual([[2, 3, 5, 6], false]);
        expect(await read({ limit: 2 })).toEqual([[5, 6], true]);
        expect(await read({ limit: 2, before: 5 })).toEqual([[2, 3], false]);
        expect(await read({ limit: 1, before: 6, after: 3 })).toEqual([[5], false]);
        expect(await read({ limit: 3, direction: 'forward' })).toEqual([[2, 3, 5], true]);
        expect(await read({ limit: 3, direction: 'forward', after: 3 })).toEqual([[5, 6], false]);
        expect(await read({ limit: 4 })).toEqual([[2, 3, 5, 6], false]);
        expect(await read({ limit: 1, types: ['x', 'y'] })).toEqual([[6], true]);
        expect(await read({ types: ['y'] })).toEqual([[], false]);
      });

      it('stops at a weight, with one item at least and without a hole', async () => {
        const made = await make(store);
        const long = 'ü'.repeat(5_000);
        await append(
          store,
          made,
          [1, 2, 3, 4, 5].map(() => message('ann', long)),
        );
        await append(store, made, [change('ann', { kind: 'edit', target: 2, format: 'text', body: long })]);
        const all = { after: 1, before: Number.MAX_SAFE_INTEGER, limit: 10 };
        const history = async (direction: 'backward' | 'forward', query: object) => {
          const { messages, more } = await store.log.history(made.app, made.id, {
            ...all,
            direction,
            ...query,
          });
          return [seqs(messages), more];
        };
        expect(await history('backward', { weight: 25_000 })).toEqual([[4, 5, 6], true]);
        expect(await history('forward', { weight: 25_000 })).toEqual([[2, 3, 4], true]);
        expect(await history('forward', { weight: 1 })).toEqual([[2], true]);
        expect(await history('forward', { weight: 25_000, after: 3 })).toEqual([[4, 5, 6], false]);
        expect(await history('forward', { weight: 25_000, limit: 2 })).toEqual([[2, 3], true]);
        const entries = async (after: number, weight: number) =>
          seqs(await store.log.entries(made.app, made.id, { after, limit: 10, weight }));
        expect(await entries(1, 25_000)).toEqual([2, 3, 4]);
        expect(await entries(5, 1)).toEqual([6]);
        expect(await entries(5, 10_000)).toEqual([6]);
        expect(await entries(5, 11_000)).toEqual([6, 7]);
        expect(await entries(7, 1)).toEqual([]);
      });

      it('gives messages by sequence in the order asked, without what is none', async () => {
        const made = await make(store);
        await append(store, made, [message('ann', '2'), message('ann', '3')]);
        const read = await store.log.messages(made.app, made.id, [3, 1, 99, 2]);
        expect(seqs(read)).toEqual([3, 2]);
      });

      it('finds the last sequence at or before a time', async () => {
        const made = await make(store);
        for (let n = 1; n <= 20; n += 1) await append(store, made, [message('ann', String(n))], T0 + n * 10);
        expect(await store.log.seqAt(made.app, made.id, T0 - 1)).toBe(0);
        expect(await store.log.seqAt(made.app, made.id, T0)).toBe(1);
        expect(await store.log.seqAt(made.app, made.id, T0 + 100)).toBe(11);
        expect(await store.log.seqAt(made.app, made.id, T0 + 105)).toBe(11);
        expect(await store.log.seqAt(made.app, made.id, T0 + 9999)).toBe(21);
      });
    });
  });
}
