import { OpType, type ConvCommand, iso, temporaryPrefix } from '@hongyan/leancloud';
import type { ClientId, ConversationView, EntryView } from '@hongyan/protocol';

/** One push about a conversation. */
export interface ConvPush {
  readonly op: number;
  readonly conv: ConvCommand;
}

const toldInRooms: ReadonlySet<EntryView['kind']> = new Set([
  'silenced',
  'unsilenced',
  'blocked',
  'unblocked',
  'role',
]);

const roleNames = { owner: 'Owner', manager: 'Manager', member: 'Member' } as const;

/**
 * What an entry about members tells one reader: whom it concerns hears it in the second person, everybody hears it in
 * the third. Rooms have no members: only silence, blocks and roles are told in them. Undefined: entries that are told in
 * another way.
 */
export function membershipPushes(
  entry: EntryView,
  reader: ClientId,
  inRoom: boolean,
  view?: ConversationView,
): ConvPush[] | undefined {
  const { conversation, time, by } = entry;
  const base: ConvCommand = {
    cid: conversation,
    initBy: by ?? '',
    udate: iso(time),
    ...(conversation.startsWith(temporaryPrefix) ? temporary(view, time) : {}),
  };
  const push = (op: number, more: ConvCommand = {}): ConvPush => ({ op, conv: { ...base, ...more } });
  const concerned = 'members' in entry && entry.members.includes(reader);
  /** `mine` for those concerned, then `all` for everybody. */
  const both = (mine: number, all: number, m: readonly ClientId[]) => [
    ...(concerned ? [push(mine)] : []),
    push(all, { m }),
  ];
  if (inRoom && !toldInRooms.has(entry.kind)) return [];
  switch (entry.kind) {
    case 'created':
    case 'added':
      return both(OpType.joined, OpType.members_joined, entry.members);
    case 'joined':
      return [
        ...(by === reader ? [push(OpType.joined)] : []),
        push(OpType.members_joined, { m: by === undefined ? [] : [by] }),
      ];
    case 'left':
      return by === reader
        ? [push(OpType.left)]
        : [push(OpType.members_left, { m: by === undefined ? [] : [by] })];
    case 'removed':
      return concerned ? [push(OpType.left)] : [push(OpType.members_left, { m: entry.members })];
    case 'role':
      return [push(OpType.member_info_changed, { info: { pid: entry.member, role: roleNames[entry.role] } })];
    case 'silenced':
      return both(OpType.shutuped, OpType.members_shutuped, entry.members);
    case 'unsilenced':
      return both(OpType.unshutuped, OpType.members_unshutuped, entry.members);
    case 'blocked':
      return concerned
        ? [push(OpType.blocked), push(OpType.left)]
        : [
            push(OpType.members_blocked, { m: entry.members }),
            ...(inRoom ? [] : [push(OpType.members_left, { m: entry.members })]),
          ];
    case 'unblocked':
      return concerned ? [push(OpType.unblocked)] : [push(OpType.members_unblocked, { m: entry.members })];
    default:
      return undefined;
  }
}

/** Does the entry read the same for everybody whom it does not concern? Then it is encoded once for them. */
export const readsAlike = (entry: EntryView, reader: ClientId): boolean =>
  entry.by !== reader && !('members' in entry && entry.members.includes(reader));

function temporary(view: ConversationView | undefined, time: number): ConvCommand {
  const seconds = view?.expiresAt === undefined ? undefined : Math.ceil((view.expiresAt - time) / 1000);
  return { tempConv: true, ...(seconds === undefined ? {} : { tempConvTTL: seconds }) };
}
