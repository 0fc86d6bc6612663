import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { DiskSet } from '@hongyan/disk-set';
import { writeAtomically } from './atomic-file.js';
import { PullError, SourceRefusal } from './errors.js';
import { placeOf } from './history-page.js';
import type { Source } from './ports.js';
import { countOf } from './pull-class.js';
import { PullFolder } from './pull-folder.js';
import { readLines, readRows } from './read-rows.js';
import type { ManifestStream, PartEntry } from './types.js';

export interface VerifyReport {
  readonly ok: boolean;
  readonly at: string;
  readonly problems: readonly string[];
  readonly streams: Readonly<Record<string, StreamReport>>;
  /** Messages whose conversation is not in the folder (removed at the source, or made since). */
  readonly unknownConversations: { readonly messages: number; readonly examples: readonly string[] };
}

export interface StreamReport {
  readonly rows: number;
  /** Distinct ids, where rows have one. */
  readonly distinct?: number;
  /** What the source says it has. */
  readonly atSource?: number;
  readonly unavailable?: string;
}

const classNames: Readonly<Record<string, string>> = {
  conversations: '_Conversation',
  'member-infos': '_ConversationMemberInfo',
  installations: '_Installation',
  users: '_User',
  files: '_File',
};
const EXAMPLES = 20;

/** Checks the folder against itself and, with a source, against what that counts. Writes `verify.json`. */
export async function verifyPull(out: string, source?: Source): Promise<VerifyReport> {
  const folder = PullFolder.at(out);
  const manifest = await folder.manifest();
  if (manifest === undefined) throw new PullError('folder', `${folder.path} holds no pull`);
  const problems: string[] = [];
  if (manifest.state !== 'complete') problems.push('the pull is not complete: run it again to go on');
  const streams: Record<string, StreamReport> = {};
  for (const [name, stream] of Object.entries(manifest.streams)) {
    for (const part of stream.parts) problems.push(...(await checkPart(folder.path, part)));
    streams[name] = { rows: stream.rows, unavailable: stream.unavailable };
  }
  if (problems.length > 0 && manifest.state === 'complete') return report(folder, problems, streams);
  for (const [name, stream] of Object.entries(manifest.streams)) {
    const className = classNames[name] ?? /^class-(\w+)$/.exec(name)?.[1];
    if (className === undefined || stream.unavailable !== undefined) continue;
    const distinct = await distinctIds(folder.path, name);
    const counted = source && (await countOf({ source }, className));
    const atSource = counted instanceof SourceRefusal ? undefined : counted;
    streams[name] = { ...streams[name]!, distinct, atSource };
    if (atSource !== undefined && distinct < atSource)
      problems.push(`${name}: ${distinct} here, ${atSource} at LeanCloud: pull again`);
  }
  if (source !== undefined)
    problems.push(...(await compareSubscribers(folder.path, source, manifest.streams)));
  const unknown = await checkMessages(folder.path, problems);
  return report(folder, problems, streams, unknown);
}

async function report(
  folder: PullFolder,
  problems: readonly string[],
  streams: Record<string, StreamReport>,
  unknownConversations: VerifyReport['unknownConversations'] = { messages: 0, examples: [] },
): Promise<VerifyReport> {
  const at = new Date().toISOString();
  const result = { ok: problems.length === 0, at, problems, streams, unknownConversations };
  await writeAtomically(join(folder.path, 'verify.json'), `${JSON.stringify(result, null, 2)}\n`);
  return result;
}

async function checkPart(root: string, part: PartEntry): Promise<string[]> {
  const hash = createHash('sha256');
  let bytes = 0;
  let rows = 0;
  let wrong = 0;
  async function* hashed() {
    for await (const chunk of createReadStream(join(root, part.file)) as AsyncIterable<Buffer>) {
      hash.update(chunk);
      bytes += chunk.length;
      yield chunk;
    }
  }
  try {
    for await (const { line } of readLines(hashed())) {
      rows += 1;
      if (!line.startsWith('{') || !line.endsWith('}')) wrong += 1;
    }
  } catch (error) {
    return [`${part.file}: ${(error as Error).message}`];
  }
  const problems: string[] = [];
  if (bytes !== part.bytes) problems.push(`${part.file}: ${bytes} bytes, not ${part.bytes}`);
  else if (hash.digest('hex') !== part.sha256) problems.push(`${part.file}: its checksum is another`);
  if (rows !== part.rows) problems.push(`${part.file}: ${rows} rows, not ${part.rows}`);
  if (wrong > 0) problems.push(`${part.file}: ${wrong} lines are no objects`);
  return problems;
}

async function distinctIds(root: string, stream: string): Promise<number> {
  const ids = new DiskSet(root);
  try {
    for await (const { row } of readRows(root, stream)) ids.add(String(row['objectId']));
    return ids.size;
  } finally {
    ids.close();
  }
}

/** Each part's messages are newest first without one twice; and each has a conversation that is known. */
async function checkMessages(
  root: string,
  problems: string[],
): Promise<VerifyReport['unknownConversations']> {
  const known = new DiskSet(root);
  try {
    for await (const { row } of readRows(root, 'conversations')) known.add(String(row['objectId']));
    let messages = 0;
    let unordered = 0;
    let before: { file: string; timestamp: number; msgId: string } | undefined;
    const examples = new Set<string>();
    for await (const { row, position } of readRows(root, 'messages')) {
      const place = placeOf(row);
      if (before?.file === position.file)
        if (
          place.timestamp > before.timestamp ||
          (place.timestamp === before.timestamp && place.msgId === before.msgId)
        )
          unordered += 1;
      before = { ...place, file: position.file };
      const to = String(row['to']);
      if (known.has(to)) continue;
      messages += 1;
      if (examples.size < EXAMPLES) examples.add(to);
    }
    if (unordered > 0) problems.push(`messages: ${unordered} are twice or out of order`);
    return { messages, examples: [...examples] };
  } finally {
    known.close();
  }
}

async function compareSubscribers(
  root: string,
  source: Source,
  streams: Readonly<Record<string, ManifestStream>>,
): Promise<string[]> {
  const stream = streams['subscriptions'];
  if (stream === undefined || stream.unavailable !== undefined) return [];
  const counts = new Map<string, number>();
  for await (const { row } of readRows(root, 'conversations'))
    if (row['sys'] === true) counts.set(String(row['objectId']), 0);
  for await (const { row } of readRows(root, 'subscriptions')) {
    const service = String(row['conv_id']);
    counts.set(service, (counts.get(service) ?? 0) + 1);
  }
  const problems: string[] = [];
  for (const [service, here] of counts) {
    const path = `1.2/rtm/service-conversations/${encodeURIComponent(service)}/subscribers/count`;
    const answer = await source.get<{ count?: number }>(path).catch((error: unknown) => {
      if (error instanceof SourceRefusal) return {};
      throw error;
    });
    const { count } = answer as { count?: number };
    if (count !== undefined && here < count)
      problems.push(`subscriptions of ${service}: ${here} here, ${count} at LeanCloud: pull again`);
  }
  return problems;
}
