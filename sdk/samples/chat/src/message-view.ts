import type { LocalMessage, MessageView } from '@hongyan/sdk';
import { avatar } from './avatar.js';
import { h, icon, iconButton, type IconName } from './dom.js';
import { fullTime, plural, timeOf } from './format.js';
import { excerpt } from './list-view.js';
import type { Counts, Progress } from './timeline.js';

/** One bubble, as it is to be shown. */
export interface Bubble {
  readonly mine: boolean;
  readonly author: string;
  readonly body: string;
  readonly time: number;
  readonly message: MessageView | undefined;
  readonly outgoing: LocalMessage | undefined;
  readonly progress: Progress | undefined;
  readonly counts: Counts | undefined;
  readonly quote: MessageView | undefined;
  readonly isAnswer: boolean;
  /** First and last of a run of one author. */
  readonly first: boolean;
  readonly last: boolean;
  /** Names are shown. */
  readonly group: boolean;
  /** Ticks would mean nothing beyond "sent". */
  readonly room: boolean;
  readonly mentionsMe: boolean;
  /** Can be reached by Tab; the others by the arrow keys from there. */
  readonly tabStop: boolean;
}

export interface BubbleActions {
  reply(message: MessageView): void;
  edit(message: MessageView): void;
  recall(message: MessageView): void;
  receipts(message: MessageView): void;
  retry(outgoing: LocalMessage): void;
  discard(outgoing: LocalMessage): void;
  show(id: string): void;
  readonly mayRecall: boolean;
}

const signs: Record<Progress, readonly [IconName, string]> = {
  queued: ['clock', 'Waiting to be sent'],
  sending: ['clock', 'Sending'],
  failed: ['alert', 'Not sent'],
  sent: ['check', 'Sent'],
  delivered: ['checks', 'Delivered'],
  read: ['checks', 'Read'],
};

export function bubble(model: Bubble, actions: BubbleActions): HTMLElement {
  const { message, outgoing, mine, author, first, last, progress } = model;
  const recalled = message?.recalled === true;
  const label = [
    mine ? 'You' : author,
    timeOf(model.time),
    recalled ? 'Message recalled' : model.body,
    message?.editedAt !== undefined && 'edited',
    progress !== undefined && progressText(model, progress),
  ];
  const classes = [
    'message',
    mine && 'mine',
    first && 'first',
    last && 'last',
    recalled && 'recalled',
    model.mentionsMe && 'for-me',
  ];
  return h(
    'article',
    {
      class: classes.filter(Boolean).join(' '),
      tabIndex: model.tabStop ? 0 : -1,
      'aria-label': label.filter(Boolean).join(', '),
      'data-state': progress,
      'data-id': message?.id,
    },
    !mine &&
      model.group &&
      (last ? avatar(author, { small: true }) : h('span', { class: 'avatar small blank' })),
    h(
      'div',
      { class: 'bubble' },
      !mine && model.group && first && h('strong', { class: 'author' }, author),
      model.isAnswer && quoted(model.quote, actions),
      h('p', { class: 'text' }, ...(recalled ? ['Message recalled'] : marked(model.body))),
      h(
        'span',
        { class: 'meta', title: fullTime(model.time) },
        message?.editedAt !== undefined && !recalled && h('span', {}, 'edited'),
        h('time', { dateTime: new Date(model.time).toISOString() }, timeOf(model.time)),
        progress !== undefined && !recalled && icon(...sign(model, progress)),
      ),
      message !== undefined && !recalled && toolbar(message, model, actions),
    ),
    outgoing !== undefined && progress === 'failed' && failed(outgoing, actions),
    last &&
      mine &&
      model.group &&
      !model.room &&
      message !== undefined &&
      !recalled &&
      readBy(message, model, actions),
  );
}

const sign = ({ room }: Bubble, progress: Progress): readonly [IconName, string] =>
  signs[room && progress !== 'queued' && progress !== 'sending' && progress !== 'failed' ? 'sent' : progress];

function progressText({ counts, room }: Bubble, progress: Progress): string {
  if (counts !== undefined && counts.of > 1 && !room && counts.read > 0)
    return `read by ${counts.read} of ${counts.of}`;
  return signs[progress][1];
}

function quoted(message: MessageView | undefined, actions: BubbleActions): HTMLElement {
  if (message === undefined) return h('span', { class: 'quote' }, h('span', {}, '…'));
  const show = (): void => actions.show(message.id);
  return h(
    'button',
    {
      type: 'button',
      class: 'quote',
      onclick: show,
      'aria-label': `Answer to ${message.from}: ${excerpt(message)}`,
    },
    h('strong', {}, message.from),
    h('span', {}, excerpt(message)),
  );
}

function toolbar(message: MessageView, { mine }: Bubble, actions: BubbleActions): HTMLElement {
  return h(
    'div',
    { class: 'tools', role: 'toolbar', 'aria-label': 'Message' },
    iconButton('reply', 'Reply', () => actions.reply(message)),
    mine && message.format === 'text' && iconButton('edit', 'Edit', () => actions.edit(message)),
    (mine || actions.mayRecall) && iconButton('recall', 'Recall', () => actions.recall(message)),
    mine && iconButton('info', 'Who read it', () => actions.receipts(message)),
  );
}

function failed(outgoing: LocalMessage, actions: BubbleActions): HTMLElement {
  return h(
    'div',
    { class: 'below problem' },
    `Not sent: ${outgoing.error?.message ?? 'unknown'} `,
    h('button', { type: 'button', class: 'link', onclick: () => actions.retry(outgoing) }, 'Try again'),
    h('button', { type: 'button', class: 'link', onclick: () => actions.discard(outgoing) }, 'Delete'),
  );
}

function readBy(message: MessageView, { counts }: Bubble, actions: BubbleActions): HTMLElement | undefined {
  if (counts === undefined || counts.of <= 1) return undefined;
  const { read, delivered, of } = counts;
  const text =
    read > 0
      ? `Read by ${read} of ${of}`
      : delivered > 0
        ? `Delivered to ${delivered} of ${of}`
        : `Sent to ${plural(of, 'person', 'people')}`;
  return h('button', { type: 'button', class: 'below link', onclick: () => actions.receipts(message) }, text);
}

/** Links and mentions stand out. Text stays text. */
function marked(text: string): (Node | string)[] {
  return text.split(/(https?:\/\/[^\s<>"]+|(?<=^|\s)@[\p{L}\p{N}_-]+)/u).map((part, index) => {
    if (index % 2 === 0) return part;
    if (part.startsWith('@')) return h('b', { class: 'at' }, part);
    return h('a', { href: part, target: '_blank', rel: 'noopener noreferrer' }, part);
  });
}
