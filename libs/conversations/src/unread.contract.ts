import fc from 'fast-check';
import type { ClientId } from '@hongyan/protocol';
import { append, change, client, make, message, newOp, T0 } from './fixtures.contract.js';
import type { Made, CoreStores } from './fixtures.contract.js';
import type { RetentionStore } from './retention-ports.js';
import type { Entry, EntryPayload, NewEntry } from './types.js';
import { unreadByDefinition } from './unread-model.contract.js';

const people = ['ann', 'bob', 'cid', 'dan'].map(client);

type Step =
  | { do: 'send'; who: number; silent: boolean; everyone: boolean; mentions: number[]; all: boolean }
  | { do: 'edit'; at: number; mentions: number[]; all: boolean }
  | { do: 'recall' | 'delete'; at: number }
  | { do: 'read'; who: number; back: number }
  | { do: 'come or go'; who: number }
  | { do: 'retry'; at: number }
  | { do: 'retire'; back: number };

const who = fc.nat(people.length - 1);
const mentions = fc.oneof(
  { weight: 3, arbitrary: fc.constant<number[]>([]) },
  fc.uniqueArray(who, { maxLength: 3 }),
);
const retirement = fc.record({ do: fc.constant('retire' as const), back: fc.nat(20) });
const rarely = fc.nat(7).map((n) => n === 0);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      ...{ do: fc.constant('send' as const), who, silent: rarely, everyone: fc.boolean() },
      ...{ mentions, all: rarely },
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('edit' as const), at: fc.nat(60), mentions, all: rarely }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('recall', 'delete'), at: fc.nat(60) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('read' as const), who, back: fc.nat(10) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('come or go' as const), who }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('retry' as const), at: fc.nat(60) }) },
);

/** With retention, where the engine has it. */
type StoresUnderTest = CoreStores & { readonly retention?: RetentionStore };

const stepsOf = ({ retention }: StoresUnderTest): fc.Arbitrary<Step> =>
  retention === undefined
    ? step
    : fc.oneof({ weight: 19, arbitrary: step }, { weight: 1, arbitrary: retirement });

/** Runs steps against a store, keeping the log and the cursors as the definition has them. */
class Run {
  readonly log: Entry[] = [];
  /** Cursors of current members. */
  readonly cursors = new Map<ClientId, number>(people.map((person) => [person, 0]));
  /** Of a service: who has not subscribed. */
  readonly guests = new Set<ClientId>();
  private readonly sent: NewEntry[] = [];
  private floor = 0;

  constructor(
    private readonly store: StoresUnderTest,
    readonly made: Made,
    private readonly isService = false,
  ) {}

  /** A service that everybody knows as a guest, to begin with. */
  static async ofService(store: StoresUnderTest): Promise<Run> {
    const made = await make(store, { members: [], document: { kind: 'system' } });
    const run = new Run(store, made, true);
    for (const person of people) await run.beGuest(person);
    return run;
  }

  async take(step: Step): Promise<void> {
    switch (step.do) {
      case 'send': {
        const named = step.mentions.map((at) => people[at] as ClientId);
        const entry = message(people[step.who] as string, 'text', {
          ...(step.silent ? { silent: true } : {}),
          ...(step.everyone && this.isService ? { everyone: true } : {}),
          ...(named.length > 0 ? { mentions: named } : {}),
          ...(step.all ? { mentionAll: true } : {}),
        });
        this.sent.push(entry);
        return this.write(entry);
      }
      case 'edit': {
        const named = step.mentions.map((at) => people[at] as ClientId);
        const target = this.message(step.at);
        if (target === undefined) return;
        const content = { format: 'text', body: 'edited', mentions: named, mentionAll: step.all } as const;
        return this.write(change('', { kind: 'edit', target, ...content }));
      }
      case 'recall':
      case 'delete': {
        const target = this.message(step.at);
        return target === undefined ? undefined : this.write(change('', { kind: step.do, target }));
      }
      case 'read': {
        const person = people[step.who] as ClientId;
        const last = this.log.at(-1)?.seq ?? 1;
        const seq = Math.max(0, last + 2 - step.back);
        const answer = await this.store.members.advanceRead(this.made.app, this.made.id, person, seq);
        const cursor = this.cursors.get(person);
        if (cursor === undefined) expect(answer).toBeUndefined();
        else {
          this.cursors.set(person, Math.max(cursor, Math.min(seq, last)));
          expect(answer).toMatchObject({ readSeq: this.cursors.get(person), ...this.expected(person) });
        }
        return;
      }
      case 'come or go': {
        const person = people[step.who] as ClientId;
        if (this.cursors.has(person) && !this.guests.delete(person)) {
          await this.write(change(person, { kind: 'left', member: person }));
          if (this.isService) return this.beGuest(person);
          this.cursors.delete(person);
          return;
        }
        await this.write(change(person, { kind: 'joined', member: person }));
        this.cursors.set(person, this.log.at(-1)?.seq ?? 0);
        return;
      }
      case 'retry': {
        const entry = this.sent[step.at % Math.max(1, this.sent.length)];
        const first = this.log.find(({ op }) => op === entry?.op);
        // What retention took out is forgotten.
        if (entry !== undefined && first !== undefined && first.seq > this.floor)
          await append(this.store, this.made, [entry]);
        return;
      }
      case 'retire':
        return this.retire((this.log.at(-1)?.seq ?? 1) - step.back);
    }
  }

  expected(person: ClientId): { unread: number; mentionUnread: number } {
    return unreadByDefinition(this.log, person, this.cursors.get(person) ?? 0, this.guests.has(person));
  }

  /** From its cursor on, if it was a subscriber. */
  private async beGuest(person: ClientId): Promise<void> {
    await this.store.members.ensure(this.made.app, this.made.id, person, 'guest', 0);
    this.guests.add(person);
  }

  async check(): Promise<void> {
    for (const person of people) {
      const own = await this.store.members.own(this.made.app, this.made.id, person);
      const cursor = this.cursors.get(person);
      if (cursor === undefined) expect(own).toBeUndefined();
      else expect(own).toMatchObject({ readSeq: cursor, ...this.expected(person) });
    }
  }

  /** Entries have consecutive times, because they were all sent at the same moment. */
  private async retire(seq: number): Promise<void> {
    const { retention } = this.store;
    if (retention === undefined || seq <= this.floor) return;
    const { app, id } = this.made;
    let next: string | undefined;
    do ({ next } = await retention.retire(app, id, T0 + seq, next));
    while (next !== undefined);
    this.floor = seq;
    for (const [person, cursor] of this.cursors) this.cursors.set(person, Math.max(cursor, seq));
    expect(await this.store.log.head(app, id)).toMatchObject({ floor: seq });
  }

  private message(at: number): number | undefined {
    const messages = this.log.filter(({ payload }) => payload.kind === 'message');
    return messages[at % Math.max(1, messages.length)]?.seq;
  }

  private async write(entry: NewEntry): Promise<void> {
    const [seq = 0] = await append(this.store, this.made, [entry]);
    this.log.push({ ...entry, seq, time: T0 });
  }
}

/** Unread and mentionUnread equal their definition, whatever happened in whatever order. */
export function describeUnread(name: string, open: () => Promise<StoresUnderTest>, runs = 60): void {
  describe(`unread: ${name}`, () => {
    let store: StoresUnderTest;
    beforeAll(async () => {
      store = await open();
    });
    afterAll(() => store.close());

    const send = (made: Made, author: string, count: number) =>
      append(
        store,
        made,
        Array.from({ length: count }, () => message(author, 'text')),
      );
    const unread = async ({ app, id }: Made, person: string) => {
      const own = await store.members.own(app, id, client(person));
      return own === undefined ? undefined : [own.unread, own.mentionUnread];
    };

    it('counts what others sent after the cursor', async () => {
      const made = await make(store);
      await send(made, 'bob', 3);
      await send(made, 'ann', 2);
      await append(store, made, [
        message('', 'from the server'),
        message('bob', 'quietly', { silent: true }),
      ]);
      expect(await unread(made, 'ann')).toEqual([4, 0]);
      expect(await unread(made, 'bob')).toEqual([3, 0]);
      await store.members.advanceRead(made.app, made.id, client('ann'), 3);
      expect(await unread(made, 'ann')).toEqual([2, 0]);
    });

    it('counts a message once, whether it mentions by name, all, or both', async () => {
      const made = await make(store);
      await append(store, made, [
        message('bob', 'x', { mentions: [client('ann'), client('ann')], mentionAll: true }),
        message('bob', 'y', { mentions: [client('bob')] }),
      ]);
      expect(await unread(made, 'ann')).toEqual([2, 1]);
      expect(await unread(made, 'bob')).toEqual([0, 0]);
      await append(store, made, [
        change('bob', { kind: 'edit', target: 3, format: 'text', body: 'z', mentions: [client('ann')] }),
      ]);
      expect(await unread(made, 'ann')).toEqual([2, 2]);
      await append(store, made, [change('bob', { kind: 'edit', target: 2, format: 'text', body: 'z' })]);
      expect(await unread(made, 'ann')).toEqual([2, 1]);
      await append(store, made, [change('bob', { kind: 'recall', target: 3 })]);
      expect(await unread(made, 'ann')).toEqual([1, 0]);
    });

    it('is right after own messages above the cursor', async () => {
      const made = await make(store);
      for (let n = 0; n < 5; n += 1) {
        await send(made, 'ann', 1);
        await send(made, 'bob', 1);
      }
      for (const [seq, left] of [
        [2, 5],
        [3, 4],
        [6, 3],
        [10, 1],
        [11, 0],
      ] as const) {
        const answer = await store.members.advanceRead(made.app, made.id, client('ann'), seq);
        expect([seq, answer?.unread]).toEqual([seq, left]);
      }
    });

    it('equals its definition after any interleaving', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(stepsOf(store), { minLength: 1, maxLength: 40 }), async (steps) => {
          const run = new Run(store, await make(store, { members: people }));
          for (const next of steps) await run.take(next);
          await run.check();
        }),
        { numRuns: runs },
      );
    });

    it('equals its definition for subscribers and guests of a service', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(stepsOf(store), { minLength: 1, maxLength: 40 }), async (steps) => {
          const run = await Run.ofService(store);
          for (const next of steps) await run.take(next);
          await run.check();
        }),
        { numRuns: runs },
      );
    });

    it('equals its definition when everything is asked for at once', async () => {
      const made = await make(store, { members: people });
      const sends = Array.from({ length: 60 }, (_, at) => {
        const author = people[at % people.length] as ClientId;
        const payload: EntryPayload = {
          kind: 'message',
          format: 'text',
          body: 'x',
          ...(at % 7 === 0 ? { mentionAll: true } : {}),
        };
        return { author, op: newOp(), payload };
      });
      const writer = async (mine: readonly NewEntry[]) => {
        for (const entry of mine) {
          while ((await append(store, made, [entry])).length === 0);
          await store.members.advanceRead(
            made.app,
            made.id,
            people[0] as ClientId,
            1 + Math.floor(Math.random() * 60),
          );
        }
      };
      await Promise.all(people.map((person) => writer(sends.filter(({ author }) => author === person))));
      const log = await store.log.entries(made.app, made.id, { after: 1, limit: 1000 });
      expect(log).toHaveLength(60);
      for (const person of people) {
        const own = await store.members.own(made.app, made.id, person);
        expect(own).toMatchObject(unreadByDefinition(log, person, own?.readSeq ?? 0));
      }
    });
  });
}
