import type { Conversation, HongyanClient } from '@hongyan/sdk';
import { avatar } from './avatar.js';
import { showMembers } from './dialogs.js';
import { h, iconButton } from './dom.js';
import { plural } from './format.js';
import { choicesFor } from './list-view.js';
import { openMenu, toast } from './menu.js';
import type { People } from './people.js';
import type { Timeline } from './timeline.js';

/** Above an open conversation: who it is with, whether they are there, and what can be done with it. */
export class ConversationHeader {
  readonly element = h('header', { class: 'bar' });
  #print = '';

  constructor(
    private readonly client: HongyanClient,
    private readonly conversation: Conversation,
    private readonly people: People,
    private readonly timeline: Timeline,
    private readonly leave: () => void,
  ) {}

  /** Draws it anew when something of it changed. */
  render(): void {
    const { conversation, people, client } = this;
    const title = people.titleOf(conversation);
    const peer = people.peerOf(conversation);
    const online = peer === undefined ? undefined : people.online.has(peer);
    const state = this.#state(online);
    const print = JSON.stringify([title, state, online, conversation.own, conversation.unread > 0]);
    if (this.#print === print) return;
    this.#print = print;
    const room = conversation.kind === 'room';
    const picture = {
      group: room || people.isGroup(conversation),
      ...(online === undefined ? {} : { online }),
    };
    this.element.replaceChildren(
      iconButton('back', 'Back to the list', this.leave, { class: 'icon-button back' }),
      avatar(title, picture),
      h('div', { class: 'title' }, h('h1', {}, title), h('p', { class: online ? 'is-online' : '' }, state)),
      ...(room ? [iconButton('link', 'Copy the link to this room', () => void this.#copyLink())] : []),
      ...(conversation.name !== undefined && !room
        ? [iconButton('people', 'Members', () => showMembers(conversation, people, client.id ?? ''))]
        : []),
      ...(conversation.own === undefined || room
        ? []
        : [
            iconButton('more', 'More', (event) => this.#menu(event.currentTarget as HTMLElement), {
              'aria-haspopup': 'menu',
            }),
          ]),
    );
  }

  /** The small line under the title. */
  #state(online: boolean | undefined): string {
    const { conversation, people, timeline } = this;
    if (conversation.kind === 'room')
      return timeline.online === undefined
        ? 'Room'
        : `Room · ${plural(timeline.online, 'person', 'people')} here now`;
    if (people.isGroup(conversation) || conversation.name !== undefined)
      return plural(conversation.view?.memberCount ?? 0, 'member');
    return online ? 'online' : 'offline';
  }

  #menu(under: HTMLElement): void {
    openMenu(under, choicesFor(this.conversation, { leave: this.leave }));
  }

  async #copyLink(): Promise<void> {
    const { id } = this.conversation;
    try {
      await navigator.clipboard.writeText(`${location.origin}${location.pathname}#/room/${id}`);
      toast('The link is in the clipboard.');
    } catch {
      toast(`Room id: ${id}`); // no clipboard without leave, nor in a page that came over plain HTTP
    }
  }
}
