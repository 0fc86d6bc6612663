import type { ImportedConversation, ImportedMember, NewEntry, Taken } from '@hongyan/conversations';
import { importOrigin } from '@hongyan/conversations';
import type { ClientId, OperationId } from '@hongyan/protocol';
import { append } from './append.js';
import { byUniqueKey } from './conversation-reads.js';
import { create } from './create.js';
import { ensure } from './cursors.js';
import { pushSlots } from './entry-codec.js';
import type { Slot } from './entry-codec.js';
import { memberIn } from './projections.js';
import { guestCode, mutedForGood, roleCodes } from './schema.js';
import type { WriteContext } from './write-context.js';

/** Conversations of ImportStore with their people; their messages are import-messages.ts. */

const memberCode = roleCodes.code('member');

/** See ImportStore.takeConversation. */
export function takeConversation(
  w: WriteContext,
  app: string,
  item: ImportedConversation,
  now: number,
): Taken {
  const { conversation } = item;
  // Who has a role comes first, with the conversation itself.
  const members = item.members.toSorted((a, b) => Number(b.role !== 'member') - Number(a.role !== 'member'));
  const known = w.conversation(app, conversation.id);
  if (known !== undefined) {
    if (known.deletedAt !== null) return { state: 'deleted' };
    return { state: known.origin === importOrigin ? 'known' : 'native' };
  }
  const { uniqueKey, ...document } = conversation;
  const keyTaken = uniqueKey !== undefined && byUniqueKey(w.db, app, uniqueKey, now) !== undefined;
  // A thread is found by its key alone.
  if (keyTaken && conversation.kind === 'thread') return { state: 'native' };
  const rest = {
    conversation: uniqueKey === undefined || keyTaken ? document : conversation,
    members: members.slice(0, perEntry).map(({ client, role }) => ({ client, role })),
  };
  const made = create(w, app, {
    author: '',
    op: 'import',
    rest: JSON.stringify(rest),
    now,
    origin: importOrigin,
  });
  if (!made.created) throw new Error(`conversation ${conversation.id} could not be made`);
  const head = w.conversation(app, conversation.id)!;
  const slots: Slot[] = [];
  for (const entry of people(members.slice(perEntry), item)) pushSlots(slots, entry);
  if (slots.length > 0) append(w, app, conversation.id, head.last, now, slots);
  const readAll =
    'UPDATE member SET readSeq = ?, deliveredSeq = ?, muteUntil = ? WHERE client = ? AND conv = ?';
  for (const { client, muted } of members)
    w.db.run(
      readAll,
      importOrigin,
      importOrigin,
      muted === true ? mutedForGood : null,
      w.client(app, client, now),
      head.key,
    );
  return { state: 'created', keyTaken };
}

/** At most so many people are in one entry, as everywhere. */
const perEntry = 500;

/** What a new conversation has besides its first members. */
function people(
  more: readonly ImportedMember[],
  { silenced, blocked }: Pick<ImportedConversation, 'silenced' | 'blocked'>,
): NewEntry[] {
  const entries: NewEntry[] = [];
  const add = (payload: NewEntry['payload']) => {
    const op = `import:${entries.length}:${payload.kind}` as OperationId;
    entries.push({ author: '', op, payload });
  };
  const inEntries = <T>(all: readonly T[], payload: (some: readonly T[]) => NewEntry['payload']) => {
    for (let at = 0; at < all.length; at += perEntry) add(payload(all.slice(at, at + perEntry)));
  };
  inEntries(more, (some) => ({ kind: 'added', members: some.map(({ client }) => client) }));
  for (const { client, role } of more) if (role !== 'member') add({ kind: 'role', member: client, role });
  inEntries(silenced, (members) => ({ kind: 'silenced', members }));
  inEntries(blocked, (members) => ({ kind: 'blocked', members, removed: [] }));
  return entries;
}

/** See ImportStore.takeSubscribers. Who unsubscribed here stays so. */
export function takeSubscribers(
  w: WriteContext,
  app: string,
  conversation: string,
  subscribers: readonly { readonly client: ClientId; readonly at: number }[],
): { added: number } {
  const head = w.conversation(app, conversation);
  if (head === undefined || head.deletedAt !== null) return { added: 0 };
  let added = 0;
  for (const { client, at } of subscribers) {
    const key = w.client(app, client, at);
    const row = w.db.get<{ role: number | null }>(
      'SELECT role FROM member WHERE client = ? AND conv = ?',
      key,
      head.key,
    );
    if (row !== undefined && row.role !== guestCode) continue;
    if (row === undefined) ensure(w, app, conversation, client, 'member', head.last, at);
    else
      memberIn(w, app, head, client, {
        role: memberCode,
        joinedSeq: head.last,
        joinedAt: at,
        readSeq: head.last,
        readCount: head.count,
      });
    added += 1;
  }
  return { added };
}
