export { HongyanClient } from './client.js';
export type { ClientEvents } from './client-events.js';
export type { ClientState } from './connection.js';
export type { CallOptions } from './commands.js';
export { contentOf } from './content.js';
export type { Content, ContentOptions, SendOptions } from './content.js';
export { Conversation } from './conversation.js';
export type { PageOptions, StateChange } from './conversation-calls.js';
export type { ConversationEvents, Gap, Receipt, Signal, Unread } from './conversation-events.js';
export { HongyanError } from './errors.js';
export type { LocalErrorName } from './errors.js';
export { HistoryPage } from './history.js';
export type { HistoryBound, HistoryQuery } from './history.js';
export { operationId } from './operation-id.js';
export type { Credentials, HongyanOptions, Logger } from './options.js';
export type { Presence } from './presence.js';
export type { ProfileChange, Profiles } from './profiles.js';
export type { Conversations, CreateOptions, ListOptions } from './registry.js';
export type { RoomEntrance, Rooms } from './rooms.js';
export { SendHandle } from './send-handle.js';
export type { LocalMessage, SendState } from './send-handle.js';
export { MemoryStorage } from './storage.js';
export type { Storage } from './storage.js';
export { AsyncStorage } from './storage-async.js';
export type { AsyncStorageLike } from './storage-async.js';
export { IndexedDBStorage } from './storage-indexeddb.js';
export { protocolVersion, sdkVersion } from './version.js';
export type {
  BulkResult,
  ClientId,
  ClientView,
  ConversationId,
  ConversationKind,
  ConversationView,
  EntryKind,
  EntryView,
  ErrorName,
  Format,
  Input,
  Json,
  JsonObject,
  ListRow,
  MemberView,
  MessageId,
  MessageView,
  OperationName,
  OwnState,
  Page,
  Result,
  Results,
  Role,
  ServerEvent,
  UnreadTotals,
  WireError,
} from '@hongyan/protocol';
