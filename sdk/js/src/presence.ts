import type { Commands } from './commands.js';

/** Who is online. */
export class Presence {
  #watched: readonly string[] = [];

  /** @internal */
  constructor(private readonly commands: Commands) {}

  /** Which of these are online now. */
  async query(clients: readonly string[]): Promise<readonly string[]> {
    return (await this.commands.call('presence.query', { clients: [...clients] })).online;
  }

  /** Watches these (at most 100) instead of those before; answers who is online. `presence` events tell the changes. */
  async subscribe(clients: readonly string[]): Promise<readonly string[]> {
    this.#watched = [...clients];
    return (await this.commands.call('presence.subscribe', { clients: [...clients] })).online;
  }

  /** @internal After a reconnect: answers who of the watched is online, if any are watched. */
  async renew(): Promise<{ watched: readonly string[]; online: ReadonlySet<string> } | undefined> {
    if (this.#watched.length === 0) return undefined;
    const watched = this.#watched;
    const { online } = await this.commands.once('presence.subscribe', { clients: [...watched] });
    return { watched, online: new Set<string>(online) };
  }
}
