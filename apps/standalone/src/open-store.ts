import type { AppStore } from '@hongyan/apps';
import type { ClientStore, ConversationStore, LogStore, MemberStore } from '@hongyan/conversations';
import type { RevocationStore } from '@hongyan/sessions';

/** The stores of an installation, and their care. */
export interface Store {
  readonly log: LogStore;
  readonly conversations: ConversationStore;
  readonly members: MemberStore;
  readonly clients: ClientStore;
  readonly apps: AppStore;
  readonly revocations: RevocationStore;
  backup(file: string): Promise<void>;
  check(): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** Throws StartError: held by another process, of a newer version, damaged. */
export async function openStore(_folder: string): Promise<Store> {
  await Promise.resolve();
  throw new Error('to come');
}
