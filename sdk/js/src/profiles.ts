import type { ClientView, JsonObject, Page } from '@hongyan/protocol';
import type { Commands } from './commands.js';
import type { PageOptions } from './conversation-calls.js';

export interface ProfileChange {
  readonly name?: string | null;
  readonly avatarUrl?: string | null;
  readonly locale?: string | null;
  readonly timeZone?: string | null;
  readonly custom?: JsonObject | null;
}

export class Profiles {
  /** @internal */
  constructor(private readonly commands: Commands) {}

  async get(clients: readonly string[]): Promise<readonly ClientView[]> {
    return (await this.commands.call('client.get', { clients: [...clients] })).clients;
  }

  /** My own record; null removes a field. Only where the app allows it. */
  async update(change: ProfileChange): Promise<ClientView> {
    return (await this.commands.call('client.update', change as never)).client;
  }

  /** I refuse these: they cannot write to me one-to-one, nor add me anywhere. */
  async block(clients: readonly string[]): Promise<void> {
    await this.commands.call('client.block', { clients: [...clients] });
  }

  async unblock(clients: readonly string[]): Promise<void> {
    await this.commands.call('client.unblock', { clients: [...clients] });
  }

  blocked(options: PageOptions = {}): Promise<Page<string>> {
    return this.commands.call('client.blocked', options);
  }

  /** Ids of conversations that I refuse: `client.call('conversation.unrefuse', …)` lifts it for one that is not loaded. */
  refused(options: PageOptions = {}): Promise<Page<string>> {
    return this.commands.call('client.refused', options);
  }
}
