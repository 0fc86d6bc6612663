import { network } from './network.js'; // first: see there
import type { Conversation } from '@hongyan/sdk';
import { avatar } from './avatar.js';
import { Banner } from './banner.js';
import { ConversationView } from './conversation-view.js';
import { askForConversation } from './dialogs.js';
import { eachFrame, h, icon, iconButton } from './dom.js';
import { isMuted, ListView } from './list-view.js';
import { attempt } from './menu.js';
import { People } from './people.js';
import { openSession, type SampleConfig } from './session.js';

const root = document.querySelector<HTMLElement>('#app') as HTMLElement;

/** Logs in and shows everything: the list, the open conversation, the state of the connection. */
function start(config: SampleConfig, name: string): void {
  const client = openSession(config, name);
  const render = eachFrame(draw);
  const people = new People(client, render);
  const rooms = new VisitedRooms(`rooms ${config.appId} ${name}`);
  let view: ConversationView | undefined;
  let opened: Conversation | undefined;

  const leave = (): void => {
    location.hash = '#/';
  };
  const list = new ListView({
    client,
    people,
    rooms: () => rooms.ids,
    open: () => opened,
    leave,
    forgetRoom: (id) => {
      rooms.forget(id);
      render();
    },
  });
  const banner = new Banner(client, () => plug(true));
  const cut = h('button', { type: 'button', class: 'cut', onclick: () => plug(network.unplugged) });
  const create = (): void =>
    askForConversation(client, (conversation) => {
      location.hash = conversation.kind === 'room' ? `#/room/${conversation.id}` : `#/c/${conversation.id}`;
    });
  const mine = h('div', { class: 'title' }, h('h1', {}, name), h('p', {}));
  const sidebar = h(
    'div',
    { class: 'sidebar' },
    h(
      'header',
      { class: 'bar' },
      avatar(name),
      mine,
      iconButton('plus', 'New conversation', create, { class: 'icon-button strong' }),
    ),
    list.element,
    h('footer', {}, cut),
  );
  const nothing = h(
    'main',
    { class: 'conversation none' },
    h('img', { src: 'icon.svg', alt: '' }),
    h('h1', {}, 'Hongyan chat'),
    h('p', {}, 'Choose a conversation, or begin one.'),
    h(
      'p',
      {},
      'Open ',
      h('a', { href: `?as=${name === 'bob' ? 'ann' : 'bob'}`, target: '_blank' }, 'a second window'),
      ' to have somebody to talk to.',
    ),
  );
  const shell = h('div', { class: 'shell' }, sidebar, nothing);
  root.replaceChildren(banner.element, shell);

  /** The button that cuts the connection, and gives it back. */
  function plug(on: boolean): void {
    if (on) network.plug();
    else network.unplug();
    if (on) client.wake();
    banner.render();
    draw();
  }

  function draw(): void {
    list.render();
    view?.render();
    cut.replaceChildren(icon('unplug'), network.unplugged ? 'Restore the connection' : 'Cut the connection');
    cut.setAttribute('aria-pressed', String(network.unplugged));
    const status = mine.lastElementChild as HTMLElement;
    status.textContent = {
      online: 'online',
      connecting: 'connecting …',
      waiting: 'offline',
      idle: 'offline',
      closed: 'logged out',
    }[client.state];
    status.className = client.state === 'online' ? 'is-online' : '';
    let unread = 0;
    for (const conversation of client.conversations.loaded)
      if (!isMuted(conversation)) unread += conversation.unread;
    document.title = `${unread > 0 ? `(${unread}) ` : ''}${name} · Hongyan chat`;
    if (client.state !== 'online') return;
    const { loaded } = client.conversations;
    const members =
      opened === undefined ? [] : people.membersOf(opened).map(({ client: id }) => id as string);
    void people.watch([...members, ...loaded.map((conversation) => people.peerOf(conversation))]);
  }

  /** The address says what is open, so that "back" goes back and a room has a link. */
  function route(): void {
    const [, kind, id] = /^#\/(c|room)\/([\w:-]+)$/.exec(location.hash) ?? [];
    view?.close();
    view = opened = undefined;
    if (id !== undefined) {
      opened = client.conversations.of(id);
      if (kind === 'room') rooms.add(id);
      show(opened, kind === 'room');
    }
    nothing.hidden = opened !== undefined;
    shell.classList.toggle('open', opened !== undefined);
    draw();
  }

  function show(conversation: Conversation, room: boolean): void {
    const ready = (): void => {
      if (opened !== conversation) return;
      view = new ConversationView(client, conversation, people, leave);
      shell.append(view.element);
      view.focus();
      draw();
    };
    if (conversation.view !== undefined) return ready();
    const known = room ? client.rooms.join(conversation.id) : client.conversations.get(conversation.id);
    attempt('Opening', known.then(ready));
    known.catch(leave);
  }

  for (const event of ['conversation', 'gone', 'state', 'online', 'receipt', 'unread'] as const)
    client.on(event, render);
  client.on('gone', (conversation) => {
    if (conversation === opened) leave();
  });
  addEventListener('hashchange', route);
  for (const event of ['focus', 'visibilitychange']) addEventListener(event, () => view?.read(), true);
  addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && document.querySelector('dialog, .menu') === null) leave();
  });
  route();
}

/** Rooms have no members, so nobody's list has them: this browser remembers those it was in. */
class VisitedRooms {
  ids: string[];

  constructor(private readonly key: string) {
    this.ids = JSON.parse(localStorage.getItem(key) ?? '[]') as string[];
  }

  add(id: string): void {
    this.#keep([id, ...this.ids.filter((other) => other !== id)]);
  }

  forget(id: string): void {
    this.#keep(this.ids.filter((other) => other !== id));
  }

  #keep(ids: string[]): void {
    this.ids = ids.slice(0, 20);
    localStorage.setItem(this.key, JSON.stringify(this.ids));
  }
}

/** Whose window is this? */
function askForName(): void {
  const input = h('input', {
    name: 'as',
    required: true,
    maxLength: 64,
    pattern: '[^\\s,;]+',
    title: 'without spaces',
    autocomplete: 'off',
    autocapitalize: 'none',
    placeholder: 'Your name',
    'aria-label': 'Your name',
  });
  const link = (name: string): HTMLElement =>
    h('a', { href: `?as=${name}${location.hash}` }, avatar(name, { small: true }), name);
  const form = h(
    'form',
    { class: 'inline' },
    input,
    h('button', { type: 'submit', class: 'primary' }, 'Enter'),
  );
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    location.search = `?as=${encodeURIComponent(input.value)}`;
  });
  root.replaceChildren(
    h(
      'main',
      { class: 'welcome' },
      h('img', { src: 'icon.svg', alt: '' }),
      h('h1', {}, 'Hongyan chat'),
      h(
        'p',
        {},
        'Any name will do: this app lets everybody in. Two windows with two names can talk to each other.',
      ),
      form,
      h('div', { class: 'suggestions' }, link('ann'), link('bob'), link('carol')),
    ),
  );
  input.focus();
}

async function main(): Promise<void> {
  const name = new URLSearchParams(location.search).get('as')?.trim();
  if (!name) return askForName();
  const answer = await fetch('config.json');
  if (!answer.ok) throw new Error('the server has no demo app: npm start makes one');
  start((await answer.json()) as SampleConfig, name);
}

main().catch((error: Error) => {
  root.replaceChildren(
    h('main', { class: 'welcome' }, h('h1', {}, 'It does not run'), h('p', {}, error.message)),
  );
});
