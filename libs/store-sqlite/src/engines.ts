import { Worker } from 'node:worker_threads';
import type { Answers, Batch, Executor } from './batch.js';
import type { Engine } from './channel.js';
import type { ThreadSettings, ThreadStarted } from './thread-messages.js';

/** Runs batches in this thread, a turn of the event loop later. For tests, and for tools that do one thing. */
export class LocalEngine implements Engine {
  private waiting: Batch[] = [];
  private listener: (answers: readonly Answers[]) => void = () => undefined;

  constructor(private readonly executor: Executor) {}

  post(batch: Batch): void {
    // The copy that a thread would get: nobody can change a request after it was made.
    this.waiting.push(structuredClone(batch));
    if (this.waiting.length === 1) setImmediate(() => this.runAll());
  }

  onAnswers(listener: (answers: readonly Answers[]) => void): void {
    this.listener = listener;
  }

  onFailure(): void {
    // This thread lives as long as whoever asks.
  }

  close(): Promise<void> {
    this.executor.close();
    return Promise.resolve();
  }

  private runAll(): void {
    const batches = this.waiting;
    this.waiting = [];
    this.listener(this.executor.run(batches));
  }
}

/** Runs batches in a thread of its own. */
export class ThreadEngine implements Engine {
  private constructor(private readonly worker: Worker) {}

  /** Resolves when the thread has opened its connection. */
  static async start(script: URL, settings: ThreadSettings): Promise<ThreadEngine> {
    // Flags of the process are not the threads': they load no instrumentation and run no `--eval`.
    const worker = new Worker(script, { workerData: settings, execArgv: [] });
    const started = await new Promise<ThreadStarted>((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
    });
    if (started !== 'started') throw new Error('a store thread did not start');
    return new ThreadEngine(worker);
  }

  post(batch: Batch): void {
    this.worker.postMessage(batch);
  }

  onAnswers(listener: (answers: readonly Answers[]) => void): void {
    this.worker.on('message', listener);
  }

  onFailure(listener: (error: Error) => void): void {
    this.worker.on('error', listener);
    this.worker.on('exit', (code) => listener(new Error(`a store thread ended with ${code}`)));
  }

  async close(): Promise<void> {
    const ended = new Promise<void>((resolve) => this.worker.once('exit', () => resolve()));
    this.worker.postMessage('close');
    await ended;
  }
}
