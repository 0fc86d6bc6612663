import type { ClientId, ConversationId, Input, MessageView, Result } from '@hongyan/protocol';
import { Backoff } from './backoff.js';
import { encode, type Content, type SendOptions } from './content.js';
import { HongyanError } from './errors.js';
import { operationId } from './operation-id.js';
import { type LocalMessage, SendHandle } from './send-handle.js';

type SendArgs = Input<'message.send'>;

const maxRecent = 1_000;

export interface OutboxHost {
  readonly maxQueue: number;
  readonly sendWindow: number;
  me(): string | undefined;
  /** May this conversation be sent to now? */
  ready(conversation: string): boolean;
  send(args: SendArgs): Promise<Result<'message.send'>>;
  save(op: string, value: string | undefined): void;
  changed(local: LocalMessage): void;
  acknowledged(message: MessageView): void;
}

interface Item {
  readonly args: SendArgs;
  readonly handle: SendHandle;
  readonly stored: boolean;
  readonly expiry: ReturnType<typeof setTimeout> | undefined;
  flying: boolean;
}

interface Lane {
  readonly items: Item[];
  readonly backoff: Backoff;
  flying: number;
  /** One at a time until an attempt succeeds again, so that nothing overtakes what failed. */
  careful: boolean;
  timer: ReturnType<typeof setTimeout> | undefined;
}

interface Saved {
  readonly args: SendArgs;
  readonly at: number;
  readonly until?: number;
}

type Given<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** Without what is left out. */
const given = <T extends object>(values: T): Given<T> =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Given<T>;

/** Messages that wait for their acknowledgement: one ordered lane per conversation. */
export class Outbox {
  readonly #lanes = new Map<string, Lane>();
  readonly #items = new Map<string, Item>();
  /** The latest operation ids: whose entries are not told as news. */
  readonly #recent = new Set<string>();

  constructor(private readonly host: OutboxHost) {}

  /** Those of one conversation, or all, in the order they are sent. */
  pending(conversation?: string): LocalMessage[] {
    const lanes = conversation === undefined ? [...this.#lanes.values()] : [this.#lanes.get(conversation)];
    return lanes.flatMap((lane) => lane?.items.map((item) => item.handle.local) ?? []);
  }

  /** Was it sent by this instance, lately? */
  sentHere(op: string | undefined): boolean {
    return op !== undefined && (this.#items.has(op) || this.#recent.has(op));
  }

  /** How many of a conversation are under way. */
  flying(conversation: string): number {
    return this.#lanes.get(conversation)?.flying ?? 0;
  }

  send(conversation: string, content: Content, options: SendOptions = {}): SendHandle {
    const { op = operationId(), timeoutMs, ...rest } = options;
    const known = this.#items.get(op);
    if (known !== undefined) return known.handle;
    const args = { op, conversation, ...encode(content), ...rest } as SendArgs;
    const at = Date.now();
    const full = this.#items.size >= this.host.maxQueue;
    const saved: Saved = { args, at, ...(timeoutMs === undefined ? {} : { until: at + timeoutMs }) };
    const item = this.#item(saved, !full);
    if (full) {
      this.host.changed(item.handle.update({ state: 'failed', error: new HongyanError('queue_full') }));
    } else {
      if (item.stored) this.host.save(op, JSON.stringify(saved));
      this.host.changed(item.handle.local);
      this.#pump(conversation);
    }
    return item.handle;
  }

  /** Takes up what an earlier run of the app left; in the order of the operation ids, that is of sending. */
  restore(values: Iterable<string>): void {
    const saved = [...values].map((value) => JSON.parse(value) as Saved);
    saved.sort((a, b) => a.at - b.at || (a.args.op < b.args.op ? -1 : 1));
    for (const one of saved)
      if (!this.#items.has(one.args.op)) this.host.changed(this.#item(one, true).handle.local);
  }

  /** The network is back, or a room was joined. */
  flush(conversation?: string): void {
    for (const [id, lane] of this.#lanes) {
      if (conversation !== undefined && conversation !== id) continue;
      clearTimeout(lane.timer);
      lane.timer = undefined;
      lane.backoff.reset();
      this.#pump(id);
    }
  }

  /** The message was seen in the log: it is sent, whether or not its acknowledgement comes. */
  confirm(op: string, message: MessageView): void {
    const item = this.#items.get(op);
    if (item !== undefined) this.#settle(item, { state: 'sent', message });
  }

  /** Drops all, for another client logged in here. */
  clear(error: HongyanError): void {
    for (const item of [...this.#items.values()]) this.#settle(item, { state: 'failed', error });
  }

  /** Ends timers. What was not sent stays in the storage. */
  close(error: HongyanError): void {
    for (const lane of this.#lanes.values()) clearTimeout(lane.timer);
    for (const item of [...this.#items.values()]) this.#settle(item, { state: 'failed', error }, false);
  }

  #item({ args, at, until }: Saved, queue: boolean): Item {
    const { op, conversation, format = 'text', body, type, replyTo, mentions, mentionAll } = args;
    const local: LocalMessage = {
      op,
      conversation,
      state: 'queued',
      format,
      body,
      createdAt: at,
      ...given({ type, replyTo, mentions, mentionAll }),
    };
    const fail = (name: 'timeout' | 'send_cancelled'): boolean =>
      this.#items.has(op) && (this.#settle(item, { state: 'failed', error: new HongyanError(name) }), true);
    const item: Item = {
      args,
      handle: new SendHandle(local, () => fail('send_cancelled')),
      stored: args.transient !== true,
      expiry:
        until === undefined || !queue
          ? undefined
          : setTimeout(() => fail('timeout'), Math.max(0, until - Date.now())),
      flying: false,
    };
    if (queue) {
      this.#items.set(op, item);
      let lane = this.#lanes.get(conversation);
      if (lane === undefined) {
        lane = { items: [], backoff: new Backoff(250, 15_000), flying: 0, careful: false, timer: undefined };
        this.#lanes.set(conversation, lane);
      }
      lane.items.push(item);
    }
    return item;
  }

  #pump(conversation: string): void {
    const lane = this.#lanes.get(conversation);
    if (lane === undefined || lane.timer !== undefined || !this.host.ready(conversation)) return;
    const window = lane.careful ? 1 : this.host.sendWindow;
    for (const item of lane.items) {
      if (lane.flying >= window) return;
      if (!item.flying) void this.#try(conversation, lane, item);
    }
  }

  async #try(conversation: string, lane: Lane, item: Item): Promise<void> {
    item.flying = true;
    lane.flying += 1;
    this.host.changed(item.handle.update({ state: 'sending' }));
    try {
      const result = await this.host.send(item.args);
      lane.careful = false;
      lane.backoff.reset();
      const message = this.#messageOf(item.args, result);
      this.host.acknowledged(message);
      this.#settle(item, { state: 'sent', message });
    } catch (caught) {
      const error = caught as HongyanError;
      if (!error.temporary) this.#settle(item, { state: 'failed', error });
      else if (this.#items.has(item.args.op)) this.#postpone(conversation, lane, item, error);
    } finally {
      item.flying = false;
      lane.flying -= 1;
      if (lane.items.length === 0 && lane.flying === 0) {
        clearTimeout(lane.timer);
        this.#lanes.delete(conversation);
      } else this.#pump(conversation);
    }
  }

  #postpone(conversation: string, lane: Lane, item: Item, error: HongyanError): void {
    lane.careful = true;
    this.host.changed(item.handle.update({ state: 'queued' }));
    if (!this.host.ready(conversation)) return; // flushed when the network is back
    if (lane.timer !== undefined && error.retryAfterMs === undefined) return; // those behind it fail along
    clearTimeout(lane.timer);
    lane.timer = setTimeout(() => {
      lane.timer = undefined;
      this.#pump(conversation);
    }, lane.backoff.next(error.retryAfterMs));
  }

  #settle(item: Item, change: Partial<LocalMessage>, forget = true): void {
    const { op, conversation } = item.args;
    if (!this.#items.delete(op)) return;
    this.#recent.add(op);
    for (const oldest of this.#recent) {
      if (this.#recent.size <= maxRecent) break;
      this.#recent.delete(oldest);
    }
    clearTimeout(item.expiry);
    const lane = this.#lanes.get(conversation);
    lane?.items.splice(lane.items.indexOf(item), 1);
    if (forget && item.stored) this.host.save(op, undefined);
    this.host.changed(item.handle.update(change));
  }

  #messageOf(args: SendArgs, { id, seq, time }: Result<'message.send'>): MessageView {
    const {
      op,
      conversation,
      format = 'text',
      body,
      type,
      mentions,
      mentionAll,
      replyTo,
      silent,
      transient,
      ext,
    } = args;
    const from = this.host.me();
    return given({
      ...{ id, conversation: conversation as ConversationId, seq, time, from: from as ClientId, op },
      ...{ format, type, body, mentions, mentionAll, replyTo, silent, transient, ext },
    }) as unknown as MessageView;
  }
}
