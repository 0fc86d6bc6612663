import { pause, type TestServer, until } from '../e2e/server.js';
import { Judge } from './judge.js';
import { Person } from './person.js';

export interface KillReport {
  readonly kills: number;
  /** Sends, each of which was acknowledged. */
  readonly acknowledged: number;
  /** Attempts beyond the first, of sends. */
  readonly retried: number;
  /** Edits and recalls, each of which was acknowledged. */
  readonly changes: number;
  /** In all logs together. */
  readonly entries: number;
  /** Entries that clients were told of. */
  readonly seen: number;
  /** From ready again until the last client was online, per kill, ms. */
  readonly backAfterMs: readonly number[];
  readonly slowestBackMs: number;
  readonly problems: readonly string[];
}

const clientCount = 50;
const pairCount = 15;
const groupSize = 20;
const backWithinMs = 5_000;
const settleMs = 60_000;
const shownProblems = 30;

/**
 * 50 clients of the real SDK, as it is by default: 0–29 talk in pairs, 0–19 also in a group, 30–49 in a room. The
 * server dies by SIGKILL at random moments and comes back on the same folder and port.
 */
export class KillNine {
  private readonly problems: string[] = [];

  private constructor(
    private readonly server: TestServer,
    private readonly people: readonly Person[],
    private readonly judge: Judge,
  ) {}

  static async open(server: TestServer): Promise<KillNine> {
    const app = await server.createApp({ 'limits.commandsPerSecond': 1000, 'limits.restPerSecond': 100_000 });
    const people = Array.from(
      { length: clientCount },
      (_, at) => new Person(`person-${at}`, { url: server.url, appId: app.id }),
    );
    await Promise.all(people.map(({ client }) => client.connect({ timeoutMs: 20_000 })));
    const paired = 2 * pairCount;
    for (let at = 0; at < paired; at += 2) await converse(people.slice(at, at + 2));
    await converse(people.slice(0, groupSize));
    await enterRoom(people.slice(paired));
    return new KillNine(server, people, new Judge(server, app, people));
  }

  /** `sabotage` is done to the folder at the last kill: the judge must notice. */
  async execute(
    kills: number,
    say: (line: string) => void,
    sabotage: (folder: string) => void = () => undefined,
  ): Promise<KillReport> {
    for (const person of this.people) person.begin();
    await pause(1_000);
    const backAfterMs: number[] = [];
    for (let kill = 1; kill <= kills; kill += 1) {
      await pause(Math.random() * 3_000);
      await this.server.end('SIGKILL');
      if (kill === kills) sabotage(this.server.folder);
      await pause(Math.random() * 1_000);
      await this.server.startAgain();
      backAfterMs.push(await this.everybodyIsBack());
      say(`kill ${kill}: back after ${backAfterMs.at(-1)} ms, ${this.count('acknowledged')} acknowledged`);
    }
    await pause(1_000);
    for (const person of this.people) person.stop();
    await until(
      () => this.people.every(({ isSettled }) => isSettled),
      'everything is acknowledged',
      settleMs,
    );
    const { entries } = await this.judge.judge();
    const late = backAfterMs.filter((ms) => ms >= backWithinMs);
    if (late.length > 0) this.problems.push(`clients were back only after ${late.join(', ')} ms`);
    await Promise.all(this.people.map(({ client }) => client.close()));
    return {
      kills,
      acknowledged: this.count('acknowledged'),
      retried: this.people.reduce((sum, { retried }) => sum + retried, 0),
      changes: this.count('changes'),
      entries,
      seen: this.people.reduce((sum, person) => sum + seenBy(person), 0),
      backAfterMs,
      slowestBackMs: Math.max(0, ...backAfterMs),
      problems: [...this.problems, ...this.judge.problems].slice(0, shownProblems),
    };
  }

  /** Answers how long it took, in ms. */
  private async everybodyIsBack(): Promise<number> {
    const began = Date.now();
    await until(
      () => this.people.every(({ client }) => client.state === 'online'),
      'all clients are back',
      settleMs,
    );
    return Date.now() - began;
  }

  private count(what: 'acknowledged' | 'changes'): number {
    return this.people.reduce((sum, person) => sum + person[what].length, 0);
  }
}

async function converse(people: readonly Person[]): Promise<void> {
  const [first, ...others] = people as [Person, ...Person[]];
  const { id } = await first.client.conversations.create({ members: others.map(({ name }) => name) });
  for (const { client, ordinary } of people) ordinary.push((await client.conversations.get(id)).open());
}

async function enterRoom(people: readonly Person[]): Promise<void> {
  const { id } = await people[0]!.client.conversations.create({ kind: 'room' });
  for (const { client, rooms } of people) rooms.push((await client.rooms.join(id)).room);
}

const seenBy = (person: Person): number =>
  [...person.ordinary, ...person.rooms].reduce((sum, { id }) => sum + person.seen(id).length, 0);
