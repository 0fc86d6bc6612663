import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import type { InstallationDigest, TakenInstallation } from '@hongyan/apps';
import type { ConversationOutcome, ImportDigest, TakenMessages } from '@hongyan/conversations';
import {
  ImportError,
  type ImportEvent,
  type ImportReport,
  type ImportTarget,
  importFolder,
} from '@hongyan/leancloud-import';
import { type Connection, type Target, withServer } from './connect.js';
import { Refusal } from './failure.js';
import { type Http, part } from './http.js';
import { pairs } from './output.js';

export interface LeanCloudImportOptions extends Target {
  readonly from: string;
  readonly app: string;
  readonly work?: string;
  readonly dryRun?: boolean;
  readonly verify?: boolean;
  readonly json?: boolean;
}

/**
 * How far, in percent of what lives, the heap may grow before the next full collection. A server has room for four times what
 * lives, so that nobody waits for one; here nobody waits, and memory is to stay small whatever the folder holds.
 */
const heapGrowth = 40;

/** The exit status: 1 when something was not taken, or is not there as in the folder. */
export async function runLeanCloudImport(options: LeanCloudImportOptions): Promise<number> {
  setFlagsFromString(`--heap-growing-percent=${heapGrowth}`);
  const stop = new AbortController();
  const onSignal = () => stop.abort(new ImportError('stopped; the same command goes on where it was'));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, onSignal);
  const json = options.json === true;
  const onEvent = json
    ? (event: ImportEvent) => void process.stdout.write(`${JSON.stringify(event)}\n`)
    : showEvents();
  const report = await withServer(options, async (connection: Connection) => {
    const path = `/apps/${part(options.app)}`;
    const { limits } = await connection.admin.get<{ limits: { members: number } }>(path);
    return importFolder({
      folder: options.from,
      work: options.work ?? join(resolve(options.from), `import-${options.app}`),
      mostMembers: limits.members,
      target: targetAt(connection.admin, `${path}/import`, stop.signal),
      dryRun: options.dryRun === true,
      verifyOnly: options.verify === true,
      signal: stop.signal,
      onEvent,
    });
  });
  process.stdout.write(json ? `${JSON.stringify({ event: 'done', report })}\n` : `${textOf(report)}\n`);
  const { counts, problems, verification } = report;
  const refused = counts.conversations.refused + counts.threads.refused + counts.messages.refused;
  return Object.keys(problems).length + refused + (verification?.differences ?? 0) === 0 ? 0 : 1;
}

const attempts = 8;

/** The operators' door. What may pass by itself (a restart, a full queue) is tried again: every request may be repeated. */
function targetAt(admin: Http, path: string, signal: AbortSignal): ImportTarget {
  const post = async <T>(what: string, body: object): Promise<T> => {
    for (let attempt = 1; ; attempt += 1) {
      signal.throwIfAborted();
      try {
        return await admin.post<T>(`${path}/${what}`, body);
      } catch (error) {
        if (attempt === attempts || !mayPass(error)) throw error;
        const wait = Math.min(10_000, 200 * 2 ** attempt) * (0.5 + Math.random() / 2);
        await pause(wait, undefined, { signal }).catch(() => signal.throwIfAborted());
      }
    }
  };
  return {
    conversations: async (items) =>
      (await post<{ results: ConversationOutcome[] }>('conversations', { items })).results,
    messages: async (items) => {
      const body = {
        items: items.map(({ conversation, messages }) => ({
          conversation,
          messages: messages.map((message) =>
            typeof message.body === 'string'
              ? message
              : { ...message, body: Buffer.from(message.body).toString('base64') },
          ),
        })),
      };
      return (await post<{ results: TakenMessages[] }>('messages', body)).results;
    },
    subscribers: (conversation, subscribers) =>
      post<{ added: number }>('subscribers', { conversation, subscribers }),
    installations: async (items) =>
      (await post<{ results: TakenInstallation[] }>('installations', { items })).results,
    installationsDigest: () => post<InstallationDigest>('installations-digest', {}),
    unread: (items) => post<{ set: number }>('unread', { items }),
    digests: async (conversations) =>
      (await post<{ results: (ImportDigest | null)[] }>('digests', { conversations })).results,
  };
}

const temporaryNames = new Set([
  'unavailable',
  'overloaded',
  'deadline_exceeded',
  'internal',
  'rate_limited',
]);

function mayPass(error: unknown): boolean {
  if (error instanceof Refusal) return temporaryNames.has(error.errorName);
  return error instanceof TypeError; // fetch: the line was cut, or nobody listens
}

/** Progress for people, on standard error: often on a terminal, seldom in a log. */
function showEvents(): (event: ImportEvent) => void {
  const everyMs = process.stderr.isTTY ? 1_000 : 10_000;
  let shownAt = 0;
  const say = (line: string) => void process.stderr.write(`${line}\n`);
  return (event) => {
    if (event.event === 'note') return say(event.text);
    if (Date.now() - shownAt < everyMs) return;
    shownAt = Date.now();
    const { phase, rows, of, rowsPerSecond, etaSeconds } = event;
    const parts = [
      `${phase}: ${rows}${of === undefined ? '' : ` of ${of}`} rows`,
      `${rowsPerSecond}/s`,
      ...(etaSeconds === undefined ? [] : [`about ${etaSeconds} s left`]),
    ];
    say(parts.join(' · '));
  };
}

function textOf(report: ImportReport): string {
  const { counts, problems, problemFiles, verification, left, dryRun } = report;
  const listed = (group: Readonly<Record<string, number>>) =>
    Object.entries(group)
      .filter(([, count]) => count > 0)
      .map(([what, count]) => `${count} ${what}`)
      .join(', ') || 'none';
  const reasons = Object.entries(problems).sort(([, a], [, b]) => b - a);
  const lines = [
    ...(dryRun ? ['Nothing was changed. What an import would take:'] : []),
    pairs([
      ['Conversations', listed(counts.conversations)],
      ['Threads of services', listed(counts.threads)],
      ['Messages', listed(counts.messages)],
      ['Subscribers', listed(counts.subscribers)],
      ['Installations', listed(counts.installations)],
      ['Unread', counts.unread.set === 0 ? undefined : `of ${counts.unread.set} members`],
      ['Not imported', left.length === 0 ? undefined : `${left.join(', ')}: they stay in the folder`],
    ]),
    ...(reasons.length === 0
      ? ['Everything could be taken.']
      : [
          'Reported, by file and line:',
          ...reasons.map(([why, count]) => `  ${count} × ${why}`),
          ...problemFiles.map((file) => `  ${file}`),
        ]),
  ];
  if (verification !== undefined) {
    const { equal, messages, installations, changedHere, reported, differences, different } = verification;
    lines.push(
      `Verified: ${equal} conversations with ${messages} messages are here as in the folder` +
        `${installations === 0 ? '' : `, and ${installations} installations`}` +
        `${changedHere === 0 ? '' : `, ${changedHere} of them with messages edited or recalled here`}` +
        `${reported === 0 ? '' : `; ${reported} are not whole, as reported`}.`,
      ...different.slice(0, 20).map(({ conversation, why }) => `  different: ${conversation}: ${why}`),
      ...(differences === 0 ? [] : [`${differences} are different.`]),
    );
  }
  return lines.join('\n');
}
