/** As much of a view library as this sample needs. */

type Child = Node | string | number | false | null | undefined;
type Value = string | number | boolean | null | undefined | ((event: never) => void);
type Props = Record<string, Value>;

/** An element: `on…` are listeners, `data`/`class`/`aria-…` attributes, the rest properties where there are such. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  props: Props = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === false || value === null) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value as EventListener);
    else if (name in element && !name.includes('-')) (element as unknown as Props)[name] = value;
    else element.setAttribute(name, value === true ? '' : String(value));
  }
  for (const child of children) {
    if (child !== undefined && child !== null && child !== false)
      element.append(child instanceof Node ? child : String(child));
  }
  return element;
}

export interface Keyed {
  readonly key: string;
  /** The element is made anew when this changes. */
  readonly print: string;
  readonly make: () => HTMLElement;
}

const prints = new WeakMap<Element, string>();

/** Makes `parent` hold exactly these, touching only what changed, so that focus and scroll survive. */
export function reconcile(parent: HTMLElement, items: readonly Keyed[]): void {
  const before = new Map<string, HTMLElement>();
  for (const child of [...parent.children] as HTMLElement[]) before.set(child.dataset.key ?? '', child);
  let at: Element | null = parent.firstElementChild;
  for (const { key, print, make } of items) {
    let element = before.get(key);
    before.delete(key);
    if (element === undefined || prints.get(element) !== print) {
      const fresh = make();
      fresh.dataset.key = key;
      prints.set(fresh, print);
      if (element !== undefined) {
        const focused = element.contains(document.activeElement);
        const place = [...element.querySelectorAll('a, button')].indexOf(document.activeElement as Element);
        if (element === at) at = fresh;
        element.replaceWith(fresh);
        if (focused)
          (place < 0 ? fresh : ([...fresh.querySelectorAll('a, button')][place] as HTMLElement))?.focus();
      }
      element = fresh;
    }
    if (element === at) at = at.nextElementSibling;
    else parent.insertBefore(element, at);
  }
  for (const gone of before.values()) gone.remove();
}

const paths = {
  back: 'M15 5l-7 7 7 7',
  plus: 'M12 5v14M5 12h14',
  send: 'M4 12l16-8-6 16-3-7-7-1z',
  reply: 'M10 8V4l-7 7 7 7v-4c5 0 8 1.5 10 5 0-6-3-11-10-11z',
  edit: 'M4 20h4L19 9l-4-4L4 16v4z',
  recall: 'M4.5 7h15M10 7V4.5h4V7M6.5 7l1 13h9l1-13M10 11v5M14 11v5',
  info: 'M12 11v6M12 7.5v.1M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0z',
  more: 'M5 12h.01M12 12h.01M19 12h.01',
  pin: 'M9 4h6l-1 6 3 3H7l3-3-1-6zM12 13v7',
  mute: 'M6 9a6 6 0 0 1 9.5-4.9M18 10c0 4 2 6 2 6H9M6 9.5C6 14 4 16 4 16h2M10 20h4M4 4l16 16',
  close: 'M6 6l12 12M18 6L6 18',
  people:
    'M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM2.5 20c0-3.5 3-6 6.5-6s6.5 2.5 6.5 6M16 4.5a3.5 3.5 0 0 1 0 6M18 14.5c2 .8 3.5 2.8 3.5 5.5',
  link: 'M10 14a4 4 0 0 0 6 0l3-3a4 4 0 0 0-6-6l-1 1M14 10a4 4 0 0 0-6 0l-3 3a4 4 0 0 0 6 6l1-1',
  unplug: 'M8 3v5M16 3v5M6 8h12v3a6 6 0 0 1-12 0V8zM12 17v4',
  down: 'M6 9l6 6 6-6',
  check: 'M5 12.5l4.5 4.5L19 7',
  checks: 'M2 12.5l4.5 4.5L16 7M12 16l1 1L22.5 7',
  clock: 'M12 7v5l3 2M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0z',
  alert: 'M12 8v5M12 16.5v.1M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0z',
} as const;

export type IconName = keyof typeof paths;

export function icon(name: IconName, label?: string): SVGSVGElement {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('class', `icon icon-${name}`);
  if (label === undefined) svg.setAttribute('aria-hidden', 'true');
  else {
    svg.setAttribute('role', 'img');
    svg.setAttribute('aria-label', label);
  }
  const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
  path.setAttribute('d', paths[name]);
  svg.append(path);
  return svg;
}

export const iconButton = (
  name: IconName,
  label: string,
  onclick: (event: MouseEvent) => void,
  more: Props = {},
): HTMLButtonElement =>
  h(
    'button',
    { type: 'button', class: 'icon-button', 'aria-label': label, title: label, onclick, ...more },
    icon(name),
  );

/** Runs `work` once per frame, however often it is asked for. */
export function eachFrame(work: () => void): () => void {
  let asked = false;
  return () => {
    if (asked) return;
    asked = true;
    const run = (): void => {
      if (!asked) return;
      asked = false;
      work();
    };
    requestAnimationFrame(run);
    setTimeout(run, 100); // frames stop in a hidden tab
  };
}
