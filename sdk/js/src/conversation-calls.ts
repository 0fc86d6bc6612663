import type {
  BulkResult,
  ClientId,
  Input,
  JsonObject,
  MemberView,
  MessageId,
  MessageView,
  OperationName,
  OwnState,
  Page,
  Result,
  Results,
  Role,
} from '@hongyan/protocol';
import { encode, type Content, type ContentOptions, type SendOptions } from './content.js';
import type { ConversationEvents } from './conversation-events.js';
import type { Core } from './core.js';
import { Emitter } from './emitter.js';
import { HistoryPage, type HistoryQuery } from './history.js';
import { operationId } from './operation-id.js';
import type { LocalMessage, SendHandle } from './send-handle.js';

export interface PageOptions {
  readonly limit?: number;
  readonly cursor?: string;
}

export interface StateChange {
  /** No push until this time (ms); 0 ends it, null mutes for good. */
  readonly muteUntil?: number | null;
  readonly pinned?: boolean;
  readonly hidden?: boolean;
  readonly markedUnread?: boolean;
  readonly custom?: JsonObject;
}

const typingEveryMs = 2_000;
const list = (clients: string | readonly string[]): ClientId[] => [clients].flat() as ClientId[];
const idOf = (message: string | { readonly id: string }): MessageId =>
  (typeof message === 'string' ? message : message.id) as MessageId;

/** What can be asked about and done in a conversation; the state that results is kept by {@link Conversation}. */
export abstract class ConversationCalls extends Emitter<ConversationEvents> {
  /** @internal Own commands under way whose answer may bring a sequence. */
  protected busy = 0;
  #typed = 0;

  /** @internal */
  constructor(
    /** @internal */
    protected readonly core: Core,
    readonly id: string,
  ) {
    super();
  }

  // ── messages ───────────────────────────────────────────────────────────────────────────────────────────────

  /** Queues a message; it is sent when possible, in order, once. Await it for the durable acknowledgement. */
  send(content: Content, options?: SendOptions): SendHandle {
    this.#typed = 0; // who goes on writing is typing again
    return this.core.outbox.send(this.id, content, options);
  }

  /** My messages that are not acknowledged yet, in order. */
  get pending(): LocalMessage[] {
    return this.core.outbox.pending(this.id);
  }

  /** A page of messages, ascending; without bounds the newest. `older()` and `newer()` go on from it. */
  async history(query: HistoryQuery = {}): Promise<HistoryPage> {
    const ask = async (next: HistoryQuery): Promise<HistoryPage> => {
      const got = await this.core.commands.call('message.history', {
        ...next,
        conversation: this.id,
      } as Input<'message.history'>);
      return new HistoryPage(got, next, ask);
    };
    return ask(query);
  }

  async edit(
    message: string | MessageView,
    content: Content,
    options: ContentOptions = {},
  ): Promise<MessageView> {
    const args = { message: idOf(message), ...encode(content), ...options };
    return (await this.change('message.edit', args as never)).message;
  }

  async recall(message: string | MessageView): Promise<void> {
    await this.change('message.recall', { message: idOf(message) });
  }

  /** Who received or read a message of mine, by name, and how many. */
  receipts(
    message: string | MessageView,
    options: PageOptions & { readonly kind?: 'delivered' | 'read' } = {},
  ): Promise<Results['message.receipts']> {
    return this.core.commands.call('message.receipts', { ...options, message: idOf(message) });
  }

  /** Tells who is online in it; kept by nobody, lost when offline. */
  signal(name: string, data?: JsonObject): void {
    void this.core.commands
      .once('signal.send', {
        conversation: this.id,
        name,
        ...(data === undefined ? {} : { data: data as never }),
      })
      .catch(() => undefined); // a signal may be lost
  }

  /** Call it at each key: at most one signal goes out every two seconds, and one after each message of mine. */
  typing(): void {
    if (Date.now() - this.#typed < typingEveryMs) return;
    this.#typed = Date.now();
    this.signal('typing');
  }

  // ── members ────────────────────────────────────────────────────────────────────────────────────────────────

  members(options: PageOptions & { readonly role?: Role } = {}): Promise<Page<MemberView>> {
    return this.core.commands.call('conversation.members', { ...options, conversation: this.id });
  }

  add(clients: string | readonly string[]): Promise<BulkResult> {
    return this.change('conversation.add', { conversation: this.id, members: list(clients) });
  }

  remove(clients: string | readonly string[]): Promise<BulkResult> {
    return this.change('conversation.remove', { conversation: this.id, members: list(clients) });
  }

  async join(): Promise<void> {
    await this.change('conversation.join', { conversation: this.id });
    this.refreshSoon();
  }

  async leave(): Promise<void> {
    await this.change('conversation.leave', { conversation: this.id }, false);
    this.leaveBehind();
  }

  /** I leave, and nobody but me adds me to it again. */
  async refuse(): Promise<void> {
    await this.change('conversation.refuse', { conversation: this.id }, false);
    this.leaveBehind();
  }

  /** Others may add me again. */
  async unrefuse(): Promise<void> {
    await this.core.commands.call('conversation.unrefuse', { conversation: this.id });
  }

  async setRole(client: string, role: Role): Promise<void> {
    await this.change('conversation.setRole', { conversation: this.id, member: client, role });
  }

  /** They may not send, for so many seconds or until lifted. */
  silence(clients: string | readonly string[], seconds?: number): Promise<BulkResult> {
    const limit = seconds === undefined ? {} : { seconds };
    return this.change('conversation.silence', { conversation: this.id, members: list(clients), ...limit });
  }

  unsilence(clients: string | readonly string[]): Promise<BulkResult> {
    return this.change('conversation.unsilence', { conversation: this.id, members: list(clients) });
  }

  silenced(options: PageOptions = {}): Promise<Results['conversation.silenced']> {
    return this.core.commands.call('conversation.silenced', { ...options, conversation: this.id });
  }

  /** They are put out and may not come back. */
  block(clients: string | readonly string[]): Promise<BulkResult> {
    return this.change('conversation.block', { conversation: this.id, members: list(clients) });
  }

  unblock(clients: string | readonly string[]): Promise<BulkResult> {
    return this.change('conversation.unblock', { conversation: this.id, members: list(clients) });
  }

  blocked(options: PageOptions = {}): Promise<Results['conversation.blocked']> {
    return this.core.commands.call('conversation.blocked', { ...options, conversation: this.id });
  }

  // ── the conversation ───────────────────────────────────────────────────────────────────────────────────────

  /** `attributes`: keys to set; null removes one, dotted keys reach inside. `frozen`: only managers may send. */
  async update(changes: {
    readonly name?: string;
    readonly attributes?: JsonObject;
    readonly frozen?: boolean;
  }): Promise<void> {
    await this.change('conversation.update', { conversation: this.id, ...changes } as never);
  }

  /** For everybody and for good. */
  async delete(): Promise<void> {
    await this.change('conversation.delete', { conversation: this.id }, false);
    this.leaveBehind();
  }

  /** Mute, pin, hide, mark unread, custom: for me only, on all my devices. */
  async setState(change: StateChange): Promise<OwnState> {
    const { own } = await this.core.commands.call('conversation.setState', {
      conversation: this.id,
      ...change,
    } as never);
    this.ownState(own);
    return own;
  }

  /** Everything up to `seq` (default: all) is gone for me only. */
  async clear(seq = this.seq): Promise<void> {
    const { own } = await this.core.commands.call('conversation.clear', { conversation: this.id, seq });
    this.ownState(own);
    this.refreshSoon();
  }

  /** System conversations: their broadcasts reach me. */
  async subscribe(): Promise<void> {
    await this.change('system.subscribe', { conversation: this.id }, false);
    this.refreshSoon();
  }

  async unsubscribe(): Promise<void> {
    await this.change('system.unsubscribe', { conversation: this.id }, false);
    this.leaveBehind();
  }

  // ── inside ─────────────────────────────────────────────────────────────────────────────────────────────────

  abstract get seq(): number;
  /** @internal */
  abstract refreshSoon(): void;
  /** @internal */
  abstract leaveBehind(): void;
  /** @internal */
  abstract ownState(own: OwnState): void;
  /** @internal The log reaches `seq`, by a command of mine. */
  protected abstract reached(seq: number): void;

  /** A command that adds an entry; the same operation id for every attempt. */
  protected async change<N extends OperationName>(
    name: N,
    args: Omit<Input<N>, 'op'>,
    follow = true,
  ): Promise<Result<N>> {
    this.busy += 1;
    let result: Result<N>;
    try {
      result = await this.core.commands.call(name, {
        ...args,
        op: operationId(),
      } as unknown as Input<N>);
    } finally {
      this.busy -= 1;
    }
    const { seq } = result as { seq?: number };
    if (follow && seq !== undefined) this.reached(seq);
    return result;
  }

  protected changed(): void {
    this.emitBoth('changed', undefined);
  }

  /** To this conversation's listeners and to the client's. */
  protected emitBoth<K extends keyof ConversationEvents>(event: K, value: ConversationEvents[K]): void {
    this.emit(event, value);
    this.core.emit(this.id, event, value);
  }
}
