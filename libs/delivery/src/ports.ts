import type {
  AppId,
  Broker,
  ClientId,
  CloseOrder,
  ConversationId,
  EventClass,
  OpenSession,
  ServerEvent,
  SessionId,
} from '@hongyan/protocol';

/** How one kind of connection writes events. An event is encoded once per format, not once per socket. */
export interface WireFormat<E = unknown> {
  readonly name: string;
  encode(event: ServerEvent): E;
}

/** The sending end of one session, made by a door and given to the hub. Never throws, never blocks, and detaches only after it has returned. */
export interface SessionSink<E = unknown> {
  readonly session: OpenSession;
  readonly format: WireFormat<E>;
  /** Takes what `format` encoded; whether it is sent, queued or dropped is decided by class and pressure. */
  write(encoded: E, eventClass: EventClass, priority: 'high' | 'normal' | 'low'): void;
  /** Says why, then closes. */
  close(order: CloseOrder): void;
}

/** How many sessions an app allows; part of its limits. */
export interface SessionBounds {
  readonly connections: number;
  readonly sessionsPerClient: number;
}

export interface AttachOptions {
  readonly bounds: SessionBounds;
  /** Sessions of the client that this login ends do not count against it. */
  readonly ends?: (other: OpenSession) => boolean;
}

/** The sessions of this process. */
export interface Hub extends Broker {
  /**
   * Counts and registers in one step, so that logins at the same time cannot pass a bound together: AppError
   * `limit_exceeded`. Answers the sink it replaces: the same session came back while its former connection was still up.
   * Without options nothing is bounded.
   */
  attach(sink: SessionSink, options?: AttachOptions): SessionSink | undefined;
  /** The sink is gone; publishing to it stops at once. */
  detach(sink: SessionSink): void;
  close(order: CloseOrder): void;
  /**
   * Closes what an app no longer allows: the latest sessions beyond its bounds with `limit_exceeded`, or, without bounds,
   * all with `app_unavailable`. Some at a time; it returns at once.
   */
  enforce(app: AppId, bounds: SessionBounds | undefined): void;
  readonly sessions: number;
  /** Attached sessions of one app. */
  sessionsIn(app: AppId): number;
}

/** Who is online, over all pods. Everything in it is rebuilt from the live sockets. */
export interface Presence {
  /** `first`: the client was offline before. Rooms of an earlier connection of the session are kept if it resumes in time. */
  opened(session: OpenSession): Promise<{ first: boolean; resumedRooms: ConversationId[] }>;
  /** `last`: the client is offline now. Its rooms are kept (and counted) for `keepRoomsMs`; 0 leaves them at once. */
  closed(session: OpenSession, keepRoomsMs: number): Promise<{ last: boolean }>;
  /** True while an earlier connection of the session has rooms that {@link opened} would give back. */
  keepsRooms(session: OpenSession): Promise<boolean>;
  /** Which of these are online, in the order asked. */
  online(app: AppId, clients: readonly ClientId[]): Promise<ClientId[]>;
  sessionsOf(app: AppId, client: ClientId): Promise<OpenSession[]>;
  /** All online clients of an app, in batches: for broadcasts. */
  everyone(app: AppId, batch: number): AsyncIterable<ClientId[]>;
  onlineCount(app: AppId): Promise<number>;
  /** Replaces what a session watches. Ends with the session. */
  watch(app: AppId, session: SessionId, clients: readonly ClientId[]): Promise<void>;
  watchers(app: AppId, client: ClientId): Promise<SessionId[]>;
}

/** Who is in which room. A join belongs to a session. */
export interface Rooms {
  /** `left`: rooms it had to leave because a session may be in `max` only (the oldest first). */
  join(
    app: AppId,
    room: ConversationId,
    session: OpenSession,
    max: number,
  ): Promise<{ left: ConversationId[] }>;
  leave(app: AppId, room: ConversationId, session: SessionId): Promise<void>;
  /** Answered from memory: asked on every send. */
  joined(app: AppId, room: ConversationId, session: SessionId): boolean;
  /** Puts every session of these clients out (removed, blocked). */
  expel(app: AppId, room: ConversationId, clients: readonly ClientId[]): Promise<void>;
  /** Distinct clients. */
  count(app: AppId, room: ConversationId): Promise<number>;
  sample(app: AppId, room: ConversationId, limit: number): Promise<ClientId[]>;
}
