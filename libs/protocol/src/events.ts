import type { ClientId, ConversationId, SessionId } from './ids.js';
import type { ErrorName } from './errors.js';
import type { ConversationView, EntryView, Json, MessageView, OwnState } from './results.js';

/**
 * What the server tells a session. `entry` and `cursor` are facts that can be fetched again; the rest is lost when it
 * is missed. A session does not get the event of its own command: the answer of the command says it.
 */
export type ServerEvent =
  /** First event of every connection. */
  | {
      readonly type: 'session';
      readonly session: SessionId;
      readonly client: ClientId;
      readonly token: string;
      readonly expiresAt: number;
      readonly time: number;
      /** True when a session token brought the client back and rooms were kept. */
      readonly resumed: boolean;
      readonly limits: { readonly frameBytes: number; readonly bodyBytes: number; readonly page: number };
    }
  /** Last event before the server closes. `reconnectAfterMs` absent: do not come back by yourself. */
  | {
      readonly type: 'closing';
      readonly code: number;
      readonly name: ErrorName;
      readonly message: string;
      readonly reconnectAfterMs?: number;
    }
  /** `conversation` comes along when the reader cannot know the conversation yet (it was just added). */
  | ({ readonly type: 'entry'; readonly conversationView?: ConversationView } & { readonly entry: EntryView })
  /** Somebody's cursors, or counts for my own last messages in a group. */
  | {
      readonly type: 'cursor';
      readonly conversation: ConversationId;
      readonly client?: ClientId;
      readonly read?: number;
      readonly delivered?: number;
      /** With `delivered`: where that cursor stood before. */
      readonly deliveredFrom?: number;
      readonly counts?: readonly {
        readonly seq: number;
        readonly delivered: number;
        readonly read: number;
        readonly of: number;
      }[];
      /** With my own read cursor, from another device of mine. */
      readonly unread?: number;
      readonly mentionUnread?: number;
    }
  | { readonly type: 'state'; readonly conversation: ConversationId; readonly own: OwnState }
  | { readonly type: 'transient'; readonly message: MessageView }
  | {
      readonly type: 'signal';
      readonly conversation: ConversationId;
      readonly from: ClientId;
      readonly name: string;
      readonly data?: Json;
    }
  | { readonly type: 'presence'; readonly client: ClientId; readonly online: boolean; readonly time: number };

export type ServerEventType = ServerEvent['type'];

/** Classes of events: how they are ordered, missed, and dropped under pressure. */
export type EventClass = 'entry' | 'cursor' | 'state' | 'room' | 'signal';
