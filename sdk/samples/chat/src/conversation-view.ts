import type { Conversation, EntryView, HongyanClient, MessageView } from '@hongyan/sdk';
import { avatar } from './avatar.js';
import { Composer } from './composer.js';
import { showMembers, showReceipts } from './dialogs.js';
import { eachFrame, h, icon, iconButton, type Keyed, reconcile } from './dom.js';
import { dayKey, dayOf, namesOf, plural } from './format.js';
import { choicesFor } from './list-view.js';
import { attempt, openMenu, toast } from './menu.js';
import { bubble, type Bubble, type BubbleActions } from './message-view.js';
import type { People } from './people.js';
import { Timeline } from './timeline.js';

const sameRunMs = 5 * 60_000;
const nearPx = 80;
const countEveryMs = 2_000;

/** One open conversation: who, what was said, and where I write. */
export class ConversationView {
  readonly element = h('main', { class: 'conversation' });
  readonly timeline: Timeline;
  readonly #composer: Composer;
  readonly #header = h('header', { class: 'bar' });
  readonly #scroller = h('div', { class: 'scroller' });
  readonly #items = h('div', {
    class: 'messages',
    role: 'log',
    'aria-live': 'off',
    'aria-label': 'Messages',
  });
  readonly #sentinel = h('div', { class: 'sentinel' });
  readonly #status = h('div', { class: 'typing', role: 'status' });
  readonly #down: HTMLButtonElement;
  /** What a screen reader says of new messages; the list itself is quiet, for its ticks change all the time. */
  readonly #heard = h('div', { class: 'hidden', 'aria-live': 'polite' });
  readonly #render = eachFrame(() => this.#draw());
  readonly #observer: IntersectionObserver;
  readonly #counting: ReturnType<typeof setInterval> | undefined;
  /** Follows what is said, as long as I have not scrolled up. */
  #atEnd = true;
  #closed = false;
  #below = 0;
  #placed = false;

  constructor(
    private readonly client: HongyanClient,
    private readonly conversation: Conversation,
    private readonly people: People,
    private readonly leave: () => void,
  ) {
    this.timeline = new Timeline(
      client,
      conversation,
      this.#render,
      (message) => this.#arrived(message),
      (entry) => describe(entry, client.id),
    );
    this.#composer = new Composer(client, conversation, this.timeline, people);
    this.#down = h(
      'button',
      {
        type: 'button',
        class: 'down',
        hidden: true,
        'aria-label': 'To the newest message',
        onclick: () => this.#toEnd(),
      },
      icon('down'),
      h('b', { class: 'badge unread' }),
    );
    this.#scroller.append(this.#sentinel, this.#items);
    this.element.append(
      this.#header,
      this.#scroller,
      this.#down,
      this.#status,
      this.#composer.element,
      this.#heard,
    );
    this.#scroller.addEventListener('scroll', () => this.#scrolled(), { passive: true });
    this.#items.addEventListener('keydown', (event) => this.#move(event));
    this.#observer = new IntersectionObserver(
      ([seen]) => {
        if (seen?.isIntersecting) void this.timeline.older();
      },
      { root: this.#scroller, rootMargin: '300px' },
    );
    new ResizeObserver(() => {
      if (this.#atEnd) this.#toEnd();
    }).observe(this.#scroller);
    if (conversation.kind === 'room') this.#counting = setInterval(() => void this.#count(), countEveryMs);
    this.#draw();
  }

  render(): void {
    this.#render();
  }

  focus(): void {
    if (matchMedia('(hover: hover)').matches) this.#composer.focus(); // no keyboard that pops up over a phone
  }

  close(): void {
    this.#closed = true;
    this.#composer.close();
    this.timeline.close();
    this.#observer.disconnect();
    clearInterval(this.#counting);
    this.element.remove();
  }

  /** What is on the screen in front of me, I have read. */
  read(): void {
    const { conversation, timeline } = this;
    const looking = document.visibilityState === 'visible' && document.hasFocus();
    if (this.#closed || conversation.kind === 'room' || timeline.loading || !looking || !this.#atEnd) return;
    if (
      conversation.unread > 0 ||
      conversation.own?.markedUnread ||
      (conversation.own?.readSeq ?? 0) < conversation.seq
    )
      conversation.read().catch(() => undefined); // sent again by the SDK when the network is back
  }

  // ── inside ─────────────────────────────────────────────────────────────────────────────────────────────────

  #draw(): void {
    if (this.#closed) return;
    this.#drawHeader();
    const typing = [...this.timeline.typing.keys()];
    this.#status.textContent =
      typing.length === 0 ? '' : `${namesOf(typing)} ${typing.length === 1 ? 'is' : 'are'} typing …`;
    const fromEnd = this.#scroller.scrollHeight - this.#scroller.scrollTop;
    const top = this.#scroller.scrollTop;
    const firstBefore = (this.#items.firstElementChild as HTMLElement | null)?.dataset.key;
    reconcile(this.#items, this.#keyed());
    const firstNow = (this.#items.firstElementChild as HTMLElement | null)?.dataset.key;
    if (this.#atEnd) this.#toEnd();
    else if (firstBefore !== firstNow) this.#scroller.scrollTop = this.#scroller.scrollHeight - fromEnd;
    else this.#scroller.scrollTop = top;
    this.#sentinel.hidden = !this.timeline.hasOlder;
    this.#sentinel.textContent = this.timeline.hasOlder ? 'Loading older messages …' : '';
    this.#observer.unobserve(this.#sentinel);
    if (!this.timeline.loading) {
      if (!this.#placed) this.#place();
      this.#observer.observe(this.#sentinel); // anew: it tells at once whether it is still in sight
    }
    this.#drawDown();
    this.read();
  }

  #drawHeader(): void {
    const { conversation, people, timeline, client } = this;
    const title = people.titleOf(conversation);
    const peer = people.peerOf(conversation);
    const group = people.isGroup(conversation);
    const online = peer === undefined ? undefined : people.online.has(peer);
    const room = conversation.kind === 'room';
    const members = conversation.view?.memberCount ?? 0;
    const sub = room
      ? timeline.online === undefined
        ? 'Room'
        : `Room · ${plural(timeline.online, 'person', 'people')} here now`
      : group || conversation.name !== undefined
        ? plural(members, 'member')
        : online
          ? 'online'
          : 'offline';
    const print = JSON.stringify([title, sub, online, conversation.own, conversation.unread > 0]);
    if (this.#header.dataset.print === print) return;
    this.#header.dataset.print = print;
    const link = (): void => {
      navigator.clipboard.writeText(`${location.origin}${location.pathname}#/room/${conversation.id}`).then(
        () => toast('The link is in the clipboard.'),
        () => toast(`Room id: ${conversation.id}`),
      );
    };
    const more = (event: MouseEvent): void =>
      openMenu(event.currentTarget as HTMLElement, choicesFor(conversation, { leave: this.leave }));
    this.#header.replaceChildren(
      iconButton('back', 'Back to the list', this.leave, { class: 'icon-button back' }),
      avatar(title, { group: group || room, ...(online === undefined ? {} : { online }) }),
      h('div', { class: 'title' }, h('h1', {}, title), h('p', { class: online ? 'is-online' : '' }, sub)),
      ...(room ? [iconButton('link', 'Copy the link to this room', link)] : []),
      ...(conversation.name !== undefined && !room
        ? [iconButton('people', 'Members', () => showMembers(conversation, people, client.id ?? ''))]
        : []),
      ...(conversation.own === undefined || room
        ? []
        : [iconButton('more', 'More', more, { 'aria-haspopup': 'menu' })]),
    );
  }

  #keyed(): Keyed[] {
    const { timeline, client, conversation } = this;
    const me = client.id;
    const group = conversation.kind === 'room' || this.people.isGroup(conversation);
    const room = conversation.kind === 'room';
    const messages = [...timeline.messages.values()].sort((a, b) => (a.seq ?? 0) - (b.seq ?? 0));
    const waiting = [...timeline.outgoing.values()].sort((a, b) => a.createdAt - b.createdAt);
    const rows = [
      ...messages.map((message) => ({
        message,
        outgoing: undefined,
        from: message.from ?? '',
        time: message.time,
      })),
      ...waiting.map((outgoing) => ({
        message: undefined,
        outgoing,
        from: me ?? '',
        time: outgoing.createdAt,
      })),
    ];
    const items: Keyed[] = [];
    const notes = [...timeline.notes.values()].sort((a, b) => a.seq - b.seq);
    let day: string | undefined;
    const dayLine = (time: number): boolean => {
      if (dayKey(time) === day) return false;
      day = dayKey(time);
      items.push(line(`day ${day}`, 'day', dayOf(time)));
      return true;
    };
    const noteUntil = (seq: number): boolean => {
      let any = false;
      while (notes.length > 0 && (notes[0]?.seq ?? 0) < seq) {
        const note = notes.shift();
        if (note === undefined || (timeline.hasOlder && note.seq < (messages[0]?.seq ?? 0))) continue;
        dayLine(note.time);
        items.push(line(`note ${note.seq}`, 'note', note.text));
        any = true;
      }
      return any;
    };
    let divided = timeline.unreadAfter === undefined;
    const last = rows.at(-1);
    rows.forEach((row, index) => {
      const { message, outgoing, from, time } = row;
      const before = rows[index - 1];
      const next = rows[index + 1];
      const noted = noteUntil(message?.seq ?? Infinity);
      const newDay = dayLine(time);
      const divide =
        !divided && message?.seq !== undefined && message.seq > (timeline.unreadAfter ?? 0) && from !== me;
      if (divide) {
        divided = true;
        items.push(line('unread', 'unread-line', 'New'));
      }
      const joins = (a: typeof before, b: typeof before): boolean =>
        a !== undefined &&
        b !== undefined &&
        a.from === b.from &&
        b.time - a.time < sameRunMs &&
        dayKey(a.time) === dayKey(b.time);
      const mine = from === me;
      const answer = message?.replyTo ?? outgoing?.replyTo;
      const model: Bubble = {
        mine,
        author: from === '' ? 'service' : from,
        body:
          message === undefined
            ? (outgoing?.body ?? '')
            : message.format === 'text'
              ? message.body
              : `[${message.format}]`,
        time,
        message,
        outgoing,
        progress: !mine ? undefined : message === undefined ? outgoing?.state : timeline.progressOf(message),
        counts: mine && message !== undefined ? timeline.counts.get(message.seq ?? 0) : undefined,
        quote: answer === undefined ? undefined : timeline.quotedBy({ replyTo: answer }),
        isAnswer: answer !== undefined && message?.recalled !== true,
        first: noted || newDay || divide || !joins(before, row),
        last: !joins(row, next),
        group,
        room,
        mentionsMe:
          !mine &&
          message !== undefined &&
          (message.mentionAll === true || (message.mentions ?? []).includes(me as never)),
        tabStop: row === last,
      };
      const op = message?.op ?? outgoing?.op;
      items.push({
        key: op === undefined ? `m ${message?.seq}` : `o ${op}`, // the same element before and after it is sent
        print: JSON.stringify(model),
        make: () => bubble(model, this.#actions(from)),
      });
    });
    noteUntil(Infinity);
    if (rows.length === 0 && !timeline.loading)
      items.push(
        line(
          'empty',
          'note',
          timeline.failure === undefined ? 'Say something.' : 'The messages could not be loaded.',
        ),
      );
    return items;
  }

  #actions(author: string): BubbleActions {
    const { conversation, timeline, people } = this;
    const { role } = conversation.own ?? {};
    const theirs = people.roleOf(conversation, author) ?? 'member';
    return {
      reply: (message) => this.#composer.reply(message),
      edit: (message) => this.#composer.edit(message),
      recall: (message) => attempt('Recalling', conversation.recall(message)),
      receipts: (message) => showReceipts(conversation, message, people),
      retry: (outgoing) => timeline.retry(outgoing),
      discard: (outgoing) => timeline.discard(outgoing),
      show: (id) => this.#show(id),
      mayRecall:
        people.isGroup(conversation) && (role === 'owner' || (role === 'manager' && theirs === 'member')),
    };
  }

  #arrived(message: MessageView): void {
    this.#heard.textContent = `${message.from ?? 'Service'}: ${message.body}`;
    if (!this.#atEnd) this.#below += 1;
  }

  #show(id: string): void {
    const found = this.#items.querySelector<HTMLElement>(`[data-id="${CSS.escape(id)}"]`);
    if (found === null) return toast('That message is further up.');
    found.scrollIntoView({ block: 'center', behavior: 'smooth' });
    found.focus({ preventScroll: true });
  }

  /** The first time messages are there: the first unread one is in sight, or the end. */
  #place(): void {
    this.#placed = true;
    const line = this.#items.querySelector('.unread-line');
    if (line !== null) {
      line.scrollIntoView({ block: 'start' });
      this.#scrolled();
    } else this.#toEnd();
  }

  #toEnd(): void {
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
    this.#scrolled();
  }

  #scrolled(): void {
    const { scrollHeight, scrollTop, clientHeight } = this.#scroller;
    this.#atEnd = scrollHeight - scrollTop - clientHeight < nearPx;
    if (this.#atEnd) this.#below = 0;
    this.#drawDown();
    this.read();
  }

  #drawDown(): void {
    this.#down.hidden = this.#atEnd;
    const badge = this.#down.lastElementChild as HTMLElement;
    badge.hidden = this.#below === 0;
    badge.textContent = String(this.#below);
  }

  #move(event: KeyboardEvent): void {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step === undefined || !(document.activeElement instanceof HTMLElement)) return;
    const all = [...this.#items.querySelectorAll('article')];
    const now = all.indexOf(document.activeElement.closest('article') as HTMLElement);
    all[now + step]?.focus();
    event.preventDefault();
  }

  async #count(): Promise<void> {
    if (this.client.state !== 'online') return;
    try {
      this.timeline.online = await this.client.rooms.count(this.conversation.id);
      this.#render();
    } catch {
      // asked again in a moment
    }
  }
}

const line = (key: string, kind: string, text: string): Keyed => ({
  key,
  print: text,
  make: () => h('div', { class: kind }, h('span', {}, text)),
});

/** What happened besides messages, in words. */
function describe(entry: EntryView, me: string | undefined): string | undefined {
  const name = (id: string | undefined): string =>
    id === undefined ? 'The service' : id === me ? 'You' : id;
  const names = (ids: readonly string[]): string => namesOf(ids.map((id) => (id === me ? 'you' : id)));
  const by = name(entry.by);
  switch (entry.kind) {
    case 'created':
      return entry.name === undefined ? undefined : `${by} opened this conversation`;
    case 'added':
      return `${by} added ${names(entry.members)}`;
    case 'joined':
      return `${by} joined`;
    case 'left':
      return `${by} left`;
    case 'removed':
      return `${by} removed ${names(entry.members)}`;
    case 'role':
      return `${by} made ${names([entry.member])} ${entry.role}`;
    case 'updated':
      return entry.name === undefined ? undefined : `${by} named it “${entry.name}”`;
    default:
      return undefined;
  }
}
