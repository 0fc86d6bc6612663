import { type Conversation, type EntryView, HongyanClient, type MessageView } from '@hongyan/sdk';
import { type Acknowledged, type Change, type Entry, nameOf } from './history-checker.js';

const sendEveryMs = 250;
const readEveryMs = 700;
const changeEveryMs = 500;
const recallShare = 0.25;
/** So far behind the end a reader stays at most. */
const unreadAtMost = 10;

/** One user of the real SDK that sends, reads, edits and recalls, and notes what was acknowledged and shown. */
export class Person {
  readonly client: HongyanClient;
  readonly ordinary: Conversation[] = [];
  readonly rooms: Conversation[] = [];
  readonly acknowledged: Acknowledged[] = [];
  readonly changes: Change[] = [];
  readonly problems: string[] = [];
  private readonly entries = new Map<string, Entry[]>();
  private readonly timers: NodeJS.Timeout[] = [];
  /** Own messages that may still be edited or recalled. */
  private readonly mine: MessageView[] = [];
  private sent = 0;
  private attempts = 0;
  private underWay = 0;
  private changing = false;

  constructor(
    readonly name: string,
    server: { readonly url: string; readonly appId: string },
  ) {
    // A larger gap than maxGap is an event and no entries, by design; here every entry is wanted.
    this.client = new HongyanClient({ ...server, credentials: { clientId: name }, maxGap: 100_000 });
    this.client.on('entry', ({ conversation, entry }) => this.seen(conversation.id).push(plain(entry)));
    this.client.on('local', ({ local }) => (this.attempts += local.state === 'sending' ? 1 : 0));
    this.client.on('gap', ({ conversation, after, until }) =>
      this.problems.push(`${name} was told of a gap in ${conversation.id}: ${after} to ${until}`),
    );
    this.client.on('closed', (error) => this.problems.push(`${name} was closed: ${error.message}`));
  }

  /** The entries that the SDK told of, in the order in which it did. */
  seen(conversation: string): Entry[] {
    let entries = this.entries.get(conversation);
    if (entries === undefined) this.entries.set(conversation, (entries = []));
    return entries;
  }

  get isSettled(): boolean {
    return this.underWay === 0;
  }

  /** Attempts to send beyond the first. */
  get retried(): number {
    return this.attempts - this.sent;
  }

  begin(): void {
    const every = (ms: number, act: () => void) =>
      this.timers.push(setInterval(act, ms * (0.5 + Math.random())));
    every(sendEveryMs, () => this.send());
    every(readEveryMs, () => this.read());
    every(changeEveryMs, () => this.change());
  }

  stop(): void {
    for (const timer of this.timers) clearInterval(timer);
  }

  private send(): void {
    const conversation = pick([...this.ordinary, ...this.rooms])!;
    const name = `${this.name} ${(this.sent += 1)}`;
    const sending = conversation.send(`${name} is what I said`);
    this.watch(`send ${name}`, sending, (message) => {
      const { seq } = message as MessageView & { seq: number };
      this.acknowledged.push({ client: this.name, conversation: conversation.id, seq, name });
      if (this.ordinary.includes(conversation)) this.mine.push(message);
    });
  }

  private read(): void {
    const conversation = pick(this.ordinary);
    if (conversation === undefined) return;
    const seq = conversation.seq - Math.floor(Math.random() * unreadAtMost);
    if (seq > 0) this.watch('read', conversation.read(seq));
  }

  private change(): void {
    if (this.changing || this.mine.length === 0) return;
    const at = Math.floor(Math.random() * this.mine.length);
    const message = this.mine[at]!;
    const conversation = this.ordinary.find(({ id }) => id === message.conversation)!;
    const made = { conversation: conversation.id, target: message.seq! };
    this.changing = true;
    const done = () => (this.changing = false);
    if (Math.random() < recallShare) {
      this.mine.splice(at, 1);
      this.watch(`recall ${message.body}`, conversation.recall(message), () => {
        this.changes.push({ ...made, kind: 'recall' });
        done();
      });
    } else {
      const body = `${nameOf(message.body)} was better said ${this.changes.length}`;
      this.watch(`edit ${message.body}`, conversation.edit(message, body), () => {
        this.changes.push({ ...made, kind: 'edit', body });
        done();
      });
    }
  }

  private watch<T>(what: string, work: PromiseLike<T>, then: (result: T) => void = () => undefined): void {
    this.underWay += 1;
    work.then(
      (result) => {
        this.underWay -= 1;
        then(result);
      },
      (error: Error) => {
        this.underWay -= 1;
        this.problems.push(`${this.name} could not ${what}: ${error.message}`);
      },
    );
  }
}

/** An entry as the checker compares it; the SDK and the REST door give the same. */
export function plain(entry: EntryView): Entry {
  const { seq, kind } = entry;
  if (!('message' in entry)) return { seq, kind };
  const { from, body, recalled, seq: target } = entry.message;
  return {
    seq,
    kind,
    from: from,
    body,
    ...(recalled ? { recalled } : {}),
    ...(kind === 'message' ? {} : { target: target! }),
  };
}

const pick = <T>(items: readonly T[]): T | undefined => items[Math.floor(Math.random() * items.length)];
