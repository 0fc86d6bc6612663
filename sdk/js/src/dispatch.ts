import type { ServerEvent } from '@hongyan/protocol';
import type { ClientEvents } from './client-events.js';
import type { ConversationEvents } from './conversation-events.js';
import type { Emitter } from './emitter.js';
import type { Conversations } from './registry.js';
import type { LocalMessage } from './send-handle.js';

/** Brings events to where they belong: the server's to their conversations, those of conversations to the client. */
export class Dispatch {
  constructor(
    private readonly client: Emitter<ClientEvents>,
    private readonly conversations: Conversations,
  ) {}

  /** What the server tells after the session began. */
  event(event: ServerEvent): void {
    switch (event.type) {
      case 'entry':
        this.conversations.entry(event);
        break;
      case 'cursor':
        this.conversations.known(event.conversation)?.cursor(event);
        break;
      case 'state':
        this.conversations.of(event.conversation).ownState(event.own);
        break;
      case 'transient':
        this.#both(event.message.conversation, 'transient', event.message);
        break;
      case 'signal': {
        const { conversation, from, name, data } = event;
        this.#both(conversation, 'signal', { from, name, ...(data === undefined ? {} : { data }) });
        break;
      }
      case 'presence':
        this.client.emit('presence', { client: event.client, online: event.online, time: event.time });
        break;
      default: // a newer server may tell more
    }
  }

  /** A message of mine changed its state. */
  local(local: LocalMessage): void {
    const conversation = this.conversations.of(local.conversation);
    conversation.emit('local', local);
    this.client.emit('local', { conversation, local });
  }

  /** A conversation's event, for who listens to the client. */
  forward(id: string, event: keyof ConversationEvents, value: unknown): void {
    const { client } = this;
    const conversation = this.conversations.of(id);
    if (event === 'changed') client.emit('conversation', conversation);
    else if (event === 'gone') client.emit('gone', conversation);
    else if (/^(message|edit|recall|delete|transient)$/.test(event))
      client.emit(event, { conversation, message: value } as never);
    else if (event === 'entry') client.emit('entry', { conversation, entry: value } as never);
    else if (event !== 'local') client.emit(event, { conversation, ...(value as object) });
  }

  #both<K extends 'transient' | 'signal'>(id: string, event: K, value: ConversationEvents[K]): void {
    this.conversations.of(id).emit(event, value);
    this.forward(id, event, value);
  }
}
