/**
 * Hears what becomes of a command on its way: for traces and metrics. Absent, it costs nothing. It never throws and
 * never waits.
 */
export interface PathObserver {
  /** Names the command that runs now; the name is handed back with what becomes of it. */
  mark(): unknown;
  /** A batch goes to the store; the answer is called when it is durable, or with the error. */
  appending(marks: readonly unknown[]): (error?: unknown) => void;
  /** A batch's events go to the broker; the answer is called when they have gone. */
  publishing(marks: readonly unknown[]): () => void;
}
