/**
 * Identifiers. They are branded strings, so that one kind cannot be handed in where another is meant.
 * The functions here are the only places that make or take apart an identifier.
 */
declare const brand: unique symbol;
type Brand<T, B extends string> = T & { readonly [brand]: B };

export type TenantId = Brand<string, 'TenantId'>;
export type AppId = Brand<string, 'AppId'>;
/** 1–64 code points, no control characters; chosen by the app. */
export type ClientId = Brand<string, 'ClientId'>;
/** 24 hexadecimal digits when made here; ids of imported conversations are kept as they were. */
export type ConversationId = Brand<string, 'ConversationId'>;
/** Opaque to clients: conversation id, a dot, and the sequence in base 36, so that a look-up needs no index. */
export type MessageId = Brand<string, 'MessageId'>;
export type SessionId = Brand<string, 'SessionId'>;
/** Client-made, unique per (app, conversation, author): makes a change idempotent. */
export type OperationId = Brand<string, 'OperationId'>;

export const asTenantId = (value: string): TenantId => value as TenantId;
export const asAppId = (value: string): AppId => value as AppId;
export const asClientId = (value: string): ClientId => value as ClientId;
export const asConversationId = (value: string): ConversationId => value as ConversationId;
export const asSessionId = (value: string): SessionId => value as SessionId;
export const asOperationId = (value: string): OperationId => value as OperationId;

// eslint-disable-next-line no-control-regex
const controlCharacter = /[\u0000-\u001f\u007f-\u009f]/;
const loneSurrogate = /\p{Cs}/u;

/** True when `value` may be a client id: 1–64 code points, no control characters, no lone surrogates. */
export function isClientId(value: string): value is ClientId {
  if (value.length === 0 || value.length > 128 || controlCharacter.test(value) || loneSurrogate.test(value))
    return false;
  if (value.length <= 64) return true;
  let codePoints = 0;
  for (const _ of value) codePoints += 1;
  return codePoints <= 64;
}

const conversationIdPattern = /^[A-Za-z0-9_:-]{1,64}$/;

/** True when `value` may be a conversation id (made here or imported). */
export function isConversationId(value: string): value is ConversationId {
  return conversationIdPattern.test(value);
}

/** The id of the message at `seq` of a conversation. */
export function messageIdOf(conversation: ConversationId, seq: number): MessageId {
  return `${conversation}.${seq.toString(36)}` as MessageId;
}

/**
 * The id of a message that nobody stores. No stored message of the conversation can have it; `nonce`, of 1–12 letters,
 * digits, _ or -, tells it from the others of its kind.
 */
export function transientIdOf(conversation: ConversationId, nonce: string): MessageId {
  return `${conversation}.0.${nonce}` as MessageId;
}

/** True for what {@link transientIdOf} makes of this conversation. */
export function isTransientId(id: string, conversation: ConversationId): boolean {
  return id.startsWith(`${conversation}.0.`) && /^[\w-]{1,12}$/.test(id.slice(conversation.length + 3));
}

/** Conversation and sequence of a message id made by {@link messageIdOf}; undefined for anything else. */
export function parseMessageId(id: string): { conversation: ConversationId; seq: number } | undefined {
  const dot = id.lastIndexOf('.');
  if (dot < 1 || dot === id.length - 1 || id.length > 80) return undefined;
  const conversation = id.slice(0, dot);
  const digits = id.slice(dot + 1);
  if (!isConversationId(conversation) || !/^[0-9a-z]{1,8}$/.test(digits)) return undefined;
  const seq = Number.parseInt(digits, 36);
  return seq > 0 && Number.isSafeInteger(seq) && seq.toString(36) === digits
    ? { conversation, seq }
    : undefined;
}
