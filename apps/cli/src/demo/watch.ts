import type { Conversation, HongyanClient, MessageView } from '@hongyan/sdk';

/** Resolves with what `pick` answers for the first event that it answers for. Listens from the moment of the call. */
export function when<T>(
  subscribe: (listener: (value: T) => void) => () => void,
  pick: (value: T) => boolean = () => true,
): Promise<T> {
  return new Promise((resolve) => {
    const stop = subscribe((value) => {
      if (!pick(value)) return;
      queueMicrotask(() => stop());
      resolve(value);
    });
  });
}

/** Everything that a client is given in a conversation, in the order given. */
export class Inbox {
  readonly bodies: string[] = [];
  private readonly waiters = new Set<() => void>();

  constructor(client: HongyanClient, conversation: string) {
    client.on(
      'message',
      ({ conversation: where, message }: { conversation: Conversation; message: MessageView }) => {
        if (where.id !== conversation) return;
        this.bodies.push(message.body);
        for (const waiter of this.waiters) waiter();
      },
    );
  }

  /** Resolves when `count` messages came since the start. */
  async has(count: number): Promise<void> {
    while (this.bodies.length < count) {
      await new Promise<void>((resolve) => {
        const waiter = () => {
          this.waiters.delete(waiter);
          resolve();
        };
        this.waiters.add(waiter);
      });
    }
  }
}
