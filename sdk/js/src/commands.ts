import type { Input, OperationName, Result } from '@hongyan/protocol';
import { Backoff } from './backoff.js';
import type { Connection } from './connection.js';
import { HongyanError } from './errors.js';

export interface CallOptions {
  /** Retries and waiting for the network included. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** Operations as calls: waits for the network, repeats what failed for a passing reason. All operations may be repeated. */
export class Commands {
  readonly #waiting = new Set<() => void>();

  constructor(
    private readonly connection: Connection,
    private readonly limits: { readonly callTimeoutMs: number; readonly attemptTimeoutMs: number },
  ) {}

  /** One attempt on the connection as it is. */
  once<N extends OperationName>(
    name: N,
    args: Input<N>,
    timeoutMs = this.limits.attemptTimeoutMs,
  ): Promise<Result<N>> {
    return this.connection.ask(name, args, timeoutMs) as Promise<Result<N>>;
  }

  async call<N extends OperationName>(
    name: N,
    args: Input<N>,
    options: CallOptions = {},
  ): Promise<Result<N>> {
    const { signal, timeoutMs = this.limits.callTimeoutMs } = options;
    const deadline = Date.now() + timeoutMs;
    const backoff = new Backoff(200, 5_000);
    for (;;) {
      await this.#online(deadline, signal);
      let error: HongyanError;
      try {
        return await this.once(
          name,
          args,
          Math.max(1, Math.min(this.limits.attemptTimeoutMs, deadline - Date.now())),
        );
      } catch (caught) {
        error = caught as HongyanError;
      }
      signal?.throwIfAborted();
      if (!error.temporary) throw error;
      const wait = backoff.next(error.retryAfterMs);
      if (Date.now() + wait >= deadline) throw error;
      await this.#pause(wait, signal);
    }
  }

  /** The connection's state changed: lets go who waits for it. */
  wake(): void {
    for (const go of [...this.#waiting]) go();
  }

  async #online(deadline: number, signal?: AbortSignal): Promise<void> {
    for (;;) {
      signal?.throwIfAborted();
      const { state } = this.connection;
      if (state === 'online') return;
      if (state === 'closed') throw new HongyanError('client_closed');
      const left = deadline - Date.now();
      if (left <= 0) throw new HongyanError('timeout');
      await this.#pause(left, signal);
    }
  }

  /** Ends early when the state of the connection changes. */
  #pause(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const go = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(go);
        signal?.removeEventListener('abort', go);
        resolve();
      };
      const timer = setTimeout(go, ms);
      this.#waiting.add(go);
      signal?.addEventListener('abort', go);
    });
  }
}
