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

// The policies below are settings of an app: what each one means, its unit and bounds are in settings-schema.ts.

/** How clients prove who they are. */
export interface LoginPolicy {
  readonly unsigned: boolean;
  readonly jwtAlgorithm: SignatureAlgorithm;
  readonly jwtKeys?: readonly string[];
  readonly jwksUrl?: string;
  readonly verifierUrl?: string;
  readonly signedOperations: boolean;
  readonly jwtMaxAge: number;
  readonly sessionTtl: number;
}

/** Who may do what in ordinary conversations, and other choices of meaning (docs/model.md has the table). */
export interface ConversationPolicy {
  readonly openQueries: boolean;
  readonly join: 'invite' | 'open';
  readonly removeOthers: 'higher-role' | 'any-member';
  readonly update: 'manager' | 'member';
  readonly mentionAll: 'manager' | 'member';
  readonly recallOthers: 'higher-role' | 'server';
  readonly ownerLeaves: 'pass-on' | 'refuse-with-roles';
  readonly historyForNewMembers: 'all' | 'since-join';
  readonly uniqueAfterLeave: 're-add' | 'detach';
  readonly mutesShown: boolean;
}

export interface MessagePolicy {
  readonly edit: boolean;
  readonly recall: boolean;
  readonly editWindow: number;
  readonly recallWindow: number;
  readonly receipts: boolean;
  readonly typing: boolean;
  readonly presence: boolean;
  readonly retentionDays: number;
}

export interface RoomPolicy {
  readonly sendWithoutJoin: boolean;
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
  readonly clientsEditThemselves: boolean;
  readonly origins: readonly string[];
  readonly createdAt: number;
  readonly updatedAt: number;
}
