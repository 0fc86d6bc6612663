import type { ClientId, EntryView, MessageView } from '@hongyan/protocol';
import type { ClientState } from './connection.js';
import type { Conversation } from './conversation.js';
import type { Gap, Receipt, Signal, Unread } from './conversation-events.js';
import type { HongyanError } from './errors.js';
import type { LocalMessage } from './send-handle.js';

/** What happened in a conversation, for who listens to all of them. */
interface In {
  readonly conversation: Conversation;
}

export interface ClientEvents {
  state: ClientState;
  /** Connected; `resumed`: rooms were kept. */
  online: { readonly client: ClientId; readonly resumed: boolean };
  /** What was missed is known: rows are up to date, gaps are being filled. */
  synced: void;
  /**
   * What was missed was told, too: rooms are entered again, and the gaps of open conversations are filled. Comes after
   * `synced`, once for each connect that lasts so long. What could not be fetched, a `trouble` event told.
   */
  caughtUp: void;
  message: In & { readonly message: MessageView };
  edit: In & { readonly message: MessageView };
  recall: In & { readonly message: MessageView };
  delete: In & { readonly message: MessageView };
  entry: In & { readonly entry: EntryView };
  gap: In & Gap;
  local: In & { readonly local: LocalMessage };
  transient: In & { readonly message: MessageView };
  signal: In & Signal;
  receipt: In & Receipt;
  unread: In & Unread;
  /** A conversation is new or changed. */
  conversation: Conversation;
  gone: Conversation;
  presence: { readonly client: ClientId; readonly online: boolean; readonly time: number };
  /** The same tag logged in elsewhere; the client stays disconnected. */
  conflict: HongyanError;
  /** The app put this client out; it stays disconnected. */
  kicked: HongyanError;
  /** Disconnected for good, for whatever reason, `conflict` and `kicked` included. */
  closed: HongyanError;
  /** Something in the background failed and is tried again. */
  trouble: HongyanError;
}
