import type { Conversation, NewEntry } from '@hongyan/conversations';
import {
  asClientId,
  asConversationId,
  asOperationId,
  type AppId,
  type ClientId,
  type ConversationId,
} from '@hongyan/protocol';
import type { SqliteStore } from '@hongyan/store-sqlite';
import { forEach, range } from './traffic.js';

/** How much is in a store before it is measured. */
export interface Size {
  readonly conversations: number;
  readonly messages: number;
  /** In so many conversations the client `me` is. */
  readonly mine: number;
  /** Messages of others in the conversation `busy`, none of which `me` has read. */
  readonly unread: number;
}

export const me = asClientId('me');
export const busy = asConversationId('busy');
const other = asClientId('other');
const entriesPerAppend = 1000;
const atOnce = 4_000;

let operations = 0;
const operation = () => asOperationId(`op-${(operations += 1).toString(36).padStart(9, '0')}`);

export const message = (author: ClientId): NewEntry => ({
  author,
  op: operation(),
  payload: {
    kind: 'message',
    format: 'text',
    body: `Message ${operations} of about one hundred bytes, as people write them: short, and soon followed by others.`,
  },
});

function created(id: ConversationId, members: readonly ClientId[], now: number): NewEntry {
  const conversation: Conversation = {
    id,
    kind: 'ordinary',
    attributes: {},
    creator: members[0]!,
    frozen: false,
    createdAt: now,
    updatedAt: now,
  };
  const roles = members.map((client, at) => ({ client, role: at === 0 ? 'owner' : 'member' }) as const);
  return { author: members[0]!, op: operation(), payload: { kind: 'created', conversation, members: roles } };
}

export const conversationAt = (at: number): ConversationId =>
  at === 0 ? busy : asConversationId(at.toString(16).padStart(24, '0'));

/** `me` is in the first `mine` conversations; the rest are pairs of others. */
const membersOf = (at: number, { mine }: Size): ClientId[] =>
  at < mine
    ? [at === 0 ? other : asClientId(`peer-${at}`), me]
    : [asClientId(`a-${at % 50_000}`), asClientId(`b-${at}`)];

/** Fills an empty store through its own ports, many requests at a time. */
export async function fill(
  store: SqliteStore,
  app: AppId,
  size: Size,
  say: (line: string) => void,
): Promise<void> {
  const start = Date.now() - size.messages;
  const each = Math.floor((size.messages - size.unread) / (size.conversations - 1));
  let done = 0;
  await forEach(range(size.conversations), atOnce, async (at) => {
    const id = conversationAt(at);
    const [author] = membersOf(at, size);
    const { head } = await store.conversations.create(
      app,
      created(id, membersOf(at, size), start + at),
      start + at,
    );
    let expected = head.last;
    for (let left = at === 0 ? size.unread : each; left > 0;) {
      const count = Math.min(left, entriesPerAppend);
      const entries = range(count).map(() => message(author!));
      const { head: now } = await store.log.append(app, {
        conversation: id,
        expected,
        now: start + at,
        entries,
      });
      expected = now.last;
      left -= count;
    }
    if ((done += 1) % 20_000 === 0) say(`  ${done} conversations`);
  });
}
