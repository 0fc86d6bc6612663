import type { Conversation, MessageView } from '@hongyan/sdk';
import { type TestApp, type TestServer, until } from '../e2e/server.js';
import {
  checkChanges,
  checkSends,
  checkSequences,
  checkView,
  type Log,
  unreadOf,
} from './history-checker.js';
import { type Person, plain } from './person.js';

const settleMs = 60_000;

/** Holds what people were promised and shown against what a server has, when nothing is under way any more. */
export class Judge {
  readonly problems: string[] = [];

  constructor(
    private readonly server: TestServer,
    private readonly app: TestApp,
    private readonly people: readonly Person[],
  ) {}

  async judge(): Promise<{ entries: number }> {
    const conversations = new Map(
      this.people.flatMap(({ ordinary, rooms }) => [...ordinary, ...rooms]).map((one) => [one.id, one]),
    );
    const logs = new Map<string, Log>();
    for (const conversation of conversations.keys()) {
      const entries = await this.server.entries(this.app, conversation);
      logs.set(conversation, { conversation, entries: entries.map(plain) });
    }
    await this.settle(logs);
    const acknowledged = this.people.flatMap((person) => person.acknowledged);
    const changes = this.people.flatMap((person) => person.changes);
    for (const log of logs.values()) {
      this.problems.push(
        ...checkSequences(log),
        ...checkSends(acknowledged, log),
        ...checkChanges(changes, log),
        ...(await this.checkHistory(conversations.get(log.conversation)!, log)),
      );
    }
    for (const person of this.people) await this.judgePerson(person, logs);
    return { entries: [...logs.values()].reduce((sum, log) => sum + log.entries.length, 0) };
  }

  private async judgePerson(person: Person, logs: ReadonlyMap<string, Log>): Promise<void> {
    this.problems.push(...person.problems);
    for (const conversation of [...person.ordinary, ...person.rooms]) {
      const log = logs.get(conversation.id)!;
      const holesAllowed = person.rooms.includes(conversation);
      const view = {
        client: person.name,
        conversation: conversation.id,
        entries: person.seen(conversation.id),
        holesAllowed,
      };
      this.problems.push(...checkView(view, log));
      if (!holesAllowed) await this.judgeUnread(person.name, conversation, log);
    }
  }

  /** What the SDK shows, what the server says, and what the definition gives. */
  private async judgeUnread(client: string, conversation: Conversation, log: Log): Promise<void> {
    const path = `/clients/${client}/conversations/${conversation.id}`;
    const { body, text } = await this.server.rest(this.app, 'GET', path);
    const row = body as { own?: { readSeq: number }; unread?: number };
    if (row.own === undefined) throw new Error(text);
    const expected = unreadOf(log, client, row.own.readSeq);
    const who = `${client} in ${log.conversation}`;
    if (row.unread !== expected)
      this.problems.push(`${who}: unread is ${expected}, the server says ${row.unread}`);
    // What it asked the server about may be on its way.
    await until(() => conversation.unread === expected, '', 10_000).catch(() =>
      this.problems.push(`${who}: unread is ${expected}, the SDK shows ${conversation.unread}`),
    );
  }

  /** The pages of the history, backward, as a client turns them. */
  private async checkHistory(conversation: Conversation, log: Log): Promise<string[]> {
    const told: MessageView[] = [];
    let page = await conversation.history({ limit: 100 });
    for (;;) {
      told.unshift(...page.messages);
      if (!page.more) break;
      page = await page.older();
    }
    const line = (seq?: number, from?: string, body?: string) => `${seq} ${from} ${body}`;
    const wanted = log.entries.filter(({ kind }) => kind === 'message');
    const same =
      told.map(({ seq, from, body }) => line(seq, from, body)).join() ===
      wanted.map(({ seq, from, body }) => line(seq, from, body)).join();
    return same ? [] : [`${log.conversation}: the history is not the messages of the log`];
  }

  /** Until everybody has been told of the end of every ordinary log. */
  private async settle(logs: ReadonlyMap<string, Log>): Promise<void> {
    const complete = (person: Person) =>
      person.ordinary.every(({ id }) => (person.seen(id).at(-1)?.seq ?? 0) >= logs.get(id)!.entries.length);
    await until(() => this.people.every(complete), 'everybody has seen everything', settleMs).catch(
      (error: Error) => this.problems.push(error.message),
    );
  }
}
