import type { Commands } from './commands.js';
import type { ConversationEvents } from './conversation-events.js';
import type { Outbox } from './outbox.js';
import type { Receipts } from './receipts.js';
import type { Settings } from './options.js';
import type { Turns } from './turns.js';
import type { HongyanError } from './errors.js';

/** What a conversation needs of its client. */
export interface Core {
  readonly settings: Settings;
  readonly commands: Commands;
  readonly outbox: Outbox;
  readonly receipts: Receipts;
  /** Pages of missed entries: over a slow line, more at a time would only make each of them late. */
  readonly fetches: Turns;
  me(): string | undefined;
  /** The last sequence given to the app in a log, kept over a restart; undefined forgets it. */
  saveKnown(log: string, seq: number | undefined): void;
  emit<K extends keyof ConversationEvents>(
    conversation: string,
    event: K,
    value: ConversationEvents[K],
  ): void;
  /** Events of this log belong to that conversation. */
  adoptLog(log: string, conversation: string): void;
  failed(what: string, error: HongyanError): void;
}
