import type {
  ConversationId,
  ConversationKind,
  ConversationView,
  EntryView,
  ListRow,
  MessageView,
  OwnState,
} from '@hongyan/protocol';
import type { Content, SendOptions } from './content.js';
import type { CursorEvent } from './conversation-events.js';
import { ConversationCalls } from './conversation-calls.js';
import type { Core } from './core.js';
import { Log } from './log.js';
import type { LocalMessage, SendHandle } from './send-handle.js';
import { applyToView, lastMessageAfter } from './view.js';

/** Waits so long for the answer to an own command before asking for what is missing. */
const patienceMs = 250;
const refreshAfterMs = 50;

/** My own state right after I came in by this entry. */
function ownAtEntrance(entry: EntryView, me: string | undefined): OwnState | undefined {
  const { kind, seq, by } = entry;
  const mine =
    kind === 'joined'
      ? by === me
      : (kind === 'created' || kind === 'added') && entry.members.includes(me as never);
  if (!mine) return undefined;
  const role = kind === 'created' && by === me ? 'owner' : 'member';
  const readSeq = kind === 'created' ? 0 : seq;
  return { role, joinedSeq: seq, readSeq, deliveredSeq: readSeq, clearedSeq: 0, revision: 0 };
}

/** A conversation of any kind as this client knows it; kept up to date by events while the client is connected. */
export class Conversation extends ConversationCalls {
  view: ConversationView | undefined;
  own: OwnState | undefined;
  lastMessage: MessageView | undefined;
  /** One-to-one: the other's cursors. */
  peer: ListRow['peer'];
  /** A room that this session is in. */
  joined = false;
  /** What comes while a room is being entered, held back until its last messages are known. */
  #entering: EntryView[] | undefined;
  readonly #main: Log;
  #thread: Log | undefined;
  #opened = false;
  #refreshing: ReturnType<typeof setTimeout> | undefined;
  #shown = { unread: 0, mentionUnread: 0 };

  /** @internal */
  constructor(core: Core, id: string) {
    super(core, id);
    this.#main = this.#log(id);
  }

  get kind(): ConversationKind | undefined {
    return this.view?.kind ?? (this.joined ? 'room' : undefined);
  }

  get name(): string | undefined {
    return this.view?.name;
  }

  /** Messages of others that I have not read; exact. */
  get unread(): number {
    return this.#main.counter.unread + (this.#thread?.counter.unread ?? 0);
  }

  /** Those of them that mention me or all. */
  get mentionUnread(): number {
    return this.#main.counter.mentionUnread + (this.#thread?.counter.mentionUnread ?? 0);
  }

  /** The last sequence that was given to the app. */
  get seq(): number {
    return this.#main.tracker.known ?? this.view?.seq ?? 0;
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

  /** Queues a message; it is sent when possible, in order, once. Await it for the durable acknowledgement. */
  send(content: Content, options?: SendOptions): SendHandle {
    return this.core.outbox.send(this.id, content, options);
  }

  /** My messages that are not acknowledged yet, in order. */
  get pending(): LocalMessage[] {
    return this.core.outbox.pending(this.id);
  }

  /** I have read everything up to `seq`, by default all that was given to the app. Effective here at once. */
  async read(seq?: number): Promise<void> {
    const logs = seq === undefined && this.#thread !== undefined ? [this.#main, this.#thread] : [this.#main];
    const reads = logs.map((log) => {
      const until = seq ?? Math.max(log.tracker.known ?? 0, log === this.#main ? (this.view?.seq ?? 0) : 0);
      log.counter.read(until);
      return this.core.receipts.read(log.id, until);
    });
    if (this.own?.markedUnread) this.own = { ...this.own, markedUnread: false };
    this.#counted();
    await Promise.all(reads);
    this.#settleUnread();
  }

  /** Asks the server for the state of now. */
  async refresh(): Promise<this> {
    const got = await this.core.commands.call('conversation.get', { conversation: this.id });
    this.applyView(got.conversation, got.own, got.unread, got.mentionUnread, got.lastMessage);
    return this;
  }

  // ── what the client feeds ──────────────────────────────────────────────────────────────────────────────────

  /** @internal */
  applyRow(row: ListRow): void {
    if (row.thread !== undefined) {
      const { conversation, seq, readSeq, unread } = row.thread;
      this.#threadLog(conversation).counter.reset(seq, readSeq, unread, 0);
      this.#thread?.tracker.startAt(seq);
    }
    this.peer = row.peer === undefined ? this.peer : this.#laterPeer(row.peer);
    this.applyView(
      row.conversation,
      row.own,
      row.unread - (row.thread?.unread ?? 0),
      row.mentionUnread,
      row.lastMessage,
    );
  }

  /** @internal */
  applyView(
    view: ConversationView,
    own?: OwnState,
    unread?: number,
    mentions?: number,
    last?: MessageView,
  ): void {
    if (this.view === undefined || view.seq >= this.view.seq) {
      this.view = view;
      this.lastMessage = last ?? this.lastMessage;
    }
    if (own !== undefined) {
      this.#own(own);
      if (unread !== undefined) this.#main.counter.reset(view.seq, own.readSeq, unread, mentions ?? 0);
      if (view.kind !== 'room') {
        this.#main.tracker.startAt(view.seq);
        if (last !== undefined && own.deliveredSeq < view.seq) this.#delivered(view.seq);
      }
    }
    this.changed();
    this.#counted();
    this.#settleUnread();
  }

  /** @internal What a sync says about a log that was followed before: fetch it, or go on at its head. */
  catchUp(fetch: boolean, row: ListRow): void {
    const move = (log: Log, seq: number): void => (fetch ? log.tracker.reach(seq) : log.tracker.skipTo(seq));
    move(this.#main, row.conversation.seq);
    if (row.thread !== undefined && this.#thread !== undefined) move(this.#thread, row.thread.seq);
  }

  /** @internal */
  get behind(): number | undefined {
    return this.#main.tracker.known;
  }

  /** @internal */
  startAt(seq: number): void {
    this.#main.tracker.startAt(seq);
  }

  /** @internal Fetches again what failures left missing. */
  resume(): void {
    this.#main.tracker.resume();
    this.#thread?.tracker.resume();
    this.#settleUnread();
  }

  /** @internal */
  entry(entry: EntryView, view?: ConversationView): void {
    if (view !== undefined) {
      if (this.view === undefined || view.seq >= this.view.seq) this.view = view;
    }
    if (this.own === undefined) this.own = ownAtEntrance(entry, this.core.me());
    if (this.own === undefined && !this.joined) this.refreshSoon(); // nobody told me my own state yet
    if (this.#entering !== undefined) return void this.#entering.push(entry);
    if (this.kind === 'room') return this.#roomEntry(entry);
    const log = entry.conversation === this.id ? this.#main : this.#threadLog(entry.conversation);
    log.tracker.live(entry);
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
    this.applyView(view);
    const last = messages.at(-1)?.seq ?? 0;
    const { tracker } = this.#main;
    if (last > (tracker.known ?? 0)) tracker.known = last;
    for (const entry of held) this.entry(entry);
  }

  /** @internal The answer to an own message: it takes its place in the log. */
  acknowledged(message: MessageView): void {
    const { seq, time, from } = message;
    if (seq === undefined) return;
    const kind = this.kind;
    const log = kind === 'system' ? this.#thread?.id : this.id;
    if (log === undefined) return;
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
    if (this.kind !== 'room') this.#main.tracker.reach(seq);
  }

  /** @internal */
  cursor(event: CursorEvent): void {
    const { client, read, delivered, counts } = event;
    if (client !== undefined && client === this.core.me()) {
      if (read === undefined) return;
      const log = (event.conversation as string) === this.#thread?.id ? this.#thread : this.#main;
      log.counter.read(read);
      if (this.own !== undefined)
        this.own = { ...this.own, readSeq: Math.max(read, this.own.readSeq), markedUnread: false };
      this.#counted();
      this.#settleUnread();
      return;
    }
    if (client !== undefined && this.peer?.client === client) {
      this.peer = this.#laterPeer({ client, readSeq: read ?? 0, deliveredSeq: delivered ?? read ?? 0 });
    }
    this.emitBoth('receipt', {
      ...(client === undefined ? {} : { client }),
      ...(read === undefined ? {} : { read }),
      ...(delivered === undefined ? {} : { delivered }),
      ...(counts === undefined ? {} : { counts }),
    });
  }

  /** @internal */
  ownState(own: OwnState): void {
    this.#own(own);
    this.changed();
    this.#counted();
    this.#settleUnread();
  }

  /** @internal */
  leaveBehind(): void {
    this.own = undefined;
    this.joined = false;
    for (const log of [this.#main, this.#thread]) {
      log?.forget();
      if (log !== undefined) this.core.saveKnown(log.id, undefined);
    }
    this.#counted();
    this.emitBoth('gone', undefined);
  }

  /** @internal */
  dispose(): void {
    clearTimeout(this.#refreshing);
    this.#main.tracker.close();
    this.#thread?.tracker.close();
  }

  /** @internal */
  refreshSoon(): void {
    this.#refreshing ??= setTimeout(() => {
      this.#refreshing = undefined;
      this.refresh().catch((error: unknown) => this.core.failed('refresh', error as never));
    }, refreshAfterMs);
  }

  // ── inside ─────────────────────────────────────────────────────────────────────────────────────────────────

  #log(id: string): Log {
    const { core } = this;
    return new Log(
      id,
      {
        maxGap: core.settings.maxGap,
        fetch: (after, until, limit) =>
          core.commands.call('conversation.entries', { conversation: id, after, until, limit }),
        deliver: (entry) => this.#deliver(entry),
        gap: (after, until) => this.emitBoth('gap', { after, until }),
        moved: (known) => core.saveKnown(id, known),
        failed: (error) => core.failed('catching up', error),
        patience: () => (this.busy > 0 || core.outbox.flying(this.id) > 0 ? patienceMs : 0),
      },
      () => core.me(),
    );
  }

  #threadLog(id: string): Log {
    if (this.#thread?.id === id) return this.#thread;
    this.#thread = this.#log(id);
    this.core.adoptLog(id, this.id);
    return this.#thread;
  }

  #roomEntry(entry: EntryView): void {
    const { known } = this.#main.tracker;
    if (known !== undefined && entry.seq <= known) return;
    this.#main.tracker.known = entry.seq;
    this.#deliver(entry);
  }

  /** One entry, once, in order. */
  #deliver(entry: EntryView): void {
    const log = entry.conversation === this.id ? this.#main : this.#threadLog(entry.conversation);
    const room = this.kind === 'room';
    if (!room) log.counter.apply(entry);
    if (this.view !== undefined && log === this.#main) {
      if (entry.seq > this.view.seq) this.view = applyToView(this.view, entry);
    }
    this.lastMessage = lastMessageAfter(this.lastMessage, entry);
    const me = this.core.me();
    if (entry.kind === 'role' && entry.member === me && this.own !== undefined)
      this.own = { ...this.own, role: entry.role };
    if (entry.kind === 'message' && this.own?.hidden) this.own = { ...this.own, hidden: false };
    if (entry.kind === 'message' && entry.message.from !== me && !room) this.#delivered(entry.seq, log.id);
    this.emitBoth('entry', entry);
    if (entry.kind === 'message') {
      const { op } = entry.message;
      if (op !== undefined) this.core.outbox.confirm(op, entry.message);
      if (entry.message.from !== me || !this.core.outbox.sentHere(op))
        this.emitBoth('message', entry.message);
    } else if (entry.kind === 'edit' || entry.kind === 'recall') {
      this.emitBoth(entry.kind, entry.message);
    }
    this.changed();
    this.#counted();
    this.#settleUnread();
    const left =
      entry.kind === 'deleted' ||
      (entry.kind === 'left' && entry.by === me) ||
      ((entry.kind === 'removed' || entry.kind === 'blocked') && entry.members.includes(me as never));
    if (left && !room) this.leaveBehind();
  }

  #delivered(seq: number, log: string = this.id): void {
    if (this.core.settings.sendDelivered) this.core.receipts.delivered(log, seq);
  }

  #own(own: OwnState): void {
    if (this.own !== undefined && own.revision < this.own.revision) return;
    this.own = { ...own, readSeq: Math.max(own.readSeq, this.#main.counter.readSeq) };
    this.#main.counter.read(own.readSeq);
  }

  #laterPeer(peer: NonNullable<ListRow['peer']>): NonNullable<ListRow['peer']> {
    const { readSeq = 0, deliveredSeq = 0 } = this.peer ?? {};
    return {
      client: peer.client,
      readSeq: Math.max(readSeq, peer.readSeq),
      deliveredSeq: Math.max(deliveredSeq, peer.deliveredSeq),
    };
  }

  /** Tells the app when the numbers changed. */
  #counted(): void {
    const { unread, mentionUnread } = this;
    if (unread === this.#shown.unread && mentionUnread === this.#shown.mentionUnread) return;
    this.#shown = { unread, mentionUnread };
    this.emitBoth('unread', this.#shown);
  }

  /** Where entries alone cannot tell the number, the server is asked; not before it knows what I read. */
  #settleUnread(): void {
    const uncertain = this.#main.counter.uncertain || this.#thread?.counter.uncertain;
    if (uncertain && !this.core.receipts.reading(this.id)) this.refreshSoon();
  }
}
