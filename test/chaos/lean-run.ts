import { pause, type TestApp, type TestServer, until } from '../e2e/server.js';
import { type Acknowledged, checkSends, checkSequences, type Entry } from './history-checker.js';
import { LeanPerson } from './lean-person.js';
import { plain } from './person.js';
import { checkChanged, checkShown, isStale, checkTold, type Stored } from './shown-checker.js';

export interface LeanReport {
  readonly kills: number;
  /** Sends, each of which was acknowledged. */
  readonly acknowledged: number;
  /** Requests sent again after a lost connection. */
  readonly retried: number;
  /** Edits and recalls, each of which was acknowledged. */
  readonly changes: number;
  /** Messages in all logs together. */
  readonly stored: number;
  /** Messages that apps show, all together. */
  readonly shown: number;
  /** From ready again until the last client was online, per kill, ms. */
  readonly backAfterMs: readonly number[];
  /** What is missing, doubled, out of order or of another. */
  readonly problems: readonly string[];
  /** Messages shown as they were before an edit or a recall. */
  readonly stale: readonly string[];
}

const clientCount = 50;
const pairCount = 15;
const groups = [
  [0, 20],
  [30, 50],
] as const;
const settleMs = 60_000;
const lastEventsMs = 10_000;
const shownProblems = 30;
const appKey = 'chaos-app-key';

/**
 * 50 clients of LeanCloud's SDK, unmodified: 0–29 talk in pairs, 0–19 and 30–49 in groups. The server dies by SIGKILL
 * at random moments and comes back on the same folder and port. Judged is what the apps show in the end.
 */
export class LeanRun {
  private readonly problems: string[] = [];
  private readonly stale: string[] = [];

  private constructor(
    private readonly server: TestServer,
    private readonly app: TestApp,
    private readonly people: readonly LeanPerson[],
  ) {}

  static async open(server: TestServer): Promise<LeanRun> {
    const settings = {
      'limits.commandsPerSecond': 1000,
      'limits.messagesPerMinute': 0,
      'limits.historyPerMinute': 0,
      'limits.restPerSecond': 100_000,
    };
    // An id of this ending makes the SDK ask for nothing but the URL.
    const id = `${Math.random().toString(36).slice(2, 12)}-MdYXbMMI`;
    const app = await server.createApp(settings, { id, key: appKey, preset: 'leancloud' });
    const people = Array.from(
      { length: clientCount },
      (_, at) => new LeanPerson(`person-${at}`, { url: server.url, appId: app.id, appKey }),
    );
    await Promise.all(people.map((person) => person.login()));
    for (let at = 0; at < 2 * pairCount; at += 2) await converse(people.slice(at, at + 2));
    for (const [from, to] of groups) await converse(people.slice(from, to));
    return new LeanRun(server, app, people);
  }

  async execute(kills: number, say: (line: string) => void): Promise<LeanReport> {
    for (const person of this.people) person.begin();
    await pause(2_000);
    const backAfterMs: number[] = [];
    for (let kill = 1; kill <= kills; kill += 1) {
      await pause(Math.random() * 3_000);
      await this.server.end('SIGKILL');
      await pause(Math.random() * 1_000);
      await this.server.startAgain();
      const began = Date.now();
      await until(() => this.people.every(({ isBack }) => isBack), 'all clients are back', settleMs);
      backAfterMs.push(Date.now() - began);
      say(
        `kill ${kill}: back after ${backAfterMs.at(-1)} ms, ${this.sum((one) => one.acknowledged.length)} acknowledged`,
      );
    }
    await pause(2_000);
    for (const person of this.people) person.stop();
    await until(
      () => this.people.every(({ isSettled }) => isSettled),
      'everything is acknowledged',
      settleMs,
    );
    const stored = await this.judge();
    await Promise.all(this.people.map((person) => person.close()));
    return {
      kills,
      acknowledged: this.sum((one) => one.acknowledged.length),
      retried: this.sum(({ retried }) => retried),
      changes: this.sum(({ changes }) => changes),
      stored,
      shown: this.sum((person) => person.conversations.reduce((sum, id) => sum + person.shown(id).length, 0)),
      backAfterMs,
      problems: this.problems.slice(0, shownProblems),
      stale: this.stale.slice(0, shownProblems),
    };
  }

  private sum(of: (person: LeanPerson) => number): number {
    return this.people.reduce((total, person) => total + of(person), 0);
  }

  /** Answers how many messages there are. */
  private async judge(): Promise<number> {
    let count = 0;
    const views: { person: LeanPerson; id: string; stored: readonly Stored[] }[] = [];
    const sends = this.people.flatMap(({ acknowledged }) => acknowledged);
    const changed = new Map(this.people.flatMap((person) => [...person.changed]));
    for (const id of new Set(this.people.flatMap(({ conversations }) => conversations))) {
      const { log, stored, seqOf } = await this.logOf(id);
      count += stored.length;
      const inConversation: Acknowledged[] = sends
        .filter(({ conversation }) => conversation === id)
        .map(({ id: message, ...send }) => ({ ...send, seq: seqOf.get(message) ?? -1 }));
      this.problems.push(
        ...checkSequences(log),
        ...checkSends(inConversation, log),
        ...checkChanged(changed, stored),
      );
      for (const person of this.people.filter(({ conversations }) => conversations.includes(id)))
        views.push({ person, id, stored });
    }
    const wrong = () =>
      views.flatMap(({ person, id, stored }) =>
        checkShown(`${person.name} in ${id}`, person.shown(id), stored),
      );
    // The last events may be on their way.
    await until(() => wrong().length === 0, '', lastEventsMs).catch(() => {
      for (const text of wrong()) (isStale(text) ? this.stale : this.problems).push(text);
    });
    for (const { person, id } of views)
      this.problems.push(...checkTold(`${person.name} in ${id}`, person.told(id)));
    for (const person of this.people) this.problems.push(...person.problems);
    return count;
  }

  private async logOf(conversation: string) {
    const entries = await this.server.entries(this.app, conversation);
    const messages = entries.flatMap((entry) =>
      entry.kind === 'message' && 'message' in entry ? [entry] : [],
    );
    const log = { conversation, entries: entries.map((entry): Entry => unwrapped(plain(entry))) };
    const stored = messages.map(({ seq, message: { id, from, recalled } }): Stored => {
      const text = log.entries[seq - 1]!.body!;
      return { id, from: from ?? '', ...(recalled ? { recalled: true } : { text }) };
    });
    return {
      log,
      stored,
      seqOf: new Map<string, number>(messages.map(({ seq, message: { id } }) => [id, seq])),
    };
  }
}

/** The text of a typed message, however the server tells it. */
function unwrapped(entry: Entry): Entry {
  const { body } = entry;
  if (body === undefined || !body.startsWith('{')) return entry;
  return { ...entry, body: (JSON.parse(body) as { _lctext?: string })._lctext ?? '' };
}

async function converse(people: readonly LeanPerson[]): Promise<void> {
  const [first, ...others] = people as [LeanPerson, ...LeanPerson[]];
  const id = await first.create(others.map(({ name }) => name));
  await Promise.all(people.map((person) => person.enter(id)));
}
