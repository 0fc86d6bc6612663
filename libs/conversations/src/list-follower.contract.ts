import fc from 'fast-check';
import type { ClientId, ConversationId } from '@hongyan/protocol';
import { ann, append, bob, change, make, message, T0 } from './fixtures.contract.js';
import type { Made, Stores } from './fixtures.contract.js';
import type { ListedConversation, MemberStore } from './ports.js';

/** A list that changes at random, and somebody who follows it as clients do. */

type ListAnswer = Awaited<ReturnType<MemberStore['list']>>;
type SyncAnswer = Awaited<ReturnType<MemberStore['sync']>>;

/** All pages of the list. */
export async function listAll(
  store: Stores,
  app: Made['app'],
  who: ClientId,
  limit = 100,
  hidden = false,
): Promise<ListAnswer> {
  const items: ListedConversation[] = [];
  for (let cursor: string | undefined; ;) {
    const page = await store.members.list(app, who, {
      limit,
      hidden,
      ...(cursor === undefined ? {} : { cursor }),
    });
    items.push(...page.items);
    cursor = page.cursor;
    if (cursor === undefined) return { ...page, items };
  }
}

/** All pages of a sync. */
export async function syncAll(
  store: Stores,
  app: Made['app'],
  who: ClientId,
  token?: string,
  limit = 100,
): Promise<SyncAnswer> {
  const items: ListedConversation[] = [];
  const gone: ConversationId[] = [];
  for (let cursor: string | undefined; ;) {
    const given = token === undefined ? {} : { token };
    const page = await store.members.sync(app, who, {
      limit,
      ...given,
      ...(cursor === undefined ? {} : { cursor }),
    });
    items.push(...page.items);
    gone.push(...page.gone);
    cursor = page.cursor;
    if (cursor === undefined) return { ...page, items, gone };
    expect(page).not.toHaveProperty('token');
  }
}

type WorldChange = {
  n: number;
  do: 'bob' | 'ann' | 'read' | 'peer' | 'pin' | 'leave' | 'join' | 'end' | 'new' | 'recall' | 'delete';
};

/** One change of a conversation of ann’s, drawn at random. */
export const change$: fc.Arbitrary<WorldChange> = fc.record({
  n: fc.nat(8),
  do: fc.constantFrom(
    ...([
      'bob',
      'bob',
      'ann',
      'read',
      'peer',
      'pin',
      'leave',
      'join',
      'end',
      'new',
      'recall',
      'delete',
    ] as const),
  ),
});

/** Conversations of ann that change. */
export class World {
  private readonly made: Made[] = [];

  constructor(
    private readonly store: Stores,
    readonly app: Made['app'],
  ) {}

  async begin(): Promise<void> {
    for (let n = 0; n < 5; n += 1) this.made.push(await make(this.store, { app: this.app }));
  }

  async apply({ n, do: what }: WorldChange): Promise<void> {
    const made = this.made[n % this.made.length] as Made;
    const { app, id } = made;
    const member = (await this.store.members.own(app, id, ann)) !== undefined;
    const alive = (await this.store.conversations.find(app, [id])).length > 0;
    if (what === 'new') this.made.push(await make(this.store, { app }));
    else if (!alive) return;
    else if (what === 'bob' || what === 'ann') await append(this.store, made, [message(what, 'x')]);
    else if (what === 'recall' || what === 'delete')
      await append(this.store, made, [change('', { kind: what, target: 2 })]);
    else if (what === 'end') await append(this.store, made, [change('', { kind: 'deleted' })]);
    else if (what === 'read') await this.store.members.advanceRead(app, id, ann, n);
    else if (what === 'peer') await this.store.members.advanceRead(app, id, bob, n);
    else if (what === 'pin') await this.store.members.setOwn(app, id, ann, { pinnedAt: T0 + n });
    else if (what === 'leave' && member)
      await append(this.store, made, [change('ann', { kind: 'left', member: ann })]);
    else if (what === 'join' && !member)
      await append(this.store, made, [change('ann', { kind: 'joined', member: ann })]);
  }

  async truth(): Promise<ListedConversation[]> {
    return byId((await listAll(this.store, this.app, ann)).items);
  }
}

/** A client that knows its list by list and sync alone. */
export class Follower {
  private readonly rows = new Map<ConversationId, ListedConversation>();
  private token: string | undefined;

  constructor(
    private readonly store: Stores,
    private readonly app: Made['app'],
    private readonly limit: number,
  ) {}

  async start(): Promise<void> {
    const { items, token } = await listAll(this.store, this.app, ann, this.limit);
    for (const row of items) this.rows.set(row.conversation.id, row);
    this.token = token;
  }

  async sync(): Promise<void> {
    const { items, gone, reset, token } = await syncAll(this.store, this.app, ann, this.token, this.limit);
    expect(reset).toBe(false);
    for (const id of gone) this.rows.delete(id);
    for (const row of items) this.rows.set(row.conversation.id, row);
    this.token = token;
  }

  known(): ListedConversation[] {
    return byId([...this.rows.values()]);
  }
}

const byId = (rows: readonly ListedConversation[]) =>
  [...rows].sort((a, b) => (a.conversation.id < b.conversation.id ? -1 : 1));
