import type { Installation, InstallationDigest, TakenInstallation } from '@hongyan/apps';
import type {
  ConversationOutcome,
  ImportDigest,
  ImportedMessages,
  ImportedUnread,
  ImportItem,
  TakenMessages,
} from '@hongyan/conversations';
import type { ClientId, ConversationId } from '@hongyan/protocol';

/** The installation that takes the app. Every call may be repeated; each fails or takes effect as a whole. */
export interface ImportTarget {
  conversations(items: readonly ImportItem[]): Promise<readonly ConversationOutcome[]>;
  messages(items: readonly ImportedMessages[]): Promise<readonly TakenMessages[]>;
  subscribers(
    conversation: ConversationId,
    subscribers: readonly { readonly client: ClientId; readonly at: number }[],
  ): Promise<{ readonly added: number }>;
  /** After the messages of these conversations were taken. */
  unread(items: readonly ImportedUnread[]): Promise<{ readonly set: number }>;
  installations(items: readonly Installation[]): Promise<readonly TakenInstallation[]>;
  installationsDigest(): Promise<InstallationDigest>;
  /** null: no imported conversation. */
  digests(conversations: readonly ConversationId[]): Promise<readonly (ImportDigest | null)[]>;
}
