import { CommandType, type GenericCommand } from '@hongyan/leancloud';
import {
  AppError,
  type ClientId,
  type ConversationId,
  type EntryView,
  type MessageView,
  type Result,
  type ServerEvent,
} from '@hongyan/protocol';
import type { Calls } from './calls.js';
import type { LeanCloudSession } from './leancloud-session.js';
import { encodeConvPush, encodePush, stampOf, type PushedEvent } from './pushed-event.js';
import { runFor } from './run-for.js';
import { updatedPush } from './updated-push.js';
import { unreadTupleOf } from './wire-message.js';

type Cursor = ServerEvent & { type: 'cursor' };

/** Events that need a look into the conversation before these clients can be told; undefined: this one does not. */
export function describe(
  calls: Calls,
  session: LeanCloudSession,
  pushed: PushedEvent,
): Promise<readonly Buffer[]> | undefined {
  const { event } = pushed;
  if (event.type === 'cursor') return cursorPushes(calls, session, event);
  if (event.type !== 'entry') return undefined;
  const { entry } = event;
  if (entry.kind === 'updated') return pushed.lookedUp(() => quietly(() => update(calls, session, entry)));
  if (entry.kind === 'recall' || entry.kind === 'delete')
    return quietly(() => unreadAfterRecall(calls, session, pushed, entry));
  return undefined;
}

/** Who may not look any longer is not told either. */
async function quietly(look: () => Promise<readonly Buffer[]>): Promise<readonly Buffer[]> {
  try {
    return await look();
  } catch (error) {
    if (error instanceof AppError) return [];
    throw error;
  }
}

async function update(
  calls: Calls,
  session: LeanCloudSession,
  entry: EntryView & { kind: 'updated' },
): Promise<readonly Buffer[]> {
  const view = await calls.run(session, 'conversation.get', { conversation: entry.conversation });
  return [encodeConvPush(updatedPush(entry, view.conversation), stampOf(entry))];
}

/** One unread message less: the client has no way to count that by itself. */
async function unreadAfterRecall(
  calls: Calls,
  session: LeanCloudSession,
  pushed: PushedEvent,
  { conversation, message }: EntryView & { kind: 'recall' | 'delete' },
): Promise<readonly Buffer[]> {
  const { seq } = message;
  if (message.from === session.client || seq === undefined) return [];
  if (message.scope !== undefined)
    return await unreadOfService(calls, session, message.conversation, message);
  const { counts, view } = await gathered(calls, session, pushed, conversation, seq);
  const own = counts.get(session.client);
  if (own === undefined) return [];
  return [unreadPush(unreadTupleOf(conversation, own, view.conversation.kind, view.lastMessage))];
}

/** Broadcasts and the client's thread are counted together. */
async function unreadOfService(
  calls: Calls,
  session: LeanCloudSession,
  conversation: ConversationId,
  { seq = 0, scope }: MessageView,
): Promise<readonly Buffer[]> {
  const found = await calls.run(session, 'conversation.get', { conversation });
  const cursor = scope === 'thread' ? found.thread?.readSeq : found.own?.readSeq;
  if (cursor === undefined || seq <= cursor) return [];
  const { unread = 0, mentionUnread = 0, lastMessage } = found;
  return [unreadPush(unreadTupleOf(conversation, { unread, mentionUnread }, 'system', lastMessage))];
}

interface Counts {
  readonly unread: number;
  readonly mentionUnread: number;
}

interface Gathered {
  readonly counts: ReadonlyMap<ClientId, Counts>;
  readonly view: Result<'conversation.get'>;
}

const gatherings = new WeakMap<
  PushedEvent,
  { readonly clients: Set<ClientId>; readonly found: Promise<Gathered> }
>();

/** The sessions that an event goes to are gone through in one turn: what they want to know is asked for once, for all. */
function gathered(
  { parts }: Calls,
  { caller, client }: LeanCloudSession,
  pushed: PushedEvent,
  conversation: ConversationId,
  of: number,
): Promise<Gathered> {
  let gathering = gatherings.get(pushed);
  if (gathering === undefined) {
    const clients = new Set<ClientId>();
    const forAll = { app: caller.app, server: true };
    const found = Promise.resolve().then(async () => {
      const view = await runFor(parts, forAll, 'conversation.get', { conversation });
      const counts = new Map<ClientId, Counts>();
      const all = [...clients];
      for (let at = 0; at < all.length; at += idsPerCall) {
        const some = { conversation, of, clients: all.slice(at, at + idsPerCall) };
        const { items } = await runFor(parts, forAll, 'conversation.unread', some);
        for (const { client: id, ...one } of items) counts.set(id, one);
      }
      return { view, counts };
    });
    gatherings.set(pushed, (gathering = { clients, found }));
  }
  gathering.clients.add(client);
  return gathering.found;
}

/** Below what any app allows. */
const idsPerCall = 100;

const unreadPush = (tuple: ReturnType<typeof unreadTupleOf>): Buffer => {
  const now = Date.now();
  return encodePush({
    cmd: CommandType.unread,
    serverTs: now,
    unreadMessage: { convs: [tuple], notifTime: now },
  });
};

function cursorPushes(
  calls: Calls,
  session: LeanCloudSession,
  event: Cursor,
): Promise<readonly Buffer[]> | undefined {
  const { conversation, client } = event;
  if (client === session.client) {
    // I have read on another device.
    if (event.unread === undefined) return undefined;
    const counts = { unread: event.unread, mentionUnread: event.mentionUnread ?? 0 };
    return quietly(async () => [
      unreadPush(unreadTupleOf(conversation, counts, ...(await calls.unreadParts(session, conversation)))),
    ]);
  }
  return client === undefined ? undefined : quietly(() => receipts(calls, session, event, client));
}

/** What another one has received (each message that asked for it) and read (my last message). */
async function receipts(
  calls: Calls,
  session: LeanCloudSession,
  event: Cursor,
  from: ClientId,
): Promise<readonly Buffer[]> {
  const { conversation } = event;
  const older = await askedBefore(calls, session, event);
  const { awaited, lastRead } = session.own.reached(conversation, event);
  const pushes = [...older, ...awaited].map(({ id, time }) =>
    receipt({ id, cid: conversation, t: time, from }),
  );
  if (event.read === undefined) return pushes;
  const last = lastRead ?? (await myLastMessage(calls, session, conversation, event.read));
  return last === undefined
    ? pushes
    : [...pushes, receipt({ id: last.id, cid: conversation, t: last.time, from, read: true })];
}

const mostPages = 5;

/**
 * Messages that an earlier session of this client sent, asking for receipts, and that the cursor has reached just now.
 * The log is read until a cursor of the conversation comes to what was sent since this session began.
 */
async function askedBefore(
  calls: Calls,
  session: LeanCloudSession,
  { conversation, delivered, deliveredFrom }: Cursor,
): Promise<readonly { id: string; time: number }[]> {
  if (delivered === undefined || deliveredFrom === undefined) return [];
  if (session.own.hasPassed(conversation)) return [];
  const found: { id: string; time: number }[] = [];
  let upTo = delivered;
  for (let page = 0; page < mostPages && upTo > deliveredFrom; page += 1) {
    const { messages, more } = await calls.run(session, 'message.history', {
      conversation,
      after: { seq: deliveredFrom },
      before: { seq: upTo, inclusive: true },
      limit: calls.pageOf(session),
    });
    if ((messages.at(-1)?.time ?? 0) >= session.attachedAt) session.own.setPassed(conversation);
    found.unshift(...messages.filter(({ receipt, time }) => receipt === true && time < session.attachedAt));
    upTo = (messages[0]?.seq ?? 0) - 1;
    if (!more) break;
  }
  return found;
}

const receipt = (rcpMessage: NonNullable<GenericCommand['rcpMessage']>): Buffer =>
  encodePush({ cmd: CommandType.rcp, serverTs: Date.now(), rcpMessage });

const lookBack = 20;

async function myLastMessage(
  calls: Calls,
  session: LeanCloudSession,
  conversation: ConversationId,
  upTo: number,
): Promise<{ id: string; time: number } | undefined> {
  const { messages } = await calls.run(session, 'message.history', {
    conversation,
    before: { seq: upTo, inclusive: true },
    limit: lookBack,
  });
  const mine = messages.findLast(({ from }) => from === session.client);
  return mine === undefined ? undefined : { id: mine.id, time: mine.time };
}
