import type { AppId, Broker, ClientId, ConversationId, Delivery } from '@hongyan/protocol';
import type { LogStore, MemberStore } from './ports.js';
import type { Committed } from './sequencer.js';
import type { ConversationState } from './state.js';
import { isMessage } from './types.js';

/** A sender hears the counts of so many of its last messages. */
const countedMessages = 20;
/** How far back a sender's last messages are looked for when the conversation comes into use. */
const lookBack = 100;

/** Where a client's cursors are now, and from where delivery has come in this interval. */
interface Moved {
  readonly read?: number;
  readonly delivered?: number;
  readonly deliveredFrom?: number;
}

interface Dirty {
  readonly app: AppId;
  readonly state: ConversationState;
  readonly movedBy: Map<ClientId, Moved>;
  /** Delivery cursors not in the store yet. Read cursors are durable before they come here. */
  readonly unsaved: Map<ClientId, number>;
  /** Not before this time. */
  due: number;
}

export interface ReceiptPublisherOptions {
  /** A conversation's cursors are told at most once in so many ms. */
  readonly intervalMs: number;
  /** How often it is looked what is due. */
  readonly tickMs: number;
}

/**
 * Cursors moved by readers, told to the authors: the cursor itself one-to-one, counts in groups. What moves within an
 * interval goes out once; a crash loses at most an interval's delivery cursors, which clients tell again at sync.
 */
export class ReceiptPublisher {
  private readonly dirty = new Map<string, Dirty>();
  private readonly lastTold = new Map<string, number>();
  private readonly recent = new WeakMap<ConversationState, Map<ClientId, number[]>>();
  private timer: NodeJS.Timeout | undefined;
  private flushing: Promise<void> = Promise.resolve();

  constructor(
    private readonly broker: Broker,
    private readonly members: MemberStore,
    private readonly log: LogStore,
    private readonly clock: () => number,
    private readonly onError: (what: string, error: unknown) => void,
    private readonly options: ReceiptPublisherOptions = { intervalMs: 1000, tickMs: 100 },
  ) {}

  /** Keeps each sender's last messages, for the counts. */
  committed(state: ConversationState, committed: readonly Committed[]): void {
    const windows = this.recent.get(state);
    if (windows === undefined) return;
    for (const { entry } of committed)
      if (isMessage(entry) && entry.author !== '') remember(windows, entry.author, entry.seq);
  }

  moved(
    app: AppId,
    state: ConversationState,
    client: ClientId,
    cursor: { read?: number; delivered?: number },
  ): void {
    const member = state.members.get(client);
    if (member === undefined) return;
    const delivered = Math.max(cursor.delivered ?? 0, cursor.read ?? 0);
    const readMoved = cursor.read !== undefined && cursor.read > member.readSeq;
    const deliveredMoved = delivered > member.deliveredSeq;
    if (!readMoved && !deliveredMoved) return;
    const deliveredFrom = member.deliveredSeq;
    if (readMoved) member.readSeq = cursor.read as number;
    if (deliveredMoved) member.deliveredSeq = delivered;
    const key = `${app}\n${state.id}`;
    let entry = this.dirty.get(key);
    if (entry === undefined) {
      const due = Math.max(this.clock(), (this.lastTold.get(key) ?? 0) + this.options.intervalMs);
      this.dirty.set(key, (entry = { app, state, movedBy: new Map(), unsaved: new Map(), due }));
    }
    entry.movedBy.set(client, {
      ...(deliveredMoved ? { deliveredFrom } : {}),
      ...entry.movedBy.get(client),
      ...(readMoved ? { read: cursor.read } : {}),
      ...(deliveredMoved ? { delivered } : {}),
    });
    if (deliveredMoved && cursor.read === undefined) entry.unsaved.set(client, delivered);
    this.timer ??= setTimeout(() => this.tick(), this.options.tickMs);
  }

  /** Stores what is waiting for one conversation, so that a read of receipts sees it. */
  async flush(app: AppId, conversation: ConversationId): Promise<void> {
    const entry = this.dirty.get(`${app}\n${conversation}`);
    if (entry !== undefined) await this.save([entry]);
  }

  /** Stores and tells everything: for shutdown. */
  async close(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    await this.flushing;
    await this.run([...this.dirty.entries()]);
  }

  private tick(): void {
    this.timer = undefined;
    const now = this.clock();
    const due = [...this.dirty.entries()].filter(([, entry]) => entry.due <= now);
    this.flushing = this.flushing
      .then(() => this.run(due))
      .finally(() => {
        if (this.dirty.size > 0) this.timer ??= setTimeout(() => this.tick(), this.options.tickMs);
        else if (this.lastTold.size > 0) this.forget();
      });
  }

  private async run(entries: readonly (readonly [string, Dirty])[]): Promise<void> {
    const now = this.clock();
    for (const [key] of entries) {
      this.dirty.delete(key);
      this.lastTold.set(key, now);
    }
    const saved = entries.map(([, entry]) => entry);
    await this.save(saved);
    const deliveries: Delivery[] = [];
    for (const entry of saved) {
      try {
        deliveries.push(
          ...(entry.state.memberCount <= 2 ? oneToOneReceipts(entry) : await this.counts(entry)),
        );
      } catch (error) {
        this.onError('receipts.counts', error);
      }
    }
    if (deliveries.length > 0) this.broker.publish(deliveries);
  }

  private async save(entries: readonly Dirty[]): Promise<void> {
    for (const [app, rows] of byApp(entries)) {
      try {
        await this.members.advanceDelivered(app, rows);
      } catch (error) {
        this.onError('receipts.save', error);
      }
    }
  }

  private forget(): void {
    const old = this.clock() - this.options.intervalMs;
    for (const [key, at] of this.lastTold) if (at < old) this.lastTold.delete(key);
  }

  /** Per sender: how many received and read each of its last messages. One pass over the members per conversation. */
  private async counts({ app, state, movedBy }: Dirty): Promise<Delivery[]> {
    let windows = this.recent.get(state);
    if (windows === undefined) {
      windows = new Map();
      this.recent.set(state, windows);
      const { messages } = await this.log.history(app, state.id, {
        direction: 'backward',
        after: 0,
        before: Number.MAX_SAFE_INTEGER,
        limit: lookBack,
      });
      for (const { author, seq } of messages) if (author !== '') remember(windows, author, seq);
    }
    const highest = Math.max(
      ...[...movedBy.values()].map(({ read, delivered }) => Math.max(read ?? 0, delivered ?? 0)),
    );
    const deliveries: Delivery[] = [];
    const all = [...new Set([...windows.values()].flat())].sort((a, b) => a - b);
    const reach = reachOf(state, all);
    for (const [sender, seqs] of windows) {
      const own = state.members.get(sender);
      if (own === undefined || (seqs[0] ?? Infinity) > highest) continue;
      const of = state.memberCount - 1;
      const counts = seqs.map((seq) => {
        const { delivered, read } = reach.get(seq) as { delivered: number; read: number };
        return {
          seq,
          delivered: delivered - (own.deliveredSeq >= seq ? 1 : 0),
          read: read - (own.readSeq >= seq ? 1 : 0),
          of,
        };
      });
      deliveries.push({
        app,
        audience: { kind: 'clients', clients: [sender] },
        class: 'cursor',
        event: { type: 'cursor', conversation: state.id, counts },
      });
    }
    return deliveries;
  }
}

function remember(windows: Map<ClientId, number[]>, author: ClientId, seq: number): void {
  const seqs = windows.get(author) ?? [];
  if (seqs.at(-1) === seq) return;
  seqs.push(seq);
  if (seqs.length > countedMessages) seqs.shift();
  windows.set(author, seqs);
}

/** For each of the ascending `seqs`: how many members' cursors are at or past it. */
function reachOf(
  state: ConversationState,
  seqs: readonly number[],
): Map<number, { delivered: number; read: number }> {
  const delivered = new Array<number>(seqs.length + 1).fill(0);
  const read = new Array<number>(seqs.length + 1).fill(0);
  for (const member of state.members.values()) {
    if (member.role === 'guest') continue;
    const d = countUpTo(seqs, member.deliveredSeq);
    const r = countUpTo(seqs, member.readSeq);
    delivered[d] = (delivered[d] ?? 0) + 1;
    read[r] = (read[r] ?? 0) + 1;
  }
  const result = new Map<number, { delivered: number; read: number }>();
  let d = 0;
  let r = 0;
  for (let i = seqs.length; i > 0; i -= 1) {
    d += delivered[i] ?? 0;
    r += read[i] ?? 0;
    result.set(seqs[i - 1] as number, { delivered: d, read: r });
  }
  return result;
}

/** How many of the ascending `seqs` are <= `cursor`. */
function countUpTo(seqs: readonly number[], cursor: number): number {
  let low = 0;
  let high = seqs.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((seqs[middle] as number) <= cursor) low = middle + 1;
    else high = middle;
  }
  return low;
}

function oneToOneReceipts({ app, state, movedBy }: Dirty): Delivery[] {
  return [...movedBy].flatMap(([client, cursor]) => {
    const others = state.memberIds.filter((other) => other !== client);
    if (others.length === 0) return [];
    return [
      {
        app,
        audience: { kind: 'clients', clients: others },
        class: 'cursor',
        event: { type: 'cursor', conversation: state.id, client, ...cursor },
      } as const,
    ];
  });
}

function byApp(
  entries: readonly Dirty[],
): Map<AppId, { conversation: ConversationId; client: ClientId; seq: number }[]> {
  const rows = new Map<AppId, { conversation: ConversationId; client: ClientId; seq: number }[]>();
  for (const { app, state, unsaved } of entries) {
    if (unsaved.size === 0) continue;
    const list = rows.get(app) ?? [];
    for (const [client, seq] of unsaved) list.push({ conversation: state.id, client, seq });
    unsaved.clear();
    rows.set(app, list);
  }
  return rows;
}
