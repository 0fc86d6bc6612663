import fc from 'fast-check';
import { AppError } from '@hongyan/protocol';
import type { NewEntry } from '@hongyan/conversations';
import { change, client, make, message, T0 } from '../../conversations/src/fixtures.contract.js';
import type { Made } from '../../conversations/src/fixtures.contract.js';
import { Crash, FaultPlan, failures } from './faults.contract.js';
import type { Failure } from './faults.contract.js';
import { expectProjectionsOfLog } from './recomputed.contract.js';
import { openTestStore } from './test-database.contract.js';
import type { TestStore } from './test-database.contract.js';

const SENDERS = ['ann', 'bob', 'cid', 'dan'];
const INSTANCES = 3;

type Wish =
  | { kind: 'message'; silent: boolean; mention: boolean }
  | {
      kind: 'edit' | 'recall' | 'delete' | 'added' | 'removed' | 'silenced' | 'unsilenced' | 'updated';
      n: number;
    };

const wish: fc.Arbitrary<Wish> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('message' as const),
      silent: fc.boolean(),
      mention: fc.boolean(),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        'edit',
        'recall',
        'delete',
        'added',
        'removed',
        'silenced',
        'unsilenced',
        'updated',
      ),
      n: fc.nat(50),
    }),
  },
);
/** What happens to the writes of an instance, over and over; mostly nothing. */
const weather: fc.Arbitrary<(Failure | undefined)[]> = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.constantFrom(...failures) },
  ),
  { minLength: 11, maxLength: 37 },
);

describe('append under concurrency and failures', () => {
  const plans = Array.from({ length: INSTANCES }, () => new FaultPlan(() => undefined));
  const instances: TestStore[] = [];
  let sound: TestStore;
  beforeAll(async () => {
    sound = await openTestStore();
    for (let at = 0; at < INSTANCES; at += 1)
      instances.push(
        await openTestStore({
          name: sound.name,
          faults: (step, run) => (plans[at] as FaultPlan).faults(step, run),
        }),
      );
  });
  afterAll(async () => {
    await Promise.all(instances.map((instance) => instance.close()));
    await sound.drop();
  });

  /** Sends until everything is acknowledged, from one instance after the other. Adds to what was acknowledged. */
  async function send(
    made: Made,
    author: string,
    wishes: readonly Wish[],
    batch: number,
    acknowledged: Map<NewEntry, number>,
  ) {
    const open = wishes.map((one, at) => entryOf(author, one, at, acknowledged));
    let turn = SENDERS.indexOf(author);
    for (let tries = 0; open.length > 0; tries += 1) {
      if (tries > 500) throw new Error(`${author} gets nowhere`);
      const { log } = instances[turn % INSTANCES] as TestStore;
      try {
        const expected = (await log.head(made.app, made.id))?.last ?? 0;
        const entries = open.slice(0, batch);
        const { results, head } = await log.append(made.app, {
          conversation: made.id,
          expected,
          now: T0,
          entries,
        });
        for (const result of results) {
          const seq = result.duplicate ? result.entry.seq : result.seq;
          expect(head.last).toBeGreaterThanOrEqual(seq);
          acknowledged.set(open.shift() as NewEntry, seq);
        }
      } catch (error) {
        if (!(error instanceof Crash || (error instanceof AppError && error.error === 'unavailable')))
          throw error;
        turn += 1;
      }
    }
  }

  function entryOf(
    author: string,
    wanted: Wish,
    at: number,
    acknowledged: ReadonlyMap<NewEntry, number>,
  ): NewEntry {
    if (wanted.kind === 'message') {
      const { silent, mention } = wanted;
      return message(author, `${author} ${at}`, {
        silent,
        ...(mention ? { mentions: [client('bob')] } : {}),
      });
    }
    const members = [client(`m${wanted.n % 5}`)];
    const target = [2, 3, 4, ...acknowledged.values()][wanted.n % (3 + acknowledged.size)] as number;
    switch (wanted.kind) {
      case 'edit': {
        const entry = change(author, { kind: 'edit', target, format: 'text', body: '' });
        return { ...entry, payload: { ...entry.payload, body: `edit of ${entry.op}` } as never };
      }
      case 'recall':
      case 'delete':
        return change(author, { kind: wanted.kind, target });
      case 'updated':
        return change(author, { kind: 'updated', name: `n${wanted.n}` });
      default:
        return change(author, { kind: wanted.kind, members });
    }
  }

  /** Follows the log as a client does. */
  async function follow(made: Made, until: Promise<unknown>): Promise<number[]> {
    let running = true;
    void until.finally(() => (running = false)).catch(() => undefined);
    const seen: number[] = [];
    while (running) {
      const entries = await sound.log.entries(made.app, made.id, { after: seen.at(-1) ?? 0, limit: 3 });
      seen.push(...entries.map(({ seq }) => seq));
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    return seen;
  }

  it('numbers 1 to n, each operation once, and everything else follows from the log', async () => {
    const outcomes = { acknowledged: 0, failures: 0, writes: 0 };
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(wish, { minLength: 1, maxLength: 6 }), { minLength: 4, maxLength: 4 }),
        fc.array(weather, { minLength: INSTANCES, maxLength: INSTANCES }),
        fc.integer({ min: 1, max: 3 }),
        async (wishes, weathers, batch) => {
          for (const [at, failing] of weathers.entries())
            plans[at] = new FaultPlan((_, number) => failing[number % failing.length]);
          const made = await make(sound, { members: ['ann', 'bob'] });
          const acknowledged = new Map<NewEntry, number>();
          const sending = Promise.all(
            SENDERS.map((author, at) => send(made, author, wishes[at] ?? [], batch, acknowledged)),
          );
          const [, seen] = await Promise.all([sending, follow(made, sending)]);
          await Promise.all(plans.map((plan) => plan.settled()));

          expect(seen).toEqual(seen.map((_, at) => at + 1));
          await sound.conversations.repair(made.app, made.id);
          const log = await expectProjectionsOfLog(sound.db, made.app, made.id);
          expect(log).toHaveLength(1 + wishes.flat().length);
          for (const [{ author, op }, seq] of acknowledged)
            expect(log[seq - 1]).toMatchObject({ author, op });
          outcomes.acknowledged += acknowledged.size;
          for (const [at, plan] of plans.entries()) {
            outcomes.writes += plan.steps.length;
            const failing = weathers[at] ?? [];
            outcomes.failures += plan.steps.filter(
              (_, n) => failing[n % failing.length] !== undefined,
            ).length;
          }
        },
      ),
      { numRuns: Number(process.env.PROPERTY_RUNS ?? 25), endOnFailure: true },
    );
    // The weather was bad enough to mean something.
    expect(outcomes.failures).toBeGreaterThan(100);
  }, 600_000);
});
