import { HongyanClient, type Conversation, type EntryView } from '@hongyan/sdk';
import { pause, type TestApp, type TestServer, until } from '../e2e/server.js';
import {
  type Acknowledged,
  checkAcknowledged,
  checkLog,
  checkView,
  type Entry,
  type Log,
  unreadOf,
} from './history-checker.js';

export interface KillReport {
  readonly kills: number;
  readonly acknowledged: number;
  readonly entries: number;
  readonly seen: number;
  /** From ready again until the last client was online, per kill, ms. */
  readonly backAfterMs: readonly number[];
  readonly problems: readonly string[];
}

const clientCount = 50;
const pairCount = 15;
const groupSize = 20;
const sendEveryMs = 60;
const readEveryMs = 700;
const settleMs = 60_000;
const shownProblems = 30;

interface Person {
  readonly name: string;
  readonly client: HongyanClient;
  readonly conversations: Conversation[];
  readonly seen: Map<string, Entry[]>;
  sent: number;
}

/** Clients 0–29 talk in pairs, 0–19 also in a group, 30–49 in a room. */
export class KillNine {
  private readonly people: Person[] = [];
  private readonly acknowledged: Acknowledged[] = [];
  private readonly problems: string[] = [];
  private readonly kinds = new Map<string, 'ordinary' | 'room'>();
  private readonly timers: NodeJS.Timeout[] = [];
  private waiting = 0;

  private constructor(
    private readonly server: TestServer,
    private readonly app: TestApp,
  ) {}

  static async open(server: TestServer): Promise<KillNine> {
    const app = await server.createApp({ 'limits.commandsPerSecond': 1000, 'limits.restPerSecond': 100_000 });
    const run = new KillNine(server, app);
    await run.connectAll();
    for (let pair = 0; pair < pairCount; pair += 1) await run.converse([2 * pair, 2 * pair + 1]);
    await run.converse(Array.from({ length: groupSize }, (_, at) => at));
    await run.enterRoom(Array.from({ length: clientCount - 2 * pairCount }, (_, at) => 2 * pairCount + at));
    return run;
  }

  async execute(kills: number, say: (line: string) => void): Promise<KillReport> {
    for (const person of this.people) this.talk(person);
    const backAfterMs: number[] = [];
    await pause(1_000);
    for (let kill = 1; kill <= kills; kill += 1) {
      await pause(500 + Math.random() * 3_000);
      await this.server.end('SIGKILL');
      await pause(Math.random() * 1_000);
      await this.server.startAgain();
      const ready = Date.now();
      await until(
        () => this.people.every(({ client }) => client.state === 'online'),
        'all clients are back',
        30_000,
      );
      backAfterMs.push(Date.now() - ready);
      say(`kill ${kill}: back after ${backAfterMs.at(-1)} ms, ${this.acknowledged.length} acknowledged`);
    }
    await pause(1_000);
    for (const timer of this.timers) clearInterval(timer);
    await until(() => this.waiting === 0, 'every send is settled', settleMs);
    const logs = await this.readLogs();
    await this.settle(logs);
    await this.judge(logs);
    const late = backAfterMs.filter((ms) => ms >= 5_000);
    if (late.length > 0) this.problems.push(`clients were back only after ${late.join(', ')} ms`);
    await Promise.all(this.people.map(({ client }) => client.close()));
    return {
      kills,
      acknowledged: this.acknowledged.length,
      entries: sum(logs.map(({ entries }) => entries.length)),
      seen: sum(this.people.flatMap(({ seen }) => [...seen.values()].map((entries) => entries.length))),
      backAfterMs,
      problems: this.problems.slice(0, shownProblems),
    };
  }

  private async connectAll(): Promise<void> {
    for (let at = 0; at < clientCount; at += 1) {
      const name = `person-${at}`;
      const client = new HongyanClient({
        url: this.server.url,
        appId: this.app.id,
        credentials: { clientId: name },
        reconnectMs: { first: 200, max: 2_000 },
        attemptTimeoutMs: 4_000,
        maxGap: 100_000,
        catchUp: 100,
      });
      const seen = new Map<string, Entry[]>();
      client.on('entry', ({ conversation, entry }) => {
        const entries = seen.get(conversation.id) ?? [];
        seen.set(conversation.id, entries);
        entries.push(plain(entry));
      });
      client.on('gap', ({ conversation, after, until: last }) =>
        this.problems.push(`${name} was told of a gap in ${conversation.id}: ${after} to ${last}`),
      );
      client.on('closed', (error) => this.problems.push(`${name} was closed: ${error.message}`));
      this.people.push({ name, client, conversations: [], seen, sent: 0 });
    }
    await Promise.all(this.people.map(({ client }) => client.connect({ timeoutMs: 20_000 })));
  }

  private async converse(members: readonly number[]): Promise<void> {
    const people = members.map((at) => this.people[at]!);
    const names = people.slice(1).map(({ name }) => name);
    const { id } = await people[0]!.client.conversations.create({ members: names });
    this.kinds.set(id, 'ordinary');
    for (const person of people)
      person.conversations.push((await person.client.conversations.get(id)).open());
  }

  private async enterRoom(members: readonly number[]): Promise<void> {
    const people = members.map((at) => this.people[at]!);
    const { id } = await people[0]!.client.conversations.create({ kind: 'room' });
    this.kinds.set(id, 'room');
    for (const person of people) person.conversations.push((await person.client.rooms.join(id)).room);
  }

  private talk(person: Person): void {
    const say = () => {
      const conversation = person.conversations[Math.floor(Math.random() * person.conversations.length)]!;
      const body = `${person.name} ${(person.sent += 1)} of this run`;
      this.waiting += 1;
      conversation.send(body).then(
        ({ seq }) => {
          this.waiting -= 1;
          this.acknowledged.push({ client: person.name, conversation: conversation.id, seq: seq!, body });
        },
        (error: Error) => {
          this.waiting -= 1;
          this.problems.push(`${person.name} could not send: ${error.message}`);
        },
      );
    };
    const read = () => {
      for (const conversation of person.conversations) {
        if (this.kinds.get(conversation.id) === 'ordinary' && Math.random() < 0.5)
          conversation.read().catch(() => undefined);
      }
    };
    this.timers.push(
      setInterval(say, sendEveryMs * (0.5 + 2 * Math.random()) * 4),
      setInterval(read, readEveryMs),
    );
  }

  private async readLogs(): Promise<Log[]> {
    const logs: Log[] = [];
    for (const conversation of this.kinds.keys()) {
      const entries: Entry[] = [];
      for (let after = 0, last = 1; after < last; after = entries.length) {
        const path = `/conversations/${conversation}/entries?after=${after}&limit=100`;
        const { body, text } = await this.server.rest(this.app, 'GET', path);
        const page = body as { entries?: EntryView[]; seq: number };
        if (page.entries === undefined) throw new Error(text);
        entries.push(...page.entries.map(plain));
        last = page.seq;
        if (page.entries.length === 0) break;
      }
      logs.push({ conversation, entries });
    }
    return logs;
  }

  /** Until everybody has seen the end of every ordinary log. */
  private async settle(logs: readonly Log[]): Promise<void> {
    const lengthOf = new Map(logs.map(({ conversation, entries }) => [conversation, entries.length]));
    const complete = ({ conversations, seen }: Person) =>
      conversations.every(
        ({ id }) => this.kinds.get(id) === 'room' || (seen.get(id)?.at(-1)?.seq ?? 0) === lengthOf.get(id),
      );
    await until(() => this.people.every(complete), 'everybody has seen everything', settleMs).catch(
      (error: Error) => this.problems.push(error.message),
    );
  }

  private async judge(logs: readonly Log[]): Promise<void> {
    const logOf = new Map(logs.map((log) => [log.conversation, log]));
    this.problems.push(...checkAcknowledged(this.acknowledged, logs));
    for (const log of logs) this.problems.push(...checkLog(log, (body) => Number(body.split(' ')[1])));
    for (const { name, seen, conversations } of this.people) {
      for (const [conversation, entries] of seen) {
        const holesAllowed = this.kinds.get(conversation) === 'room';
        this.problems.push(
          ...checkView({ client: name, conversation, entries, holesAllowed }, logOf.get(conversation)!),
        );
      }
      for (const conversation of conversations) {
        if (this.kinds.get(conversation.id) === 'ordinary')
          await this.judgeUnread(name, conversation, logOf.get(conversation.id)!);
      }
    }
  }

  /** What the SDK shows, what the server says, and what the definition gives. */
  private async judgeUnread(client: string, conversation: Conversation, log: Log): Promise<void> {
    const { body, text } = await this.server.rest(
      this.app,
      'GET',
      `/clients/${client}/conversations/${conversation.id}`,
    );
    const row = body as { own?: { readSeq: number }; unread: number };
    if (row.own === undefined) throw new Error(text);
    const expected = unreadOf(log, client, row.own.readSeq);
    if (row.unread !== expected || conversation.unread !== expected) {
      this.problems.push(
        `${client} in ${log.conversation}: unread is ${expected}, the server says ${row.unread}, the SDK ${conversation.unread}`,
      );
    }
  }
}

const plain = (entry: EntryView): Entry => ({
  seq: entry.seq,
  kind: entry.kind,
  ...(entry.kind === 'message' ? { from: entry.message.from, body: entry.message.body } : {}),
});

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
