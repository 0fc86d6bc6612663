import type { App } from '@hongyan/apps';
import {
  AppError,
  type AppId,
  type Args,
  type ConversationId,
  type EntryView,
  type MessageId,
  type MessageView,
  type Result,
} from '@hongyan/protocol';
import { locate } from './change-message.js';
import { type Call, bounded, type Core, requireServer } from './core.js';
import { type Range, rangesOf } from './history-bounds.js';
import { hasJoined } from './message-intent.js';
import { Page, pageWeight, weightOf, weightOfBody } from './page.js';
import { mayReadMessages } from './permissions.js';
import type { ConversationState } from './state.js';
import { existingThread } from './system-threads.js';
import {
  type Conversation,
  type Entry,
  type Head,
  isForEveryone,
  isMessage,
  type MessageEntry,
  type OwnRow,
  targetOf,
} from './types.js';
import { entryView, messageView } from './views.js';

/** From where on this caller may read: cleared for me, or before I joined where the app hides that. */
async function readableAfter(core: Core, app: App, state: ConversationState, caller: Call): Promise<number> {
  if (caller.server || caller.client === undefined || state.conversation.kind === 'room') return 0;
  const own = await core.members.own(caller.app, state.id, caller.client);
  return own === undefined ? 0 : firstReadable(app, state.conversation, state.head, own);
}

/** A member reads what has a higher sequence. */
export function firstReadable(
  app: App,
  { kind }: Conversation,
  head: Head,
  { joinedSeq, clearedSeq }: Pick<OwnRow, 'joinedSeq' | 'clearedSeq'>,
): number {
  const hidden =
    app.conversations.historyForNewMembers === 'since-join' && kind === 'ordinary'
      ? ownBeginning(joinedSeq, head)
      : 0;
  return Math.max(clearedSeq, hidden);
}

/** Who was in from the beginning has seen all of it, also what was before it came here. */
const ownBeginning = (joinedSeq: number, { origin }: Head): number =>
  joinedSeq === origin + 1 ? 0 : joinedSeq;

/** `message.history`: messages only, ascending whatever the direction. */
export async function history(
  core: Core,
  caller: Call,
  args: Args<'message.history'>,
): Promise<Result<'message.history'>> {
  const { app, state } = await core.visible(caller, args.conversation);
  const refusal = mayReadMessages(app, state, caller, hasJoined(core, caller, state));
  if (refusal !== undefined) throw refusal;
  const limit = bounded(args.limit, app.limits.page);
  if (state.conversation.kind === 'system')
    return await serviceHistory(core, app, caller, args, state, limit);
  const floor = await readableAfter(core, app, state, caller);
  const [range] = (await rangesOf(core, caller, [state.id], args)) as [Range];
  const { messages, more } = await core.log.history(caller.app, state.id, {
    direction: args.direction,
    after: Math.max(range.after, floor),
    before: range.before,
    limit,
    weight: pageWeight,
    ...(args.types === undefined ? {} : { types: args.types }),
  });
  return {
    messages: messages.map((message) => messageView(state.conversation, message, caller.client)),
    more,
    floor: Math.max(state.head.floor, floor),
  };
}

interface Part {
  readonly state: ConversationState;
  readonly range: Range;
  /** Only messages to everyone. */
  readonly everyone: boolean;
}

/**
 * A service's broadcasts and a client's thread with it, merged by time. Who has not subscribed sees the broadcasts to everyone.
 */
async function serviceHistory(
  core: Core,
  app: App,
  caller: Call,
  args: Args<'message.history'>,
  state: ConversationState,
  limit: number,
): Promise<Result<'message.history'>> {
  const client = caller.server ? args.thread : caller.client;
  const logs: ConversationState[] = [];
  if (args.thread === undefined) logs.push(state);
  if (client !== undefined) {
    const id = await existingThread(core, caller.app, state.id, client);
    const thread = id === undefined ? undefined : await core.states.get(caller.app, id);
    if (thread !== undefined) logs.push(thread);
  }
  const isGuest = !(await isSubscribed(core, caller, state));
  const ids = logs.map(({ id }) => id);
  const ranges = await rangesOf(core, caller, ids, args);
  const pages = await Promise.all(
    logs.map(async (log, at) => {
      const floor =
        client === undefined ? 0 : ((await core.members.own(caller.app, log.id, client))?.clearedSeq ?? 0);
      const { before, after } = ranges[at]!;
      const range = { before, after: Math.max(after, floor) };
      return livePage(core, caller, args, { state: log, range, everyone: isGuest && log === state }, limit);
    }),
  );
  // By time; of the same time as the logs stand, which sorting keeps.
  const merged = pages.flatMap(({ messages }) => messages).sort((a, b) => a.time - b.time);
  if (args.direction === 'backward') merged.reverse();
  const page = new Page<MessageView>({ limit, weight: pageWeight }, ({ body }) => weightOfBody(body));
  page.fill(merged, (view) => view);
  return {
    messages: args.direction === 'backward' ? page.items.reverse() : page.items,
    more: page.more || pages.some(({ more }) => more),
    floor: state.head.floor,
  };
}

/** Does this caller see all of a service's broadcasts? The server does. */
async function isSubscribed(
  core: Core,
  { app, client, server }: Call,
  state: ConversationState,
): Promise<boolean> {
  if (server || client === undefined) return true;
  const [subscribed] = await core.members.among(app, state.id, [client]);
  return subscribed !== undefined;
}

/** A page without what is over: a short one would say that there is no more, so it is filled up. */
async function livePage(
  core: Core,
  caller: Call,
  { direction, types }: Args<'message.history'>,
  { state, range, everyone }: Part,
  limit: number,
): Promise<{ messages: MessageView[]; more: boolean }> {
  const now = core.clock();
  let { after, before } = range;
  let live: MessageEntry[] = [];
  for (;;) {
    const query = { direction, after, before, limit: limit - live.length, everyone, ...(types && { types }) };
    const { messages, more } = await core.log.history(caller.app, state.id, query);
    const found = messages.filter((message) => isLive(message, now));
    live = direction === 'backward' ? [...found, ...live] : [...live, ...found];
    const last = direction === 'backward' ? messages[0] : messages.at(-1);
    if (!more || last === undefined || live.length >= limit)
      return {
        messages: live.map((message) => messageView(state.conversation, message, caller.client)),
        more,
      };
    if (core.clock() > caller.deadline) throw new AppError('deadline_exceeded');
    if (direction === 'backward') before = last.seq;
    else after = last.seq;
  }
}

const isLive = (message: MessageEntry, now: number): boolean =>
  message.payload.expiresAt === undefined || message.payload.expiresAt > now;

/** `message.get`: what is missing, deleted or not visible is left out. Servers may ask for deleted ones, too. */
export async function getMessages(
  core: Core,
  caller: Call,
  args: Args<'message.get'>,
): Promise<Result<'message.get'>> {
  if (args.deleted) requireServer(caller);
  const wanted = new Map<ConversationId, { id: MessageId; seq: number }[]>();
  for (const id of args.messages) {
    const { conversation, seq } = await locate(core, caller, id);
    const list = wanted.get(conversation) ?? [];
    list.push({ id, seq });
    wanted.set(conversation, list);
  }
  const found = new Map<MessageId, MessageView>();
  for (const [conversation, list] of wanted) {
    for (const view of await messagesOf(
      core,
      caller,
      conversation,
      list.map(({ seq }) => seq),
      args.deleted,
    ))
      found.set(view.id, view);
  }
  return { messages: args.messages.flatMap((id) => found.get(id) ?? []) };
}

async function messagesOf(
  core: Core,
  caller: Call,
  conversation: ConversationId,
  seqs: readonly number[],
  deletedToo = false,
): Promise<MessageView[]> {
  try {
    const { app, state } = await core.visible(caller, conversation);
    if (mayReadMessages(app, state, caller, hasJoined(core, caller, state)) !== undefined) return [];
    const floor = await readableAfter(core, app, state, caller);
    const messages = await core.log.messages(
      caller.app,
      conversation,
      seqs.filter((seq) => seq > floor),
    );
    return messages
      .filter(({ deleted }) => deletedToo || !deleted)
      .map((message) => messageView(state.conversation, message, caller.client));
  } catch (error) {
    if (error instanceof AppError && !error.definition.temporary) return [];
    throw error;
  }
}

/** So many pages of the log one answer looks through for what the caller may see; then it says how far it came. */
const mostRounds = 50;

/** `conversation.entries`: what a client that knows `after` has missed. */
export async function entries(
  core: Core,
  caller: Call,
  args: Args<'conversation.entries'>,
): Promise<Result<'conversation.entries'>> {
  const { app, state } = await core.visible(caller, args.conversation);
  const refusal = mayReadMessages(app, state, caller, hasJoined(core, caller, state));
  if (refusal !== undefined) throw refusal;
  const limit = bounded(args.limit, app.limits.page, 100);
  const floor = Math.max(state.head.floor, await readableAfter(core, app, state, caller));
  const forEveryone = state.conversation.kind === 'system' && !(await isSubscribed(core, caller, state));
  // Read before the entries: nothing up to it is missing among them.
  const head = (await core.log.head(caller.app, state.id)) ?? state.head;
  const until = Math.min(args.until ?? Infinity, head.last);
  const views: EntryView[] = [];
  let after = Math.max(args.after, floor);
  let weight = pageWeight;
  // What was deleted, and changes of it or of what retention took out, show nothing: a page is filled up.
  for (let round = 0; round < mostRounds; round += 1) {
    if (after >= until || views.length === limit || weight <= 0) break;
    const rows = await core.log.entries(caller.app, state.id, { after, until, limit, weight });
    const targets = await targetsOf(core, caller.app, state, rows);
    for (const row of rows) {
      if (views.length === limit) break;
      after = row.seq;
      weight -= weightOf(row);
      const target = targetOf(row.payload);
      const message = target === undefined ? undefined : targets.get(target);
      if (forEveryone && !isForEveryone(row, message)) continue;
      const view = entryView(state.conversation, row, message, caller.client);
      if (view !== undefined) views.push(view);
    }
    if (rows.length === 0) after = until;
  }
  return { entries: views, seq: after, floor };
}

/** The messages that edits, recalls and deletes are about, as they are now. */
async function targetsOf(
  core: Core,
  app: AppId,
  state: ConversationState,
  rows: readonly Entry[],
): Promise<Map<number, MessageEntry>> {
  const known = new Map(rows.filter(isMessage).map((row) => [row.seq, row]));
  const missing = [...new Set(rows.flatMap(({ payload }) => targetOf(payload) ?? []))].filter(
    (seq) => !known.has(seq),
  );
  for (const message of missing.length === 0 ? [] : await core.log.messages(app, state.id, missing))
    known.set(message.seq, message);
  return known;
}
