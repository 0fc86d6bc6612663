import type { Format, MessageView } from '@hongyan/protocol';
import type { HongyanError } from './errors.js';

/** `queued` → `sending` → `sent` or `failed`; back to `queued` when an attempt failed for a passing reason. */
export type SendState = 'queued' | 'sending' | 'sent' | 'failed';

/** A message of mine before the server has it: show it at once, and follow its state by `op`. */
export interface LocalMessage {
  readonly op: string;
  readonly conversation: string;
  readonly state: SendState;
  readonly format: Format;
  readonly body: string;
  readonly type?: string;
  /** Id of the message that is answered. */
  readonly replyTo?: string;
  readonly mentions?: readonly string[];
  readonly mentionAll?: boolean;
  readonly createdAt: number;
  /** When `sent`. */
  readonly message?: MessageView;
  /** When `failed`. */
  readonly error?: HongyanError;
}

/**
 * A message on its way. Awaiting it gives the message once the server has it durably, and rejects when the message was
 * refused for good, cancelled, or timed out.
 */
export class SendHandle implements PromiseLike<MessageView> {
  readonly #done: Promise<MessageView>;
  #resolve!: (message: MessageView) => void;
  #reject!: (error: HongyanError) => void;
  #local: LocalMessage;

  /** @internal */
  constructor(
    local: LocalMessage,
    private readonly cancelling: () => boolean,
  ) {
    this.#local = local;
    this.#done = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#done.catch(() => undefined); // who follows the state need not await
  }

  get op(): string {
    return this.#local.op;
  }

  /** The message as it is now. */
  get local(): LocalMessage {
    return this.#local;
  }

  /** Stops trying. False: it was too late. An attempt under way may still arrive. */
  cancel(): boolean {
    return this.cancelling();
  }

  then<A = MessageView, B = never>(
    resolved?: ((message: MessageView) => A | PromiseLike<A>) | null,
    rejected?: ((error: HongyanError) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#done.then(resolved, rejected);
  }

  catch<B = never>(rejected: (error: HongyanError) => B | PromiseLike<B>): Promise<MessageView | B> {
    return this.#done.catch(rejected);
  }

  finally(after: () => void): Promise<MessageView> {
    return this.#done.finally(after);
  }

  /** @internal */
  update(change: Partial<LocalMessage>): LocalMessage {
    this.#local = { ...this.#local, ...change };
    if (change.message !== undefined) this.#resolve(change.message);
    if (change.error !== undefined) this.#reject(change.error);
    return this.#local;
  }
}
