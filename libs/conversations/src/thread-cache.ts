import type { AppId, ClientId, ConversationId } from '@hongyan/protocol';

/** Remembers threads; the truth is the unique key in the store. */
export class ThreadCache {
  private readonly known = new Map<string, ConversationId>();

  constructor(private readonly limit = 50_000) {}

  get(app: AppId, system: ConversationId, client: ClientId): ConversationId | undefined {
    return this.known.get(`${app}\n${system}\n${client}`);
  }

  set(app: AppId, system: ConversationId, client: ClientId, thread: ConversationId): void {
    if (this.known.size >= this.limit) this.known.clear();
    this.known.set(`${app}\n${system}\n${client}`, thread);
  }
}
