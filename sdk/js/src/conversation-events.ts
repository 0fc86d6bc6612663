import type { ClientId, EntryView, Json, MessageView, ServerEvent } from '@hongyan/protocol';
import type { LocalMessage } from './send-handle.js';

export type CursorEvent = Extract<ServerEvent, { type: 'cursor' }>;

/**
 * Entries `after < seq <= until` were not given to the app: load the newest page of the history instead. `after` 0: all that
 * was given may be void, for the server was restored from a backup.
 */
export interface Gap {
  readonly after: number;
  readonly until: number;
}

export interface Unread {
  readonly unread: number;
  readonly mentionUnread: number;
}

export interface Signal {
  readonly from: ClientId;
  readonly name: string;
  readonly data?: Json;
}

/** Somebody's cursors moved, or the counts of my own last messages in a group. */
export type Receipt = Pick<CursorEvent, 'client' | 'read' | 'delivered' | 'counts'>;

export interface ConversationEvents {
  /** A message of somebody else, or of mine from another device. Once, in order. */
  message: MessageView;
  /** A message as it is now. */
  edit: MessageView;
  recall: MessageView;
  /** The app's server removed it: it shows nowhere any longer. */
  delete: MessageView;
  /** Everything in the log, my own messages included. Once, in order. */
  entry: EntryView;
  gap: Gap;
  /** A message of mine changed its state. */
  local: LocalMessage;
  /** Not stored: for who is online. */
  transient: MessageView;
  signal: Signal;
  receipt: Receipt;
  unread: Unread;
  /** Name, attributes, own state, last message or members changed. */
  changed: void;
  /** I am no longer in it, or it is deleted. */
  gone: void;
}
