import type { AppId, MessageId } from '@hongyan/protocol';
import type { Conversation, MessageEntry } from './types.js';

/** A place in the messages of an app. Without a message: its whole millisecond, which is excluded unless `inclusive`. */
export interface TimelineBound {
  readonly time: number;
  readonly message?: MessageId;
  readonly inclusive?: boolean;
}

export interface TimelineQuery {
  readonly direction: 'backward' | 'forward';
  readonly after?: TimelineBound;
  readonly before?: TimelineBound;
  readonly limit: number;
}

export interface TimelinePart {
  /** In the direction asked: by time, of the same time by id. */
  readonly items: readonly { readonly conversation: Conversation; readonly message: MessageEntry }[];
  /** Fewer than asked for, and there may be more: beyond this whole millisecond. */
  readonly resume?: number;
}

/** Messages of a whole app by time, those of threads and of temporary conversations left out. */
export interface TimelineStore {
  /** Does a bounded share of the work: see `resume`. */
  part(app: AppId, query: TimelineQuery): Promise<TimelinePart>;
}
