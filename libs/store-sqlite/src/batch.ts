/**
 * What crosses to a store thread and back. Everything asked for during one turn of the event loop is one message, and
 * everything that was answered by one transaction is one message: hand-overs are a large part of the cost of small rows.
 */
export interface Batch {
  readonly id: number;
  /** Nobody waits for the answers after this time (ms). */
  readonly deadline: number;
  /** name, arguments, name, arguments … */
  readonly requests: readonly unknown[];
}

export interface Answers {
  readonly id: number;
  /** Per request: 1 and the result, or 0 and a Failure. */
  readonly results: readonly unknown[];
}

/** Runs batches that wait, together; answers all of them. */
export interface Executor {
  run(batches: readonly Batch[]): Answers[];
  close(): void;
}
