import type { AppId, ClientId, ConversationId, SessionId } from './ids.js';
import type { Args, OperationName } from './operations.js';
import type { Result } from './results.js';
import type { EventClass, ServerEvent } from './events.js';

/**
 * The contract between connection pods and the conversation service. Everything that crosses it is plain data, so
 * that it can be bound in the process or over a network by configuration alone.
 */

/** Who gives a command. Built by a door from a credential, never from the payload. */
export interface Caller {
  readonly app: AppId;
  /** Absent: the tenant's server itself. */
  readonly client?: ClientId;
  /** Absent: the command came by REST. */
  readonly session?: SessionId;
  readonly device?: string;
  /** The tenant's server (master key): roles and memberships do not bind it. */
  readonly server: boolean;
}

export interface CallOptions {
  /** Absolute time in ms after which nobody waits for the answer. */
  readonly deadline: number;
  readonly signal?: AbortSignal;
  /** W3C `traceparent`, when the caller traces. */
  readonly traceparent?: string;
}

export interface Commands {
  /** Runs one operation. Commands of one session into one conversation take effect in the order of these calls. Throws AppError. */
  execute<N extends OperationName>(
    caller: Caller,
    name: N,
    args: Args<N>,
    options: CallOptions,
  ): Promise<Result<N>>;
  /** A session began: kept in presence until {@link sessionClosed}. `resumedRooms` are joined again without an event. */
  sessionOpened(session: OpenSession): Promise<void>;
  sessionClosed(session: OpenSession, reason: 'logout' | 'lost' | 'kicked' | 'conflict'): Promise<void>;
}

export interface OpenSession {
  readonly app: AppId;
  readonly client: ClientId;
  readonly session: SessionId;
  readonly device: string;
  readonly tag?: string;
}

/** Who is to hear an event. */
export type Audience =
  | { readonly kind: 'clients'; readonly clients: readonly ClientId[] }
  /** Every session that joined this room. */
  | { readonly kind: 'room'; readonly conversation: ConversationId }
  | { readonly kind: 'sessions'; readonly sessions: readonly SessionId[] };

export interface Delivery {
  readonly app: AppId;
  readonly audience: Audience;
  /** The session whose command caused it; it does not get the event. */
  readonly origin?: SessionId;
  readonly class: EventClass;
  /** Rooms only: what goes first when a reader is slow. */
  readonly priority?: 'high' | 'normal' | 'low';
  readonly event: ServerEvent;
  /** Added to the copies of this client only (the sender's other devices learn the operation id). */
  readonly authorOnly?: { readonly client: ClientId; readonly event: ServerEvent };
}

/** Conversation service → connection pods. Never blocks, never throws; what cannot be delivered is fetched later. */
export interface Broker {
  publish(deliveries: readonly Delivery[]): void;
}

/** Orders to the pods that hold sessions: kick, conflict, ban, an app that was switched off or allows fewer sessions. */
export interface CloseOrder {
  readonly app: AppId;
  readonly client: ClientId;
  /** Absent: all sessions of the client. */
  readonly sessions?: readonly SessionId[];
  readonly reason:
    'kicked' | 'banned' | 'session_conflict' | 'logged_out' | 'app_unavailable' | 'limit_exceeded';
  readonly message?: string;
}
