import type { ClientId, Role } from '@hongyan/protocol';
import { changesOf } from './projection.js';
import type { Conversation, Entry, Head, Loaded, Member } from './types.js';

const rank: Readonly<Record<Role | 'guest', number>> = { guest: 0, member: 1, manager: 2, owner: 3 };

/**
 * A conversation as the rules see it, as of `head.last`. It is the fold of the log over what the store projected, so
 * it can be thrown away at any time. Only the sequencer changes it.
 */
export class ConversationState {
  conversation: Conversation;
  head: Head;
  readonly members: Map<ClientId, Member>;
  readonly silences: Map<ClientId, number | undefined>;
  readonly blocked: Set<ClientId>;
  /** One-to-one: which of the two refuses the other. Filled by the sequencer before the first decision. */
  refusing: readonly ClientId[] = [];
  private list: readonly ClientId[] | undefined;

  constructor(loaded: Loaded) {
    this.conversation = loaded.conversation;
    this.head = loaded.head;
    this.members = new Map(loaded.members.map((member) => [member.client, { ...member }]));
    this.silences = new Map(loaded.silences.map(({ client, until }) => [client, until]));
    this.blocked = new Set(loaded.blocked);
  }

  get id() {
    return this.conversation.id;
  }

  /** Ids of all members but guests: who hears what happens. The same array until membership changes. */
  get memberIds(): readonly ClientId[] {
    this.list ??= [...this.members.values()]
      .filter((member) => member.role !== 'guest')
      .map((member) => member.client);
    return this.list;
  }

  get memberCount(): number {
    return this.memberIds.length;
  }

  isMember(client: ClientId): boolean {
    const member = this.members.get(client);
    return member !== undefined && member.role !== 'guest';
  }

  rankOf(client: ClientId): number {
    const member = this.members.get(client);
    return member === undefined ? 0 : rank[member.role];
  }

  get owner(): ClientId | undefined {
    for (const member of this.members.values()) if (member.role === 'owner') return member.client;
    return undefined;
  }

  isSilenced(client: ClientId, now: number): boolean {
    if (!this.silences.has(client)) return false;
    const until = this.silences.get(client);
    return until === undefined || until > now;
  }

  /** Roughly how many small objects this state keeps in memory. */
  get weight(): number {
    return 8 + this.members.size + this.silences.size + this.blocked.size;
  }

  /** Who takes over when `leaving` go: the eldest manager, else the eldest member. */
  successor(leaving: ReadonlySet<ClientId>): ClientId | undefined {
    let best: Member | undefined;
    for (const member of this.members.values()) {
      if (member.role === 'guest' || member.role === 'owner' || leaving.has(member.client)) continue;
      if (
        best === undefined ||
        rank[member.role] > rank[best.role] ||
        (rank[member.role] === rank[best.role] && elder(member, best))
      ) {
        best = member;
      }
    }
    return best?.client;
  }

  /** Applies the next entry of the log. */
  apply(entry: Entry): void {
    for (const change of changesOf(entry)) {
      switch (change.on) {
        case 'conversation':
          this.conversation = { ...this.conversation, ...change.set };
          break;
        case 'detach': {
          const { uniqueKey: _, ...rest } = this.conversation;
          this.conversation = rest;
          break;
        }
        case 'member-in':
          // A service's subscribers may be millions; they are asked for by name.
          if (this.conversation.kind === 'system') break;
          this.list = undefined;
          this.members.set(change.client, {
            client: change.client,
            role: change.role,
            joinedSeq: entry.seq,
            joinedAt: entry.time,
            readSeq: change.readSeq,
            deliveredSeq: change.readSeq,
          });
          break;
        case 'member-out':
          this.list = undefined;
          this.members.delete(change.client);
          break;
        case 'member-role': {
          const member = this.members.get(change.client);
          if (member !== undefined) member.role = change.role;
          break;
        }
        case 'silence':
          this.silences.set(change.client, change.until);
          break;
        case 'unsilence':
          this.silences.delete(change.client);
          break;
        case 'block':
          this.blocked.add(change.client);
          break;
        case 'unblock':
          this.blocked.delete(change.client);
          break;
        case 'content':
        case 'blank':
          break;
      }
    }
  }
}

const elder = (a: Member, b: Member): boolean =>
  a.joinedSeq < b.joinedSeq || (a.joinedSeq === b.joinedSeq && a.client < b.client);
