import type { ConversationView, JsonObject, ListRow, Page, Result, ServerEvent } from '@hongyan/protocol';
import type { Core } from './core.js';
import { Conversation, otherOf } from './conversation.js';
import { operationId } from './operation-id.js';

export interface CreateOptions {
  readonly members?: readonly string[];
  readonly name?: string;
  readonly attributes?: JsonObject;
  /** At most one conversation for exactly these members. */
  readonly unique?: boolean;
  /** Default `ordinary`. */
  readonly kind?: 'ordinary' | 'room' | 'temporary';
  /** Temporary conversations: seconds to live. */
  readonly ttl?: number;
}

export interface ListOptions {
  readonly limit?: number;
  readonly cursor?: string;
  readonly hidden?: boolean;
}

/** Conversations that nobody holds open are forgotten beyond this number, those unused longest first. */
const maxKept = 10_000;

type EntryEvent = Extract<ServerEvent, { type: 'entry' }>;

/** The conversations that this client knows: one object for each. */
export class Conversations {
  readonly #byId = new Map<string, Conversation>();
  /** Logs that are not named like their conversation. */
  readonly #byLog = new Map<string, string>();
  /** Sequences of an earlier run, until their conversation turns up. */
  #remembered = new Map<string, number>();
  /** @internal The position of the next sync. */
  firstToken: (token: string) => void = () => undefined;

  /** @internal */
  constructor(private readonly core: Core) {}

  /** My conversations: pinned ones, then by latest activity. One page; `cursor` leads to the next. */
  async list(
    options: ListOptions = {},
  ): Promise<Page<Conversation> & Pick<Result<'conversation.list'>, 'totals'>> {
    const got = await this.core.commands.call('conversation.list', options);
    this.firstToken(got.token);
    const items = got.items.map((row) => this.apply(row));
    return { items, totals: got.totals, ...(got.cursor === undefined ? {} : { cursor: got.cursor }) };
  }

  /** Those known here without asking, in the order of the list; hidden ones and rooms are left out. */
  get loaded(): Conversation[] {
    const at = (c: Conversation): number => c.lastMessage?.time ?? c.view?.createdAt ?? 0;
    return [...this.#byId.values()]
      .filter(
        (conversation) =>
          conversation.own !== undefined && !conversation.own.hidden && conversation.kind !== 'room',
      )
      .sort((a, b) => (b.own?.pinnedAt ?? 0) - (a.own?.pinnedAt ?? 0) || at(b) - at(a));
  }

  async create(options: CreateOptions): Promise<Conversation> {
    const got = await this.core.commands.call('conversation.create', {
      ...options,
      op: operationId(),
    } as never);
    const conversation = this.of(got.conversation.id);
    const { conversation: view, own, created } = got;
    const two = view.kind === 'ordinary' && view.memberCount === 2;
    const peer = two ? otherOf(options.members ?? [], this.core.me()) : undefined;
    conversation.apply({
      conversation: view,
      ...(own === undefined ? {} : { own }),
      ...(created ? { unread: 0 } : {}),
      ...(peer === undefined ? {} : { peer }),
    });
    if (!created) conversation.refreshSoon();
    return conversation;
  }

  /** One conversation with its state of now. */
  get(id: string): Promise<Conversation> {
    return this.of(id).refresh();
  }

  /** By a bounded filter; sorted like `-lastMessageAt,name`. */
  async query(query: {
    where?: JsonObject;
    sort?: string;
    limit?: number;
    cursor?: string;
  }): Promise<Page<Conversation>> {
    const got = await this.core.commands.call('conversation.query', query as never);
    const items = got.items.map(({ conversation, lastMessage }) => {
      const known = this.of(conversation.id);
      known.apply({ conversation, ...(lastMessage === undefined ? {} : { lastMessage }) });
      return known;
    });
    return { items, ...(got.cursor === undefined ? {} : { cursor: got.cursor }) };
  }

  /** The object of a conversation, without asking the server. */
  of(id: string): Conversation {
    let conversation = this.#byId.get(id);
    if (conversation === undefined) {
      conversation = new Conversation(this.core, id);
      const known = this.#remembered.get(id);
      if (known !== undefined) conversation.logs.main.tracker.startAt(known);
      this.#remembered.delete(id);
      this.#byId.set(id, conversation);
      this.#prune();
    }
    return conversation;
  }

  // ── what the client feeds ──────────────────────────────────────────────────────────────────────────────────

  /** @internal */
  known(id: string): Conversation | undefined {
    return this.#byId.get(this.#byLog.get(id) ?? id);
  }

  /** @internal */
  followed(id: string): boolean {
    return this.#remembered.has(id) || this.#byId.get(id)?.logs.main.tracker.known !== undefined;
  }

  /** @internal */
  all(): Iterable<Conversation> {
    return this.#byId.values();
  }

  /** @internal */
  remember(known: Map<string, number>): void {
    this.#remembered = known;
  }

  /** @internal */
  apply(row: ListRow): Conversation {
    const conversation = this.of(row.conversation.id);
    conversation.apply(row);
    return conversation;
  }

  /** @internal */
  adoptLog(log: string, conversation: string): void {
    this.#byLog.set(log, conversation);
  }

  /** @internal */
  entry({ entry, conversationView }: EntryEvent): void {
    // A thread's messages name the conversation that it belongs to.
    const id =
      this.#byLog.get(entry.conversation) ??
      ('message' in entry ? entry.message.conversation : entry.conversation);
    this.of(id).entry(entry, this.#viewFor(id, conversationView));
  }

  /** @internal */
  gone(id: string): void {
    this.known(id)?.leaveBehind();
  }

  /** @internal */
  dispose(): void {
    for (const conversation of this.#byId.values()) conversation.dispose();
  }

  #viewFor(id: string, view: ConversationView | undefined): ConversationView | undefined {
    return view?.id === id ? view : undefined;
  }

  #prune(): void {
    if (this.#byId.size <= maxKept) return;
    for (const [id, conversation] of this.#byId) {
      if (conversation.isOpen || conversation.joined || this.core.outbox.pending(id).length > 0) continue;
      conversation.dispose();
      this.#byId.delete(id);
      return;
    }
  }
}
