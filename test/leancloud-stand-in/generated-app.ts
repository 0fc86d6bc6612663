import { createHash } from 'node:crypto';

export type Row = Record<string, unknown>;

export interface GeneratedSize {
  readonly messages: number;
  readonly conversations: number;
  readonly services?: number;
  readonly subscribers?: number;
  readonly threadMessages?: number;
  readonly installations?: number;
  readonly users?: number;
  /** Where media addresses in messages lead, e.g. the stand-in itself. */
  readonly mediaBase?: string;
}

/** An app that has something of everything. */
export const wholeApp = (messages: number, conversations: number): GeneratedSize => ({
  messages,
  conversations,
  services: 5,
  subscribers: 200,
  threadMessages: 4,
  installations: 1_000,
});

const EPOCH = Date.UTC(2026, 5, 1);
const STEP_MS = 40;
/** So many messages share a millisecond, so that pages must be cut by id too. */
const TIES = 3;

/**
 * An app made by arithmetic: any row is computed from its number, so that a million messages take no memory. What a test
 * changes afterwards (arrivals, edits, recalls, new and changed conversations) is held beside.
 */
export class GeneratedApp {
  readonly arrivals: Row[] = [];
  private readonly patches = new Map<number, Row>();
  private readonly removed = new Set<number>();
  private readonly changedConversations = new Map<number, Row>();
  private conversationsNow: number;

  constructor(readonly size: GeneratedSize) {
    this.conversationsNow = size.conversations;
  }

  get messages(): number {
    return this.size.messages + this.arrivals.length;
  }

  get conversations(): number {
    return this.conversationsNow;
  }

  get services(): number {
    return this.size.services ?? 0;
  }

  conversationId(at: number): string {
    return `5f${at.toString(16).padStart(22, '0')}`;
  }

  /** -1: none. */
  conversationAt(id: string): number {
    const at = /^5f[0-9a-f]{22}$/.test(id) ? parseInt(id.slice(2), 16) : -1;
    return at < this.conversations ? at : -1;
  }

  /** The first ones are service accounts, then every tenth is a room. */
  conversation(at: number): Row {
    const created = new Date(EPOCH - 86_400_000 + at * 10).toISOString();
    const kind =
      at < this.services
        ? { sys: true }
        : at % 10 === 9
          ? { tr: true }
          : { m: [`u${at % 997}`, `u${(at + 1) % 997}`] };
    return {
      objectId: this.conversationId(at),
      name: `talk ${at} 鸿雁`,
      c: `u${at % 997}`,
      ...kind,
      attr: { order: at },
      mu: at % 5 === 0 ? [`u${at % 997}`] : [],
      unique: at % 2 === 0,
      ...(at % 2 === 0 ? { uniqueId: md5(`unique ${at}`) } : {}),
      lm: { __type: 'Date', iso: created },
      shopColumn: `extra ${at}`,
      createdAt: created,
      updatedAt: created,
      ...this.changedConversations.get(at),
    };
  }

  changeConversation(at: number, columns: Row, updatedAt = new Date().toISOString()): void {
    this.changedConversations.set(at, { ...this.changedConversations.get(at), ...columns, updatedAt });
  }

  addConversation(): string {
    const at = this.conversationsNow++;
    this.changeConversation(at, { createdAt: new Date().toISOString() });
    return this.conversationId(at);
  }

  /** Number `at` of the app's history, oldest first; undefined if it was removed. */
  message(at: number): Row | undefined {
    if (this.removed.has(at)) return undefined;
    if (at >= this.size.messages)
      return { ...this.arrivals[at - this.size.messages]!, ...this.patches.get(at) };
    const conversation = at % this.size.conversations;
    const to = this.conversationId(conversation);
    return { ...this.row(at, to, this.author(at, conversation)), ...this.patches.get(at) };
  }

  /** The two members of a conversation by turns; in rooms and services those who would be. */
  private author(at: number, conversation: number): string {
    const turn = Math.floor(at / this.size.conversations) % 2;
    return `u${(conversation + turn) % 997}`;
  }

  arrive(text: string, conversation = 0, timestamp = Date.now()): number {
    const at = this.messages;
    const newest = this.arrivals.at(-1)?.['timestamp'] as number | undefined;
    const to = this.conversationId(conversation);
    const row = { ...this.row(at, to, 'u1'), data: JSON.stringify({ _lctype: -1, _lctext: text }) };
    this.arrivals.push({ ...row, timestamp: Math.max(timestamp, newest ?? 0) });
    return at;
  }

  edit(at: number, text: string): void {
    this.patches.set(at, {
      data: JSON.stringify({ _lctype: -1, _lctext: text }),
      'patch-timestamp': Date.now(),
    });
  }

  recall(at: number): void {
    this.patches.set(at, { data: JSON.stringify({ _lctype: -127 }), 'patch-timestamp': Date.now() });
  }

  remove(at: number): void {
    this.removed.add(at);
  }

  timeOf(at: number): number {
    return EPOCH + Math.floor(at / TIES) * STEP_MS;
  }

  /** How many messages are before (timestamp, id); with an id that is larger than any, at or before the time. */
  countBefore(timestamp: number, msgId: string): number {
    let low = 0;
    let high = this.messages;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.isBefore(middle, timestamp, msgId)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  msgId(at: number): string {
    return `m${at.toString(36).padStart(8, '0')}${md5(`id ${at}`).slice(0, 13)}`;
  }

  subscribers(service: number): readonly string[] {
    return Array.from(
      { length: this.size.subscribers ?? 0 },
      (_, at) => `s${service}-${String(at).padStart(5, '0')}`,
    );
  }

  /** A thread of a service account with a subscriber, oldest first. */
  thread(service: number, client: string): Row[] {
    const id = this.conversationId(service);
    const key = md5(`${id}:${client}`);
    return Array.from({ length: this.size.threadMessages ?? 0 }, (_, at) => ({
      ...this.row(at, id, at % 2 === 0 ? id : client),
      'conv-id': key,
      'msg-id': `t${String(at).padStart(6, '0')}${key.slice(0, 12)}`,
    }));
  }

  /** Lists that a test changed. */
  readonly silencedNow = new Map<number, readonly string[]>();

  /** Every seventh conversation silences, every ninth blocks; one has a long list. */
  silenced(conversation: number): readonly string[] {
    const now = this.silencedNow.get(conversation);
    if (now !== undefined) return now;
    if (conversation % 7 !== 3) return [];
    return names('quiet', conversation === 3 ? 37 : 2);
  }

  blocked(conversation: number): readonly string[] {
    if (conversation % 9 !== 4) return [];
    return names('out', conversation === 4 ? 25 : 1);
  }

  /** Clients who have not read all; how much, in every conversation that they are in. */
  readonly unreadOf = new Map<string, number>();

  /** Of one conversation, or of all, as far as tests need: those are not summed. */
  unread(client: string, conversation?: string): number {
    const count = this.unreadOf.get(client) ?? 0;
    if (conversation === undefined) return count;
    const { m } = this.conversation(this.conversationAt(conversation));
    return Array.isArray(m) && m.includes(client) ? Math.min(100, count) : 0;
  }

  memberInfo(at: number): Row {
    const time = new Date(EPOCH).toISOString();
    const cid = this.conversationId(this.services + at);
    return {
      objectId: `6a${hex(at)}`,
      cid,
      clientId: `u${at}`,
      role: 'Manager',
      createdAt: time,
      updatedAt: time,
    };
  }

  get memberInfos(): number {
    return Math.min(50, this.conversations - this.services);
  }

  private row(at: number, to: string, from: string): Row {
    return {
      timestamp: this.timeOf(at),
      'conv-id': `${to}00000000`,
      data: JSON.stringify(this.body(at)),
      from,
      'msg-id': this.msgId(at),
      'is-conv': true,
      'is-room': false,
      to,
      bin: false,
      'from-ip': '203.0.113.7',
      ...(at % 2 === 0 ? { 'ack-at': this.timeOf(at) + 120 } : {}),
    };
  }

  private body(at: number): Row {
    const { mediaBase } = this.size;
    if (mediaBase !== undefined && at % 50 === 0)
      return { _lctype: -2, _lcfile: { url: `${mediaBase}/media/${at}.png`, name: `${at}.png`, size: 100 } };
    if (at % 100 === 7) return { _lctype: -127 };
    return { _lctype: -1, _lctext: `message ${at}: ${'词语 '.repeat(at % 8)}`, _lcattrs: { at } };
  }

  private isBefore(at: number, timestamp: number, msgId: string): boolean {
    const time =
      at < this.size.messages
        ? this.timeOf(at)
        : (this.arrivals[at - this.size.messages]!['timestamp'] as number);
    return time < timestamp || (time === timestamp && this.msgId(at) < msgId);
  }
}

const hex = (at: number): string => at.toString(16).padStart(22, '0');
const names = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, at) => `${prefix}${String(at).padStart(3, '0')}`);
export const md5 = (text: string): string => createHash('md5').update(text).digest('hex');
