import { readBody, type Read } from './body.js';

/** What a message that arrived says, as far as it is judged here. */
export interface Arrived extends Read {
  readonly conversation: string;
  /** Absent: the server has no log. */
  readonly seq: number | undefined;
  /** Where clients name messages by id and time (ms). */
  readonly id?: string;
  readonly time?: number;
}

interface Seen {
  readonly bytes: Buffer;
  readonly arrived: Arrived | undefined;
}

/** Fan-out brings the same bytes to many: so many different ones are recognised without reading them again. */
const remembered = 16;

/** What one client received. */
export class Receiver {
  lastSeq = 0;
  conversation = '';
  received = 0;
  last: Arrived | undefined;
  /** The time of the first message that was not reported yet. */
  firstTime: number | undefined;
  /** Last count per sender. */
  readonly lastOf: Int32Array;

  /** `sends`: its own messages take sequences that it gets no event for. */
  constructor(
    senders: number,
    readonly sends: boolean,
  ) {
    this.lastOf = new Int32Array(senders);
  }
}

/** Judges every delivery: none lost, doubled, out of order or damaged. */
export class DeliveryChecker {
  deliveries = 0;
  private readonly problems: string[] = [];
  private problemCount = 0;
  private readonly recent: (Seen | undefined)[] = Array.from({ length: remembered }, () => undefined);
  private turn = 0;

  /** `fanOut`: many get the same bytes. `onDelivery` gets the latency in ms. `parse` answers a text if all is not well. */
  constructor(
    private readonly fanOut: boolean,
    private readonly parse: (packet: Buffer) => Arrived | string | undefined,
    private readonly onDelivery: (latencyMs: number) => void,
  ) {}

  /** One event packet; answers false when it is no message. */
  take(receiver: Receiver, packet: Buffer): boolean {
    const arrived = this.read(packet);
    if (arrived === undefined) return false;
    this.deliveries += 1;
    receiver.received += 1;
    receiver.conversation = arrived.conversation;
    receiver.last = arrived;
    receiver.firstTime ??= arrived.time;
    this.onDelivery(performance.now() - arrived.sentAt / 1000);
    const { sender, count, seq } = arrived;
    const before = receiver.lastOf[sender]!;
    if (count !== before + 1) {
      this.problem(`message ${count} of sender ${sender} came after ${before} in ${arrived.conversation}`);
    }
    receiver.lastOf[sender] = Math.max(count, before);
    if (seq !== undefined) {
      const { lastSeq } = receiver;
      if (seq <= lastSeq || (!receiver.sends && lastSeq !== 0 && seq !== lastSeq + 1)) {
        this.problem(`sequence ${seq} came after ${lastSeq} in ${arrived.conversation}`);
      }
      receiver.lastSeq = Math.max(seq, lastSeq);
    }
    return true;
  }

  problem(text: string): void {
    this.problemCount += 1;
    if (this.problems.length < 5) this.problems.push(text);
  }

  /** Throws if anything was wrong. */
  verdict(): void {
    if (this.problemCount === 0) return;
    throw new Error(`${this.problemCount} wrong deliveries, for instance: ${this.problems.join('; ')}`);
  }

  private read(packet: Buffer): Arrived | undefined {
    if (!this.fanOut) return this.judged(packet);
    for (const seen of this.recent) {
      if (seen?.bytes.length === packet.length && seen.bytes.equals(packet)) return seen.arrived;
    }
    const arrived = this.judged(packet);
    this.recent[this.turn] = { bytes: Buffer.from(packet), arrived };
    this.turn = (this.turn + 1) % remembered;
    return arrived;
  }

  private judged(packet: Buffer): Arrived | undefined {
    const arrived = this.parse(packet);
    if (typeof arrived !== 'string') return arrived;
    this.problem(arrived);
    return undefined;
  }
}

/** An event packet of our own protocol. Undefined: no message; a text: what is wrong with it. */
export function readEvent(packet: Buffer): Arrived | string | undefined {
  if (packet.indexOf('"kind":"message"') < 0) return undefined;
  const [, event] = JSON.parse(packet.toString()) as [string, { type: string; entry?: MessageEntry }];
  if (event.type !== 'entry' || event.entry?.kind !== 'message') return undefined;
  const { conversation, seq, message } = event.entry;
  const body = readBody(message.body);
  if (body === undefined) return `a damaged body in ${conversation}: ${message.body.slice(0, 200)}`;
  return { ...body, conversation, seq };
}

interface MessageEntry {
  readonly kind: string;
  readonly conversation: string;
  readonly seq?: number;
  readonly message: { readonly body: string };
}
