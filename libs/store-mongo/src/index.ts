export { MongoDatabase } from './database.js';
export type { Faults, MongoOptions, WriteStep } from './database.js';
export { MongoConversationStore } from './mongo-conversation-store.js';
export type { ConversationDocuments } from './mongo-conversation-store.js';
export { MongoLogStore } from './mongo-log-store.js';
export { MongoMemberStore } from './mongo-member-store.js';
export type { ConversationMembers } from './mongo-member-store.js';
