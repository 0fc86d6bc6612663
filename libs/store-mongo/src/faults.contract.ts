import { mongo } from 'mongoose';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Faults, WriteStep } from './database.js';
import { sequenceIndex } from './schema.js';

/** Failures between the single-document writes of the store, for its tests. */

/** The process ends here, as far as the operation is concerned: nothing of the store expects or handles it. */
export class Crash extends Error {
  override readonly name = 'Crash';
}

export type Failure =
  /** The process dies before or after the write. */
  | 'crash-before'
  | 'crash-after'
  /** No answer comes: the write was not done, was done, is done soon, or when everything else is over. */
  | 'timeout-before'
  | 'timeout-after'
  | 'timeout-late'
  | 'timeout-held'
  /** Something that is not on a majority yet, and never will be, is in the way of an insert. */
  | 'phantom-duplicate';

export const failures: readonly Failure[] = [
  'crash-before', 'crash-after', 'timeout-before', 'timeout-after', 'timeout-late', 'timeout-held',
  'phantom-duplicate',
]; // prettier-ignore

/** The index that an insert of this step may run into; updates run into none. */
const uniqueIndexes: Partial<Record<WriteStep, string>> = {
  claim: '_id_',
  entries: sequenceIndex,
  own: '_id_',
  rows: '_id_',
};

const duplicate = (index: string) =>
  new mongo.MongoServerError({
    code: 11_000,
    message: `E11000 duplicate key error collection: x index: ${index} dup key: {}`,
  });

const timeout = () => new mongo.MongoNetworkTimeoutError('connection timed out', {});

/**
 * Failures that happen to the writes of one instance: `next` says what happens to a write, by its step and its number
 * among all writes. `settled` waits for the late ones.
 */
export class FaultPlan {
  /** The steps of all writes so far, failed ones too. */
  readonly steps: WriteStep[] = [];
  private readonly late: Promise<unknown>[] = [];
  private release = (): void => undefined;
  private readonly held = new Promise<void>((resolve) => (this.release = resolve));

  constructor(private readonly next: (step: WriteStep, number: number) => Failure | undefined) {}

  readonly faults: Faults = async (step, run) => {
    const failure = this.next(step, this.steps.length);
    this.steps.push(step);
    switch (failure) {
      case undefined:
        return await run();
      case 'crash-before':
        throw new Crash(`before ${step}`);
      case 'crash-after':
        await run();
        throw new Crash(`after ${step}`);
      case 'phantom-duplicate': {
        const index = uniqueIndexes[step];
        if (index === undefined) return await run();
        throw duplicate(index);
      }
      case 'timeout-before':
        throw timeout();
      case 'timeout-after':
        await run();
        throw timeout();
      case 'timeout-late':
        this.late.push(afterwards(sleep(1 + (this.steps.length % 7) * 5), run));
        throw timeout();
      case 'timeout-held':
        this.late.push(afterwards(this.held, run));
        throw timeout();
    }
  };

  /** Lets the held writes go, and waits until all late ones are over. */
  async settled(): Promise<void> {
    this.release();
    await Promise.all(this.late);
  }
}

async function afterwards(moment: Promise<unknown>, run: () => Promise<unknown>): Promise<void> {
  await moment;
  try {
    await run();
  } catch (error) {
    // Somebody else was faster, which is what is tested.
    if (!(error instanceof mongo.MongoServerError)) throw error;
  }
}
