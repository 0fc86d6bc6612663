import type {
  ClientId,
  ConversationId,
  ConversationKind,
  ConversationResult,
  ConversationView,
  EntryKind,
  EntryView,
  ListRow,
  MessageView,
  OwnState,
} from '@hongyan/protocol';
import type { CursorEvent } from './conversation-events.js';
import { ConversationCalls } from './conversation-calls.js';
import type { Core } from './core.js';
import { Logs } from './log.js';
import { applyToView, lastMessageAfter, laterPeer, ownAtEntrance, putsOut } from './view.js';

const refreshAfterMs = 50;
const membership = new Set<EntryKind>(['created', 'added', 'joined', 'left', 'removed', 'blocked']);

/** What an answer or a row says; what is left out is not known to it. */
type Told = Omit<Partial<ListRow>, 'conversation'> & Pick<ConversationResult, 'conversation'>;

/** A conversation of any kind as this client knows it; kept up to date by events while the client is connected. */
export class Conversation extends ConversationCalls {
  view: ConversationView | undefined;
  own: OwnState | undefined;
  lastMessage: MessageView | undefined;
  /** Conversations of two: the other, and how far the other received and read. */
  peer: ListRow['peer'];
  /** A room that this session is in. */
  joined = false;
  /** @internal */
  readonly logs: Logs;
  /** What comes while a room is being entered, held back until its last messages are known. */
  #entering: EntryView[] | undefined;
  #opened = false;
  #refreshing: ReturnType<typeof setTimeout> | undefined;
  #shown = { unread: 0, mentionUnread: 0 };

  /** @internal */
  constructor(core: Core, id: string) {
    super(core, id);
    this.logs = new Logs(core, id, {
      deliver: (entry) => this.#deliver(entry),
      gap: (after, until) => this.emitBoth('gap', { after, until }),
      busy: () => this.busy > 0,
    });
  }

  get kind(): ConversationKind | undefined {
    return this.view?.kind ?? (this.joined ? 'room' : undefined);
  }

  get name(): string | undefined {
    return this.view?.name;
  }

  /** Messages of others that I have not read; exact. */
  get unread(): number {
    return this.logs.unread;
  }

  /** Those of them that mention me or all. */
  get mentionUnread(): number {
    return this.logs.mentionUnread;
  }

  /** The last sequence that was given to the app. */
  get seq(): number {
    return this.logs.main.tracker.known ?? this.view?.seq ?? 0;
  }

  /** Missed entries of an open conversation are fetched after a reconnect. Listening to its messages opens it, too. */
  open(): this {
    this.#opened = true;
    return this;
  }

  close(): void {
    this.#opened = false;
  }

  get isOpen(): boolean {
    return this.#opened || this.listenerCount('message', 'entry') > 0;
  }

  /** I have read everything up to `seq`, by default all that was given to the app. Effective here at once. */
  async read(seq?: number): Promise<void> {
    const { main, all } = this.logs;
    const reads = (seq === undefined ? all : [main]).map((log) => {
      const until = seq ?? Math.max(log.tracker.known ?? 0, log === main ? (this.view?.seq ?? 0) : 0);
      log.counter.read(until);
      return this.core.receipts.read(log.id, until);
    });
    if (this.own?.markedUnread) this.own = { ...this.own, markedUnread: false };
    this.#counted();
    await Promise.all(reads);
    this.settleUnread();
  }

  /** Asks the server for the state of now. */
  async refresh(): Promise<this> {
    this.apply(await this.core.commands.call('conversation.get', { conversation: this.id }));
    return this;
  }

  // ── what the client feeds ──────────────────────────────────────────────────────────────────────────────────

  /** @internal A row of the list, or what else the server says of its state; late answers do no harm. */
  apply({ conversation: view, own, unread, mentionUnread = 0, lastMessage, peer, thread }: Told): void {
    const whole = own !== undefined && unread !== undefined;
    const { main } = this.logs;
    if (thread !== undefined) {
      const log = this.logs.of(thread.conversation);
      log.counter.reset(thread.seq, thread.readSeq, thread.unread, 0);
      log.tracker.startAt(thread.seq);
    }
    if (this.view === undefined || view.seq >= this.view.seq) {
      this.view = view;
      if (lastMessage !== undefined || (whole && thread === undefined)) this.lastMessage = lastMessage;
      if (whole && peer === undefined) this.peer = undefined;
      if (peer !== undefined) this.peer = laterPeer(this.peer, peer);
    } else if (peer !== undefined && peer.client === this.peer?.client) {
      this.peer = laterPeer(this.peer, peer);
    }
    if (own !== undefined) {
      this.#own(own);
      if (whole) main.counter.reset(view.seq, own.readSeq, unread - (thread?.unread ?? 0), mentionUnread);
      if (view.kind !== 'room') {
        main.tracker.startAt(view.seq);
        if (lastMessage !== undefined && own.deliveredSeq < view.seq) this.#delivered(view.seq);
      }
    }
    this.#refreshed();
  }

  /** @internal */
  entry(entry: EntryView, view?: ConversationView): void {
    if (view !== undefined && view.seq >= (this.view?.seq ?? 0)) this.view = view;
    if (this.own === undefined) this.own = ownAtEntrance(entry, this.core.me());
    if (this.own === undefined && !this.joined) this.refreshSoon(); // nobody told me my own state yet
    if (this.#entering !== undefined) this.#entering.push(entry);
    else if (this.kind === 'room') this.#roomEntry(entry);
    else this.logs.of(entry.conversation).tracker.live(entry);
  }

  /** @internal */
  enter(): void {
    this.#entering ??= [];
  }

  /** @internal The room was entered, having `messages`; or not. */
  entered(view: ConversationView | undefined, messages: readonly MessageView[] = []): void {
    const held = this.#entering ?? [];
    this.#entering = undefined;
    if (view === undefined) return;
    this.joined = true;
    this.apply({ conversation: view });
    const last = messages.at(-1)?.seq ?? 0;
    const { tracker } = this.logs.main;
    if (tracker.known !== undefined) tracker.known = Math.min(tracker.known, view.seq); // restored from a backup
    if (last > (tracker.known ?? 0)) tracker.known = last;
    for (const entry of held) this.entry(entry);
  }

  /** @internal The answer to an own message: it takes its place in the log. */
  acknowledged(message: MessageView): void {
    const { seq, time, from } = message;
    const log = this.kind === 'system' ? this.logs.thread?.id : this.id;
    if (seq === undefined || log === undefined) return;
    this.entry({
      conversation: log as ConversationId,
      seq,
      time,
      ...(from === undefined ? {} : { by: from }),
      kind: 'message',
      message,
    });
  }

  /** @internal An own command made the entry `seq`: it is fetched like anybody's. */
  reached(seq: number): void {
    if (this.kind !== 'room') this.logs.main.tracker.reach(seq);
  }

  /** @internal */
  cursor(event: CursorEvent): void {
    const { client, read, delivered, counts } = event;
    if (client !== undefined && client === this.core.me()) {
      if (read !== undefined) this.#readElsewhere(event.conversation, read);
      return;
    }
    if (client !== undefined && this.peer?.client === client) {
      this.peer = laterPeer(this.peer, { client, readSeq: read ?? 0, deliveredSeq: delivered ?? read ?? 0 });
    }
    this.emitBoth('receipt', {
      ...(client === undefined ? {} : { client }),
      ...(read === undefined ? {} : { read }),
      ...(delivered === undefined ? {} : { delivered }),
      ...(counts === undefined ? {} : { counts }),
    });
  }

  /** @internal The log may be another one than I saw, restored from a backup: the app is to load it anew. */
  rewind(row: ListRow): void {
    this.view = this.own = this.lastMessage = this.peer = undefined;
    this.logs.forget();
    this.apply(row);
    this.emitBoth('gap', { after: 0, until: row.conversation.seq });
  }

  /** @internal */
  ownState(own: OwnState): void {
    this.#own(own);
    this.#refreshed();
  }

  /** @internal */
  leaveBehind(): void {
    this.own = undefined;
    this.joined = false;
    this.#forgetRefresh();
    this.logs.forget();
    this.#counted();
    this.emitBoth('gone', undefined);
  }

  /** @internal */
  dispose(): void {
    this.#forgetRefresh();
    this.logs.close();
  }

  /** @internal */
  refreshSoon(): void {
    this.#refreshing ??= setTimeout(() => {
      this.#refreshing = undefined;
      this.refresh().catch((error: unknown) => this.core.failed('refresh', error as never));
    }, refreshAfterMs);
  }

  /** @internal Where entries alone cannot tell the number, the server is asked; not before it knows what I read. */
  settleUnread(): void {
    if (this.logs.uncertain && !this.core.receipts.reading(this.id)) this.refreshSoon();
  }

  // ── inside ─────────────────────────────────────────────────────────────────────────────────────────────────

  #roomEntry(entry: EntryView): void {
    const { tracker } = this.logs.main;
    if (tracker.known !== undefined && entry.seq <= tracker.known) return;
    tracker.known = entry.seq;
    this.#deliver(entry);
  }

  /** One entry, once, in order. */
  #deliver(entry: EntryView): void {
    const log = this.logs.of(entry.conversation);
    const me = this.core.me();
    const room = this.kind === 'room';
    const out = putsOut(entry, me) && !room;
    if (!room) log.counter.apply(entry);
    if (this.view !== undefined && log === this.logs.main && entry.seq > this.view.seq)
      this.view = applyToView(this.view, entry);
    const last = this.lastMessage;
    this.lastMessage = lastMessageAfter(last, entry);
    if (last !== undefined && this.lastMessage === undefined) this.refreshSoon();
    if (!room && !out) this.#membersAfter(entry);
    if (entry.kind === 'role' && entry.member === me && this.own !== undefined)
      this.own = { ...this.own, role: entry.role };
    if (entry.kind === 'message') {
      if (this.own?.hidden) this.own = { ...this.own, hidden: false };
      if (entry.message.from !== me && !room) this.#delivered(entry.seq, log.id);
    }
    this.#tell(entry);
    this.#refreshed();
    if (out) this.leaveBehind();
  }

  #tell(entry: EntryView): void {
    this.emitBoth('entry', entry);
    if (entry.kind === 'message') {
      const { op, from } = entry.message;
      if (op !== undefined) this.core.outbox.confirm(op, entry.message);
      if (from !== this.core.me() || !this.core.outbox.sentHere(op)) this.emitBoth('message', entry.message);
    } else if ('message' in entry) {
      this.emitBoth(entry.kind, entry.message);
    }
  }

  /** Who came or went may leave two: then the other one is the peer. */
  #membersAfter(entry: EntryView): void {
    const { view } = this;
    if (view === undefined || !membership.has(entry.kind)) return;
    const two = view.kind === 'ordinary' && view.memberCount === 2;
    const news = entry.seq >= view.seq; // otherwise the row that told the view told the peer
    if (entry.kind === 'created' && news && two) this.peer ??= otherOf(entry.members, this.core.me());
    else if (two && (news || this.peer === undefined)) this.refreshSoon();
    else if (news && entry.kind === 'blocked')
      this.refreshSoon(); // it does not say who of them was a member
    else if (news) this.peer = undefined;
  }

  #readElsewhere(log: string, seq: number): void {
    this.logs.of(log).counter.read(seq);
    if (this.own !== undefined)
      this.own = { ...this.own, readSeq: Math.max(seq, this.own.readSeq), markedUnread: false };
    this.#counted();
    this.settleUnread();
  }

  #delivered(seq: number, log: string = this.id): void {
    if (this.core.settings.sendDelivered) this.core.receipts.delivered(log, seq);
  }

  #own(own: OwnState): void {
    if (this.own !== undefined && own.revision < this.own.revision) return;
    const { counter } = this.logs.main;
    this.own = { ...own, readSeq: Math.max(own.readSeq, counter.readSeq) };
    counter.read(own.readSeq);
  }

  #refreshed(): void {
    this.changed();
    this.#counted();
    this.settleUnread();
  }

  /** Tells the app when the numbers changed. */
  #counted(): void {
    const { unread, mentionUnread } = this;
    if (unread === this.#shown.unread && mentionUnread === this.#shown.mentionUnread) return;
    this.#shown = { unread, mentionUnread };
    this.emitBoth('unread', this.#shown);
  }

  #forgetRefresh(): void {
    clearTimeout(this.#refreshing);
    this.#refreshing = undefined;
  }
}

/** The other of two who begin a conversation: nobody has read anything yet. */
export function otherOf(members: readonly string[], me: string | undefined): ListRow['peer'] {
  const client = members.find((member) => member !== me) as ClientId | undefined;
  return client === undefined ? undefined : { client, readSeq: 0, deliveredSeq: 0 };
}
