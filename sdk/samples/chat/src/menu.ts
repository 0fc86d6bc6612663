import { h, icon, type IconName } from './dom.js';

export interface Choice {
  readonly icon: IconName;
  readonly label: string;
  readonly run: () => void;
  readonly danger?: boolean;
}

/** A menu at a point or under a button; arrow keys move, Escape closes, focus goes back to where it was. */
export function openMenu(
  at: { readonly x: number; readonly y: number } | HTMLElement,
  choices: readonly Choice[],
): void {
  const menu = h('div', { class: 'menu', role: 'menu', popover: 'auto' });
  for (const { icon: name, label, run, danger } of choices) {
    menu.append(
      h(
        'button',
        {
          type: 'button',
          role: 'menuitem',
          class: danger ? 'danger' : '',
          onclick: () => {
            menu.hidePopover();
            run();
          },
        },
        icon(name),
        label,
      ),
    );
  }
  menu.addEventListener('keydown', (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const items = [...menu.children] as HTMLElement[];
    const now = items.indexOf(document.activeElement as HTMLElement);
    items[(now + step + items.length) % items.length]?.focus();
  });
  menu.addEventListener('toggle', (event) => {
    if (event.newState === 'closed') menu.remove();
  });
  document.body.append(menu);
  menu.showPopover();
  const { width, height } = menu.getBoundingClientRect();
  const box = at instanceof HTMLElement ? at.getBoundingClientRect() : undefined;
  const [x, y] =
    at instanceof HTMLElement ? [(box?.right ?? 0) - width, (box?.bottom ?? 0) + 4] : [at.x, at.y];
  menu.style.left = `${Math.max(8, Math.min(x, innerWidth - width - 8))}px`;
  menu.style.top = `${Math.max(8, Math.min(y, innerHeight - height - 8))}px`;
  (menu.firstElementChild as HTMLElement | null)?.focus();
}

/** A short note at the bottom that goes by itself. */
export function toast(text: string): void {
  const note = h('div', { class: 'toast', role: 'status' }, text);
  document.body.append(note);
  setTimeout(() => note.remove(), 4_000);
}

/** Runs something and says it when it is refused. */
export function attempt(what: string, work: Promise<unknown>): void {
  work.catch((error: Error) => toast(`${what} did not work: ${error.message}`));
}
