import type { ConversationId } from '@hongyan/protocol';
import type { Commands } from './commands.js';
import { HongyanError } from './errors.js';

const deliveredEveryMs = 1_000;
const readAfterMs = 100;
const maxCursors = 500;

interface PendingRead {
  seq: number;
  timer: ReturnType<typeof setTimeout> | undefined;
  waiters: { resolve: () => void; reject: (error: HongyanError) => void }[];
}

/** Sends my cursors, few at a time: what arrived here (at most once a second) and what I read. */
export class Receipts {
  readonly #delivered = new Map<string, number>();
  readonly #reads = new Map<string, PendingRead>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #last = 0;

  constructor(
    private readonly commands: Commands,
    private readonly online: () => boolean,
  ) {}

  delivered(conversation: string, seq: number): void {
    if ((this.#delivered.get(conversation) ?? 0) >= seq) return;
    this.#delivered.set(conversation, seq);
    this.#schedule();
  }

  /** Resolves when the server has it. Survives disconnects; the highest sequence wins. */
  read(conversation: string, seq: number): Promise<void> {
    let pending = this.#reads.get(conversation);
    if (pending === undefined) {
      pending = { seq, timer: undefined, waiters: [] };
      this.#reads.set(conversation, pending);
    }
    pending.seq = Math.max(pending.seq, seq);
    pending.timer ??= setTimeout(() => void this.#sendRead(conversation), readAfterMs);
    const { waiters } = pending;
    return new Promise((resolve, reject) => waiters.push({ resolve, reject }));
  }

  /** True while a read of this conversation is not yet with the server. */
  reading(conversation: string): boolean {
    return this.#reads.has(conversation);
  }

  /** The network is back. */
  flush(): void {
    this.#schedule();
    for (const [conversation, pending] of this.#reads) {
      pending.timer ??= setTimeout(() => void this.#sendRead(conversation), readAfterMs);
    }
  }

  close(): void {
    clearTimeout(this.#timer);
    for (const { timer, waiters } of this.#reads.values()) {
      clearTimeout(timer);
      for (const { reject } of waiters) reject(new HongyanError('client_closed'));
    }
    this.#reads.clear();
    this.#delivered.clear();
  }

  #schedule(): void {
    if (this.#timer !== undefined || this.#delivered.size === 0 || !this.online()) return;
    const wait = Math.max(20, this.#last + deliveredEveryMs - Date.now());
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.#sendDelivered();
    }, wait);
  }

  async #sendDelivered(): Promise<void> {
    const cursors = [...this.#delivered]
      .slice(0, maxCursors)
      .map(([conversation, seq]) => ({ conversation: conversation as ConversationId, seq }));
    if (cursors.length === 0) return;
    this.#last = Date.now();
    try {
      await this.commands.once('conversation.delivered', { cursors });
    } catch (error) {
      if ((error as HongyanError).temporary) return this.#schedule(); // kept
    }
    for (const { conversation, seq } of cursors) {
      if (this.#delivered.get(conversation) === seq) this.#delivered.delete(conversation);
    }
    this.#schedule();
  }

  async #sendRead(conversation: string): Promise<void> {
    const pending = this.#reads.get(conversation);
    if (pending === undefined) return;
    const { seq, waiters } = pending;
    const count = waiters.length;
    let failure: HongyanError | undefined;
    try {
      await this.commands.call('conversation.read', { conversation, seq });
    } catch (error) {
      failure = error as HongyanError;
    }
    pending.timer = undefined;
    if (failure?.temporary) return; // sent again by flush
    const settled = waiters.splice(0, pending.seq > seq ? count : waiters.length);
    if (waiters.length === 0 && pending.seq === seq) this.#reads.delete(conversation);
    else pending.timer = setTimeout(() => void this.#sendRead(conversation), readAfterMs);
    for (const { resolve, reject } of settled) {
      if (failure === undefined) resolve();
      else reject(failure);
    }
  }
}
