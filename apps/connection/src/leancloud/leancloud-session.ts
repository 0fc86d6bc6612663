import type { App } from '@hongyan/apps';
import type { SessionSink } from '@hongyan/delivery';
import { CommandType, codes, OpType, type CodeName } from '@hongyan/leancloud';
import type { Caller, CloseOrder, ConversationId, EventClass, OpenSession } from '@hongyan/protocol';
import type { Login } from '@hongyan/sessions';
import { CommandBudget } from '../rate-limit.js';
import { peerOf, type LeanCloudConnection } from './leancloud-connection.js';
import { OwnMessages } from './own-messages.js';
import { encodePush, leanCloudFormat, type PushedEvent } from './pushed-event.js';
import { RecentMessages } from './recent-messages.js';
import { ToldLive } from './told-live.js';
import type { WillMessage } from './given.js';

/** What the door does for a session. */
export interface SessionKeeper {
  /** What an event needs looked up before it can be told; undefined: nothing. */
  describe(session: LeanCloudSession, pushed: PushedEvent): Promise<readonly Buffer[]> | undefined;
  /** An event that a slow reader does not get. */
  dropped(eventClass: EventClass): void;
  /** The server ended it; the connection lives on for its other sessions. */
  ended(session: LeanCloudSession, reason: CloseOrder['reason']): void;
}

const reasons: Readonly<Record<CloseOrder['reason'], CodeName>> = {
  kicked: 'KICKED_BY_APP',
  banned: 'BLACKLISTED',
  session_conflict: 'SESSION_CONFLICT',
  logged_out: 'KICKED_BY_APP',
  app_unavailable: 'APP_NOT_AVAILABLE',
  limit_exceeded: 'APP_QUOTA_EXCEEDED',
};

/** One client's session on a connection. */
export class LeanCloudSession implements SessionSink<PushedEvent> {
  readonly format = leanCloudFormat;
  readonly session: OpenSession;
  readonly caller: Caller;
  readonly peer: Buffer;
  readonly budget: CommandBudget;
  /** To find sequences of the times that this client names. */
  readonly recent = new RecentMessages();
  /** To tell their receipts. */
  readonly own = new OwnMessages();
  /** Made and attached to the hub in one step: what is committed later is told live. */
  readonly attachedAt = Date.now();
  readonly told = new ToldLive(this.attachedAt);
  /** Where the last page of a list ended: by list and conversation. */
  readonly pages = new Map<string, { readonly next: string; readonly cursor: string }>();
  /** Java takes an unread count without its last message for one with an empty message, and keeps that. */
  readsLastMessage = false;
  will: WillMessage | undefined;
  /** The conversation service does not know of it yet. */
  isOpening = true;
  /** No longer of this connection. */
  isOver = false;

  constructor(
    private readonly keeper: SessionKeeper,
    readonly connection: LeanCloudConnection<LeanCloudSession>,
    readonly app: App,
    readonly login: Login,
  ) {
    this.session = login.session;
    const { app: id, client, session, device } = login.session;
    this.caller = { app: id, client, session, device, server: false };
    this.peer = peerOf(client);
    this.budget = new CommandBudget(app.limits.commandsPerSecond, Date.now());
  }

  get client(): OpenSession['client'] {
    return this.session.client;
  }

  write(pushed: PushedEvent, eventClass: EventClass, priority: 'high' | 'normal' | 'low'): void {
    if (this.isOver) return;
    const inRoom = eventClass === 'room' || (eventClass === 'signal' && this.isInRoom(pushed));
    if ((eventClass === 'signal' || eventClass === 'room') && this.connection.drops(eventClass, priority))
      return this.keeper.dropped(eventClass);
    const { event } = pushed;
    if (event.type === 'entry' && event.entry.kind === 'message' && !inRoom) {
      const { message } = event.entry;
      this.recent.add(message);
      if (message.from === this.client) this.own.add(message, message.receipt === true);
    }
    if (event.type === 'entry' && event.entry.kind !== 'message' && !inRoom) this.told.add(event.entry);
    const frames = pushed.frames(this.client, inRoom);
    if (frames.length > 0) this.push(frames);
    const described = this.keeper.describe(this, pushed);
    if (described !== undefined) this.push(described);
  }

  push(frames: readonly Buffer[] | Promise<readonly Buffer[]>): void {
    if (!this.isOver) this.connection.push(this.peer, frames);
  }

  close({ reason, message }: CloseOrder): void {
    if (this.isOver) return;
    const name = reasons[reason];
    const sessionMessage = {
      code: codes[name],
      reason: name,
      ...(message === undefined ? {} : { detail: message }),
    };
    this.push([
      encodePush({ cmd: CommandType.session, op: OpType.closed, serverTs: Date.now(), sessionMessage }),
    ]);
    this.isOver = true;
    this.keeper.ended(this, reason);
  }

  /** Rooms that this session is in, as far as its own commands tell. */
  readonly rooms = new Set<ConversationId>();

  private isInRoom({ event }: PushedEvent): boolean {
    return event.type === 'transient' && this.rooms.has(event.message.conversation);
  }
}
