import type { AppId, ClientId, ClientView, ConversationId, JsonObject } from '@hongyan/protocol';

/**
 * Clients of an app. A record is made at the first login or mention: an entry that names a client (author, member,
 * mentioned, silenced, blocked) is committed together with the records it needs.
 */
export interface ClientRecord extends ClientView {
  /** When it first logged in, was a member, was mentioned … */
  readonly firstSeen: number;
  /** Absent: it never logged in. */
  readonly firstLogin?: number;
  readonly lastSeen?: number;
  readonly bannedUntil?: number;
  readonly banReason?: string;
}

export interface ClientStore {
  /** Unknown ones are left out. */
  get(app: AppId, clients: readonly ClientId[]): Promise<ClientRecord[]>;
  /**
   * Makes the record if there is none (firstSeen = now), and sets what is given; null removes. `lastSeen` only grows; the
   * first one is `firstLogin`.
   */
  upsert(
    app: AppId,
    client: ClientId,
    patch: ClientPatch,
    now: number,
  ): Promise<{ record: ClientRecord; created: boolean }>;
  /** By id, paged. */
  list(
    app: AppId,
    page: { limit: number; cursor?: string },
  ): Promise<{ items: ClientRecord[]; cursor?: string }>;
  /** How many logged in or out at or after this time. Who has been online since before is not among them. */
  seenSince(app: AppId, time: number): Promise<number>;
  /** `client` refuses `others`. */
  block(app: AppId, client: ClientId, others: readonly ClientId[], now: number): Promise<void>;
  unblock(app: AppId, client: ClientId, others: readonly ClientId[]): Promise<void>;
  blocked(
    app: AppId,
    client: ClientId,
    page: { limit: number; cursor?: string },
  ): Promise<{ items: ClientId[]; cursor?: string }>;
  /** Which of `clients` refuse `other`. */
  refusing(app: AppId, other: ClientId, clients: readonly ClientId[]): Promise<ClientId[]>;
  /**
   * `client` is not to be added to this conversation by others. False, and nothing is written: it refuses `most` others
   * already. A conversation that never was answers AppError `not_found`.
   */
  refuse(
    app: AppId,
    client: ClientId,
    conversation: ConversationId,
    most: number,
    now: number,
  ): Promise<boolean>;
  unrefuse(app: AppId, client: ClientId, conversation: ConversationId): Promise<void>;
  /** Conversations that `client` refuses, by id. */
  refused(
    app: AppId,
    client: ClientId,
    page: { limit: number; cursor?: string },
  ): Promise<{ items: ConversationId[]; cursor?: string }>;
  /** Which of `clients` refuse this conversation. */
  refusers(app: AppId, conversation: ConversationId, clients: readonly ClientId[]): Promise<ClientId[]>;
}

export interface ClientPatch {
  readonly name?: string | null;
  readonly avatarUrl?: string | null;
  readonly locale?: string | null;
  readonly timeZone?: string | null;
  readonly custom?: JsonObject | null;
  readonly lastSeen?: number;
  /** null lifts the ban. */
  readonly bannedUntil?: number | null;
  readonly banReason?: string | null;
}
