import { type ImportedVersion, type ImportItem, threadKey, uniqueKeyOf } from '@hongyan/conversations';
import { fromColumns } from '@hongyan/leancloud';
import {
  type ClientId,
  type ConversationId,
  type Json,
  type Role,
  isClientId,
  isConversationId,
} from '@hongyan/protocol';

type Row = Readonly<Record<string, unknown>>;

/** Rows that say what a conversation is, oldest first of each: the last one counts. */
export interface ConversationRows {
  readonly conversations: readonly Row[];
  readonly roles: readonly Row[];
  readonly silenced: readonly Row[];
  readonly blocked: readonly Row[];
  /** The row that an import before this one took. */
  readonly known?: Row | undefined;
}

export interface ReadConversation {
  readonly item?: ImportItem;
  /** What was left out of it. */
  readonly notes: readonly string[];
  /** Why there is no item. */
  readonly why?: string;
}

const mostVersions = 5;
const maxDepth = 7;
const roles: Readonly<Record<string, Role>> = { Owner: 'owner', Manager: 'manager', Member: 'member' };

/** `mostMembers`: as many as a conversation may have in the app. */
export function readConversation(rows: ConversationRows, now: number, mostMembers: number): ReadConversation {
  const row = rows.conversations.at(-1)!;
  const id = row['objectId'] as string;
  if (!isConversationId(id))
    return { notes: [], why: `"${id.slice(0, 80)}" cannot be a conversation id here` };
  const notes: string[] = [];
  const kind = row['sys'] === true ? 'system' : row['tr'] === true ? 'room' : 'ordinary';
  const creator = clientOf(row['c']);
  if (row['c'] !== undefined && row['c'] !== null && creator === undefined)
    notes.push('the creator cannot be a client id here');
  const members = kind === 'ordinary' ? membersOf(row, rows.roles, creator, mostMembers, notes) : [];
  if (kind === 'ordinary' && members.length === 0) notes.push('it has no members: no list shows it');
  if (kind === 'room' && creator !== undefined) members.push({ client: creator, role: 'owner' });
  if (kind !== 'ordinary' && listOf(row['mu']).length > 0)
    notes.push('who muted it cannot be kept: it has no members here');
  const version = versionOf(row, notes);
  const created = timeOf(row['createdAt'], now, 'createdAt', notes);
  return {
    notes,
    item: {
      conversation: {
        id,
        kind,
        ...version,
        ...(creator === undefined ? {} : { creator }),
        frozen: false,
        ...(kind === 'system' ? { audience: 'subscribers' as const } : {}),
        ...(kind === 'ordinary' && row['unique'] === true && members.length > 0
          ? { uniqueKey: uniqueKeyOf(members.map(({ client }) => client)) }
          : {}),
        createdAt: created,
        updatedAt: Math.max(created, timeOf(row['updatedAt'], now, 'updatedAt', notes)),
      },
      members,
      silenced: clientsOf(rows.silenced, 'silenced', notes),
      blocked: clientsOf(rows.blocked, 'blocked', notes),
      before: rows.conversations
        .slice(0, -1)
        .slice(-mostVersions)
        .map((one) => versionOf(one, [])),
      ...(rows.known === undefined || rows.known === row ? {} : { mutes: mutesSince(rows.known, row) }),
    },
  };
}

/** Who muted it, and who no longer does. */
function mutesSince(before: Row, now: Row): NonNullable<ImportItem['mutes']> {
  const clients = (row: Row) =>
    new Set(
      listOf(row['mu'])
        .map(clientOf)
        .filter((one) => one !== undefined),
    );
  const [then, today] = [clients(before), clients(now)];
  return {
    muted: [...today].filter((client) => !then.has(client)),
    unmuted: [...then].filter((client) => !today.has(client)),
  };
}

/** The thread of a client with a service. */
export function readThread(id: string, service: string, client: string, at: number): ImportItem {
  return {
    conversation: {
      id: id as ConversationId,
      kind: 'thread',
      attributes: {},
      frozen: false,
      parent: service as ConversationId,
      uniqueKey: threadKey(service as ConversationId, client as ClientId),
      createdAt: at,
      updatedAt: at,
    },
    members: [{ client: client as ClientId, role: 'member' }],
    silenced: [],
    blocked: [],
  };
}

const clientOf = (value: unknown): ClientId | undefined =>
  typeof value === 'string' && isClientId(value) ? value : undefined;

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

function membersOf(
  row: Row,
  roleRows: readonly Row[],
  creator: ClientId | undefined,
  mostMembers: number,
  notes: string[],
) {
  const given = listOf(row['m']);
  const clients = [...new Set(given.map(clientOf))].filter((client) => client !== undefined);
  const wrong = given.filter((value) => clientOf(value) === undefined).length;
  if (wrong > 0) notes.push(`${wrong} members cannot be client ids here`);
  const granted = new Map<ClientId, Role>();
  for (const { clientId, role } of roleRows) {
    const client = clientOf(clientId);
    if (client !== undefined && Object.hasOwn(roles, String(role))) granted.set(client, roles[String(role)]!);
    else
      notes.push(
        `the role "${String(role).slice(0, 40)}" of "${String(clientId).slice(0, 80)}" is none here`,
      );
  }
  const muted = new Set(listOf(row['mu']).map(clientOf));
  const present = new Set(clients);
  const absent = [...muted].filter((client) => client !== undefined && !present.has(client)).length;
  if (absent > 0) notes.push(`${absent} who muted it are no members`);
  // One owner: the creator, unless the roles say another.
  const owner =
    [...granted].find(([client, role]) => role === 'owner' && present.has(client))?.[0] ?? creator;
  // Who has a role is not left out.
  const ranked =
    clients.length <= mostMembers
      ? clients
      : clients.toSorted(
          (a, b) => Number(b === owner || granted.has(b)) - Number(a === owner || granted.has(a)),
        );
  for (const client of ranked.slice(mostMembers))
    notes.push(
      `the member "${client}" was left out: there are ${mostMembers} already, and limits.members is no more`,
    );
  return ranked.slice(0, mostMembers).map((client) => {
    const role = granted.get(client) ?? 'member';
    return {
      client,
      role: client === owner ? ('owner' as const) : role === 'owner' ? ('manager' as const) : role,
      ...(muted.has(client) ? { muted: true } : {}),
    };
  });
}

function clientsOf(rows: readonly Row[], what: string, notes: string[]): ClientId[] {
  const given = rows.flatMap(({ clients }) => listOf(clients));
  const clients = [...new Set(given.map(clientOf))].filter((client) => client !== undefined);
  const wrong = given.filter((value) => clientOf(value) === undefined).length;
  if (wrong > 0) notes.push(`${wrong} who are ${what} cannot be client ids here`);
  return clients;
}

/** Name, `attr` and the app's own columns; what no engine can hold is left out. */
function versionOf(row: Row, notes: string[]): ImportedVersion {
  const { name, attr, uniqueId, ...rest } = row;
  const kept: Record<string, Json> = {};
  for (const [column, value] of Object.entries(rest)) {
    const why = unstorable(column, value as Json, 1);
    if (why === undefined) kept[column] = value as Json;
    else notes.push(`the column "${column.slice(0, 80)}" was left out: ${why}`);
  }
  if (row['ACL'] !== undefined)
    notes.push('the column "ACL" was left out: access is a matter of membership here');
  const wrong = attr === undefined || attr === null ? undefined : unstorable('attr', attr as Json, 1);
  if (wrong !== undefined) notes.push(`the column "attr" was left out: ${wrong}`);
  const given = fromColumns({
    ...kept,
    ...(wrong === undefined ? { attr } : {}),
    ...(typeof name === 'string' ? { name } : {}),
  });
  // The server of these clients shows a unique conversation's own key; ours is another.
  const columns = { ...given.columns, ...(typeof uniqueId === 'string' ? { uniqueId } : {}) };
  return {
    ...given,
    attributes: given.attributes ?? {},
    ...(Object.keys(columns).length === 0 ? {} : { columns }),
  };
}

function unstorable(key: string, value: Json, depth: number): string | undefined {
  if (key === '' || key.startsWith('$') || key.includes('.') || key.includes('\0') || key === '__proto__')
    return `"${key.slice(0, 64)}" cannot be a key`;
  if (value === null || typeof value !== 'object') return undefined;
  if (depth >= maxDepth) return `it is nested deeper than ${maxDepth}`;
  const inner = Array.isArray(value)
    ? value.map((item) => unstorable('item', item as Json, depth + 1))
    : Object.entries(value).map(([name, item]) => unstorable(name, item, depth + 1));
  return inner.find((why) => why !== undefined);
}

function timeOf(value: unknown, now: number, column: string, notes: string[]): number {
  const given = typeof value === 'object' && value !== null ? (value as Row)['iso'] : value;
  const time = typeof given === 'string' ? Date.parse(given) : Number.NaN;
  if (!Number.isFinite(time) || time < 0) {
    notes.push(`${column} is no time`);
    return now;
  }
  if (time <= now) return time;
  notes.push(`${column} is in the future`);
  return now;
}
