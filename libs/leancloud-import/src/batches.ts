import type { ImportedMessage, ImportItem, MessageRefusal } from '@hongyan/conversations';
import type { ClientId, ConversationId } from '@hongyan/protocol';
import type { Counts } from './counts.js';
import type { Report, Step } from './plan.js';
import type { ImportTarget } from './ports.js';
import type { RefusedIds } from './refused-ids.js';
import type { Placed } from './units.js';

/** Bytes of JSON that a request holds, unless one thing alone is larger. */
const requestBytes = 100_000;
/** Of a conversation with many members, which is a request by itself. */
const largestItem = 15_000_000;
const mostItems = 100;
const mostMessages = 1_000;
/** Bytes that are collected before they are sent. */
const batchBytes = 400_000;
/** Requests with messages that are under way at a time: they share syncs of the disk. */
const mostUnderWay = 4;

const refusals: Readonly<Record<MessageRefusal, string>> = {
  no_conversation: 'its conversation was not taken',
  other_message: 'another message has this id: its time or sender is different',
  no_room: 'there is no room between the messages that were imported before',
};

/** `bytes`: of JSON in a request. */
type Sized = Doing<'message'> & { readonly bytes: number };

/** What waits to be sent. */
interface Batch {
  readonly items: Doing<'conversation'>[];
  readonly subscribers: Doing<'subscriber'>[];
  readonly messages: Sized[];
  readonly unread: Doing<'unread'>[];
  readonly installations: Doing<'installation'>[];
  bytes: number;
}

const emptyBatch = (): Batch => ({
  items: [],
  subscribers: [],
  messages: [],
  unread: [],
  installations: [],
  bytes: 0,
});

type Doing<D extends Step['do']> = Extract<Step, { do: D }>;

/**
 * Sends steps in requests of bounded size: conversations before what is in them, the messages of a conversation one request
 * after the other. One batch is under way while the next is collected.
 */
export class Batches {
  private batch = emptyBatch();
  private underWay: Promise<void> = Promise.resolve();

  constructor(
    private readonly target: ImportTarget,
    private readonly counts: Counts,
    private readonly report: Report,
    /** Conversations of which something was refused. */
    private readonly partly: Pick<RefusedIds, 'add' | 'has'>,
    /** No request is made, and everything counts as taken. */
    private readonly dry: boolean,
  ) {}

  get isFull(): boolean {
    return this.batch.bytes >= batchBytes || this.batch.items.length >= mostItems;
  }

  add(step: Step): void {
    const { batch } = this;
    switch (step.do) {
      case 'conversation':
        batch.items.push(step);
        batch.bytes += sizeOf(step.item);
        break;
      case 'subscriber':
        batch.subscribers.push(step);
        batch.bytes += step.client.length + 64;
        break;
      case 'installation':
        batch.installations.push(step);
        batch.bytes += installationSize(step);
        break;
      case 'unread':
        batch.unread.push(step);
        batch.bytes += unreadSize(step);
        break;
      case 'message': {
        const bytes = messageSize(step.message);
        batch.messages.push({ ...step, bytes });
        batch.bytes += bytes;
      }
    }
  }

  /** Begins to send what was added, when everything before is taken. Throws what sending that threw. */
  async send(): Promise<void> {
    await this.underWay;
    const { batch } = this;
    if (batch.bytes === 0) return;
    this.batch = emptyBatch();
    this.underWay = this.sendAll(batch);
    this.underWay.catch(() => undefined); // thrown by the next call
  }

  /** Everything that was added is taken, or reported, when this resolves. */
  async settle(): Promise<void> {
    await this.send();
    await this.underWay;
  }

  /** Nothing is under way any more, whatever became of it. */
  async idle(): Promise<void> {
    await this.underWay.catch(() => undefined);
  }

  private async sendAll({ items, subscribers, messages, unread, installations }: Batch): Promise<void> {
    for (const some of slices(installations, installationSize, mostItems)) await this.sendInstallations(some);
    for (const some of slices(items, ({ item }) => sizeOf(item), mostItems))
      await this.sendConversations(some);
    for (const some of slices(subscribers, ({ client }) => client.length + 40, mostMessages))
      await this.sendSubscribers(some);
    await this.sendInOrder(messageRequests(messages));
    for (const some of slices(unread, unreadSize, mostItems)) await this.sendUnread(some);
  }

  /** Some at a time, but never two with messages of one conversation: sorted as they are, those follow each other. */
  private async sendInOrder(requests: readonly Sized[][]): Promise<void> {
    for (let at = 0; at < requests.length;) {
      const together = [requests[at]!];
      for (at += 1; at < requests.length && together.length < mostUnderWay; at += 1) {
        if (requests[at]![0]!.conversation === together.at(-1)!.at(-1)!.conversation) break;
        together.push(requests[at]!);
      }
      await allSettled(together.map((steps) => this.sendMessages(steps)));
    }
  }

  private async sendConversations(steps: readonly Doing<'conversation'>[]): Promise<void> {
    const fitting = steps.filter((step) => {
      if (sizeOf(step.item) <= largestItem) return true;
      this.refuse(step, 'it is larger than a request may be');
      return false;
    });
    if (this.dry) {
      for (const step of fitting) this.countsOf(step.item).created += 1;
      return;
    }
    if (fitting.length === 0) return;
    const outcomes = await this.target.conversations(fitting.map(({ item }) => item));
    for (const [at, { outcome, notes }] of outcomes.entries()) {
      const step = fitting[at]!;
      if (outcome === 'refused') this.refuse(step, notes.join('; '));
      else {
        this.countsOf(step.item)[outcome] += 1;
        for (const note of notes) this.report(step.from, note, true, step.item.conversation.id);
      }
    }
  }

  private refuse({ item, from }: Doing<'conversation'>, why: string): void {
    this.countsOf(item).refused += 1;
    this.partly.add(item.conversation.id);
    this.report(from, why, false, item.conversation.id);
  }

  private countsOf({ conversation }: ImportItem) {
    return conversation.kind === 'thread' ? this.counts.threads : this.counts.conversations;
  }

  private async sendSubscribers(steps: readonly Doing<'subscriber'>[]): Promise<void> {
    const byService = new Map<string, { client: ClientId; at: number }[]>();
    for (const { conversation, client, at } of steps) {
      if (this.partly.has(conversation)) continue;
      const list = byService.get(conversation) ?? [];
      byService.set(conversation, [...list, { client, at }]);
    }
    for (const [conversation, list] of byService) {
      const { added } = this.dry
        ? { added: list.length }
        : await this.target.subscribers(conversation as ConversationId, list);
      this.counts.subscribers.added += added;
      this.counts.subscribers.same += list.length - added;
    }
  }

  private async sendInstallations(steps: readonly Doing<'installation'>[]): Promise<void> {
    const results = this.dry
      ? steps.map(() => 'added' as const)
      : await this.target.installations(steps.map(({ installation }) => installation));
    for (const result of results) this.counts.installations[result] += 1;
  }

  private async sendUnread(steps: readonly Doing<'unread'>[]): Promise<void> {
    if (this.dry) return;
    const { set } = await this.target.unread(
      steps.map(({ conversation, unread }) => ({ conversation: conversation as ConversationId, unread })),
    );
    this.counts.unread.set += set;
  }

  private async sendMessages(steps: readonly Doing<'message'>[]): Promise<void> {
    const groups = new Map<string, { messages: ImportedMessage[]; from: Map<string, Placed> }>();
    for (const { conversation, message, from, replaced } of steps) {
      const group = groups.get(conversation) ?? { messages: [], from: new Map<string, Placed>() };
      group.messages.push(message);
      group.from.set(message.id, from);
      groups.set(conversation, group);
      this.counts.messages.replaced += replaced;
    }
    if (this.dry) {
      this.counts.messages.added += steps.length;
      return;
    }
    const results = await this.target.messages(
      [...groups].map(([conversation, { messages }]) => ({
        conversation: conversation as ConversationId,
        messages,
      })),
    );
    for (const [at, [conversation, { from }]] of [...groups].entries()) {
      const { added, changed, same, kept, refused } = results[at]!;
      const { messages } = this.counts;
      messages.added += added;
      messages.changed += changed;
      messages.same += same;
      messages.kept += kept;
      messages.refused += refused.length;
      if (refused.length > 0) this.partly.add(conversation);
      for (const { id, why } of refused) this.report(from.get(id)!, refusals[why], false, id);
    }
  }
}

/** Waits for all, then throws the first failure. */
async function allSettled(work: readonly Promise<void>[]): Promise<void> {
  for (const outcome of await Promise.allSettled(work))
    if (outcome.status === 'rejected') throw outcome.reason;
}

const sizeOf = (item: ImportItem): number => Buffer.byteLength(JSON.stringify(item));

/** The record is text in JSON: its quotes and line ends are escaped. */
const installationSize = ({ installation: { record } }: Doing<'installation'>): number =>
  2 * Buffer.byteLength(record) + 400;

const unreadSize = ({ unread }: Doing<'unread'>): number =>
  60 + unread.reduce((sum, { client }) => sum + Buffer.byteLength(client) + 30, 0);

const messageSize = ({ body }: ImportedMessage): number =>
  (typeof body === 'string' ? Buffer.byteLength(JSON.stringify(body)) : Math.ceil(body.length / 3) * 4) + 260;

/** In order; a conversation's messages are cut apart only if they are more than one request takes. */
function messageRequests(all: readonly Sized[]): Sized[][] {
  const requests: Sized[][] = [];
  let bytes = Infinity;
  for (let at = 0; at < all.length;) {
    let end = at;
    while (end < all.length && all[end]!.conversation === all[at]!.conversation) end += 1;
    for (const some of slices(all.slice(at, end), (one) => one.bytes, mostMessages)) {
      const own = some.reduce((sum, one) => sum + one.bytes, 0);
      const last = requests.at(-1);
      if (last !== undefined && bytes + own <= requestBytes && last.length + some.length <= mostMessages) {
        last.push(...some);
        bytes += own;
      } else {
        requests.push(some);
        bytes = own;
      }
    }
    at = end;
  }
  return requests;
}

/** In order, so that each slice fits into a request. One that is larger by itself is alone. */
function slices<T>(all: readonly T[], size: (one: T) => number, most: number): T[][] {
  const slices: T[][] = [];
  let bytes = 0;
  for (const one of all) {
    const own = size(one);
    const last = slices.at(-1);
    if (last === undefined || bytes + own > requestBytes || last.length >= most) {
      slices.push([one]);
      bytes = own;
    } else {
      last.push(one);
      bytes += own;
    }
  }
  return slices;
}
