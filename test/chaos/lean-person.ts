import { createRequire } from 'node:module';
import { join } from 'node:path';
import type * as Sdk from 'leancloud-realtime-5';
import type { Acknowledged } from './history-checker.js';
import type { Shown } from './shown-checker.js';

const sendEveryMs = 1_000;
const changeEveryMs = 2_500;
const recallShare = 0.25;
const pageSize = 100;
const askAgainMs = 500;
const loginMs = 20_000;

/** What the SDK's typings leave out or leave any. */
interface Message {
  readonly id: string;
  readonly from: string;
  readonly text?: string;
  readonly timestamp: Date;
  readonly updatedAt?: Date;
}
type Recalled = Message & { readonly type?: number };
interface Failure {
  readonly name: string;
  readonly code?: number;
  readonly message: string;
}

const recalledType = -127;

/** A conversation as the app keeps it: by the messages' times, each once. */
interface Chat {
  readonly conversation: Sdk.ConversationBase;
  readonly shown: Shown[];
  /** Ids that live events brought. */
  readonly told: string[];
  /** The newest message of others: what came before it on the same connection was brought in order. */
  newest: Message | undefined;
  /** From where it catches up after a lost connection. */
  from: Message | undefined;
  behind: boolean;
}

/**
 * An app on LeanCloud's SDK as its guide tells to write one: it shows what events bring, sends again what was not
 * acknowledged when its connection was lost, and after each reconnection asks the history for what it missed.
 */
export class LeanPerson {
  readonly acknowledged: (Omit<Acknowledged, 'seq'> & { readonly id: string })[] = [];
  /** What the author's last acknowledged change made of a message; undefined: recalled. */
  readonly changed = new Map<string, string | undefined>();
  readonly problems: string[] = [];
  private readonly chats = new Map<string, Chat>();
  private readonly sdk: typeof Sdk;
  private readonly realtime: Sdk.Realtime;
  private client!: Sdk.IMClient;
  private readonly timers: NodeJS.Timeout[] = [];
  /** Changes told before their messages: when the SDK reads both at once, its events may come in either order. */
  private readonly early = new Map<string, Recalled>();
  /** Own messages that may still be changed. */
  private readonly mine: { chat: Chat; message: Message; name: string }[] = [];
  private reconnections = 0;
  private waiting: (() => void)[] = [];
  private sent = 0;
  private sending = false;
  private changing = false;
  private online = false;
  retried = 0;
  changes = 0;

  constructor(
    readonly name: string,
    server: { readonly url: string; readonly appId: string; readonly appKey: string },
  ) {
    this.sdk = ownSdk();
    const { url, appId, appKey } = server;
    this.realtime = new this.sdk.Realtime({ appId, appKey, server: url });
  }

  async login(): Promise<void> {
    const late = new Promise<never>((_, reject) => {
      setTimeout(() => reject(new Error(`${this.name} could not log in`)), loginMs).unref();
    });
    const client = await Promise.race([this.realtime.createIMClient(this.name), late]);
    this.client = client;
    this.online = true;
    const { Event } = this.sdk;
    const on = (event: string, listener: (...args: never[]) => void) => client.on(event, listener);
    on(Event.MESSAGE, (message: Message, { id }: { id: string }) => this.arrived(id, message));
    on(Event.MESSAGE_UPDATE, (message: Message, { id }: { id: string }) => this.replace(id, message));
    on(Event.MESSAGE_RECALL, (message: Message, { id }: { id: string }) => this.replace(id, message));
    on(Event.DISCONNECT, () => this.disconnected());
    on(Event.RECONNECT, () => this.reconnected());
    on(Event.RECONNECT_ERROR, ({ message }: Error) =>
      this.problems.push(`${this.name} cannot come back: ${message}`),
    );
    on(Event.CLOSE, () => this.problems.push(`${this.name} was closed`));
  }

  async create(members: readonly string[]): Promise<string> {
    return (await this.client.createConversation({ members: [...members], unique: false })).id;
  }

  async enter(id: string): Promise<void> {
    const conversation = await this.client.getConversation(id);
    this.chats.set(id, {
      conversation,
      shown: [],
      told: [],
      newest: undefined,
      from: undefined,
      behind: false,
    });
  }

  begin(): void {
    const every = (ms: number, act: () => Promise<void>) => {
      const guarded = () =>
        void act().catch((error: Error) => this.problems.push(`${this.name}: ${error.message}`));
      this.timers.push(setInterval(guarded, ms * (0.5 + Math.random())));
    };
    every(sendEveryMs, () => this.send());
    every(changeEveryMs, () => this.change());
  }

  stop(): void {
    for (const timer of this.timers) clearInterval(timer);
  }

  /** Its SDK leaves timers behind; the process ends anyway. */
  async close(): Promise<void> {
    await Promise.race([this.client.close(), new Promise((resolve) => setTimeout(resolve, 1_000))]);
  }

  get isBack(): boolean {
    return this.online;
  }

  /** Nothing is under way, and nothing missed is still to be asked for. */
  get isSettled(): boolean {
    return (
      this.online && !this.sending && !this.changing && ![...this.chats.values()].some(({ behind }) => behind)
    );
  }

  get conversations(): string[] {
    return [...this.chats.keys()];
  }

  shown(conversation: string): readonly Shown[] {
    return this.chats.get(conversation)!.shown;
  }

  told(conversation: string): readonly string[] {
    return this.chats.get(conversation)!.told;
  }

  private arrived(id: string, message: Message): void {
    const chat = this.chats.get(id);
    if (chat === undefined) return;
    chat.told.push(message.id);
    chat.newest = message;
    this.show(chat, message);
  }

  private show({ shown }: Chat, message: Recalled): void {
    if (shown.some(({ id }) => id === message.id)) return;
    const time = message.timestamp.getTime();
    let at = shown.length;
    while (at > 0 && shown[at - 1]!.time > time) at -= 1;
    const early = this.early.get(message.id);
    const isOlder =
      early !== undefined && message.type !== recalledType && changedAt(message) < changedAt(early);
    shown.splice(at, 0, {
      id: message.id,
      from: message.from,
      time,
      ...contentOf(isOlder ? early : message),
    });
  }

  private replace(id: string, message: Message): void {
    const shown = this.chats.get(id)?.shown;
    const at = shown?.findIndex((one) => one.id === message.id) ?? -1;
    if (at < 0) this.early.set(message.id, message);
    else {
      const { text: _, recalled: __, ...rest } = shown![at]!;
      shown![at] = { ...rest, ...contentOf(message) };
    }
  }

  private disconnected(): void {
    this.online = false;
    for (const chat of this.chats.values()) {
      if (!chat.behind) chat.from = chat.newest;
      chat.behind = true;
    }
  }

  private reconnected(): void {
    this.online = true;
    this.reconnections += 1;
    for (const resolve of this.waiting.splice(0)) resolve();
    for (const chat of this.chats.values()) void this.catchUp(chat, this.reconnections);
  }

  /** What the history has from the newest message that was known when the connection was lost. */
  private async catchUp(chat: Chat, reconnection: number): Promise<void> {
    const { OLD_TO_NEW } = this.sdk.MessageQueryDirection;
    for (;;) {
      const start =
        chat.from === undefined ? {} : { startTime: chat.from.timestamp, startMessageId: chat.from.id };
      let page: Message[];
      try {
        const options = { ...start, direction: OLD_TO_NEW, limit: pageSize };
        page = await chat.conversation.queryMessages(options);
      } catch (error) {
        if (this.isOfConnection(error)) {
          // Not online: the next reconnection asks again.
          if (reconnection !== this.reconnections || !this.online) return;
          await pause(askAgainMs);
          continue;
        }
        this.problems.push(`${this.name} could not ask the history: ${(error as Error).message}`);
        return;
      }
      if (reconnection !== this.reconnections || !this.online) return;
      for (const message of page) this.show(chat, message);
      chat.from = page.at(-1) ?? chat.from;
      if (page.length < pageSize) break;
    }
    if (chat.from !== undefined && (chat.newest === undefined || chat.from.timestamp > chat.newest.timestamp))
      chat.newest = chat.from;
    chat.behind = false;
  }

  private async send(): Promise<void> {
    if (this.sending) return;
    this.sending = true;
    const chat = pick([...this.chats.values()]);
    const name = `${this.name} ${(this.sent += 1)}`;
    const message = new this.sdk.TextMessage(`${name} is what I said`);
    try {
      const sent = (await this.untilAnswered(() => chat.conversation.send(message))) as unknown as Message;
      const conversation = chat.conversation.id;
      this.acknowledged.push({ client: this.name, conversation, id: sent.id, name });
      this.show(chat, sent);
      this.mine.push({ chat, message: sent, name });
    } finally {
      this.sending = false;
    }
  }

  private async change(): Promise<void> {
    if (this.changing || this.mine.length === 0) return;
    this.changing = true;
    const at = Math.floor(Math.random() * this.mine.length);
    const { chat, message, name } = this.mine[at]!;
    const { id, timestamp } = message;
    try {
      if (Math.random() < recallShare) {
        this.mine.splice(at, 1);
        await this.untilAnswered(() => chat.conversation.recall({ id, timestamp }));
        this.changed.set(id, undefined);
        this.replace(chat.conversation.id, { ...message, id, type: recalledType } as Message);
      } else {
        const text = `${name} was better said ${this.changes}`;
        await this.untilAnswered(() =>
          chat.conversation.update({ id, timestamp }, new this.sdk.TextMessage(text)),
        );
        this.changed.set(id, text);
        this.replace(chat.conversation.id, { id, from: this.name, timestamp, text });
      }
      this.changes += 1;
    } finally {
      this.changing = false;
    }
  }

  /** Asks again at once after each reconnection: the SDK itself notices a lost answer only after 20 s. */
  private async untilAnswered<T>(ask: () => Promise<T>): Promise<T> {
    for (;;) {
      const back = new Promise<undefined>((resolve) => this.waiting.push(() => resolve(undefined)));
      try {
        const answer = await Promise.race([ask(), back]);
        if (answer !== undefined) return answer;
      } catch (error) {
        if (!this.isOfConnection(error)) throw error;
        // The SDK may not have noticed yet that its socket is going.
        await (this.online ? pause(askAgainMs) : back);
      }
      this.retried += 1;
    }
  }

  /** Not a refusal by the server: those have codes. */
  private isOfConnection(error: unknown): boolean {
    const { name, code, message } = error as Failure;
    return (
      code === undefined && (name === 'COMMAND_TIMEOUT' || /unavailable|timeout|not open/i.test(message))
    );
  }
}

const contentOf = (message: Recalled): Pick<Shown, 'text' | 'recalled'> =>
  message.type === recalledType ? { recalled: true } : { text: message.text ?? '' };

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

const changedAt = ({ updatedAt }: Message): number => updatedAt?.getTime() ?? 0;

const pick = <T>(items: readonly T[]): T => items[Math.floor(Math.random() * items.length)]!;

/** The SDK keeps one Realtime per app in its module: each person has a module of its own, as in another process. */
function ownSdk(): typeof Sdk {
  const require = createRequire(join(process.cwd(), 'package.json'));
  const path = require.resolve('leancloud-realtime-5');

  delete require.cache[path];
  return require(path) as typeof Sdk;
}
