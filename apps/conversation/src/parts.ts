import type { App, AppDirectory } from '@hongyan/apps';
import type { AppId, ClientId, Commands } from '@hongyan/protocol';
import type { BanOptions, KickOptions } from '@hongyan/sessions';
import type { Presence } from '@hongyan/delivery';
import type { ReportError } from '@hongyan/rest';

/** Says which app a tenant's server speaks for; throws AppError. */
export interface AuthenticateServer {
  (appId: string, credential: string): Promise<App>;
}

/** What a tenant's server may do to the sessions of a client. Durable before the sessions are closed. */
export interface ClientControl {
  kick(app: App, client: ClientId, options: KickOptions): Promise<void>;
  ban(app: App, client: ClientId, options: BanOptions): Promise<void>;
  unban(app: App, client: ClientId): Promise<void>;
}

/** What the server REST door is made of; given by the composition root. */
export interface ConversationParts {
  readonly commands: Commands;
  readonly apps: AppDirectory;
  readonly authenticate: AuthenticateServer;
  readonly clients: ClientControl;
  readonly presence: Pick<Presence, 'onlineCount' | 'sessionsOf'>;
  /** How many clients were online at or after this time. */
  activeSince(app: AppId, time: number): Promise<number>;
  readonly now: () => number;
  readonly report: ReportError;
}

export const CONVERSATION_PARTS = Symbol('ConversationParts');
