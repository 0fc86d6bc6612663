import type { AppId, ClientId, ConversationId, JsonObject, Role } from '@hongyan/protocol';
import type { Core } from './core.js';
import type { ImportedMember } from './import-ports.js';
import type { ConversationState } from './state.js';
import type { Conversation, Entry, EntryPayload } from './types.js';

/** What a conversation was like elsewhere at some time. */
export interface ImportedVersion {
  readonly name?: string;
  readonly attributes: JsonObject;
  readonly columns?: JsonObject;
}

/** Who is in a conversation elsewhere, and in which way. */
export interface ImportedPeople {
  readonly members: readonly ImportedMember[];
  readonly silenced: readonly ClientId[];
  readonly blocked: readonly ClientId[];
}

/** Who did something last: an import, or somebody here. */
type By = 'import' | 'here';

/**
 * What earlier imports left, as the log tells, and who changed it last. Every change by an import is an entry, so nothing
 * else needs to be remembered: not by the command, and not over a restart.
 */
export interface Brought {
  /** The conversation as it first came. */
  readonly first: Conversation;
  readonly members: ReadonlyMap<ClientId, Role>;
  readonly silenced: ReadonlySet<ClientId>;
  readonly blocked: ReadonlySet<ClientId>;
  /** Sequences of entries by which members came with an import. */
  readonly arrivals: ReadonlySet<number>;
  readonly out: ReadonlyMap<ClientId, By>;
  readonly silencedBy: ReadonlyMap<ClientId, By>;
  readonly blockedBy: ReadonlyMap<ClientId, By>;
}

const page = 500;
const kinds = [
  'created', 'added', 'left', 'removed', 'role', 'silenced', 'unsilenced', 'blocked', 'unblocked',
] as const; // prettier-ignore

/** Operation ids of entries that an import makes. */
export const importOperation = 'import';
const isImport = ({ op, author }: Entry): boolean =>
  author === '' && (op === importOperation || op.startsWith(`${importOperation}:`));

/** Undefined: retention has removed the beginning of the log. */
export async function readBrought(
  core: Core,
  app: AppId,
  id: ConversationId,
  origin: number,
): Promise<Brought | undefined> {
  const members = new Map<ClientId, Role>();
  const [silenced, blocked] = [new Set<ClientId>(), new Set<ClientId>()];
  const arrivals = new Set<number>();
  const [out, silencedBy, blockedBy] = [
    new Map<ClientId, By>(),
    new Map<ClientId, By>(),
    new Map<ClientId, By>(),
  ];
  let first: Conversation | undefined;
  const take = (entry: Entry): void => {
    const { payload, seq } = entry;
    const imported = isImport(entry);
    const by: By = imported ? 'import' : 'here';
    const each = (
      clients: readonly ClientId[],
      onImport: (client: ClientId) => void,
      who?: Map<ClientId, By>,
    ) => {
      for (const client of clients) {
        if (imported) onImport(client);
        who?.set(client, by);
      }
    };
    switch (payload.kind) {
      case 'created':
        first = payload.conversation;
        for (const { client, role } of payload.members) members.set(client, role);
        arrivals.add(seq);
        break;
      case 'added':
        each(payload.members, (client) => members.set(client, 'member'));
        if (imported) arrivals.add(seq);
        break;
      case 'left':
        out.set(payload.member, 'here');
        break;
      case 'removed':
        each(payload.members, (client) => members.delete(client), out);
        break;
      case 'role':
        each([payload.member], (client) => members.set(client, payload.role));
        break;
      case 'silenced':
        each(payload.members, (client) => silenced.add(client), silencedBy);
        break;
      case 'unsilenced':
        each(payload.members, (client) => silenced.delete(client));
        break;
      case 'blocked':
        each(payload.members, (client) => blocked.add(client), blockedBy);
        each(payload.removed, (client) => members.delete(client), out);
        break;
      case 'unblocked':
        each(payload.members, (client) => blocked.delete(client));
        break;
      default:
        break;
    }
  };
  for (let after = origin; ;) {
    const entries = await core.log.entries(app, id, { after, limit: page, kinds });
    entries.forEach(take);
    const last = entries.at(-1);
    if (last === undefined || entries.length < page) break;
    after = last.seq;
  }
  if (first === undefined) return undefined;
  return { first, members, silenced, blocked, arrivals, out, silencedBy, blockedBy };
}

/** Whether all who are in the conversation here are so elsewhere: then nothing has to be compared. */
export function isAsElsewhere(
  state: ConversationState,
  { members, silenced, blocked }: ImportedPeople,
): boolean {
  const sameSet = (
    here: { readonly size: number; has(client: ClientId): boolean },
    there: readonly ClientId[],
  ) => here.size === there.length && there.every((client) => here.has(client));
  return (
    sameSet(state.silences, silenced) &&
    sameSet(state.blocked, blocked) &&
    (state.conversation.kind !== 'ordinary' ||
      (state.memberCount === members.length &&
        members.every(({ client, role }) => state.members.get(client)?.role === role)))
  );
}

/** At most so many are in one entry. */
const perEntry = 500;

/**
 * What changed elsewhere since an earlier import and may be applied: never over what was done here since. `room`: how many
 * members the conversation may have.
 */
export function peopleChanges(
  state: ConversationState,
  brought: Brought,
  now: ImportedPeople,
  room: number,
  notes: string[],
): EntryPayload[] {
  const silenced = now.silenced.filter(
    (client) => !brought.silenced.has(client) && !state.silences.has(client),
  );
  const blocked = now.blocked.filter((client) => !brought.blocked.has(client) && !state.blocked.has(client));
  const unsilenced = lifted(brought.silenced, now.silenced, brought.silencedBy, state.silences);
  const unblocked = lifted(brought.blocked, now.blocked, brought.blockedBy, state.blocked);
  const members =
    state.conversation.kind === 'ordinary' ? memberChanges(state, brought, now, room, notes) : [];
  return [
    ...inEntries(unsilenced, (some) => ({ kind: 'unsilenced', members: some })),
    ...inEntries(unblocked, (some) => ({ kind: 'unblocked', members: some })),
    ...members,
    ...inEntries(silenced, (some) => ({ kind: 'silenced', members: some })),
    ...inEntries(blocked, (some) => ({
      kind: 'blocked',
      members: some,
      removed: some.filter((client) => state.isMember(client)),
    })),
  ];
}

/** Who no longer is in a list elsewhere, and here only because an import said so. */
const lifted = (
  before: ReadonlySet<ClientId>,
  now: readonly ClientId[],
  by: ReadonlyMap<ClientId, By>,
  here: { has(client: ClientId): boolean },
): ClientId[] => {
  const still = new Set(now);
  return [...before].filter(
    (client) => !still.has(client) && by.get(client) === 'import' && here.has(client),
  );
};

function memberChanges(
  state: ConversationState,
  brought: Brought,
  { members, blocked }: ImportedPeople,
  room: number,
  notes: string[],
): EntryPayload[] {
  const now = new Map(members.map((member) => [member.client, member]));
  const kept = new Set(blocked);
  const came = (client: ClientId) => brought.arrivals.has(state.members.get(client)?.joinedSeq ?? 0);
  const removed = [...brought.members.keys()].filter((client) => !now.has(client) && came(client));
  const missing = members.filter(
    ({ client }) =>
      !state.isMember(client) && !brought.members.has(client) && !kept.has(client) &&
      !state.blocked.has(client) && brought.out.get(client) !== 'here',
  ); // prettier-ignore
  const added = missing.slice(0, Math.max(0, room - state.memberCount + removed.length));
  for (const { client } of missing.slice(added.length))
    notes.push(`the member "${client}" was left out: there are as many as this app allows`);
  const roles = members.filter(({ client, role }) => {
    const before = brought.members.get(client);
    return (
      role !== 'owner' && before !== undefined && before !== 'owner' && before !== role && came(client) &&
      state.members.get(client)?.role === before
    ); // prettier-ignore
  });
  return [
    ...inEntries(removed, (some) => ({ kind: 'removed', members: some })),
    ...inEntries(added.map(({ client }) => client), (some) => ({ kind: 'added', members: some })),
    ...[...roles, ...added.filter(({ role }) => role === 'manager')].map(
      ({ client, role }) => ({ kind: 'role', member: client, role }) as const,
    ),
  ]; // prettier-ignore
}

function inEntries(
  clients: readonly ClientId[],
  payload: (some: readonly ClientId[]) => EntryPayload,
): EntryPayload[] {
  const payloads: EntryPayload[] = [];
  for (let at = 0; at < clients.length; at += perEntry)
    payloads.push(payload(clients.slice(at, at + perEntry)));
  return payloads;
}

/** Name, attributes and columns. `known`: versions that an earlier import may have left here. */
export function documentChange(
  here: Conversation,
  now: Conversation,
  known: readonly ImportedVersion[],
  notes: string[],
): EntryPayload[] {
  const change: Partial<EntryPayload & { kind: 'updated' }> = {};
  const set = change as Record<string, unknown>;
  if ((now.name ?? '') !== (here.name ?? '')) {
    if (known.some(({ name = '' }) => name === (here.name ?? ''))) set['name'] = now.name ?? '';
    else if (known.every(({ name = '' }) => name !== (now.name ?? '')))
      notes.push('its name was changed there and here: the name here stays');
  }
  const text = (value: JsonObject = {}): string => JSON.stringify(sorted(value));
  for (const [field, told] of [
    ['attributes', 'changed'],
    ['columns', 'changedColumns'],
  ] as const) {
    if (text(now[field]) === text(here[field])) continue;
    if (known.some((version) => text(version[field]) === text(here[field]))) {
      set[field] = now[field] ?? {};
      set[told] = difference(here[field] ?? {}, now[field] ?? {});
    } else if (known.every((version) => text(version[field]) !== text(now[field])))
      notes.push(`its ${field} were changed there and here: those here stay`);
  }
  return Object.keys(change).length === 0 ? [] : [{ kind: 'updated', ...change }];
}

/** What members are told: the top-level keys that are another now. */
function difference(before: JsonObject, after: JsonObject): JsonObject {
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  const changed = [...keys].filter(
    (key) => JSON.stringify(sorted(before[key])) !== JSON.stringify(sorted(after[key])),
  );
  return Object.fromEntries(changed.map((key) => [key, after[key] ?? null]));
}

/** The same value with the keys of its objects in order. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  );
}
