import type { AppError } from '@hongyan/protocol';
import type { ConversationStore, LogStore } from './ports.js';
import {
  append,
  client,
  createdEntry,
  make,
  message,
  newApp,
  newConversationId,
  newOp,
  T0,
} from './fixtures.contract.js';
import type { Entry } from './types.js';

export interface LogStoreUnderTest {
  readonly log: LogStore;
  readonly conversations: Pick<ConversationStore, 'create'>;
  close(): Promise<void>;
}

const bodies = (entries: readonly Entry[]) =>
  entries.map((entry) => ('body' in entry.payload ? entry.payload.body : entry.payload.kind));
const seqs = (entries: readonly Entry[]) => entries.map((entry) => entry.seq);

/**
 * What every {@link LogStore} promises of writing; of reading: {@link describeLogReads}. `open` gives a store of which
 * other apps' data may be part.
 */
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
