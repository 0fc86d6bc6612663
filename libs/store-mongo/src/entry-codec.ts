import type { Content, Entry, EntryPayload, MessagePayload } from '@hongyan/conversations';
import type { ClientId, OperationId } from '@hongyan/protocol';
import { mongo } from 'mongoose';
import type { EntryDocument } from './documents.js';

/** Entries and their documents. What nobody asks the server for is JSON text, which also keeps it verbatim. */

type StoredContent = Pick<EntryDocument, 'format' | 'type' | 'body' | 'mentions' | 'mentionAll'>;
type StoredPayload = StoredContent & Pick<EntryDocument, 'kind' | 'silent' | 'everyone' | 'target' | 'rest'>;

export const contentFields = ['format', 'type', 'body', 'mentions', 'mentionAll'] as const;

export function contentToStored({ format, type, body, mentions, mentionAll }: Content): StoredContent {
  return { format, type, body: bodyToStored(body), mentions, mentionAll };
}

export function payloadToStored(payload: EntryPayload): StoredPayload {
  if (payload.kind === 'message') {
    const { kind, format, type, body, mentions, mentionAll, silent, everyone, ...rest } = payload;
    return {
      kind,
      silent,
      everyone,
      ...contentToStored({ format, type, body, mentions, mentionAll }),
      rest: restText(rest),
    };
  }
  if (payload.kind === 'edit') return { kind: 'edit', target: payload.target, ...contentToStored(payload) };
  if (payload.kind === 'recall' || payload.kind === 'delete') return payload;
  const { kind, ...rest } = payload;
  return { kind, rest: restText(rest) };
}

/** `target`: of an edit, the message, which has the current content. */
export function toEntry(document: EntryDocument, target?: EntryDocument): Entry {
  const { seq, time, author, op, editedAt, editedSeq, deleted } = document;
  const recalled = document.kind === 'edit' ? target?.recalled : document.recalled;
  return {
    seq,
    time,
    author: author as ClientId | '',
    op: op as OperationId,
    ...(editedAt === undefined ? {} : { editedAt }),
    ...(editedSeq === undefined ? {} : { editedSeq }),
    ...(recalled === true ? { recalled } : {}),
    ...(deleted === true ? { deleted } : {}),
    payload: toPayload(document, target),
  };
}

function toPayload(document: EntryDocument, target: EntryDocument | undefined): EntryPayload {
  const { kind, silent, everyone } = document;
  switch (kind) {
    case 'message':
      return {
        kind,
        ...toContent(document),
        ...(silent === undefined ? {} : { silent }),
        ...(everyone === undefined ? {} : { everyone }),
        ...(restOf(document) as Partial<MessagePayload>),
      };
    case 'edit':
      return {
        kind,
        target: document.target ?? 0,
        ...toContent(document.moved === true ? target : document),
      };
    case 'recall':
    case 'delete':
      return { kind, target: document.target ?? 0 };
    default:
      return { kind, ...restOf(document) } as EntryPayload;
  }
}

const blank = { format: 'text', body: '' } as const;

export function toContent(document: StoredContent | undefined): Content {
  if (document === undefined) return blank;
  const { format = 'text', type, body = '', mentions, mentionAll } = document;
  return {
    format,
    body: bodyOf(format, body),
    ...(type === undefined ? {} : { type }),
    ...(mentions === undefined ? {} : { mentions: mentions as readonly ClientId[] }),
    ...(mentionAll === undefined ? {} : { mentionAll }),
  };
}

/** `rest` of a recalled message: what orders and refers stays, what was said goes. */
export function blankedRest(document: EntryDocument): string | undefined {
  const { replyTo, priority, expiresAt } = restOf(document) as Partial<MessagePayload>;
  return restText({ replyTo, priority, expiresAt });
}

export const blankContent = blank;

const restOf = ({ rest }: { readonly rest?: string }): object =>
  rest === undefined ? {} : (JSON.parse(rest) as object);

function restText(rest: object): string | undefined {
  const text = JSON.stringify(rest);
  return text === '{}' ? undefined : text;
}

function bodyToStored(body: string | Uint8Array): string | mongo.Binary {
  if (typeof body !== 'string') return new mongo.Binary(body);
  // The server keeps UTF-8, where a lone surrogate has no place.
  return body.isWellFormed() ? body : new mongo.Binary(Buffer.from(body, 'utf16le'));
}

function bodyOf(format: string, body: string | mongo.Binary): string | Uint8Array {
  if (typeof body === 'string') return body;
  const bytes = body.buffer.subarray(0, body.position);
  return format === 'binary' ? Uint8Array.from(bytes) : Buffer.from(bytes).toString('utf16le');
}
