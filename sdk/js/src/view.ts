import type {
  ConversationView,
  EntryView,
  Json,
  JsonObject,
  ListRow,
  MessageView,
  OwnState,
} from '@hongyan/protocol';

export type Peer = NonNullable<ListRow['peer']>;

/** Cursors never go back, unless they are those of somebody else. */
export function laterPeer(known: Peer | undefined, told: Peer): Peer {
  if (known?.client !== told.client) return told;
  return {
    client: told.client,
    readSeq: Math.max(known.readSeq, told.readSeq),
    deliveredSeq: Math.max(known.deliveredSeq, told.deliveredSeq),
  };
}

/** My own state right after I came in by this entry. */
export function ownAtEntrance(entry: EntryView, me: string | undefined): OwnState | undefined {
  const { kind, seq, by } = entry;
  const mine =
    kind === 'joined'
      ? by === me
      : (kind === 'created' || kind === 'added') && entry.members.includes(me as never);
  if (!mine) return undefined;
  const role = kind === 'created' && by === me ? 'owner' : 'member';
  const readSeq = kind === 'created' ? 0 : seq;
  return { role, joinedSeq: seq, readSeq, deliveredSeq: readSeq, clearedSeq: 0, revision: 0 };
}

/** Am I out of the conversation by this entry? */
export function putsOut(entry: EntryView, me: string | undefined): boolean {
  switch (entry.kind) {
    case 'deleted':
      return true;
    case 'left':
      return entry.by === me;
    case 'removed':
    case 'blocked':
      return entry.members.includes(me as never);
    default:
      return false;
  }
}

/** What an entry changes in the view of its conversation. */
export function applyToView(view: ConversationView, entry: EntryView): ConversationView {
  const next = { ...view, seq: Math.max(view.seq, entry.seq) };
  const changed = (by: number): ConversationView => ({
    ...next,
    updatedAt: entry.time,
    memberCount: view.memberCount + by,
  });
  switch (entry.kind) {
    case 'message':
      return { ...next, lastMessageAt: Math.max(view.lastMessageAt ?? 0, entry.time) };
    case 'added':
      return changed(entry.members.length);
    case 'joined':
      return changed(1);
    case 'left':
      return changed(-1);
    case 'removed':
      return changed(-entry.members.length);
    case 'updated':
      return {
        ...next,
        updatedAt: entry.time,
        ...(entry.name === undefined ? {} : { name: entry.name }),
        ...(entry.frozen === undefined ? {} : { frozen: entry.frozen }),
        ...(entry.attributes === undefined ? {} : { attributes: patch(view.attributes, entry.attributes) }),
      };
    default:
      return next;
  }
}

/** Keys set, null removes, a dotted key reaches inside. */
function patch(attributes: JsonObject, changes: JsonObject): JsonObject {
  const result: Record<string, Json> = { ...attributes };
  for (const [key, value] of Object.entries(changes)) {
    const dot = key.indexOf('.');
    if (dot > 0) {
      const head = key.slice(0, dot);
      const inner = result[head];
      result[head] = patch(isObject(inner) ? inner : {}, { [key.slice(dot + 1)]: value });
    } else if (value === null) delete result[key];
    else result[key] = value;
  }
  return result;
}

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The last message after an entry: the later of two, or the same one changed. Undefined: it was deleted. */
export function lastMessageAfter(last: MessageView | undefined, entry: EntryView): MessageView | undefined {
  if (entry.kind === 'message') return last === undefined || entry.time >= last.time ? entry.message : last;
  if ('message' in entry && last?.id === entry.message.id)
    return entry.kind === 'delete' ? undefined : entry.message;
  return last;
}
