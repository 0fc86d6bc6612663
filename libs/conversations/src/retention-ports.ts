import type { AppId, ConversationId } from '@hongyan/protocol';

/**
 * Takes old entries out of the logs of an app, from their low ends only, oldest first. The work is cut into steps that are
 * short for a store that is in use. A step is durable when it returns, and repeating one, or beginning anew after a crash,
 * does no harm.
 *
 * A step first raises the floor: what is at or below it shows nowhere any more (history, entries, last message) and counts as
 * read for every member. Then the rows go. The newest row of a log always stays, because sequences go on from it; it loses
 * its content, and the floor hides it.
 */
export interface RetentionStore {
  /**
   * Looks at some conversations of the app, deleted ones too, and names those that have entries older than `before` (ms) to
   * take out, or ones below their floor. No `cursor`: all have been looked at.
   */
  expired(app: AppId, before: number, cursor?: string): Promise<{ items: ConversationId[]; cursor?: string }>;
  /** The next step with one conversation. No `next`: done; otherwise it is handed in with the next call. */
  retire(app: AppId, conversation: ConversationId, before: number, next?: string): Promise<RetiredStep>;
}

export interface RetiredStep {
  /** Entries that were taken out. */
  readonly removed: number;
  readonly floor: number;
  readonly next?: string;
}
