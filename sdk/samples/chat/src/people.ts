import type { Conversation, HongyanClient, MemberView, Role } from '@hongyan/sdk';

const mostWatched = 100; // the server's bound for one session

/** Who is in which conversation, what to call it, and who is online. */
export class People {
  readonly online = new Set<string>();
  readonly #members = new Map<string, readonly MemberView[]>();
  readonly #asking = new Set<string>();
  #watched = '';

  constructor(
    private readonly client: HongyanClient,
    private readonly changed: () => void,
  ) {
    client.on('presence', ({ client: who, online }) => {
      if (online) this.online.add(who);
      else this.online.delete(who);
      changed();
    });
    client.on('state', (state) => {
      if (state !== 'online') this.online.clear(); // not known; the SDK tells anew when it is back
    });
    client.on('entry', ({ conversation, entry }) => {
      if (!['message', 'edit', 'recall', 'updated'].includes(entry.kind)) this.forget(conversation);
    });
  }

  /** Asks for them when they are not known; `changed` is called when they come. */
  membersOf(conversation: Conversation): readonly MemberView[] {
    const { id } = conversation;
    const known = this.#members.get(id);
    if (known === undefined && conversation.kind === 'ordinary' && !this.#asking.has(id)) {
      this.#asking.add(id);
      conversation
        .members({ limit: 100 })
        .then(({ items }) => this.#members.set(id, items))
        .catch(() => undefined) // asked again when it is needed again
        .finally(() => {
          this.#asking.delete(id);
          if (this.#members.has(id)) this.changed();
        });
    }
    return known ?? [];
  }

  forget(conversation: Conversation): void {
    this.#members.delete(conversation.id);
    this.changed();
  }

  roleOf(conversation: Conversation, client: string | undefined): Role | undefined {
    return this.#members.get(conversation.id)?.find((member) => member.client === client)?.role;
  }

  isGroup(conversation: Conversation): boolean {
    return conversation.kind === 'ordinary' && (conversation.view?.memberCount ?? 0) > 2;
  }

  /** The other one of a one-to-one conversation. */
  peerOf(conversation: Conversation): string | undefined {
    if (conversation.kind !== 'ordinary' || conversation.name !== undefined || this.isGroup(conversation))
      return undefined;
    return conversation.peer?.client;
  }

  titleOf(conversation: Conversation): string {
    if (conversation.name) return conversation.name;
    const peer = this.peerOf(conversation);
    if (peer !== undefined) return peer;
    const others = this.membersOf(conversation).flatMap(({ client }) =>
      client === this.client.id ? [] : [client],
    );
    if (others.length > 0) return others.slice(0, 4).join(', ');
    return conversation.kind === 'room' ? 'Room' : 'Conversation';
  }

  /** Watches the presence of those on the screen. */
  async watch(clients: Iterable<string | undefined>): Promise<void> {
    const wanted = [...new Set(clients)]
      .filter((id) => id !== undefined && id !== this.client.id)
      .slice(0, mostWatched);
    const print = JSON.stringify(wanted.sort());
    if (print === this.#watched) return;
    this.#watched = print;
    try {
      const online = await this.client.presence.subscribe(wanted as string[]);
      this.online.clear();
      for (const id of online) this.online.add(id);
      this.changed();
    } catch {
      this.#watched = ''; // with the next change on the screen
    }
  }
}
