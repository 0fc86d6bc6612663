import { h, icon } from './dom.js';

const tints = 8;

function tintOf(name: string): number {
  let sum = 11;
  for (const character of name) sum = (sum * 33 + (character.codePointAt(0) ?? 0)) >>> 0;
  return sum % tints;
}

/** Initial on a colour drawn from the name; a dot tells presence, where it means something. */
export function avatar(
  name: string,
  options: { online?: boolean; group?: boolean; small?: boolean } = {},
): HTMLElement {
  const { online, group = false, small = false } = options;
  return h(
    'span',
    {
      class: `avatar tint-${tintOf(name)}${small ? ' small' : ''}${group ? ' group' : ''}`,
      'aria-hidden': 'true',
    },
    group ? icon('people') : [...name][0]?.toUpperCase(),
    online !== undefined && h('i', { class: online ? 'dot online' : 'dot' }),
  );
}
