import type { Conversation, HongyanClient, MessageView, Role } from '@hongyan/sdk';
import { avatar } from './avatar.js';
import { h, iconButton } from './dom.js';
import { fullTime, plural } from './format.js';
import { attempt, toast } from './menu.js';
import type { People } from './people.js';

function dialog(title: string, ...content: Node[]): HTMLDialogElement {
  const heading = h('h2', { id: 'dialog-title' }, title);
  const element = h('dialog', { 'aria-labelledby': 'dialog-title' });
  element.append(
    h(
      'header',
      {},
      heading,
      iconButton('close', 'Close', () => element.close()),
    ),
    h('div', { class: 'dialog-body' }, ...content),
  );
  element.addEventListener('click', (event) => {
    if (event.target === element) element.close(); // the backdrop
  });
  element.addEventListener('close', () => element.remove());
  document.body.append(element);
  element.showModal();
  return element;
}

const field = (label: string, hint: string, input: HTMLElement): HTMLLabelElement =>
  h('label', { class: 'field' }, h('span', {}, label), input, h('small', {}, hint));

const idsIn = (text: string): string[] => [...new Set(text.split(/[\s,;]+/).filter(Boolean))];

const kinds = { person: 'One person', group: 'Group', room: 'Room' } as const;

/** Begins a conversation of any kind, and answers it. */
export function askForConversation(
  client: HongyanClient,
  opened: (conversation: Conversation) => void,
): void {
  let kind: keyof typeof kinds = 'person';
  const name = h('input', { name: 'name', maxLength: 255, autocomplete: 'off' });
  const people = h('input', {
    name: 'people',
    autocomplete: 'off',
    autocapitalize: 'none',
    spellcheck: false,
  });
  const fields = h('div', { class: 'fields' });
  const problem = h('p', { class: 'problem', role: 'alert' });
  const submit = h('button', { type: 'submit', class: 'primary' }, 'Start');
  const choice = h('fieldset', { class: 'segments' }, h('legend', { class: 'hidden' }, 'Kind'));
  for (const [value, label] of Object.entries(kinds)) {
    const radio = h('input', { type: 'radio', name: 'kind', value, checked: value === kind });
    radio.addEventListener('change', () => {
      kind = value as keyof typeof kinds;
      show();
    });
    choice.append(h('label', {}, radio, h('span', {}, label)));
  }

  function show(): void {
    problem.textContent = '';
    const who = kind === 'person' ? 'Their name, as they log in with' : 'Separated by commas or spaces';
    fields.replaceChildren(
      ...(kind === 'person'
        ? []
        : [field('Name', kind === 'room' ? 'Who has the link can enter' : 'For everybody in it', name)]),
      ...(kind === 'room' ? [] : [field(kind === 'person' ? 'Write to' : 'People', who, people)]),
    );
    fields.querySelector('input')?.focus();
  }

  async function create(): Promise<Conversation> {
    if (kind === 'room') return client.conversations.create({ kind: 'room', name: name.value.trim() });
    const members = idsIn(people.value);
    // At most one conversation of two people: asking again gives the same.
    if (kind === 'person') return client.conversations.create({ members, unique: true });
    return client.conversations.create({ members, name: name.value.trim() });
  }

  const form = h('form', {}, choice, fields, problem, h('footer', {}, submit));
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const ids = idsIn(people.value);
    if (kind !== 'person' && name.value.trim() === '') problem.textContent = 'It needs a name.';
    else if (kind === 'person' && ids.length !== 1) problem.textContent = 'One name, please.';
    else if (kind === 'person' && ids[0] === client.id) problem.textContent = 'That is you.';
    else if (kind === 'group' && ids.length === 0) problem.textContent = 'Name at least one.';
    else {
      submit.disabled = true;
      create().then(
        (conversation) => {
          element.close();
          opened(conversation);
        },
        (error: Error) => {
          problem.textContent = error.message;
          submit.disabled = false;
        },
      );
    }
  });
  const element = dialog('New conversation', form);
  show();
}

/** Who received and who read a message of mine. */
export function showReceipts(conversation: Conversation, message: MessageView, people: People): void {
  const body = h('div', {}, h('p', { class: 'quiet' }, 'Asking …'));
  dialog(
    'Message',
    h('blockquote', {}, message.body),
    h('p', { class: 'quiet' }, `Sent ${fullTime(message.time)}`),
    body,
  );
  const row = (who: string): HTMLElement =>
    h('li', {}, avatar(who, { small: true, online: people.online.has(who) }), who);
  const part = (title: string, who: readonly string[]): Node[] =>
    who.length === 0
      ? []
      : [h('h3', {}, `${title} ${who.length}`), h('ul', { class: 'names' }, ...who.map(row))];
  const ask = (kind: 'read' | 'delivered') => conversation.receipts(message, { kind, limit: 100 });
  Promise.all([ask('read'), ask('delivered')]).then(
    ([read, delivered]) => {
      const readers = read.items.map(({ client }) => client as string);
      const others = delivered.items
        .map(({ client }) => client as string)
        .filter((who) => !readers.includes(who));
      const left = delivered.of - delivered.delivered;
      const rest = left === 0 ? [] : [h('p', { class: 'quiet' }, `On its way to ${left} more.`)];
      body.replaceChildren(...part('Read by', readers), ...part('Delivered to', others), ...rest);
    },
    (error: Error) => body.replaceChildren(h('p', { class: 'problem' }, error.message)),
  );
}

const ranks: Record<Role, number> = { member: 0, manager: 1, owner: 2 };

/** Who is in a group: add, remove, leave. */
export function showMembers(conversation: Conversation, people: People, me: string): void {
  const list = h('ul', { class: 'names' });
  const input = h('input', {
    name: 'add',
    autocomplete: 'off',
    autocapitalize: 'none',
    'aria-label': 'Add people',
  });
  const form = h(
    'form',
    { class: 'inline' },
    input,
    h('button', { type: 'submit', class: 'primary' }, 'Add'),
  );
  const leave = h('button', { type: 'button', class: 'danger' }, 'Leave the group');
  const element = dialog(people.titleOf(conversation), list, form, h('footer', {}, leave));

  async function refresh(): Promise<void> {
    const { items } = await conversation.members({ limit: 100 });
    const mine = ranks[items.find(({ client }) => client === me)?.role ?? 'member'];
    list.replaceChildren(
      ...items.map(({ client, role }) =>
        h(
          'li',
          {},
          avatar(client, { small: true, online: client === me || people.online.has(client) }),
          client === me ? `${client} (you)` : client,
          role !== 'member' && h('em', {}, role),
          mine > ranks[role] &&
            iconButton('close', `Remove ${client}`, () =>
              attempt('Removing', conversation.remove(client).then(refresh)),
            ),
        ),
      ),
    );
    people.forget(conversation);
  }

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const ids = idsIn(input.value);
    if (ids.length === 0) return;
    const added = conversation.add(ids).then(({ failed }) => {
      input.value = '';
      if (failed.length > 0)
        toast(`${plural(failed.length, 'person', 'people')} could not be added: ${failed[0]?.name}`);
      return refresh();
    });
    attempt('Adding', added);
  });
  leave.addEventListener('click', () =>
    attempt(
      'Leaving',
      conversation.leave().then(() => element.close()),
    ),
  );
  attempt('Asking for the members', refresh());
}
