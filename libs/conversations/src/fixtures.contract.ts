import {
  asAppId,
  asClientId,
  asConversationId,
  asOperationId,
  type AppId,
  type ClientId,
  type ConversationId,
  type Role,
} from '@hongyan/protocol';
import type { ConversationStore, LogStore, MemberStore } from './ports.js';
import type { Conversation, EntryPayload, Head, MessagePayload, NewEntry } from './types.js';

/** Words that the contract suites share. Every id is new, so that suites can share one store. */

let counter = 0;
const run = Date.now().toString(36);
const unique = (): string => `${run}${(counter += 1).toString(36).padStart(5, '0')}`;

export const newApp = (): AppId => asAppId(`app-${unique()}`);
export const newConversationId = (): ConversationId => asConversationId(`c-${unique()}`);
export const newOp = () => asOperationId(`op-${unique()}`);
export const client = (name: string): ClientId => asClientId(name);
export const ann = client('ann');
export const bob = client('bob');
export const cid = client('cid');
export const dan = client('dan');

export const T0 = 1_700_000_000_000;

export const message = (author: string, body: string, more: Partial<MessagePayload> = {}): NewEntry => ({
  author: author as ClientId | '',
  op: newOp(),
  payload: { kind: 'message', format: 'text', body, ...more },
});

export const change = (author: string, payload: EntryPayload): NewEntry => ({
  author: author as ClientId | '',
  op: newOp(),
  payload,
});

export interface Made {
  readonly app: AppId;
  readonly id: ConversationId;
  readonly head: Head;
}

export interface MakeOptions {
  readonly app?: AppId;
  readonly id?: ConversationId;
  /** Client ids; the first is owner unless roles are given as `name:role`. */
  readonly members?: readonly string[];
  readonly now?: number;
  readonly origin?: number;
  readonly document?: Partial<Conversation>;
}

/** The `created` entry of a conversation. */
export function createdEntry(options: MakeOptions = {}): NewEntry {
  const now = options.now ?? T0;
  const members = (options.members ?? ['ann', 'bob']).map((text, at) => {
    const [name = '', role = at === 0 ? 'owner' : 'member'] = text.split(':');
    return { client: client(name), role: role as Role };
  });
  const conversation: Conversation = {
    id: options.id ?? newConversationId(),
    kind: 'ordinary',
    attributes: {},
    frozen: false,
    createdAt: now,
    updatedAt: now,
    ...options.document,
  };
  return {
    author: members[0]?.client ?? '',
    op: newOp(),
    payload: { kind: 'created', conversation, members },
  };
}

export async function make(
  store: { conversations: Pick<ConversationStore, 'create'> },
  options: MakeOptions = {},
): Promise<Made> {
  const app = options.app ?? newApp();
  const { id, head } = await store.conversations.create(
    app,
    createdEntry(options),
    options.now ?? T0,
    options.origin,
  );
  return { app, id, head };
}

/** Appends at the head, wherever it is. For suites that have one writer. */
export async function append(
  store: { log: LogStore },
  { app, id }: Pick<Made, 'app' | 'id'>,
  entries: readonly NewEntry[],
  now = T0,
): Promise<number[]> {
  const head = await store.log.head(app, id);
  if (head === undefined) throw new Error('no such conversation');
  const { results } = await store.log.append(app, { conversation: id, expected: head.last, now, entries });
  return results.map((result) => (result.duplicate ? result.entry.seq : result.seq));
}

/** Without queries, lists and totals, which an engine may get last. */
export interface CoreStores {
  readonly log: LogStore;
  readonly conversations: Omit<ConversationStore, 'query'>;
  readonly members: Omit<MemberStore, 'list' | 'row' | 'sync' | 'totals'>;
  close(): Promise<void>;
}

export interface Stores extends CoreStores {
  readonly conversations: ConversationStore;
  readonly members: MemberStore;
}
