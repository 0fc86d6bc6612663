import type { ConversationView, MessageView } from '@hongyan/protocol';
import type { Commands } from './commands.js';
import type { HongyanError } from './errors.js';
import type { Conversation } from './conversation.js';
import type { Conversations } from './registry.js';

export interface RoomEntrance {
  readonly room: Conversation;
  /** Clients in it now. */
  readonly online: number;
  /** The last stored messages, as many as asked for, ascending. */
  readonly messages: readonly MessageView[];
}

/** Rooms that this session is in. A room has no membership, unread or refill: what is missed is missed. */
export class Rooms {
  readonly #joined = new Map<string, Conversation>();

  /** @internal */
  constructor(
    private readonly commands: Commands,
    private readonly conversations: Conversations,
    private readonly entered: (room: Conversation) => void,
  ) {}

  /** Joins, and joins again after every reconnect until {@link leave}. */
  async join(id: string, options: { readonly last?: number } = {}): Promise<RoomEntrance> {
    const room = this.conversations.of(id);
    room.enter();
    try {
      const got = await this.commands.call('room.join', { ...options, conversation: id });
      this.#enter(id, got.conversation, got.messages);
      return { room, online: got.online, messages: got.messages };
    } catch (error) {
      room.entered(undefined);
      throw error;
    }
  }

  async leave(id: string): Promise<void> {
    const room = this.#joined.get(id);
    this.#joined.delete(id);
    if (room !== undefined) room.joined = false;
    await this.commands.call('room.leave', { conversation: id });
  }

  /** How many clients are in it. */
  async count(id: string): Promise<number> {
    return (await this.commands.call('room.count', { conversation: id })).online;
  }

  /** Some of those in it, at most 100. */
  async members(id: string, limit?: number): Promise<readonly string[]> {
    return (
      await this.commands.call('room.members', {
        conversation: id,
        ...(limit === undefined ? {} : { limit }),
      })
    ).clients;
  }

  get joined(): Conversation[] {
    return [...this.#joined.values()];
  }

  /** @internal After a reconnect. Those that refuse are left. */
  async rejoin(): Promise<void> {
    await Promise.all(
      [...this.#joined].map(async ([id, room]) => {
        room.joined = false;
        try {
          const got = await this.commands.once('room.join', { conversation: id });
          if (this.#joined.has(id)) this.#enter(id, got.conversation);
        } catch (error) {
          if ((error as HongyanError).temporary) return; // the next connect tries again
          this.#joined.delete(id);
          room.leaveBehind();
        }
      }),
    );
  }

  #enter(id: string, view: ConversationView, messages: readonly MessageView[] = []): void {
    const room = this.conversations.of(id);
    this.#joined.set(id, room);
    room.entered(view, messages);
    this.entered(room);
  }
}
