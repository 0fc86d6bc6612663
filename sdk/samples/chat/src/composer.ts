import type { Conversation, HongyanClient, MessageView } from '@hongyan/sdk';
import { h, icon, iconButton } from './dom.js';
import { attempt } from './menu.js';
import type { People } from './people.js';
import { excerpt } from './list-view.js';
import type { Timeline } from './timeline.js';

const highest = 160; // px of the text box

/** Text of mine that waits for me to come back to its conversation. */
const drafts = new Map<string, string>();

interface Suggestion {
  readonly value: string;
  readonly hint: string;
}

/** Where I write: a new message, an answer or an edit; `@` offers who can be mentioned. */
export class Composer {
  readonly element: HTMLFormElement;
  readonly #text = h('textarea', {
    rows: 1,
    placeholder: 'Message',
    'aria-label': 'Message',
    'aria-autocomplete': 'list',
    'aria-controls': 'mentions',
    enterKeyHint: 'send',
  });
  readonly #about = h('div', { class: 'about', hidden: true });
  readonly #offer = h('ul', {
    class: 'offer',
    id: 'mentions',
    role: 'listbox',
    'aria-label': 'Mention',
    hidden: true,
  });
  readonly #send = h(
    'button',
    { type: 'submit', class: 'send', 'aria-label': 'Send', title: 'Send' },
    icon('send'),
  );
  #reply: MessageView | undefined;
  #edit: MessageView | undefined;
  #chosen = 0;

  constructor(
    private readonly client: HongyanClient,
    private readonly conversation: Conversation,
    private readonly timeline: Timeline,
    private readonly people: People,
  ) {
    this.element = h(
      'form',
      { class: 'composer' },
      this.#offer,
      this.#about,
      h('div', { class: 'line' }, this.#text, this.#send),
    );
    this.#text.value = drafts.get(conversation.id) ?? '';
    this.element.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.#text.addEventListener('input', () => {
      this.#fit();
      this.#suggest();
      if (this.#text.value !== '' && this.#edit === undefined) conversation.typing(); // at most one signal in 2 s goes out
    });
    this.#text.addEventListener('keydown', (event) => this.#key(event));
    this.#text.addEventListener('blur', () => (this.#offer.hidden = true));
    requestAnimationFrame(() => this.#fit());
  }

  focus(): void {
    this.#text.focus({ preventScroll: true });
  }

  close(): void {
    if (this.#edit === undefined) drafts.set(this.conversation.id, this.#text.value);
  }

  reply(message: MessageView): void {
    this.#edit = undefined;
    this.#reply = message;
    this.#show(
      'reply',
      `Answer to ${message.from === this.client.id ? 'yourself' : (message.from ?? 'the service')}`,
      message,
    );
  }

  edit(message: MessageView): void {
    this.#reply = undefined;
    this.#edit = message;
    this.#text.value = message.body;
    this.#show('edit', 'Edit', message);
    this.#text.select();
    this.#fit();
  }

  #show(name: 'reply' | 'edit', title: string, message: MessageView): void {
    this.#about.hidden = false;
    this.#about.replaceChildren(
      icon(name),
      h('span', {}, h('strong', {}, title), h('span', {}, excerpt(message))),
      iconButton('close', 'Cancel', () => this.#cancel()),
    );
    this.focus();
  }

  #cancel(): void {
    if (this.#edit !== undefined) this.#text.value = '';
    this.#edit = this.#reply = undefined;
    this.#about.hidden = true;
    this.#fit();
    this.focus();
  }

  #submit(): void {
    const text = this.#text.value.trim();
    if (text === '') return;
    const words = new Set(text.split(/\s+/).flatMap((word) => [word, word.replace(/[.,:;!?)]+$/, '')]));
    const mentioned = this.#mentionable().filter(({ value }) => words.has(`@${value}`));
    const mentions = mentioned.flatMap(({ value }) => (value === 'all' ? [] : [value]));
    const options = {
      ...(mentions.length === 0 ? {} : { mentions }),
      ...(mentioned.some(({ value }) => value === 'all') ? { mentionAll: true } : {}),
    };
    if (this.#edit !== undefined) attempt('Editing', this.conversation.edit(this.#edit, text, options));
    else
      this.timeline.send(text, {
        ...options,
        ...(this.#reply === undefined ? {} : { replyTo: this.#reply.id }),
      });
    this.#text.value = '';
    drafts.delete(this.conversation.id);
    this.#offer.hidden = true;
    this.#cancel();
  }

  #key(event: KeyboardEvent): void {
    const offered = this.#offer.hidden ? 0 : this.#offer.children.length;
    if (offered > 0 && ['ArrowDown', 'ArrowUp', 'Enter', 'Tab', 'Escape'].includes(event.key)) {
      event.preventDefault();
      if (event.key === 'Escape') this.#offer.hidden = true;
      else if (event.key === 'Enter' || event.key === 'Tab')
        (this.#offer.children[this.#chosen] as HTMLElement).click();
      else this.#mark((this.#chosen + (event.key === 'ArrowDown' ? 1 : -1) + offered) % offered);
    } else if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      this.#submit();
    } else if (event.key === 'Escape' && !this.#about.hidden) {
      event.stopPropagation();
      this.#cancel();
    } else if (event.key === 'ArrowUp' && this.#text.value === '') {
      const mine = [...this.timeline.messages.values()].filter(
        ({ from, recalled }) => from === this.client.id && !recalled,
      );
      const last = mine.sort((a, b) => (a.seq ?? 0) - (b.seq ?? 0)).at(-1);
      if (last === undefined) return;
      event.preventDefault();
      this.edit(last);
    }
  }

  #mentionable(): Suggestion[] {
    const members = this.people
      .membersOf(this.conversation)
      .filter(({ client }) => client !== this.client.id);
    const { role } = this.conversation.own ?? {};
    const all =
      (role === 'owner' || role === 'manager') && members.length > 1
        ? [{ value: 'all', hint: 'everybody' }]
        : [];
    return [
      ...members.map(({ client, role: theirs }) => ({
        value: client,
        hint: theirs === 'member' ? '' : theirs,
      })),
      ...all,
    ];
  }

  #suggest(): void {
    const before = this.#text.value.slice(0, this.#text.selectionStart);
    const typed = /(?:^|\s)@(\S*)$/u.exec(before)?.[1]?.toLowerCase();
    const found =
      typed === undefined
        ? []
        : this.#mentionable()
            .filter(({ value }) => value.toLowerCase().startsWith(typed))
            .slice(0, 6);
    this.#offer.hidden = found.length === 0;
    this.#offer.replaceChildren(
      ...found.map(({ value, hint }, index) =>
        h(
          'li',
          {
            role: 'option',
            id: `mention-${index}`,
            onmousedown: (event: Event) => event.preventDefault(), // the text box keeps the focus
            onclick: () => {
              const start = before.length - (typed?.length ?? 0);
              this.#text.setRangeText(`${value} `, start, before.length, 'end');
              this.#offer.hidden = true;
            },
          },
          `@${value}`,
          hint !== '' && h('small', {}, hint),
        ),
      ),
    );
    this.#mark(0);
  }

  #mark(index: number): void {
    this.#chosen = index;
    [...this.#offer.children].forEach((option, at) =>
      option.setAttribute('aria-selected', String(at === index)),
    );
    if (this.#offer.hidden) this.#text.removeAttribute('aria-activedescendant');
    else this.#text.setAttribute('aria-activedescendant', `mention-${index}`);
  }

  #fit(): void {
    this.#text.style.height = 'auto';
    this.#text.style.height = `${Math.min(this.#text.scrollHeight, highest)}px`;
    this.#send.disabled = this.#text.value.trim() === '';
  }
}
