import { fromWire } from '@hongyan/leancloud';
import type { ImportedMessage } from '@hongyan/conversations';
import { type ClientId, type MessageId, isClientId, parseMessageId } from '@hongyan/protocol';

type Row = Readonly<Record<string, unknown>>;

const idPattern = /^[\x21-\x7e]{3,64}$/;
/** A row is one request at most. */
const largestBody = 90_000;
const recalledType = -127;

/** A message of LeanCloud as ours, or why it cannot be one. `now`: what is later has a wrong time. */
export function readMessage(row: Row, now: number): ImportedMessage | { readonly why: string } {
  const {
    'msg-id': id,
    timestamp: time,
    from,
    data,
    bin,
  } = row as Readonly<{
    'msg-id': string;
    timestamp: number;
    from?: unknown;
    data?: unknown;
    bin?: unknown;
  }>;
  if (!idPattern.test(id) || parseMessageId(id) !== undefined)
    return { why: `"${id.slice(0, 80)}" cannot be a message id here` };
  if (time > now) return { why: 'the time is in the future' };
  const author = authorOf(from);
  if (author === undefined) return { why: 'the sender cannot be a client id here' };
  const text =
    typeof data === 'string' ? data : data === undefined || data === null ? '' : JSON.stringify(data);
  if (text.length > largestBody) return { why: `the content is larger than ${largestBody} characters` };
  const until = row['valid-till'];
  const base = {
    ...{ id: id as MessageId, time, author },
    ...(typeof until === 'number' && Number.isSafeInteger(until) && until > 0 ? { expiresAt: until } : {}),
  };
  const patched = row['patch-timestamp'];
  const editedAt =
    typeof patched === 'number' && Number.isSafeInteger(patched) && patched > 0 ? { editedAt: patched } : {};
  if (bin === true) return { ...base, format: 'binary', body: Buffer.from(text, 'base64'), ...editedAt };
  if (isRecalled(text)) return { ...base, format: 'text', body: '', recalled: true, ...editedAt };
  return { ...base, ...fromWire({ msg: text }), ...editedAt };
}

function authorOf(from: unknown): ClientId | '' | undefined {
  if (from === undefined || from === null || from === '') return '';
  return typeof from === 'string' && isClientId(from) ? from : undefined;
}

function isRecalled(text: string): boolean {
  if (!text.includes(String(recalledType))) return false;
  try {
    return (JSON.parse(text) as Row)['_lctype'] === recalledType;
  } catch {
    return false;
  }
}

/** What a row has that nothing here stands for. */
const known = new Set([
  'msg-id', 'timestamp', 'from', 'data', 'bin', 'to', 'conv-id', 'patch-timestamp', 'valid-till',
  // Given up, see docs/leancloud/import.md.
  'is-conv', 'is-room', 'from-ip', 'ack-at',
]); // prettier-ignore

export const unknownColumns = (row: Row): string[] => Object.keys(row).filter((name) => !known.has(name));
