import type { Conversation, HongyanClient, MessageView } from '@hongyan/sdk';
import { Composer } from './composer.js';
import { ConversationHeader } from './conversation-header.js';
import { showReceipts } from './dialogs.js';
import { eachFrame, h, icon, reconcile } from './dom.js';
import { entryText } from './entry-text.js';
import { namesOf } from './format.js';
import { excerpt } from './list-view.js';
import { attempt, toast } from './menu.js';
import { linesOf } from './message-lines.js';
import type { BubbleActions } from './message-view.js';
import type { People } from './people.js';
import { Timeline } from './timeline.js';

const nearPx = 80;
const countEveryMs = 2_000;

/** One open conversation: who, what was said, and where I write. */
export class ConversationView {
  readonly element = h('main', { class: 'conversation' });
  readonly timeline: Timeline;
  readonly #composer: Composer;
  readonly #header: ConversationHeader;
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
      (entry) => entryText(entry, client.id),
    );
    this.#header = new ConversationHeader(client, conversation, people, this.timeline, leave);
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
      this.#header.element,
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
    const shown = !timeline.loading && timeline.failure === undefined && this.#atEnd;
    const looking = document.visibilityState === 'visible' && document.hasFocus();
    if (this.#closed || conversation.kind === 'room' || !shown || !looking) return;
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
    this.#header.render();
    const typing = [...this.timeline.typing.keys()];
    this.#status.textContent =
      typing.length === 0 ? '' : `${namesOf(typing)} ${typing.length === 1 ? 'is' : 'are'} typing …`;
    const fromEnd = this.#scroller.scrollHeight - this.#scroller.scrollTop;
    const top = this.#scroller.scrollTop;
    const firstBefore = (this.#items.firstElementChild as HTMLElement | null)?.dataset.key;
    reconcile(
      this.#items,
      linesOf(this.timeline, {
        me: this.client.id,
        people: this.people,
        offline: this.client.state !== 'online',
        actionsOn: (author) => this.#actions(author),
      }),
    );
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
    this.#heard.textContent = `${message.from ?? 'Service'}: ${excerpt(message)}`;
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
