import type { Conversation, Entry, EntryPayload } from '@hongyan/conversations';
import { changesOf } from '@hongyan/conversations';
import type { ClientId, OperationId } from '@hongyan/protocol';
import { headAnswer, isAskedFor } from './append.js';
import { applyChanges } from './projections.js';
import { audienceCodes, conversationKindCodes, entryKindCodes } from './schema.js';
import type { HeadState, WriteContext } from './write-context.js';

type Created = Extract<EntryPayload, { kind: 'created' }>;

/** The `created` entry as it travels: payload as JSON text without its kind. */
export interface CreateRequest {
  readonly author: string;
  readonly op: string;
  readonly rest: string;
  readonly now: number;
  readonly origin: number;
}

export interface CreateAnswer {
  readonly created: boolean;
  readonly id: string;
  readonly head: number[];
  /** Of the entry; absent: its time. */
  readonly stamp?: number;
}

/** See ConversationStore.create. */
export function create(w: WriteContext, app: string, request: CreateRequest): CreateAnswer {
  const payload = { kind: 'created', ...(JSON.parse(request.rest) as Omit<Created, 'kind'>) } as const;
  const { conversation } = payload;
  const existing =
    w.conversation(app, conversation.id) ?? holderOf(w, app, conversation.uniqueKey, request.now);
  if (existing !== undefined) return { created: false, id: existing.id, head: headAnswer(existing) };

  const key = insertConversation(w, app, conversation);
  insertHead(w, app, key, conversation, request);
  const head = w.conversation(app, conversation.id);
  if (head === undefined) throw new Error('a conversation vanished while it was made');
  const author = request.author === '' ? 0 : w.client(app, request.author, request.now);
  const kind = entryKindCodes.code('created');
  // What was taken over from elsewhere is no news.
  const isNews = request.origin === 0 && isAskedFor(kind, head.kind);
  const stamp = isNews ? w.nextStamp(app, head.lastTime) : null;
  w.db.run(
    `INSERT INTO entry (conv, seq, time, author, op, kind, count, silent, extra, stamp) VALUES (?,?,?,?,?,?,0,0,?,?)`,
    key, head.last, head.lastTime, author, request.op, kind, request.rest, stamp,
  ); // prettier-ignore
  if (stamp !== null) head.lastStamp = stamp;
  const entry: Entry = {
    author: request.author as ClientId | '',
    op: request.op as OperationId,
    payload,
    seq: head.last,
    time: head.lastTime,
  };
  applyChanges(w, app, head, entry, changesOf(entry));
  w.touchCold(head);
  return {
    created: true,
    id: head.id,
    head: headAnswer(head),
    ...(stamp === null || stamp === head.lastTime ? {} : { stamp }),
  };
}

/** The living conversation that has this unique key. One that has expired gives the key up. */
function holderOf(
  w: WriteContext,
  app: string,
  uniqueKey: string | undefined,
  now: number,
): HeadState | undefined {
  if (uniqueKey === undefined) return undefined;
  const row = w.db.get<{ id: string; expiresAt: number | null; key: number }>(
    'SELECT id, expiresAt, key FROM conversation WHERE app = ? AND uniqueKey = ?',
    app,
    uniqueKey,
  );
  if (row === undefined) return undefined;
  if (row.expiresAt === null || row.expiresAt > now) return w.conversation(app, row.id);
  w.db.run('UPDATE conversation SET uniqueKey = NULL WHERE key = ?', row.key);
  return undefined;
}

function insertConversation(w: WriteContext, app: string, c: Conversation): number {
  const { lastInsertRowid } = w.db.run(
    `INSERT INTO conversation (app, id, kind, name, attributes, creator, frozen, audience, parentId, uniqueKey, createdAt, updatedAt,
       expiresAt, deletedAt, columns) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)`,
    app, c.id, conversationKindCodes.code(c.kind), c.name ?? null, JSON.stringify(c.attributes), c.creator ?? null, Number(c.frozen),
    c.audience === undefined ? null : audienceCodes.code(c.audience), c.parent ?? null, c.uniqueKey ?? null, c.createdAt, c.updatedAt,
    c.expiresAt ?? null, c.deletedAt ?? null, c.columns === undefined ? null : JSON.stringify(c.columns),
  ); // prettier-ignore
  return Number(lastInsertRowid);
}

function insertHead(
  w: WriteContext,
  app: string,
  key: number,
  c: Conversation,
  { now, origin }: CreateRequest,
): void {
  const parent = c.parent === undefined ? null : (w.conversation(app, c.parent)?.key ?? null);
  w.db.run(
    `INSERT INTO head (conv, last, lastTime, count, lastMessageSeq, lastMessageTime, floor, origin, rev, kind, parent, expiresAt,
       deletedAt, memberCount, lastRecalledSeq, lastMentionAllSeq) VALUES (?,?,?,0,0,0,0,?,0,?,?,?,?,0,0,0)`,
    key, origin + 1, now, origin, conversationKindCodes.code(c.kind), parent, c.expiresAt ?? null, c.deletedAt ?? null,
  ); // prettier-ignore
}
