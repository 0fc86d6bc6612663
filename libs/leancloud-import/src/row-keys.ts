import { createHash } from 'node:crypto';
import { keyOf } from './record.js';

/** What a row is about, in the order in which it is taken. */
export const tags = {
  conversation: '0',
  role: '1',
  silenced: '2',
  blocked: '3',
  subscription: '4',
  message: '5',
  thread: '6',
  unread: '7',
  installation: '8',
} as const;

/** In the place of a conversation's id, and before all of them: rows of no conversation. */
const devices = ' ';

type Row = Readonly<Record<string, unknown>>;
export type RowKey = { readonly key: string } | { readonly why: string } | { readonly left: true };

/** Streams that are imported; others stay in the folder. */
export const importedStreams = [
  'conversations', 'member-infos', 'member-infos-asked', 'silenced', 'blocked', 'subscriptions', 'messages',
  'threads', 'broadcasts', 'unread', 'installations',
] as const; // prettier-ignore

/** The key of a row, or why it cannot be taken. `left`: it says that LeanCloud refused something, not what. */
export function rowKey(stream: string, text: string, services: ReadonlySet<string>): RowKey {
  let row: Row;
  try {
    row = JSON.parse(text) as Row;
  } catch {
    return { why: text.startsWith('{') ? 'the line is no JSON: cut off?' : 'the line is no JSON' };
  }
  if (typeof row !== 'object' || row === null || Array.isArray(row)) return { why: 'the line is no object' };
  if (row['refused'] !== undefined) return { why: `LeanCloud refused it: ${textOf(row['refused'])}` };
  switch (stream) {
    case 'conversations':
      return ofConversation(row['objectId'], tags.conversation);
    case 'member-infos':
      return ofConversation(row['cid'], tags.role);
    case 'member-infos-asked':
      return ofConversation(row['conversation'], tags.role);
    case 'silenced':
      return ofConversation(row['conversation'], tags.silenced);
    case 'blocked':
      return ofConversation(row['conversation'], tags.blocked);
    case 'installations':
      return isWord(row['objectId'])
        ? { key: keyOf(devices, tags.installation, row['objectId']) }
        : { why: 'the installation has no id' };
    case 'unread':
      return ofConversation(row['conversation'], tags.unread);
    case 'subscriptions':
      return ofConversation(row['conv_id'], tags.subscription);
    case 'broadcasts':
      return ofMessage(row['service'], row['broadcast']);
    case 'threads':
      return ofThread(row['service'], row['client'], row['message']);
    default:
      return ofAppMessage(row, services);
  }
}

const textOf = (value: unknown): string =>
  (typeof value === 'string' ? value : JSON.stringify(value)).slice(0, 200);

/** What may be part of a key: no control characters, not too long. */

// eslint-disable-next-line no-control-regex
const control = /[\u0000-\u001f]/;
const isWord = (value: unknown): value is string =>
  typeof value === 'string' && value.length > 0 && value.length <= 200 && !control.test(value);

function ofConversation(id: unknown, tag: string): RowKey {
  return isWord(id) ? { key: keyOf(id, tag) } : { why: 'the row names no conversation' };
}

function placeOf(message: unknown): { place: readonly [string, string] } | { why: string } {
  const { timestamp, 'msg-id': id } = (message ?? {}) as Row;
  if (!isWord(id)) return { why: 'the message has no id' };
  if (typeof timestamp !== 'number' || !Number.isSafeInteger(timestamp) || timestamp < 0)
    return { why: 'the message has no time' };
  return { place: [String(timestamp).padStart(16, '0'), id] };
}

function ofMessage(conversation: unknown, message: unknown): RowKey {
  if (!isWord(conversation)) return { why: 'the message names no conversation' };
  const found = placeOf(message);
  return 'why' in found ? found : { key: keyOf(conversation, tags.message, ...found.place) };
}

function ofThread(service: unknown, client: unknown, message: unknown): RowKey {
  if (!isWord(service) || !isWord(client)) return { why: 'the row names no service or no client' };
  const found = placeOf(message);
  return 'why' in found
    ? found
    : { key: keyOf(service, tags.thread, threadId(service, client), ...found.place) };
}

/** Messages with a service are its broadcasts, or of a thread: then `conv-id` is the thread's. */
function ofAppMessage(row: Row, services: ReadonlySet<string>): RowKey {
  const { to, 'conv-id': inner } = row;
  if (
    !isWord(to) ||
    !services.has(to) ||
    !isWord(inner) ||
    inner.startsWith(to) ||
    !/^[0-9a-f]{32}$/.test(inner)
  )
    return ofMessage(to, row);
  const found = placeOf(row);
  return 'why' in found ? found : { key: keyOf(to, tags.thread, inner, ...found.place) };
}

/** LeanCloud's own key of a thread between a service and a client. */
export const threadId = (service: string, client: string): string =>
  createHash('md5').update(`${service}:${client}`).digest('hex');
