import type { ClientId, ConversationId, Role } from '@hongyan/protocol';

/** The class `_ConversationMemberInfo`: who has which role. */

export const memberInfoRoles: Readonly<Record<Role, string>> = {
  owner: 'Owner',
  manager: 'Manager',
  member: 'Member',
};

export interface MemberInfoRow {
  readonly objectId: string;
  readonly cid: ConversationId;
  readonly clientId: ClientId;
  readonly role: string;
}

/** Lower than all characters of conversation ids, so that object ids have the order of (conversation, client). */
const separator = '!';

export function memberInfoRow(cid: ConversationId, clientId: ClientId, role: Role): MemberInfoRow {
  return { objectId: `${cid}${separator}${clientId}`, cid, clientId, role: memberInfoRoles[role] };
}

/** Lower than the object ids of a conversation's rows, and higher than those of conversations before it. */
export const memberInfosBefore = (cid: ConversationId): string => `${cid}${separator}`;

/** What an object id is made of; undefined: it is none of ours. */
export function memberInfoPlace(objectId: string): { conversation: string; client: string } | undefined {
  const at = objectId.indexOf(separator);
  return at < 1 ? undefined : { conversation: objectId.slice(0, at), client: objectId.slice(at + 1) };
}
