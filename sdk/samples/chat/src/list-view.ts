import type { Conversation, HongyanClient, MessageView } from '@hongyan/sdk';
import { avatar } from './avatar.js';
import { h, icon, type Keyed, reconcile } from './dom.js';
import { momentOf, plural } from './format.js';
import { attempt, type Choice, openMenu } from './menu.js';
import type { People } from './people.js';

export interface ListHost {
  readonly client: HongyanClient;
  readonly people: People;
  /** Ids of rooms that were visited. */
  rooms(): readonly string[];
  open(): Conversation | undefined;
  forgetRoom(id: string): void;
  /** Goes to the list. */
  leave(): void;
}

export const isMuted = ({ own }: Conversation): boolean =>
  own?.muteUntil === null || (own?.muteUntil ?? 0) > Date.now();

/** What a message says in one line. */
export function excerpt(message: Pick<MessageView, 'body' | 'format' | 'recalled'>): string {
  if (message.recalled) return 'Message recalled';
  if (message.format !== 'text') return message.format === 'json' ? '[data]' : '[file]';
  return message.body.replaceAll(/\s+/g, ' ').slice(0, 120);
}

/** What I can do with a conversation without opening it. */
export function choicesFor(conversation: Conversation, { leave }: Pick<ListHost, 'leave'>): Choice[] {
  const { own } = conversation;
  if (own === undefined) return [];
  const set = (what: string, change: Parameters<Conversation['setState']>[0]) => (): void =>
    attempt(what, conversation.setState(change));
  const muted = isMuted(conversation);
  const unread = conversation.unread > 0 || own.markedUnread === true;
  return [
    own.pinnedAt === undefined
      ? { icon: 'pin', label: 'Pin', run: set('Pinning', { pinned: true }) }
      : { icon: 'pin', label: 'Unpin', run: set('Unpinning', { pinned: false }) },
    { icon: 'mute', label: muted ? 'Unmute' : 'Mute', run: set('Muting', { muteUntil: muted ? 0 : null }) },
    unread
      ? { icon: 'check', label: 'Mark as read', run: () => attempt('Marking', conversation.read()) }
      : {
          icon: 'alert',
          label: 'Mark as unread',
          run: () => {
            leave();
            set('Marking', { markedUnread: true })();
          },
        },
    {
      icon: 'close',
      label: 'Hide until the next message',
      run: () => {
        leave();
        set('Hiding', { hidden: true })();
      },
    },
  ];
}

/** The list of conversations, pinned ones first, then rooms. */
export class ListView {
  readonly element = h('nav', { class: 'list', 'aria-label': 'Conversations' });
  readonly #rows = h('ul', { class: 'rows' });
  readonly #empty = h(
    'div',
    { class: 'empty' },
    h('strong', {}, 'Nothing here yet'),
    h('p', {}, 'Write to somebody, open a group, or enter a room.'),
  );

  constructor(private readonly host: ListHost) {
    this.element.append(this.#rows, this.#empty);
    this.element.addEventListener('keydown', (event) => {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step === undefined) return;
      const links = [...this.#rows.querySelectorAll('a')];
      links[links.indexOf(document.activeElement as HTMLAnchorElement) + step]?.focus();
      event.preventDefault();
    });
  }

  render(): void {
    const { host } = this;
    const { client } = host;
    const rows = client.conversations.loaded.map((conversation) => this.#row(conversation));
    for (const id of host.rooms()) rows.push(this.#room(client.conversations.of(id)));
    reconcile(this.#rows, rows);
    this.#empty.hidden = rows.length > 0 || client.state !== 'online';
  }

  #row(conversation: Conversation): Keyed {
    const { host } = this;
    const { own, unread, mentionUnread, lastMessage: last } = conversation;
    const title = host.people.titleOf(conversation);
    const group = host.people.isGroup(conversation);
    const peer = host.people.peerOf(conversation);
    const online = peer === undefined ? undefined : host.people.online.has(peer);
    const mine = last !== undefined && last.from === host.client.id;
    const by =
      last === undefined || last.recalled ? '' : mine ? 'You: ' : group && last.from ? `${last.from}: ` : '';
    const text = last === undefined ? 'No messages yet' : by + excerpt(last);
    const time = momentOf(last?.time ?? conversation.view?.createdAt ?? Date.now());
    const muted = isMuted(conversation);
    const pinned = own?.pinnedAt !== undefined;
    const marked = own?.markedUnread === true && unread === 0;
    const current = host.open() === conversation;
    const label = [
      title,
      online === true && 'online',
      unread > 0 && plural(unread, 'unread message'),
      mentionUnread > 0 && 'you are mentioned',
      marked && 'marked as unread',
      pinned && 'pinned',
      muted && 'muted',
      text,
      time,
    ];
    const make = (): HTMLElement =>
      h(
        'li',
        { oncontextmenu: (event: MouseEvent) => this.#menu(event, conversation) },
        h(
          'a',
          {
            class: `row${unread > 0 || marked ? ' fresh' : ''}`,
            href: `#/c/${conversation.id}`,
            'aria-current': current ? 'page' : undefined,
            'aria-label': label.filter(Boolean).join(', '),
          },
          avatar(title, { group, ...(online === undefined ? {} : { online }) }),
          h(
            'span',
            { class: 'row-top' },
            h('strong', {}, title),
            muted && icon('mute'),
            pinned && icon('pin'),
            h('time', {}, time),
          ),
          h(
            'span',
            { class: 'row-bottom' },
            h('span', { class: 'excerpt' }, text),
            mentionUnread > 0 && h('b', { class: 'badge mention' }, '@'),
            unread > 0 && h('b', { class: `badge unread${muted ? ' quiet' : ''}` }, unread),
            marked && h('b', { class: 'badge marked' }),
          ),
        ),
        this.#more(conversation),
      );
    return { key: conversation.id, print: JSON.stringify([label, current, group, by]), make };
  }

  #room(room: Conversation): Keyed {
    const current = this.host.open() === room;
    const title = this.host.people.titleOf(room);
    const make = (): HTMLElement =>
      h(
        'li',
        {},
        h(
          'a',
          {
            class: 'row',
            href: `#/room/${room.id}`,
            'aria-current': current ? 'page' : undefined,
            'aria-label': `Room ${title}`,
          },
          avatar(title, { group: true }),
          h('span', { class: 'row-top' }, h('strong', {}, title)),
          h(
            'span',
            { class: 'row-bottom' },
            h('span', { class: 'excerpt' }, current ? 'Room · you are in' : 'Room'),
          ),
        ),
        h(
          'button',
          {
            type: 'button',
            class: 'icon-button row-more',
            'aria-label': `Forget the room ${title}`,
            onclick: () => {
              if (this.host.open() === room) this.host.leave();
              this.host.forgetRoom(room.id);
            },
          },
          icon('close'),
        ),
      );
    return { key: room.id, print: JSON.stringify([title, current]), make };
  }

  #more(conversation: Conversation): HTMLElement {
    const title = this.host.people.titleOf(conversation);
    return h(
      'button',
      {
        type: 'button',
        class: 'icon-button row-more',
        'aria-label': `More for ${title}`,
        'aria-haspopup': 'menu',
        onclick: (event: MouseEvent) => this.#menu(event, conversation, event.currentTarget as HTMLElement),
      },
      icon('more'),
    );
  }

  #menu(event: MouseEvent, conversation: Conversation, anchor?: HTMLElement): void {
    event.preventDefault();
    const leave = (): void => {
      if (this.host.open() === conversation) this.host.leave();
    };
    const open = (): void =>
      openMenu(anchor ?? { x: event.clientX, y: event.clientY }, choicesFor(conversation, { leave }));
    if (event.buttons === 0) return open();
    // Still pressed: some browsers take the release for a click beside the menu, and close it.
    addEventListener('pointerup', () => setTimeout(open), { once: true });
  }
}
