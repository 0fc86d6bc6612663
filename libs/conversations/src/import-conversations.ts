import { randomUUID } from 'node:crypto';
import {
  AppError,
  type AppId,
  type ClientId,
  type ConversationId,
  type OperationId,
} from '@hongyan/protocol';
import type { Call, Core } from './core.js';
import type {
  ImportDigest,
  ImportedConversation,
  ImportedMessages,
  ImportedUnread,
  ImportStore,
  TakenMessages,
} from './import-ports.js';
import {
  documentChange,
  type ImportedVersion,
  importOperation,
  isAsElsewhere,
  peopleChanges,
  readBrought,
} from './import-changes.js';
import type { ConversationState } from './state.js';
import type { EntryPayload } from './types.js';

export interface ImportItem extends ImportedConversation {
  /** Earlier versions, as far as they are known: what an earlier import may have left here. */
  readonly before?: readonly ImportedVersion[];
  /** Who muted it elsewhere since an earlier import, and who no longer does. */
  readonly mutes?: { readonly muted: readonly ClientId[]; readonly unmuted: readonly ClientId[] };
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

  /** Who refuses the service here is left out. */
  async subscribers(
    app: AppId,
    conversation: ConversationId,
    subscribers: readonly { readonly client: ClientId; readonly at: number }[],
  ): Promise<{ added: number }> {
    const state = await this.core.states.get(app, conversation);
    if (state?.conversation.kind !== 'system') throw new AppError('not_found');
    const clients = subscribers.map(({ client }) => client);
    const refusers = new Set(await this.core.clients.refusers(app, conversation, clients));
    const others = subscribers.filter(({ client }) => !refusers.has(client));
    return await this.store.takeSubscribers(app, conversation, others);
  }

  /** Answers for how many members something changed. */
  async unread(app: AppId, parts: readonly ImportedUnread[]): Promise<{ set: number }> {
    const changed = await this.store.takeUnread(app, parts);
    return { set: changed.reduce((sum, count) => sum + count, 0) };
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
    const { conversation, before = [] } = item;
    const { id } = conversation;
    const state = await this.core.states.get(app, id);
    if (state === undefined) return { id, outcome: 'refused', notes: ['it is gone'] };
    const notes: string[] = [];
    const here = state.conversation;
    const isSame = documentChange(here, conversation, [here], []).length === 0;
    const brought =
      isSame && isAsElsewhere(state, item)
        ? undefined
        : await readBrought(this.core, app, id, state.head.origin);
    const known: readonly ImportedVersion[] = [...(brought === undefined ? [] : [brought.first]), ...before];
    const wanted = documentChange(here, conversation, known, notes);
    if (!isAsElsewhere(state, item)) {
      if (brought === undefined)
        notes.push(
          'its beginning is past the retention here: members, silences and blocks were not compared',
        );
      else {
        const people = { ...item, members: await this.withoutRefusers(app, state, item.members) };
        wanted.push(...peopleChanges(state, brought, people, await this.roomOf(app), notes));
      }
    }
    let changed = false;
    for (const payload of wanted) changed = (await this.apply(app, id, payload)) || changed;
    changed = (await this.bringMutesUpToDate(app, item, wanted)) || changed;
    return { id, outcome: changed ? 'changed' : 'same', notes };
  }

  /** Who refuses the conversation here is not added to it. */
  private async withoutRefusers(
    app: AppId,
    state: ConversationState,
    members: ImportItem['members'],
  ): Promise<ImportItem['members']> {
    const strangers = members.filter(({ client }) => !state.isMember(client)).map(({ client }) => client);
    const refusers = new Set(await this.core.clients.refusers(app, state.id, strangers));
    return members.filter(({ client }) => !refusers.has(client));
  }

  private async roomOf(app: AppId): Promise<number> {
    const call: Call = { app, server: true, deadline: this.core.clock() + patience };
    return (await this.core.app(call)).limits.members;
  }

  /** Who muted it elsewhere since, or no longer does; but who did otherwise here keeps that. */
  private async bringMutesUpToDate(
    app: AppId,
    { conversation: { id }, members, mutes }: ImportItem,
    applied: readonly EntryPayload[],
  ): Promise<boolean> {
    const added = new Set(applied.flatMap((payload) => (payload.kind === 'added' ? payload.members : [])));
    const muted = new Set([
      ...(mutes?.muted ?? []),
      ...members
        .filter(({ client, muted = false }) => muted && added.has(client))
        .map(({ client }) => client),
    ]);
    let changed = false;
    for (const client of [...muted, ...(mutes?.unmuted ?? [])]) {
      const own = await this.core.members.own(app, id, client);
      const wanted = muted.has(client);
      if (own === undefined || own.muteUntil !== (wanted ? undefined : null)) continue;
      await this.core.members.setOwn(app, id, client, { muteUntil: wanted ? null : 'off' });
      changed = true;
    }
    return changed;
  }

  /** Answers whether it became an entry. After a crash the next import finds it done, and does not ask for it again. */
  private async apply(app: AppId, conversation: ConversationId, payload: EntryPayload): Promise<boolean> {
    const op = `${importOperation}:${randomUUID()}`;
    const call: Call = { app, server: true, deadline: this.core.clock() + patience };
    const outcome = await this.core.change(
      await this.core.app(call),
      call,
      conversation,
      op as OperationId,
      () => payload,
    );
    return outcome.entry !== undefined;
  }
}
