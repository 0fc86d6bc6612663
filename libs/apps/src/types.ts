import type { AppId, Limits, TenantId } from '@hongyan/protocol';

export interface Tenant {
  readonly id: TenantId;
  readonly name: string;
  readonly createdAt: number;
}

/** A secret with an overlap while it is being rotated: both are accepted until `previousUntil`. */
export interface RotatingSecret {
  readonly current: string;
  readonly previous?: string;
  readonly previousUntil?: number;
}

export type SignatureAlgorithm = 'HS256' | 'RS256' | 'ES256' | 'EdDSA';

/** How clients prove who they are. */
export interface LoginPolicy {
  /** Anybody who knows the app id may be any client. Only for trials and for the preset `leancloud`. */
  readonly unsigned: boolean;
  /** The one algorithm accepted for JWTs. HS256 is keyed with the master key. */
  readonly jwtAlgorithm: SignatureAlgorithm;
  /** For RS256, ES256, EdDSA: public keys (PEM or JWK as JSON), or where to fetch them. */
  readonly jwtKeys?: readonly string[];
  readonly jwksUrl?: string;
  /** The tenant's server that says which client holds a token of its user system (docs/leancloud/README.md). */
  readonly verifierUrl?: string;
  /**
   * Creating conversations, adding, removing, joining, leaving, blocking and unblocking need a signature of the tenant's
   * server. Only LeanCloud's protocol can carry one: other clients leave these to their server.
   */
  readonly signedOperations: boolean;
  /** Longest accepted life of a login JWT, seconds. */
  readonly jwtMaxAge: number;
  /** Life of a session token, seconds. */
  readonly sessionTtl: number;
}

/** Who may do what in ordinary conversations, and other choices of meaning (docs/model.md has the table). */
export interface ConversationPolicy {
  /** May clients see, get and query conversations they are not in? */
  readonly openQueries: boolean;
  readonly join: 'invite' | 'open';
  readonly removeOthers: 'higher-role' | 'any-member';
  readonly update: 'manager' | 'member';
  readonly mentionAll: 'manager' | 'member';
  readonly recallOthers: 'higher-role' | 'server';
  readonly ownerLeaves: 'pass-on' | 'refuse-with-roles';
  readonly historyForNewMembers: 'all' | 'since-join';
  readonly uniqueAfterLeave: 're-add' | 'detach';
}

export interface MessagePolicy {
  readonly edit: boolean;
  readonly recall: boolean;
  /** Seconds after sending within which the author may edit or recall; 0: always. The server side always may. */
  readonly editWindow: number;
  readonly recallWindow: number;
  readonly receipts: boolean;
  readonly typing: boolean;
  readonly presence: boolean;
  /** Days that messages are kept; 0: for good. */
  readonly retentionDays: number;
}

export interface RoomPolicy {
  readonly sendWithoutJoin: boolean;
  /** Seconds within which a dropped session that resumes is in its rooms again, and is counted meanwhile. */
  readonly rejoinWindow: number;
  readonly creatorJoins: boolean;
  readonly historyOpen: boolean;
}

export interface App {
  readonly id: AppId;
  readonly tenant: TenantId;
  readonly name: string;
  readonly preset: 'native' | 'leancloud';
  readonly enabled: boolean;
  /** Public: shipped inside clients. */
  readonly appKey: RotatingSecret;
  /** Of the tenant's servers; also the HMAC key of client signatures. Encrypted where it is stored. */
  readonly masterKey: RotatingSecret;
  readonly login: LoginPolicy;
  readonly conversations: ConversationPolicy;
  readonly messages: MessagePolicy;
  readonly rooms: RoomPolicy;
  readonly limits: Limits;
  /** May clients change their own record (name, avatar …)? */
  readonly clientsEditThemselves: boolean;
  /** Web origins that may connect; empty: all. */
  readonly origins: readonly string[];
  readonly createdAt: number;
  readonly updatedAt: number;
}
