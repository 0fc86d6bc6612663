import { randomUUID } from 'node:crypto';
import type { App } from '@hongyan/apps';
import { LeanCloudError, type GenericCommand, temporaryPrefix } from '@hongyan/leancloud';
import {
  AppError,
  asConversationId,
  asOperationId,
  isConversationId,
  maxNesting,
  nestsDeeper,
  operations,
  type Args,
  type ConversationId,
  type ConversationKind,
  type EntryView,
  type MessageView,
  type OperationId,
  type OperationName,
  type Result,
} from '@hongyan/protocol';
import { LRUCache } from 'lru-cache';
import type { ConnectionOptions, ConnectionParts } from '../connection-parts.js';
import type { Given } from './given.js';
import type { LeanCloudSession } from './leancloud-session.js';
import { membershipPushes } from './membership-pushes.js';
import { encodeConvPush, stampOf } from './pushed-event.js';

/** One command of a session, and how to carry it out. */
export interface Call {
  readonly session: LeanCloudSession;
  readonly command: GenericCommand;
  readonly calls: Calls;
}

/** The answer of a command; the serial and the peer id are put in by the door. */
export type Reply = GenericCommand | undefined;
export type Handler = (call: Call) => Promise<Reply>;

const knownKinds = 100_000;

/** From this protocol's commands to operations. */
export class Calls {
  /** Kinds never change. */
  private readonly kinds = new LRUCache<string, ConversationKind>({ max: knownKinds });

  constructor(
    readonly parts: ConnectionParts,
    private readonly options: ConnectionOptions,
  ) {}

  /** Runs an operation for a session. Throws AppError; `bad_request` when the arguments are out of bounds. */
  run<N extends OperationName>(session: LeanCloudSession, name: N, input: Given<N>): Promise<Result<N>> {
    const parsed = operations[name].safeParse(input);
    if (!parsed.success) {
      const { path, message } = parsed.error.issues[0]!;
      return Promise.reject(
        new AppError('bad_request', { detail: `${path.map(String).join('.')}: ${message}`.slice(0, 200) }),
      );
    }
    const deadline = Date.now() + this.options.deadlineMs;
    return this.parts.commands.execute(session.caller, name, parsed.data as Args<N>, { deadline });
  }

  async kindOf(session: LeanCloudSession, conversation: ConversationId): Promise<ConversationKind> {
    if (conversation.startsWith(temporaryPrefix)) return 'temporary';
    const key = `${session.session.app}\n${conversation}`;
    const known = this.kinds.get(key);
    if (known !== undefined) return known;
    const { kind } = (await this.run(session, 'conversation.get', { conversation })).conversation;
    this.kinds.set(key, kind);
    return kind;
  }

  /** What an unread count is told with: the kind, and the last message for whom it has to be there. */
  async unreadParts(
    session: LeanCloudSession,
    conversation: ConversationId,
  ): Promise<[ConversationKind, MessageView | undefined]> {
    if (!session.readsLastMessage) return [await this.kindOf(session, conversation), undefined];
    const { conversation: view, lastMessage } = await this.run(session, 'conversation.get', { conversation });
    return [view.kind, lastMessage];
  }

  learnKind(session: LeanCloudSession, conversation: ConversationId, kind: ConversationKind): void {
    this.kinds.set(`${session.session.app}\n${conversation}`, kind);
  }

  /** The session's app as it is set now. */
  appOf({ app }: LeanCloudSession): App {
    return this.parts.apps.known(app.id) ?? app;
  }

  /** The page that an app allows at most. */
  pageOf(session: LeanCloudSession): number {
    return this.appOf(session).limits.page;
  }

  /**
   * These clients hear of their own changes by a push, too: what the others were told of the entry at `seq` is told
   * to the session that made it. `entry` stands for it where the session may not read it (any longer).
   */
  async tellSelf(session: LeanCloudSession, seq: number | undefined, entry: EntryView): Promise<EntryView> {
    const told =
      seq === undefined ? entry : ((await this.entryAt(session, entry.conversation, seq)) ?? entry);
    const inRoom = (await this.kindOf(session, told.conversation)) === 'room';
    const pushes = membershipPushes(told, session.client, inRoom) ?? [];
    session.push(pushes.map((push) => encodeConvPush(push, stampOf(told))));
    return told;
  }

  private async entryAt(
    session: LeanCloudSession,
    conversation: ConversationId,
    seq: number,
  ): Promise<EntryView | undefined> {
    try {
      const { entries } = await this.run(session, 'conversation.entries', {
        conversation,
        after: seq - 1,
        until: seq,
        limit: 1,
      });
      return entries[0];
    } catch (error) {
      if (error instanceof AppError && !error.definition.temporary) return undefined;
      throw error;
    }
  }
}

/** Every change needs an id of its own; clients of this protocol do not repeat a command. */
export const newOperation = (): OperationId => asOperationId(randomUUID());

/** A conversation id as it may be looked up; anything else is as if there were none. */
export function conversationOf(cid: string | undefined): ConversationId {
  if (cid === undefined || !isConversationId(cid)) throw new AppError('not_found');
  return asConversationId(cid);
}

export function parseJson(text: string | undefined, what: string): unknown {
  if (text === undefined || text === '') return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new LeanCloudError('CONVERSATION_API_FAILED', `${what} is not JSON`);
  }
  // Before any schema sees it: schemas go as deep as the value does.
  if (text.length > 2 * maxNesting && nestsDeeper(value))
    throw new AppError('bad_request', { detail: `${what} is nested too deeply` });
  return value;
}

/** Strings without repetitions. */
export const distinct = (ids: readonly string[] | undefined): string[] => [...new Set(ids ?? [])];
