import type { HongyanClient, HongyanError } from '@hongyan/sdk';
import { h, icon } from './dom.js';
import { network } from './network.js';

const backForMs = 2_000;

/** What the connection is doing, when it is not simply there. */
export class Banner {
  readonly element = h('div', { class: 'banner', role: 'status', hidden: true });
  #error: HongyanError | undefined;
  #wasOnline = false;
  #lost = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly client: HongyanClient,
    private readonly plug: () => void,
  ) {
    client.on('state', () => this.render());
    client.on('closed', (error) => {
      this.#error = error;
      this.render();
    });
    client.on('caughtUp', () => {
      if (this.#lost) this.#show('back', 'Back online.');
      this.#timer = setTimeout(() => this.render(), backForMs);
      this.#lost = false;
      this.#wasOnline = true;
    });
    this.render();
  }

  render(): void {
    clearTimeout(this.#timer);
    const { state } = this.client;
    if (state === 'online') {
      if (this.#lost) this.#show('connecting', 'Catching up …');
      else this.element.hidden = true;
      return;
    }
    this.#lost ||= this.#wasOnline;
    if (state === 'closed') {
      const again = h('button', { type: 'button', onclick: () => location.reload() }, 'Log in again');
      this.#show('closed', this.#error?.message ?? 'Disconnected.', again);
    } else if (network.unplugged) {
      const plug = h('button', { type: 'button', onclick: this.plug }, 'Restore it');
      this.#show('offline', 'You cut the connection. What you write now is sent when it is back.', plug);
    } else if (state === 'waiting') {
      const { reconnectAt = 0 } = this.client;
      const seconds = Math.max(1, Math.ceil((reconnectAt - Date.now()) / 1_000));
      const now = h('button', { type: 'button', onclick: () => this.client.wake() }, 'Try now');
      this.#show('waiting', `Offline. Next attempt in ${seconds} s.`, now);
      this.#timer = setTimeout(() => this.render(), 250);
    } else {
      // Connecting is over in a moment as a rule: no flicker.
      this.#timer = setTimeout(() => this.#show('connecting', 'Connecting …'), this.element.hidden ? 400 : 0);
    }
  }

  #show(state: string, text: string, action?: HTMLElement): void {
    const print = state + text;
    if (!this.element.hidden && this.element.dataset.print === print) return;
    this.element.hidden = false;
    this.element.dataset.print = print;
    this.element.dataset.state = state;
    const sign =
      state === 'back'
        ? icon('check')
        : state === 'connecting'
          ? h('i', { class: 'spinner' })
          : icon('unplug');
    this.element.replaceChildren(sign, h('span', {}, text), ...(action === undefined ? [] : [action]));
  }
}
