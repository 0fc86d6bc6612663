import type { App } from '@hongyan/apps';
import type { AppId, ClientId } from '@hongyan/protocol';
import { type SessionEnders, endSessions } from './kick-client.js';

/** Where bans are kept: the client's record. */
export interface BanStore {
  /** `until` null lifts the ban. Makes the record if there is none. */
  setBan(app: AppId, client: ClientId, until: number | null, message?: string): Promise<void>;
}

export interface BanOptions {
  /** When it ends, ms since 1970. */
  readonly until: number;
  /** Told to the client. */
  readonly message?: string;
}

/** Lets a client in no more, and ends its sessions. The ban is durable before a session is closed. */
export async function banClient(
  enders: SessionEnders & { readonly bans: BanStore },
  app: App,
  client: ClientId,
  { until, message }: BanOptions,
): Promise<void> {
  await enders.bans.setBan(app.id, client, until, message);
  await endSessions(enders, app, client, 'banned', message === undefined ? {} : { message });
}

/** Lets a client log in again with a credential; its old tokens stay revoked. */
export async function unbanClient(
  { bans }: { readonly bans: BanStore },
  app: App,
  client: ClientId,
): Promise<void> {
  await bans.setBan(app.id, client, null);
}
