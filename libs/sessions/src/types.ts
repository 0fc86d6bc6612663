import type { AppId, ClientId, JsonObject, OpenSession } from '@hongyan/protocol';

/** What a client hands in to prove who it is. `device` and `tag` are its own words; a session token carries its own. */
export type Credentials =
  | ({ readonly kind: 'jwt'; readonly token: string } & DeviceWords)
  | ({ readonly kind: 'signature'; readonly client: string } & Signature & DeviceWords)
  | ({ readonly kind: 'unsigned'; readonly client: string } & DeviceWords)
  /** The door has checked a proof of its own protocol. */
  | ({ readonly kind: 'verified'; readonly client: string } & DeviceWords)
  | { readonly kind: 'session'; readonly token: string };

/** A door has checked a proof of its own protocol. Never built from a payload without that. */
export type Verified = { readonly kind: 'verified'; readonly client: string } & DeviceWords;

export interface DeviceWords {
  readonly device?: string;
  readonly tag?: string;
}

/** Made by the tenant's server with the master key; see {@link signLogin}. */
export interface Signature {
  /** Milliseconds since 1970. */
  readonly timestamp: number;
  readonly nonce: string;
  /** HMAC-SHA256 in hexadecimal. */
  readonly signature: string;
}

/** A client that has proved who it is. */
export interface Login {
  readonly session: OpenSession;
  /** When the session logged in with a credential; a resumed one keeps it. Later wins for a tag. */
  readonly loginAt: number;
  /** False: a session token brought it back. */
  readonly fresh: boolean;
  /** The session's next token. */
  readonly token: string;
  readonly expiresAt: number;
}

/** What a login token may say about the client. */
export interface Profile {
  readonly name?: string;
  readonly avatarUrl?: string;
  readonly locale?: string;
  readonly timeZone?: string;
  readonly custom?: JsonObject;
}

/** What logins need to know of clients; the client store answers it. */
export interface ClientRegistry {
  /** When the ban ends; undefined or past: not banned. Asked on fresh logins only: revocations cover tokens. */
  bannedUntil(app: AppId, client: ClientId): Promise<number | undefined>;
  setProfile(app: AppId, client: ClientId, profile: Profile): Promise<void>;
}

/** A secret of the installation, with an overlap while it is replaced. */
export interface SessionKey {
  readonly current: string;
  readonly previous?: string;
}
