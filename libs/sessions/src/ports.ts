import type { AppId, ClientId, SessionId } from '@hongyan/protocol';

/**
 * Why tokens issued before `at` no longer count. Durable; lives as long as a token can; held in the memory of every
 * pod, so that a mass reconnect reads no store.
 */
export interface Revocation {
  readonly app: AppId;
  readonly client: ClientId;
  /** Absent: every session of the client. */
  readonly session?: SessionId;
  /** Present: sessions of this tag only. */
  readonly tag?: string;
  /** Present: tokens of this device are left alone (a device never conflicts with itself). */
  readonly exceptDevice?: string;
  /** Sessions that logged in before this time (exclusive) are revoked. */
  readonly loginBefore: number;
  readonly reason: 'kicked' | 'banned' | 'session_conflict' | 'logged_out' | 'erased';
  readonly message?: string;
  readonly createdAt: number;
  /** When no token can be left that it concerns. */
  readonly expiresAt: number;
}

export interface RevocationStore {
  add(revocation: Revocation): Promise<void>;
  /** All that have not expired at `now`, oldest first, with a position to go on from. */
  since(position: string | undefined, now: number): Promise<{ revocations: Revocation[]; position: string }>;
  /** Forgets what expired before `now`. */
  purge(now: number): Promise<void>;
}
