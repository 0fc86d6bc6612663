export * from './types.js';
export * from './projection.js';
export * from './ports.js';
export * from './client-ports.js';
export * from './import-ports.js';
export * from './retention-ports.js';
export { Retention } from './retention.js';
export type { RetentionOptions, RetentionParts } from './retention.js';
export type { ConversationParts } from './core.js';
export type { PathObserver } from './path-observer.js';
export { ConversationService, createConversationService } from './conversation-service.js';
export type {
  ConversationImport,
  ImportedVersion,
  ImportItem,
  ConversationOutcome,
} from './import-conversations.js';
export { uniqueKeyOf } from './create-conversation.js';
export { threadKey } from './system-threads.js';
