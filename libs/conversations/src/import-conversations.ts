import { createHash, randomUUID } from 'node:crypto';
import {
  AppError,
  type AppId,
  type ClientId,
  type ConversationId,
  type JsonObject,
  type OperationId,
} from '@hongyan/protocol';
import type { Call, Core } from './core.js';
import type {
  ImportDigest,
  ImportedConversation,
  ImportedMessages,
  ImportStore,
  TakenMessages,
} from './import-ports.js';
import type { ConversationState } from './state.js';
import type { Conversation, EntryPayload } from './types.js';

/** What a conversation was like elsewhere at some time. */
export interface ImportedVersion {
  readonly name?: string;
  readonly attributes: JsonObject;
  readonly columns?: JsonObject;
}

export interface ImportItem extends ImportedConversation {
  /** Earlier versions, as far as they are known: what an earlier import may have left here. */
  readonly before?: readonly ImportedVersion[];
}

export interface ConversationOutcome {
  readonly id: ConversationId;
  readonly outcome: 'created' | 'same' | 'changed' | 'refused';
  /** What could not be taken, and why. */
  readonly notes: readonly string[];
}

/** Milliseconds that one change of a conversation may take. */
const patience = 30_000;

/** Messages in one step of the store: some milliseconds for which live traffic waits. */
const stepMessages = 200;

/**
 * Takes conversations over from elsewhere, for operators, while the app is used or not. New conversations come without
 * events: clients find them in their list. What changed elsewhere since an earlier import becomes an entry of the live log.
 */
export class ConversationImport {
  constructor(
    private readonly core: Core,
    private readonly store: ImportStore,
  ) {}

  async conversations(app: AppId, items: readonly ImportItem[]): Promise<ConversationOutcome[]> {
    const taken = await Promise.all(
      items.map((item) => this.store.takeConversation(app, item, this.core.clock())),
    );
    const outcomes: ConversationOutcome[] = [];
    for (const [at, item] of items.entries()) outcomes.push(await this.outcomeOf(app, item, taken[at]!));
    return outcomes;
  }

  async messages(app: AppId, parts: readonly ImportedMessages[]): Promise<TakenMessages[]> {
    const results: TakenMessages[] = [];
    for (let at = 0; at < parts.length;) {
      let count = 0;
      let end = at;
      do count += parts[end++]!.messages.length;
      while (end < parts.length && count + parts[end]!.messages.length <= stepMessages);
      const step = parts.slice(at, end);
      results.push(...(await this.store.takeMessages(app, step)));
      // What is kept of these in memory has their former head.
      for (const { conversation } of step) this.core.states.evict(app, conversation);
      at = end;
    }
    return results;
  }

  async subscribers(
    app: AppId,
    conversation: ConversationId,
    subscribers: readonly { readonly client: ClientId; readonly at: number }[],
  ): Promise<{ added: number }> {
    const state = await this.core.states.get(app, conversation);
    if (state?.conversation.kind !== 'system') throw new AppError('not_found');
    return await this.store.takeSubscribers(app, conversation, subscribers);
  }

  digests(app: AppId, conversations: readonly ConversationId[]): Promise<(ImportDigest | undefined)[]> {
    return Promise.all(conversations.map((conversation) => this.store.digest(app, conversation)));
  }

  private async outcomeOf(
    app: AppId,
    item: ImportItem,
    taken: Awaited<ReturnType<ImportStore['takeConversation']>>,
  ): Promise<ConversationOutcome> {
    const { conversation } = item;
    const { id } = conversation;
    switch (taken.state) {
      case 'created':
        if (conversation.kind === 'thread') await this.showThread(app, item);
        return {
          id,
          outcome: 'created',
          notes: taken.keyTaken ? ['another conversation here is the unique one of these members'] : [],
        };
      case 'native':
        return {
          id,
          outcome: 'refused',
          notes: [
            conversation.kind === 'thread'
              ? 'the thread of this client began here: there is no room for history below it'
              : 'a conversation with this id began here: there is no room for history below it',
          ],
        };
      case 'deleted':
        return { id, outcome: 'refused', notes: ['the conversation was deleted here'] };
      case 'known':
        if (conversation.kind === 'thread') {
          await this.showThread(app, item);
          return { id, outcome: 'same', notes: [] };
        }
        return await this.bringUpToDate(app, item);
    }
  }

  /** A client sees a thread in the row of its service. */
  private async showThread(app: AppId, { conversation, members }: ImportItem): Promise<void> {
    const { parent } = conversation;
    const client = members[0]?.client;
    if (parent === undefined || client === undefined) return;
    const head = await this.core.log.head(app, parent);
    await this.core.members.ensure(app, parent, client, 'guest', head?.last ?? 0);
    this.core.threads.set(app, parent, client, conversation.id);
  }

  /** What changed elsewhere since an earlier import, unless it was changed here too. */
  private async bringUpToDate(app: AppId, item: ImportItem): Promise<ConversationOutcome> {
    const { id } = item.conversation;
    const state = await this.core.states.get(app, id);
    const first = await this.firstEntry(app, id);
    if (state === undefined || first === undefined) return { id, outcome: 'refused', notes: ['it is gone'] };
    const notes: string[] = [];
    const wanted: EntryPayload[] = [
      ...(state.conversation.kind === 'ordinary' ? await this.memberChanges(app, state, first, item) : []),
      ...(await this.disciplineChanges(app, state, item)),
      ...documentChange(state, first.conversation, item, notes),
    ];
    let changed = false;
    for (const payload of wanted) changed = (await this.apply(app, id, payload)) || changed;
    return { id, outcome: changed ? 'changed' : 'same', notes };
  }

  private async firstEntry(app: AppId, id: ConversationId) {
    const head = await this.core.log.head(app, id);
    if (head === undefined) return undefined;
    const [first] = await this.core.log.entries(app, id, {
      after: head.origin,
      until: head.origin + 1,
      limit: 1,
    });
    return first?.payload.kind === 'created' ? first.payload : undefined;
  }

  private async memberChanges(
    app: AppId,
    state: ConversationState,
    first: EntryPayload & { kind: 'created' },
    { members }: ImportItem,
  ): Promise<EntryPayload[]> {
    const now = new Map(members.map((member) => [member.client, member]));
    const base = new Map(first.members.map(({ client, role }) => [client, role]));
    const missing = members
      .map(({ client }) => client)
      .filter((client) => !state.isMember(client) && !base.has(client) && !state.blocked.has(client));
    const left = missing.length === 0 ? [] : await this.store.formerMembers(app, state.id, missing);
    const added = missing.filter((client) => !left.includes(client));
    // Who came with the conversation, and did not come again by another way.
    const came = (client: ClientId) => state.members.get(client)?.joinedSeq === state.head.origin + 1;
    const removed = [...base.keys()].filter((client) => !now.has(client) && came(client));
    const roles = members.filter(
      ({ client, role }) =>
        role !== 'owner' && base.has(client) && base.get(client) !== role && came(client) &&
        state.members.get(client)?.role === base.get(client),
    ); // prettier-ignore
    return [
      ...(added.length === 0 ? [] : [{ kind: 'added', members: added } as const]),
      ...(removed.length === 0 ? [] : [{ kind: 'removed', members: removed } as const]),
      ...roles.map(({ client, role }) => ({ kind: 'role', member: client, role }) as const),
    ];
  }

  /** Who is silenced or blocked elsewhere and never was by an import before. */
  private async disciplineChanges(
    app: AppId,
    state: ConversationState,
    { silenced, blocked }: ImportItem,
  ): Promise<EntryPayload[]> {
    const silence = silenced.filter((client) => !state.silences.has(client));
    const block = blocked.filter((client) => !state.blocked.has(client));
    if (silence.length + block.length === 0) return [];
    const known = { silenced: new Set<ClientId>(), blocked: new Set<ClientId>() };
    for (let after = state.head.origin; ;) {
      const page = await this.core.log.entries(app, state.id, {
        after,
        limit: 100,
        kinds: ['silenced', 'blocked'],
      });
      for (const { op, payload } of page)
        if (op.startsWith('import:') && (payload.kind === 'silenced' || payload.kind === 'blocked'))
          for (const client of payload.members) known[payload.kind].add(client);
      const last = page.at(-1);
      if (page.length < 100 || last === undefined) break;
      after = last.seq;
    }
    const newlySilenced = silence.filter((client) => !known.silenced.has(client));
    const newlyBlocked = block.filter((client) => !known.blocked.has(client));
    const removed = newlyBlocked.filter((client) => state.isMember(client));
    return [
      ...(newlySilenced.length === 0 ? [] : [{ kind: 'silenced', members: newlySilenced } as const]),
      ...(newlyBlocked.length === 0 ? [] : [{ kind: 'blocked', members: newlyBlocked, removed } as const]),
    ];
  }

  /** Answers whether it became an entry now, and not by the same change before. */
  private async apply(app: AppId, conversation: ConversationId, payload: EntryPayload): Promise<boolean> {
    const op = `import:${createHash('sha256').update(JSON.stringify(payload)).update(randomUUID()).digest('base64url')}`;
    const call: Call = { app, server: true, deadline: this.core.clock() + patience };
    const outcome = await this.core.change(
      await this.core.app(call),
      call,
      conversation,
      op as OperationId,
      () => payload,
    );
    return outcome.entry !== undefined && !outcome.duplicate;
  }
}

function documentChange(
  state: ConversationState,
  first: Conversation,
  { conversation: now, before = [] }: ImportItem,
  notes: string[],
): EntryPayload[] {
  const here = state.conversation;
  const known: readonly ImportedVersion[] = [first, ...before];
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
