export * from './types.js';
export * from './projection.js';
export * from './ports.js';
export type { ConversationParts } from './core.js';
export type { PathObserver } from './path-observer.js';
export { ConversationService, createConversationService } from './conversation-service.js';
export { uniqueKeyOf } from './create-conversation.js';
