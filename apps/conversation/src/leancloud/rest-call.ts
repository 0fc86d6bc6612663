import type { App } from '@hongyan/apps';
import { LeanCloudError, type CodeName } from '@hongyan/leancloud';
import {
  AppError,
  asConversationId,
  asOperationId,
  isClientId,
  isConversationId,
  operations,
  type Args,
  type CallOptions,
  type ClientId,
  type ConversationId,
  type ConversationKind,
  type Input,
  type JsonObject,
  type MessageId,
  type OperationId,
  type OperationName,
  type Result,
} from '@hongyan/protocol';
import { newOperationId } from '../call.js';
import type { ConversationParts } from '../parts.js';
import type { KindCache } from './kind-cache.js';

/** Arguments as they are written, with JSON that is only read. */
export type Given<N extends OperationName> = {
  readonly [K in keyof Input<N>]: K extends 'attributes' | 'columns' | 'where' | 'push'
    ? JsonObject
    : Input<N>[K];
};

/** A path that is about conversations of one kind. */
export type Family = 'conversations' | 'chatrooms' | 'service-conversations';

const families: Readonly<Record<Family, { kinds: readonly ConversationKind[]; otherwise: CodeName }>> = {
  conversations: { kinds: ['ordinary', 'temporary'], otherwise: 'NORMAL_CONVERSATION_REQUIRED' },
  chatrooms: { kinds: ['room'], otherwise: 'TRANSIENT_CONVERSATION_REQUIRED' },
  'service-conversations': { kinds: ['system'], otherwise: 'SYSTEM_CONVERSATION_REQUIRED' },
};

export interface RestCallParts {
  readonly door: ConversationParts;
  readonly kinds: KindCache;
  readonly app: App;
  /** The master key was shown; otherwise the app key, which anybody may have. */
  readonly master: boolean;
  readonly params: Readonly<Record<string, string>>;
  /** The JSON object that was sent; empty when there was none. */
  readonly body: Readonly<Record<string, unknown>>;
  readonly options: CallOptions;
  /** Of the change that this request is about: the caller's `Idempotency-Key`, or a new one. */
  readonly op: OperationId;
  /** The key was the caller's. */
  readonly opGiven: boolean;
  /** Counts one more call for the app's rate. Throws `rate_limited`. */
  spend(): void;
}

/** One request of a tenant's server, and the way from it to operations. */
export class RestCall<A = unknown> {
  constructor(
    readonly parts: RestCallParts,
    readonly args: A,
  ) {}

  get app(): App {
    return this.parts.app;
  }

  get door(): ConversationParts {
    return this.parts.door;
  }

  /** Runs an operation as the tenant's server, in the name of `client` if one is given. Throws AppError. */
  run<N extends OperationName>(name: N, given: Given<N>, client?: ClientId): Promise<Result<N>> {
    const { door, app, options } = this.parts;
    const parsed = operations[name].safeParse(given);
    if (!parsed.success) {
      const { path, message } = parsed.error.issues[0]!;
      const detail = `${path.map(String).join('.')}: ${message}`.slice(0, 200);
      return Promise.reject(new AppError('bad_request', { detail }));
    }
    const caller = { app: app.id, server: true, ...(client === undefined ? {} : { client }) };
    return door.commands.execute(caller, name, parsed.data as Args<N>, options);
  }

  /** The conversation of the path; one of another kind than the path says is refused. */
  async conversation(family?: Family): Promise<ConversationId> {
    const id = conversationIdOf(this.parts.params['conversation'] ?? '');
    if (family !== undefined) await this.require(id, family);
    return id;
  }

  /** Refuses a conversation of another kind. */
  async require(conversation: ConversationId, family: Family): Promise<void> {
    const { kinds, otherwise } = families[family];
    if (!kinds.includes(await this.kindOf(conversation))) throw new LeanCloudError(otherwise);
  }

  async kindOf(conversation: ConversationId): Promise<ConversationKind> {
    const { kinds, app } = this.parts;
    const known = kinds.get(app.id, conversation);
    if (known !== undefined) return known;
    const { kind } = (await this.run('conversation.get', { conversation })).conversation;
    kinds.set(app.id, conversation, kind);
    return kind;
  }

  client(): ClientId {
    const client = this.parts.params['client'] ?? '';
    if (!isClientId(client))
      throw new AppError('bad_request', { detail: 'the client in the path is not a client id' });
    return client;
  }

  message(): MessageId {
    return messageIdOf(this.parts.params['message'] ?? '');
  }
}

/** A conversation id as it may be looked up; anything else is as if there were none. */
export function conversationIdOf(text: string): ConversationId {
  if (!isConversationId(text)) throw new AppError('not_found');
  return asConversationId(text);
}

/** A message id as it may be looked up; anything else is as if there were none. */
export function messageIdOf(text: string): MessageId {
  if (text.length < 3 || text.length > 80) throw new AppError('message_not_found');
  return text as MessageId;
}

/** Of a change beside the one that the request is about. */
export const newOperation = (): OperationId => asOperationId(newOperationId(Date.now()));
