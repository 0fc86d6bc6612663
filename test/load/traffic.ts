import { writeBody } from './body.js';
import { DeliveryChecker, Receiver } from './delivery-checker.js';
import type { Latency } from './latency.js';
import type { BenchServer } from './servers.js';
import { connectClient, readerOf } from './connect-client.js';
import type { TrafficClient } from './traffic-client.js';

/** Who talks to whom: every conversation has so many members, of whom the first `senders` send. */
export interface Shape {
  readonly kind: 'ordinary' | 'room';
  readonly conversations: number;
  readonly members: number;
  readonly senders: number;
}

/** How senders send: so many in flight each, or so many per second all together. */
export type Pace =
  | { readonly kind: 'closed'; readonly inFlight: number }
  | { readonly kind: 'paced'; readonly perSecond: number };

/** What was measured in one window. */
export interface Window {
  readonly seconds: number;
  readonly messages: number;
  readonly deliveries: number;
  readonly cpuMicros: number;
}

interface Member {
  readonly name: string;
  readonly client: TrafficClient;
  readonly receiver: Receiver;
  conversation: string;
  /** Receipts: what was told last. */
  told: number;
}

interface Sender {
  readonly member: Member;
  readonly index: number;
  sent: number;
  acknowledged: number;
}

const connectsAtOnce = 100;
const receiptsEveryMs = 1_000;
const receiptSteps = 50;
const drainMs = 20_000;

/** One workload on one server: logged-in clients in their conversations, and the traffic between them. */
export class Traffic {
  private readonly members: Member[] = [];
  private readonly senders: Sender[] = [];
  private readonly checker: DeliveryChecker;
  private latency: Latency | undefined;
  private sending: Pace | undefined;
  private acknowledged = 0;
  private receiptStep = 0;

  private constructor(
    private readonly server: BenchServer,
    private readonly shape: Shape,
  ) {
    this.checker = new DeliveryChecker(shape.members > 2, readerOf(server.name), (ms) =>
      this.latency?.add(ms),
    );
  }

  static async open(server: BenchServer, shape: Shape): Promise<Traffic> {
    const traffic = new Traffic(server, shape);
    await traffic.connectAll();
    await forEach(range(shape.conversations), 20, (at) => traffic.openConversation(at));
    return traffic;
  }

  /** Sends for `warmMs`, measures for `measureMs`, then waits until everything has arrived and judges it. */
  async run(pace: Pace, warmMs: number, measureMs: number, latency: Latency): Promise<Window> {
    const receipts =
      this.shape.kind === 'room'
        ? undefined
        : setInterval(() => this.sendReceipts(), receiptsEveryMs / receiptSteps);
    this.sending = pace;
    const pacing = pace.kind === 'paced' ? this.startPacing(pace.perSecond) : undefined;
    if (pace.kind === 'closed') {
      for (const sender of this.senders) for (let i = 0; i < pace.inFlight; i += 1) this.send(sender);
    }
    await pause(warmMs);
    const before = this.snapshot();
    this.latency = latency;
    await pause(measureMs);
    this.latency = undefined;
    const after = this.snapshot();
    this.sending = undefined;
    clearInterval(pacing);
    clearInterval(receipts);
    await this.drain();
    return {
      seconds: (after.at - before.at) / 1000,
      messages: after.messages - before.messages,
      deliveries: after.deliveries - before.deliveries,
      cpuMicros: after.cpuMicros - before.cpuMicros,
    };
  }

  close(): void {
    for (const { client } of this.members) client.close();
  }

  private snapshot() {
    return {
      at: performance.now(),
      messages: this.acknowledged,
      deliveries: this.checker.deliveries,
      cpuMicros: this.server.cpuMicros(),
    };
  }

  private async connectAll(): Promise<void> {
    const { conversations, members, senders } = this.shape;
    await forEach(range(conversations * members), connectsAtOnce, async (at) => {
      const name = `c${at}`;
      const receiver = new Receiver(conversations * senders, at % members < senders);
      const client = await connectClient({
        server: this.server,
        name,
        onPush: (packet) => this.checker.take(receiver, packet),
        onClose: (reason) => this.checker.problem(`${name}: ${reason}`),
      });
      this.members[at] = { name, client, receiver, conversation: '', told: 0 };
    });
  }

  private async openConversation(at: number): Promise<void> {
    const { kind, members: size, senders } = this.shape;
    const members = this.members.slice(at * size, (at + 1) * size);
    const first = members[0]!;
    const others = kind === 'room' ? [] : members.slice(1).map(({ name }) => name);
    const conversation = await first.client.create(kind, others);
    if (kind === 'room' || this.server.name === 'socketio')
      await forEach(members, 50, ({ client }) => client.join(conversation));
    for (const member of members) member.conversation = conversation;
    members.slice(0, senders).forEach((member, order) => {
      this.senders[at * senders + order] = { member, index: at * senders + order, sent: 0, acknowledged: 0 };
    });
  }

  private send(sender: Sender): void {
    sender.sent += 1;
    const { client, conversation } = sender.member;
    client.send(conversation, writeBody(sender.index, sender.sent), (problem) => {
      if (problem !== undefined) this.refused(problem);
      sender.acknowledged += 1;
      this.acknowledged += 1;
      if (this.sending?.kind === 'closed') this.send(sender);
    });
  }

  private startPacing(perSecond: number): NodeJS.Timeout {
    const start = performance.now();
    let sent = 0;
    return setInterval(() => {
      const due = ((performance.now() - start) / 1000) * perSecond;
      for (; sent < due; sent += 1) this.send(this.senders[sent % this.senders.length]!);
    }, 1);
  }

  /** What the SDK does: at most once a second per conversation, what arrived and what was read. */
  private sendReceipts(): void {
    const step = (this.receiptStep = (this.receiptStep + 1) % receiptSteps);
    for (let at = step; at < this.members.length; at += receiptSteps) {
      const member = this.members[at]!;
      const { client, conversation, receiver } = member;
      if (receiver.received === member.told) continue;
      member.told = receiver.received;
      client.report(conversation, receiver, this.refused);
      receiver.firstTime = undefined;
    }
  }

  private readonly refused = (answer: string): void => {
    this.checker.problem(`refused: ${answer.slice(0, 300)}`);
  };

  /** Waits until every receiver has everything that was sent; judges. */
  private async drain(): Promise<void> {
    const end = performance.now() + drainMs;
    while (!this.isComplete() && performance.now() < end) await pause(50);
    if (!this.isComplete()) this.checker.problem(`not everything arrived: ${this.missing()}`);
    this.checker.verdict();
  }

  private isComplete(): boolean {
    return this.senders.every(({ sent, acknowledged }) => sent === acknowledged) && this.missing() === 0;
  }

  private missing(): number {
    const { members: size, senders: count } = this.shape;
    let missing = 0;
    this.members.forEach(({ receiver }, at) => {
      const conversation = Math.floor(at / size);
      for (let order = 0; order < count; order += 1) {
        if (at % size === order) continue; // its own
        const { index, sent } = this.senders[conversation * count + order]!;
        missing += sent - receiver.lastOf[index]!;
      }
    });
    return missing;
  }
}

export const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
export const range = (count: number) => Array.from({ length: count }, (_, at) => at);

/** Works on all items, so many at a time. */
export async function forEach<T>(
  items: readonly T[],
  atOnce: number,
  work: (item: T) => Promise<unknown>,
): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < items.length) await work(items[next++]!);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker));
}
