import type { App, AppAdministration, InstallationStore } from '@hongyan/apps';
import type { ConversationImport } from '@hongyan/conversations';
import type { ClientId } from '@hongyan/protocol';
import type { Presence } from '@hongyan/delivery';
import type { ReportError } from '@hongyan/rest';
import type { KickOptions } from '@hongyan/sessions';

/** What operators may do with the store as a whole. */
export interface StoreCare {
  /** Writes a consistent copy into a folder while the server runs. Throws when the folder holds one. */
  backup(folder: string): Promise<void>;
  /** Everything that is wrong with the store, and how much was looked at. No problems: sound. */
  check(): Promise<{
    readonly problems: readonly string[];
    readonly counts: Readonly<Record<string, number>>;
  }>;
}

/** Takes conversations over from elsewhere. */
export type ConversationImports = Pick<
  ConversationImport,
  'conversations' | 'messages' | 'subscribers' | 'unread' | 'digests'
>;

/** What the operators' door is made of; given by the composition root. */
export interface TenantAdminParts {
  readonly operatorToken: string;
  readonly administration: AppAdministration;
  readonly store: StoreCare;
  /** Absent: the store cannot. */
  readonly imports?: ConversationImports;
  /** Absent: the store cannot. */
  readonly installations?: InstallationStore;
  readonly kick: (app: App, client: ClientId, options: KickOptions) => Promise<void>;
  readonly presence: Pick<Presence, 'onlineCount' | 'everyone' | 'online'>;
  readonly report: ReportError;
}

export const TENANT_ADMIN_PARTS = Symbol('TenantAdminParts');
