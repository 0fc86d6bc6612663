import type { ClientId, EntryKind, MessageId, OperationId } from '@hongyan/protocol';
import type { Content, Entry, EntryPayload, MessagePayload, NewEntry } from '@hongyan/conversations';
import {
  deleteCode,
  editCode,
  entryKindCodes,
  formatCodes,
  importedMark,
  messageCode,
  recallCode,
  utf16Flag,
} from './schema.js';

/**
 * Entries as rows. An entry travels to the writer as a run of plain values ("slots"), because copying flat arrays
 * between threads costs a third of copying objects.
 */
export type Slot = string | number | null | Uint8Array;
export const slotsPerEntry = 9;
export const silentFlag = 1;
export const mentionsFlag = 2;
export const everyoneFlag = 4;

/** author, op, kind, target, format, type, body, extra, flags */
export function pushSlots(slots: Slot[], entry: NewEntry): void {
  const { payload } = entry;
  switch (payload.kind) {
    case 'message': {
      const mentions = payload.mentions !== undefined || payload.mentionAll === true;
      slots.push(entry.author, entry.op, messageCode, null);
      pushContent(slots, payload);
      slots.push(
        messageExtra(payload),
        (payload.silent === true ? silentFlag : 0) |
          (mentions ? mentionsFlag : 0) |
          (payload.everyone === true ? everyoneFlag : 0),
      );
      return;
    }
    case 'edit':
      slots.push(entry.author, entry.op, editCode, payload.target);
      pushContent(slots, payload);
      slots.push(extraText({ mentions: payload.mentions, mentionAll: payload.mentionAll }), 0);
      return;
    case 'recall':
    case 'delete':
      slots.push(
        entry.author,
        entry.op,
        entryKindCodes.code(payload.kind),
        payload.target,
        null,
        null,
        null,
        null,
        0,
      );
      return;
    default: {
      const { kind, ...rest } = payload;
      slots.push(
        entry.author,
        entry.op,
        entryKindCodes.code(kind),
        null,
        null,
        null,
        null,
        JSON.stringify(rest),
        0,
      );
    }
  }
}

export function pushContent(
  slots: Slot[],
  { format, type, body }: Pick<Content, 'format' | 'type' | 'body'>,
): void {
  const code = formatCodes.code(format);
  if (typeof body !== 'string') slots.push(code, type ?? null, ownBytes(body));
  else if (body.isWellFormed()) slots.push(code, type ?? null, body);
  else slots.push(code | utf16Flag, type ?? null, ownBytes(Buffer.from(body, 'utf16le')));
}

/** Bytes in a buffer of their own: a view into a pool would take the whole pool along to the other thread. */
function ownBytes(bytes: Uint8Array): Uint8Array {
  return bytes.byteLength === bytes.buffer.byteLength && bytes.constructor === Uint8Array
    ? bytes
    : Uint8Array.from(bytes);
}

/** What a message has besides its content and flags. */
type Extra = Pick<
  MessagePayload,
  'mentions' | 'mentionAll' | 'replyTo' | 'ext' | 'priority' | 'expiresAt' | 'everyone' | 'push' | 'receipt'
>;

function messageExtra({
  mentions,
  mentionAll,
  replyTo,
  ext,
  priority,
  expiresAt,
  everyone,
  push,
  receipt,
}: MessagePayload): string | null {
  if (
    mentions === undefined && mentionAll === undefined && replyTo === undefined && ext === undefined &&
    priority === undefined && expiresAt === undefined && everyone === undefined && push === undefined &&
    receipt === undefined
  ) return null; // prettier-ignore
  return extraText({ mentions, mentionAll, replyTo, ext, priority, expiresAt, everyone, push, receipt });
}

function extraText(extra: Extra): string | null {
  const text = JSON.stringify(extra);
  return text === '{}' ? null : text;
}

const parseExtra = (text: string | null): Extra => (text === null ? {} : (JSON.parse(text) as Extra));

/** Who is mentioned, out of the `extra` of a message or an edit. */
export function mentionsOf(extra: string | null): {
  readonly clients: readonly ClientId[];
  readonly all: boolean;
} {
  const { mentions = [], mentionAll = false } = parseExtra(extra);
  return { clients: mentions, all: mentionAll };
}

/** `extra` of a message whose content an edit replaced: the edit's mentions, all else as it was. */
export function editedExtra(old: string | null, edit: string | null): string | null {
  const { mentions, mentionAll } = parseExtra(edit);
  return extraText({ ...parseExtra(old), mentions, mentionAll });
}

/** `extra` of a recalled message: what orders and refers stays, what was said goes. */
export function blankedExtra(old: string | null): string | null {
  const { replyTo, priority, expiresAt, everyone } = parseExtra(old);
  return extraText({ replyTo, priority, expiresAt, everyone });
}

export const blankFormat = formatCodes.code('text');

/** Columns of an entry in the order of {@link EntryRow}; `e` is the entry, `a` its author, `t` an edit's target. */
export const entryColumns = `e.seq, e.time, a.id, e.op, e.kind, e.silent, e.recalled, e.deleted, e.target,
  e.format, e.type, e.body, e.extra, e.editedAt, e.editedSeq, e.stamp`;
export const entryFrom = 'entry e LEFT JOIN client a ON a.key = e.author';
/** The same with the target's content for edits. */
export const entryWithTargetColumns = `${entryColumns}, t.format, t.type, t.body, t.extra, t.recalled`;
export const entryWithTargetFrom = `${entryFrom} LEFT JOIN entry t ON t.conv = e.conv AND t.seq = e.target AND e.kind = ${editCode}`;

export type EntryRow = readonly [
  seq: number, time: number, author: string | null, op: string, kind: number, silent: number, recalled: number,
  deleted: number, target: number | null, format: number | null, type: string | null, body: string | Uint8Array | null,
  extra: string | null, editedAt: number | null, editedSeq: number | null, stamp: number | null,
  targetFormat?: number | null, targetType?: string | null, targetBody?: string | Uint8Array | null,
  targetExtra?: string | null, targetRecalled?: number | null,
]; // prettier-ignore

export function toEntry(row: EntryRow): Entry {
  const [
    seq,
    time,
    author,
    op,
    kind,
    silent,
    recalled,
    deleted,
    target,
    format,
    type,
    body,
    extra,
    editedAt,
    editedSeq,
    stamp,
  ] = row;
  const base = {
    author: (author ?? '') as ClientId | '',
    op: op as OperationId,
    seq,
    time,
    ...(stamp === null || stamp === time ? {} : { stamp }),
  };
  if (kind === messageCode) {
    return {
      ...base,
      payload: {
        kind: 'message',
        ...toContent(format, type, body),
        ...parseExtra(extra),
        ...(silent === 1 ? { silent: true } : {}),
      },
      ...(editedAt === null ? {} : { editedAt }),
      ...(editedSeq === null ? {} : { editedSeq }),
      ...(recalled === 1 ? { recalled: true } : {}),
      ...(deleted === 1 ? { deleted: true } : {}),
      ...(silent === importedMark ? { importedId: op as MessageId } : {}),
    };
  }
  if (kind === editCode) {
    const [, , , , , , , , , , , , , , , , tFormat, tType, tBody, tExtra, tRecalled] = row;
    const { mentions, mentionAll } = parseExtra(tExtra ?? null);
    return {
      ...base,
      payload: {
        kind: 'edit',
        target: target ?? 0,
        ...toContent(tFormat ?? null, tType ?? null, tBody ?? null),
        ...(mentions === undefined ? {} : { mentions }),
        ...(mentionAll === undefined ? {} : { mentionAll }),
      },
      ...(tRecalled === 1 ? { recalled: true } : {}),
    };
  }
  return { ...base, payload: toOtherPayload(kind, target, extra) };
}

function toOtherPayload(kind: number, target: number | null, extra: string | null): EntryPayload {
  if (kind === recallCode || kind === deleteCode)
    return { kind: kind === recallCode ? 'recall' : 'delete', target: target ?? 0 };
  const rest = JSON.parse(extra ?? '{}') as Record<string, unknown>;
  return { kind: entryKindCodes.word(kind), ...rest } as EntryPayload;
}

function toContent(
  format: number | null,
  type: string | null,
  stored: string | Uint8Array | null,
): Pick<Content, 'format' | 'type' | 'body'> {
  const code = format ?? blankFormat;
  const utf16 = (code & utf16Flag) !== 0;
  const body = utf16 ? Buffer.from(stored as Uint8Array).toString('utf16le') : (stored ?? '');
  return { format: formatCodes.word(code & ~utf16Flag), ...(type === null ? {} : { type }), body };
}

/** The payload of a new entry that is no message, as the projection wants it. */
export function toNewPayload(
  kind: number,
  target: number | null,
  format: number | null,
  type: string | null,
  body: Slot,
  extra: string | null,
): EntryPayload {
  if (kind !== editCode) return toOtherPayload(kind, target, extra);
  const content = toContent(format, type, body as string | Uint8Array | null);
  return { kind: 'edit', target: target ?? 0, ...content, ...parseExtra(extra) };
}

export const kindCodesOf = (kinds: readonly EntryKind[]): number[] =>
  kinds.map((kind) => entryKindCodes.code(kind));
