import { readRows } from '@hongyan/leancloud-pull';
import { type Launched, launchCommand } from '../e2e/command.js';
import type { Failure } from '../leancloud-stand-in/failures.js';
import type { GeneratedApp, Row } from '../leancloud-stand-in/generated-app.js';
import type { StandIn } from '../leancloud-stand-in/stand-in.js';

/** `hongyan leancloud pull` as a process that is killed again and again, and what its folder has in the end. */

export interface PullRunOptions {
  readonly standIn: StandIn;
  readonly out: string;
  readonly kills: number;
  /** More options of the command. */
  readonly flags?: readonly string[];
  readonly say?: (line: string) => void;
}

export interface PullReport {
  readonly messages: number;
  readonly conversations: number;
  readonly kills: number;
  /** Messages that were removed, edited or recalled ahead of the reader or at its page's edge, or arrived meanwhile. */
  readonly changes: number;
  readonly requests: number;
  readonly failures: Readonly<Record<string, number>>;
  /** Of the first pull with all its lives: everything, and from its first page of history to its last. */
  readonly seconds: number;
  readonly historySeconds: number;
  readonly messagesPerSecond: number;
  /** Largest resident set that any life had, in MB; and the second pull's, and verification's. */
  readonly peakMb: number;
  readonly secondPeakMb: number;
  readonly verifyPeakMb: number;
  readonly folderMb: number;
  readonly problems: readonly string[];
}

/** Every kind of failure, rarely enough that a run of 100,000 requests ends. */
export const everyFailure: readonly Failure[] = [
  { kind: 'error', every: 241 },
  { kind: 'cut', every: 353 },
  { kind: 'truncated', every: 467 },
  { kind: 'html', every: 701 },
  { kind: 'reset', every: 571 },
  { kind: 'slow', every: 613, seconds: 0.3 },
  { kind: 'throttle', every: 1_297 },
  { kind: 'throttle-after', every: 2_503, seconds: 1 },
  { kind: 'quota', every: 3_001, seconds: 1 },
];

/** The command as a process, with the stand-in's keys. */
export const launchPull = (server: string, out: string, more: readonly string[] = []): Launched =>
  launchCommand(['leancloud', 'pull', '--out', out, '--server', server, '--max-wait', '1', ...more]);

/** Pulls with kills while the source fails and changes, pulls once more, verifies, and looks at every message. */
export async function runPull(options: PullRunOptions): Promise<PullReport> {
  const { standIn, out, kills, flags = [], say = () => undefined } = options;
  const { app } = standIn;
  const { messages, conversations } = app.size;
  const changer = new Changer(app);
  const problems: string[] = [];
  const began = Date.now();
  let [firstPage, lastPage] = [0, 0];
  let peakMb = 0;
  for (let killed = 0; ;) {
    const { child, ended } = launchPull(standIn.url, out, flags);
    const killAt = killed < kills ? standIn.requests + lifeOf(killed, options) : Infinity;
    standIn.onRequest = (path, query) => {
      if (path === historyPath) {
        lastPage = Date.now();
        firstPage ||= lastPage;
        changer.changeUnder(query);
      }
      if (standIn.requests >= killAt && child.exitCode === null && child.signalCode === null)
        child.kill('SIGKILL');
    };
    const life = await ended;
    peakMb = Math.max(peakMb, life.peakMb);
    if (life.status !== 'SIGKILL') {
      if (life.status !== 0) problems.push(`the pull ended with ${life.status}: ${life.text.slice(-500)}`);
      if (killed < kills) problems.push(`it was through after ${killed} kills`);
      break;
    }
    killed += 1;
    say(`kill ${killed} after ${standIn.requests} requests, peak ${Math.round(life.peakMb)} MB`);
  }
  standIn.onRequest = undefined;
  const seconds = (Date.now() - began) / 1000;
  const requests = standIn.requests;
  problems.push(...(await problemsOfFirst(app, changer, out)));
  say(`first pull: ${Math.round(seconds)} s, ${requests} requests`);

  changer.changeArrivals();
  const second = await launchPull(standIn.url, out, flags).ended;
  if (second.status !== 0)
    problems.push(`the second pull ended with ${second.status}: ${second.text.slice(-500)}`);
  const { folder, bytes } = await problemsOfAll(app, changer, out);
  problems.push(...folder);
  const verify = await launchPull(standIn.url, out, ['--verify']).ended;
  if (verify.status !== 0)
    problems.push(`verification ended with ${verify.status}: ${verify.text.slice(-500)}`);
  const historySeconds = (lastPage - firstPage) / 1000;
  return {
    messages,
    conversations,
    kills,
    changes: changer.changes,
    requests,
    failures: { ...standIn.failures.seen },
    seconds,
    historySeconds,
    messagesPerSecond: Math.round(messages / historySeconds),
    peakMb,
    secondPeakMb: second.peakMb,
    verifyPeakMb: verify.peakMb,
    folderMb: Math.round(bytes / 1e6),
    problems,
  };
}

const historyPath = '/1.2/rtm/messages';

/** In how many requests the next kill comes: most fall while the history is read, the rest on the conversations' lists. */
function lifeOf(killed: number, { standIn, kills }: PullRunOptions): number {
  const { messages, conversations } = standIn.app.size;
  const spread = killed < kills * 0.7 ? (messages / 1_000) * 4 : conversations * 2;
  return 5 + Math.floor((Math.random() * spread) / kills);
}

/**
 * Changes the history while it is read. Behind the reader only a page's last row is removed, the one where the next
 * page begins; edits and recalls fall on pages that nobody asked for yet, where the first pull must see them.
 */
class Changer {
  readonly removed = new Set<number>();
  changes = 0;
  private pages = 0;

  constructor(private readonly app: GeneratedApp) {}

  changeUnder(query: URLSearchParams): void {
    const timestamp = query.get('timestamp');
    if (timestamp === null || (this.pages += 1) % 7 !== 0) return;
    const edge = this.app.countBefore(Number(timestamp), query.get('msgid') ?? '');
    this.app.arrive(`while page ${this.pages} is read`, this.pages % this.app.size.conversations);
    this.remove(edge);
    this.changes += 1;
    if (edge < 4_000) return;
    this.remove(edge - 1_500);
    this.app.edit(edge - 2_500, `edited before page ${this.pages}`);
    this.app.recall(edge - 2_501);
    this.changes += 2;
  }

  /** Between two pulls: what arrived is edited. */
  changeArrivals(): void {
    const { messages } = this.app.size;
    for (let at = messages; at < this.app.messages; at += 3) this.app.edit(at, `edited ${at}`);
  }

  private remove(at: number): void {
    if (at >= this.app.size.messages || this.removed.has(at)) return;
    this.app.remove(at);
    this.removed.add(at);
    this.changes += 1;
  }
}

/** After the first pull: newest first, each message once, none missing, each as it is at the source. */
async function problemsOfFirst(app: GeneratedApp, { removed }: Changer, out: string): Promise<string[]> {
  const problems: string[] = [];
  let below = Infinity;
  for await (const { row } of readRows(out, 'messages')) {
    const at = numberOf(row);
    if (at >= below) problems.push(`${at} is after ${below}`);
    for (let missing = Math.min(below, app.size.messages) - 1; missing > at; missing -= 1)
      if (!removed.has(missing)) problems.push(`${missing} is missing`);
    if (!removed.has(at) && JSON.stringify(row) !== JSON.stringify(app.message(at)))
      problems.push(`${at} is another: ${JSON.stringify(row)}`);
    below = at;
    if (problems.length > 10) return problems;
  }
  for (let missing = Math.min(below, app.size.messages) - 1; missing >= 0; missing -= 1)
    if (!removed.has(missing)) return [...problems, `${missing} and all before are missing`];
  return problems;
}

/** After the second pull: every message of the source, its last row as it is there, and only rows that changed twice. */
async function problemsOfAll(app: GeneratedApp, { removed }: Changer, out: string) {
  const folder: string[] = [];
  const last = new Map<number, string>();
  const seen = new Uint8Array(app.messages);
  let bytes = 0;
  for await (const { row, text } of readRows(out, 'messages')) {
    const at = numberOf(row);
    bytes += text.length;
    seen[at]! += 1;
    if (at < app.size.messages) {
      if (seen[at]! > 1) folder.push(`${at} is there ${seen[at]} times`);
    } else if (last.get(at) === text) folder.push(`${at} is there twice as it is`);
    else last.set(at, text);
    if (folder.length > 10) break;
  }
  for (let at = 0; at < app.messages && folder.length <= 10; at += 1)
    if (seen[at] === 0 && !removed.has(at)) folder.push(`${at} is missing`);
  for (const [at, text] of last)
    if (text !== JSON.stringify(app.message(at))) folder.push(`${at} is an old one: ${text}`);
  return { folder, bytes };
}

const numberOf = (row: Row): number => parseInt(String(row['msg-id']).slice(1, 9), 36);
