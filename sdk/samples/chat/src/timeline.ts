import type {
  Conversation,
  EntryView,
  HistoryPage,
  HongyanClient,
  LocalMessage,
  MessageView,
  SendOptions,
} from '@hongyan/sdk';

/** How far a message of mine got. */
export type Progress = 'queued' | 'sending' | 'failed' | 'sent' | 'delivered' | 'read';

export interface Counts {
  readonly delivered: number;
  readonly read: number;
  readonly of: number;
}

/** Something else that happened among the messages. */
export interface Note {
  readonly seq: number;
  readonly time: number;
  readonly text: string;
}

const pageSize = 40;
const typingForMs = 4_000;
const mostNotePages = 5;
const countedMessages = 20;

/** What the screen shows of one conversation: its messages by sequence, mine that wait, and who does what. */
export class Timeline {
  readonly messages = new Map<number, MessageView>();
  readonly notes = new Map<number, Note>();
  /** Mine that the server does not have yet, by operation id. */
  readonly outgoing = new Map<string, LocalMessage>();
  readonly counts = new Map<number, Counts>();
  readonly typing = new Map<string, ReturnType<typeof setTimeout>>();
  /** Messages that were answered but are not on the screen. */
  readonly quoted = new Map<string, MessageView | undefined>();
  hasOlder = false;
  loading = true;
  failure: string | undefined;
  /** Rooms: clients in it. */
  online: number | undefined;
  /** Everything after it was unread when I opened the conversation. */
  readonly unreadAfter: number | undefined;
  #page: HistoryPage | undefined;
  #peer = { read: 0, delivered: 0 };
  readonly #off: (() => void)[] = [];

  constructor(
    private readonly client: HongyanClient,
    readonly conversation: Conversation,
    private readonly changed: () => void,
    private readonly arrived: (message: MessageView) => void,
    private readonly describe: (entry: EntryView) => string | undefined,
  ) {
    this.unreadAfter = conversation.unread > 0 ? conversation.own?.readSeq : undefined;
    for (const local of conversation.pending) this.outgoing.set(local.op, local);
    this.#follow();
    void this.load();
  }

  /** The newest page. What arrives meanwhile is newer than what it has. */
  async load(): Promise<void> {
    this.loading = true;
    try {
      if (this.conversation.kind === 'room') {
        const { messages, online } = await this.client.rooms.join(this.conversation.id, { last: pageSize });
        this.online = online;
        this.#add(messages);
      } else {
        this.#page = await this.conversation.history({ limit: pageSize });
        this.#add(this.#page.messages);
        this.hasOlder = this.#page.more;
        void this.#askCounts();
        void this.#askNotes();
      }
      this.failure = undefined;
    } catch (error) {
      this.failure = (error as Error).name;
    }
    this.loading = false;
    this.changed();
  }

  async older(): Promise<void> {
    if (this.loading || !this.hasOlder || this.#page === undefined) return;
    this.loading = true;
    const {
      messages: [newer],
    } = this.#page;
    try {
      this.#page = await this.#page.older();
      this.#add(this.#page.messages);
      this.hasOlder = this.#page.more;
      void this.#askNotes(newer?.seq);
    } catch {
      // the next scroll tries again
    }
    this.loading = false;
    this.changed();
  }

  send(text: string, options: SendOptions): void {
    const { local } = this.conversation.send(text, options); // its states arrive as `local` events
    if (local.state !== 'sent') this.outgoing.set(local.op, local);
    this.changed();
  }

  /** Sends what failed again, under the same operation id: should the server have it after all, it is not doubled. */
  retry({ op, body, replyTo, mentions, mentionAll }: LocalMessage): void {
    this.send(body, {
      op,
      ...(replyTo === undefined ? {} : { replyTo }),
      ...(mentions === undefined ? {} : { mentions }),
      ...(mentionAll === undefined ? {} : { mentionAll }),
    });
  }

  discard({ op }: LocalMessage): void {
    this.outgoing.delete(op);
    this.changed();
  }

  progressOf(message: MessageView): Progress {
    const seq = message.seq ?? 0;
    const counts = this.counts.get(seq);
    if (counts !== undefined && counts.of > 1)
      return counts.read >= counts.of ? 'read' : counts.delivered >= counts.of ? 'delivered' : 'sent';
    const { peer } = this.conversation;
    if (Math.max(peer?.readSeq ?? 0, this.#peer.read) >= seq) return 'read';
    return Math.max(peer?.deliveredSeq ?? 0, this.#peer.delivered) >= seq ? 'delivered' : 'sent';
  }

  /** The message that another one answers. Asks for it when it is not here; undefined until it comes. */
  quotedBy({ replyTo }: Pick<SendOptions, 'replyTo'>): MessageView | undefined {
    if (replyTo === undefined) return undefined;
    for (const message of this.messages.values()) if (message.id === replyTo) return message;
    if (!this.quoted.has(replyTo)) {
      this.quoted.set(replyTo, undefined);
      this.client
        .call('message.get', { messages: [replyTo] })
        .then(({ messages: [found] }) => {
          this.quoted.set(replyTo, found);
          this.changed();
        })
        .catch(() => undefined);
    }
    return this.quoted.get(replyTo);
  }

  close(): void {
    for (const off of this.#off) off();
    for (const timer of this.typing.values()) clearTimeout(timer);
    if (this.conversation.kind === 'room')
      this.client.rooms.leave(this.conversation.id).catch(() => undefined);
  }

  // ── what the SDK tells ─────────────────────────────────────────────────────────────────────────────────────

  #follow(): void {
    const { conversation, client } = this;
    this.#off.push(
      conversation.on('entry', (entry) => this.#entry(entry)),
      conversation.on('local', (local) => this.#local(local)),
      conversation.on('signal', ({ from, name }) => {
        if (name === 'typing') this.#types(from);
      }),
      conversation.on('receipt', ({ client: who, read = 0, delivered = 0, counts }) => {
        for (const { seq, ...rest } of counts ?? []) this.counts.set(seq, rest);
        if (who !== undefined) {
          this.#peer = {
            read: Math.max(this.#peer.read, read),
            delivered: Math.max(this.#peer.delivered, delivered, read),
          };
        }
        this.changed();
      }),
      // More was missed than is fetched one by one: begin anew with the newest page.
      conversation.on('gap', () => {
        this.messages.clear();
        this.notes.clear();
        void this.load();
      }),
      client.on('caughtUp', () => {
        if (conversation.kind === 'room' || this.failure !== undefined) void this.load();
        else void this.#askCounts();
      }),
    );
  }

  #entry(entry: EntryView): void {
    if (entry.kind === 'message') {
      const { message } = entry;
      this.#put(message);
      if (message.from !== undefined) this.#stopsTyping(message.from);
      if (message.from !== this.client.id) this.arrived(message);
    } else if (entry.kind === 'edit' || entry.kind === 'recall') {
      this.quoted.delete(entry.message.id);
      if (this.messages.has(entry.message.seq ?? 0)) this.#put(entry.message);
    } else if (entry.kind === 'delete') {
      this.quoted.delete(entry.message.id);
      this.messages.delete(entry.message.seq ?? 0);
    } else {
      this.#note(entry);
    }
    this.changed();
  }

  #local(local: LocalMessage): void {
    if (local.state === 'sent') {
      this.outgoing.delete(local.op);
      if (local.message !== undefined) this.#put(local.message);
    } else this.outgoing.set(local.op, local);
    this.changed();
  }

  #put(message: MessageView): void {
    if (message.seq !== undefined) this.messages.set(message.seq, message);
    if (message.op !== undefined) this.outgoing.delete(message.op);
  }

  /** From the history: what events told meanwhile is as new or newer. */
  #add(messages: readonly MessageView[]): void {
    for (const message of messages) if (!this.messages.has(message.seq ?? 0)) this.#put(message);
  }

  #types(from: string): void {
    clearTimeout(this.typing.get(from));
    this.typing.set(
      from,
      setTimeout(() => this.#stopsTyping(from), typingForMs),
    );
    this.changed();
  }

  #stopsTyping(from: string): void {
    clearTimeout(this.typing.get(from));
    if (this.typing.delete(from)) this.changed();
  }

  #note(entry: EntryView): void {
    const text = this.describe(entry);
    if (text !== undefined) this.notes.set(entry.seq, { seq: entry.seq, time: entry.time, text });
  }

  /** What happened besides messages, from the first message that is here up to `end`: the history has messages only. */
  async #askNotes(end?: number): Promise<void> {
    const { conversation, client } = this;
    let after = this.hasOlder ? (this.#page?.messages[0]?.seq ?? 1) - 1 : 0;
    try {
      for (let page = 0; page < mostNotePages; page++) {
        const range = { conversation: conversation.id, after, ...(end === undefined ? {} : { until: end }) };
        const { entries, seq } = await client.call('conversation.entries', range);
        for (const entry of entries) if (!('message' in entry)) this.#note(entry);
        after = entries.at(-1)?.seq ?? seq;
        if (after >= Math.min(seq, end ?? seq)) break;
      }
    } catch {
      // messages are what counts
    }
    this.changed();
  }

  /** Events tell the counts as they change; those of before are asked for. */
  async #askCounts(): Promise<void> {
    const { conversation } = this;
    if ((conversation.view?.memberCount ?? 0) <= 2) return;
    const mine = [...this.messages.values()].filter(
      ({ from, recalled }) => from === this.client.id && !recalled,
    );
    await Promise.all(
      mine.slice(-countedMessages).map(async (message) => {
        const { delivered, read, of } = await conversation.receipts(message, { limit: 1 });
        this.counts.set(message.seq ?? 0, { delivered, read, of });
      }),
    ).catch(() => undefined);
    this.changed();
  }
}
