import type { AppError } from '@hongyan/protocol';
import type { ConversationStore, LogStore } from './ports.js';
import {
  append,
  change,
  client,
  createdEntry,
  make,
  message,
  newApp,
  newConversationId,
  newOp,
  T0,
} from './fixtures.contract.js';
import type { Entry, MessageEntry } from './types.js';

export interface LogStoreUnderTest {
  readonly log: LogStore;
  readonly conversations: Pick<ConversationStore, 'create'>;
  close(): Promise<void>;
}

const bodies = (entries: readonly Entry[]) =>
  entries.map((entry) => ('body' in entry.payload ? entry.payload.body : entry.payload.kind));
const seqs = (entries: readonly Entry[]) => entries.map((entry) => entry.seq);

/** What every {@link LogStore} promises. `open` gives a store of which other apps' data may be part. */
export function describeLogStore(name: string, open: () => Promise<LogStoreUnderTest>): void {
  describe(`LogStore: ${name}`, () => {
    let store: LogStoreUnderTest;
    beforeAll(async () => {
      store = await open();
    });
    afterAll(() => store.close());

    describe('append', () => {
      it('numbers entries from 1 on, without holes, and answers the head after them', async () => {
        const made = await make(store);
        expect(made.head).toEqual({
          last: 1,
          lastTime: T0,
          count: 0,
          lastMessageSeq: 0,
          lastMessageTime: 0,
          floor: 0,
          origin: 0,
        });
        const { head, results } = await store.log.append(made.app, {
          conversation: made.id,
          expected: 1,
          now: T0 + 10,
          entries: [message('ann', 'a'), message('bob', 'b'), message('ann', 'quiet', { silent: true })],
        });
        expect(results).toEqual([
          { duplicate: false, seq: 2, time: T0 + 10 },
          { duplicate: false, seq: 3, time: T0 + 11 },
          { duplicate: false, seq: 4, time: T0 + 12 },
        ]);
        expect(head).toEqual({
          last: 4,
          lastTime: T0 + 12,
          count: 2,
          lastMessageSeq: 4,
          lastMessageTime: T0 + 12,
          floor: 0,
          origin: 0,
        });
        expect(await store.log.head(made.app, made.id)).toEqual(head);
      });

      it('lets time grow with the sequence when the clock stands still or goes back', async () => {
        const made = await make(store);
        await append(store, made, [message('ann', 'a')], T0 + 100);
        await append(store, made, [message('ann', 'b')], T0 + 50);
        const entries = await store.log.entries(made.app, made.id, { after: 1, limit: 10 });
        expect(entries.map((entry) => entry.time)).toEqual([T0 + 100, T0 + 101]);
      });

      it('starts above the origin of a conversation that was taken over', async () => {
        const origin = 2 ** 30;
        const made = await make(store, { origin });
        expect(made.head).toMatchObject({ last: origin + 1, origin, count: 0, floor: 0 });
        expect(await append(store, made, [message('ann', 'a')])).toEqual([origin + 2]);
        expect(await store.log.seqAt(made.app, made.id, T0 - 1)).toBe(origin);
        expect(bodies(await store.log.entries(made.app, made.id, { after: 0, limit: 10 }))).toEqual([
          'created',
          'a',
        ]);
      });

      it('writes nothing when the head is not where the caller believes', async () => {
        const made = await make(store);
        await append(store, made, [message('ann', 'a')]);
        const lost = await store.log.append(made.app, {
          conversation: made.id,
          expected: 1,
          now: T0,
          entries: [message('bob', 'late')],
        });
        expect(lost.results).toEqual([]);
        expect(lost.head.last).toBe(2);
        const ahead = await store.log.append(made.app, {
          conversation: made.id,
          expected: 9,
          now: T0,
          entries: [message('bob', 'early')],
        });
        expect(ahead.results).toEqual([]);
        expect(bodies(await store.log.entries(made.app, made.id, { after: 0, limit: 10 }))).toEqual([
          'created',
          'a',
        ]);
      });

      it('answers a used operation id with the entry of then and goes on', async () => {
        const made = await make(store);
        const first = message('ann', 'once');
        await append(store, made, [first]);
        const again = { ...message('ann', 'other body'), op: first.op };
        const next = message('ann', 'next');
        const { results, head } = await store.log.append(made.app, {
          conversation: made.id,
          expected: 2,
          now: T0 + 5,
          entries: [again, next],
        });
        expect(results[0]).toMatchObject({
          duplicate: true,
          entry: { seq: 2, op: first.op, author: 'ann', payload: { body: 'once' } },
        });
        expect(results[1]).toMatchObject({ duplicate: false, seq: 3 });
        expect(head.last).toBe(3);
        expect(head.count).toBe(2);
      });

      it('finds a duplicate inside one request', async () => {
        const made = await make(store);
        const entry = message('ann', 'once');
        const { results, head } = await store.log.append(made.app, {
          conversation: made.id,
          expected: 1,
          now: T0,
          entries: [entry, entry, message('ann', 'b')],
        });
        expect(results).toMatchObject([
          { duplicate: false, seq: 2 },
          { duplicate: true, entry: { seq: 2 } },
          { duplicate: false, seq: 3 },
        ]);
        expect(head).toMatchObject({ last: 3, count: 2 });
      });

      it('keeps operation ids of authors and of conversations apart', async () => {
        const one = await make(store);
        const two = await make(store, { app: one.app });
        const op = newOp();
        for (const made of [one, two])
          for (const author of ['ann', 'bob', ''])
            await append(store, made, [{ ...message(author, `by ${author}`), op }]);
        expect(bodies(await store.log.entries(one.app, one.id, { after: 1, limit: 10 }))).toEqual([
          'by ann',
          'by bob',
          'by ',
        ]);
        expect(await store.log.byOperation(one.app, two.id, client('bob'), op)).toMatchObject({
          seq: 3,
          author: 'bob',
        });
        expect(await store.log.byOperation(one.app, two.id, '', op)).toMatchObject({ seq: 4, author: '' });
        expect(await store.log.byOperation(one.app, two.id, client('eve'), op)).toBeUndefined();
      });

      it('is not found without a head', async () => {
        const request = {
          conversation: newConversationId(),
          expected: 0,
          now: T0,
          entries: [message('ann', 'a')],
        };
        await expect(store.log.append(newApp(), request)).rejects.toMatchObject({
          error: 'not_found',
        } satisfies Partial<AppError>);
        expect(await store.log.head(newApp(), request.conversation)).toBeUndefined();
      });

      it('takes effect in call order when many are under way', async () => {
        const made = await make(store);
        const calls = Array.from({ length: 40 }, (_, at) =>
          store.log.append(made.app, {
            conversation: made.id,
            expected: at + 1,
            now: T0,
            entries: [message('ann', String(at))],
          }),
        );
        const answers = await Promise.all(calls);
        expect(answers.map(({ results }) => results.length)).toEqual(answers.map(() => 1));
        const entries = await store.log.entries(made.app, made.id, { after: 1, limit: 100 });
        expect(bodies(entries)).toEqual(calls.map((_, at) => String(at)));
      });

      it('gives racing writers one winner per sequence, and every operation one entry', async () => {
        const made = await make(store);
        const writer = async (author: string) => {
          for (let n = 0; n < 10; n += 1) {
            const entry = message(author, `${author}${n}`);
            for (;;) {
              const expected = (await store.log.head(made.app, made.id))?.last ?? 0;
              const { results } = await store.log.append(made.app, {
                conversation: made.id,
                expected,
                now: T0,
                entries: [entry],
              });
              if (results.length === 1) break;
            }
          }
        };
        await Promise.all(['ann', 'bob', 'cid', 'dan'].map(writer));
        const entries = await store.log.entries(made.app, made.id, { after: 0, limit: 100 });
        expect(seqs(entries)).toEqual(Array.from({ length: 41 }, (_, at) => at + 1));
        expect(new Set(bodies(entries)).size).toBe(41);
        expect(await store.log.head(made.app, made.id)).toMatchObject({ last: 41, count: 40 });
      });
    });

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

    it('never lets two apps with the same ids meet', async () => {
      const id = newConversationId();
      const [one, two] = [newApp(), newApp()];
      const created = createdEntry({ id });
      for (const app of [one, two]) await store.conversations.create(app, created, T0);
      const op = newOp();
      await append(store, { app: one, id }, [{ ...message('ann', 'of one'), op }, message('ann', 'more')]);
      expect(await store.log.byOperation(two, id, client('ann'), op)).toBeUndefined();
      await append(store, { app: two, id }, [{ ...message('ann', 'of two'), op }]);
      expect(bodies(await store.log.entries(one, id, { after: 1, limit: 10 }))).toEqual(['of one', 'more']);
      expect(bodies(await store.log.entries(two, id, { after: 1, limit: 10 }))).toEqual(['of two']);
      expect((await store.log.head(two, id))?.last).toBe(2);
      expect(await store.log.messages(two, id, [3])).toEqual([]);
    });
  });
}
