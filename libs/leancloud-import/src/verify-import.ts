import { type Hash, createHash } from 'node:crypto';
import { installationLine } from '@hongyan/apps';
import { digestLine, digestPageSize, type ImportedMessage } from '@hongyan/conversations';
import type { ConversationId } from '@hongyan/protocol';
import type { ImportTarget } from './ports.js';
import type { Step } from './plan.js';
import type { RefusedIds } from './refused-ids.js';

export interface Verification {
  /** Conversations and threads whose messages are there as in the folder. */
  readonly equal: number;
  /** Messages of these. */
  readonly messages: number;
  /** Of these, conversations of which messages were edited or recalled here: ids, times and senders are equal. */
  readonly changedHere: number;
  /** Conversations of which the report says what was not taken. */
  readonly reported: number;
  /** Installations that are there as in the folder. */
  readonly installations: number;
  /** Wrong: at most 1,000 are named. */
  readonly different: readonly { readonly conversation: string; readonly why: string }[];
  readonly differences: number;
}

interface Expected {
  readonly conversation: string;
  readonly messages: number;
  readonly order: string;
  readonly content: string;
}

const perRequest = 50;
const mostNamed = 1_000;

/** Compares what is there with what the folder holds, by counts and checksums of each conversation. */
export class Verifier {
  private readonly found = {
    equal: 0,
    messages: 0,
    changedHere: 0,
    reported: 0,
    installations: 0,
    differences: 0,
  };
  private readonly installations = { count: 0, records: createHash('sha256') };
  private readonly different: { conversation: string; why: string }[] = [];
  private waiting: Expected[] = [];
  /** One question is under way while what the next asks for is read. */
  private underWay: Promise<void> = Promise.resolve();
  private current: { id: string; digest: RunningDigest } | undefined;

  constructor(
    private readonly target: ImportTarget,
    /** Conversations of which something was refused. */
    private readonly partly: Pick<RefusedIds, 'has'>,
  ) {}

  async add(step: Step): Promise<void> {
    if (step.do === 'subscriber' || step.do === 'unread') return;
    if (step.do === 'installation') {
      this.installations.count += 1;
      this.installations.records.update(installationLine(step.installation.id, step.installation.record));
      return;
    }
    const id = step.do === 'conversation' ? step.item.conversation.id : step.conversation;
    if (this.current?.id !== id) {
      this.finish();
      this.current = { id, digest: new RunningDigest() };
    }
    if (step.do === 'message') this.current.digest.add(step.message);
    if (this.waiting.length < perRequest) return;
    await this.underWay;
    this.underWay = this.compare();
    this.underWay.catch(() => undefined); // thrown by the next call
  }

  async result(): Promise<Verification> {
    this.finish();
    await this.underWay;
    await this.compare();
    await this.compareInstallations();
    return { ...this.found, different: this.different };
  }

  private async compareInstallations(): Promise<void> {
    const { count } = this.installations;
    if (count === 0) return;
    const there = await this.target.installationsDigest();
    if (there.count === count && there.records === this.installations.records.digest('hex'))
      this.found.installations = count;
    else
      this.differs(
        'installations',
        there.count === count
          ? 'their records are different'
          : `the folder has ${count} installations, there are ${there.count}`,
      );
  }

  private differs(conversation: string, why: string): void {
    this.found.differences += 1;
    if (this.different.length < mostNamed) this.different.push({ conversation, why });
  }

  private finish(): void {
    if (this.current !== undefined)
      this.waiting.push({ conversation: this.current.id, ...this.current.digest.result() });
    this.current = undefined;
  }

  private async compare(): Promise<void> {
    const asked = this.waiting;
    this.waiting = [];
    if (asked.length === 0) return;
    const digests = await this.target.digests(
      asked.map(({ conversation }) => conversation as ConversationId),
    );
    for (const [at, expected] of asked.entries()) {
      const there = digests[at] ?? null;
      const { conversation, messages } = expected;
      if (
        there !== null &&
        there.order === expected.order &&
        (there.content === expected.content || there.changedHere > 0)
      ) {
        this.found.equal += 1;
        this.found.messages += messages;
        if (there.content !== expected.content) this.found.changedHere += 1;
      } else if (this.partly.has(conversation)) this.found.reported += 1;
      else this.differs(conversation, difference(expected, there));
    }
  }
}

function difference(expected: Expected, there: { messages: number; order: string } | null): string {
  if (there === null) return 'it is not there';
  if (there.messages !== expected.messages)
    return `the folder has ${expected.messages} messages, there are ${there.messages}`;
  return there.order === expected.order
    ? 'contents are different'
    : 'ids, times, senders or their order are different';
}

class RunningDigest {
  private readonly order = createHash('sha256');
  private readonly content = createHash('sha256');
  private page: { order: Hash; content: Hash; messages: number } | undefined;
  private messages = 0;

  add({ id, time, author, body, editedAt = 0, recalled = false }: ImportedMessage): void {
    this.page ??= { order: createHash('sha256'), content: createHash('sha256'), messages: 0 };
    this.page.order.update(digestLine.order(id, time, author));
    this.page.content.update(digestLine.content(body, editedAt, recalled));
    this.page.messages += 1;
    this.messages += 1;
    if (this.page.messages === digestPageSize) this.turn();
  }

  result(): Omit<Expected, 'conversation'> {
    this.turn();
    return { messages: this.messages, order: this.order.digest('hex'), content: this.content.digest('hex') };
  }

  private turn(): void {
    if (this.page === undefined) return;
    this.order.update(this.page.order.digest('hex'));
    this.content.update(this.page.content.digest('hex'));
    this.page = undefined;
  }
}
