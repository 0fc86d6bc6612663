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
  const own = idHere(id, time);
  if (!idPattern.test(own)) return { why: `"${id.slice(0, 80)}" cannot be a message id here` };
  if (time > now) return { why: 'the time is in the future' };
  const author = authorOf(from);
  if (author === undefined) return { why: 'the sender cannot be a client id here' };
  const text =
    typeof data === 'string' ? data : data === undefined || data === null ? '' : JSON.stringify(data);
  if (text.length > largestBody) return { why: `the content is larger than ${largestBody} characters` };
  const until = row['valid-till'];
  const base = {
    ...{ id: own as MessageId, time, author },
    // Only broadcasts to all clients have an end.
    ...(typeof until === 'number' && Number.isSafeInteger(until) && until > 0
      ? { expiresAt: until, everyone: true }
      : {}),
  };
  const patched = row['patch-timestamp'];
  const editedAt =
    typeof patched === 'number' && Number.isSafeInteger(patched) && patched > 0 ? { editedAt: patched } : {};
  if (bin === true) return { ...base, format: 'binary', body: Buffer.from(text, 'base64'), ...editedAt };
  if (isRecalled(text)) return { ...base, format: 'text', body: '', recalled: true, ...editedAt };
  return { ...base, ...fromWire({ msg: text }), ...editedAt };
}

/**
 * An id of the form that an installation of ours gives says where a message lies there: here another may lie at that place.
 * It gets one of another form, the same at each import; the time tells it from what a third installation gave.
 */
function idHere(id: string, time: number): string {
  const place = parseMessageId(id);
  return place === undefined ? id : `${place.conversation}~${place.seq.toString(36)}~${time.toString(36)}`;
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
  'msg-id', 'timestamp', 'from', 'data', 'bin', 'to', 'conv-id', 'patch-timestamp', 'valid-till', 'recall',
  // Given up, see docs/leancloud/import.md.
  'is-conv', 'is-room', 'from-ip', 'ack-at',
]); // prettier-ignore

export const unknownColumns = (row: Row): string[] => Object.keys(row).filter((name) => !known.has(name));
