import { foldCase, sameIgnoringCase } from './fold-case.js';
import type { Token } from './regex-syntax.js';
import type { LinearPattern } from './types.js';

export type Program = (text: string) => boolean;

const lineFeed = 10;

interface Jump {
  readonly state: number;
  readonly kind: 'star' | 'start' | 'end';
}

/** State n: the first n tokens are done. A set of states is a row of bits: in one number where they are few enough. */
export function chainProgram(given: readonly Token[], pattern: LinearPattern): Program {
  const tokens = given.map((token) =>
    pattern.ignoreCase && token.kind === 'char' ? { ...token, codePoint: foldCase(token.codePoint) } : token,
  );
  const jumps = tokens.flatMap(({ kind }, state): Jump[] =>
    kind === 'star' || kind === 'start' || kind === 'end' ? [{ state, kind }] : [],
  );
  return tokens.length < 31 ? narrowProgram(tokens, jumps, pattern) : wideProgram(tokens, jumps, pattern);
}

/** Whether a token that takes no character lets pass between these two; -1 stands for the ends of the text. */
function passes(kind: Jump['kind'], before: number, current: number, multiline: boolean): boolean {
  if (kind === 'start') return before === -1 || (multiline && before === lineFeed);
  if (kind === 'end') return current === -1 || (multiline && current === lineFeed);
  return true;
}

/** Can it only be found where the text begins? */
export const isAnchored = (tokens: readonly { readonly kind: string }[], multiline: boolean): boolean =>
  tokens[0]?.kind === 'start' && !multiline;

function narrowProgram(tokens: readonly Token[], jumps: readonly Jump[], pattern: LinearPattern): Program {
  const { multiline } = pattern;
  const anchored = isAnchored(tokens, multiline);
  const accept = 1 << tokens.length;
  const stars = jumps.reduce((bits, { state, kind }) => (kind === 'star' ? bits | (1 << state) : bits), 0);
  const onlyStars = jumps.every(({ kind }) => kind === 'star');
  const maskOf = remembered((codePoint) =>
    statesTaking(tokens, codePoint, pattern.ignoreCase).reduce((bits, state) => bits | (1 << state), 0),
  );

  return (text) => {
    let active = 0;
    let before = -1;
    for (let at = 0; ;) {
      const current = at < text.length ? (text.codePointAt(at) as number) : -1;
      if (at === 0 || !anchored) active |= 1;
      if (onlyStars) active |= (active & stars) << 1;
      else
        for (const { state, kind } of jumps)
          if ((active >>> state) & 1 && passes(kind, before, current, multiline)) active |= 1 << (state + 1);
      if (active & accept) return true;
      if (current === -1) return false;
      active = ((active & maskOf(current)) << 1) | (current === lineFeed ? 0 : active & stars);
      if (anchored && active === 0) return false;
      before = current;
      at += current > 0xffff ? 2 : 1;
    }
  };
}

function wideProgram(tokens: readonly Token[], jumps: readonly Jump[], pattern: LinearPattern): Program {
  const { multiline } = pattern;
  const anchored = isAnchored(tokens, multiline);
  const accept = tokens.length;
  const words = (accept >>> 5) + 1;
  const stars = new Uint32Array(words);
  for (const { state, kind } of jumps) if (kind === 'star') set(stars, state);
  const maskOf = remembered((codePoint) => {
    const mask = new Uint32Array(words);
    for (const state of statesTaking(tokens, codePoint, pattern.ignoreCase)) set(mask, state);
    return mask;
  });

  return (text) => {
    const active = new Uint32Array(words);
    let before = -1;
    for (let at = 0; ;) {
      const current = at < text.length ? (text.codePointAt(at) as number) : -1;
      if (at === 0 || !anchored) set(active, 0);
      for (const { state, kind } of jumps)
        if (has(active, state) && passes(kind, before, current, multiline)) set(active, state + 1);
      if (has(active, accept)) return true;
      if (current === -1) return false;
      if (!advance(active, maskOf(current), current === lineFeed ? undefined : stars) && anchored)
        return false;
      before = current;
      at += current > 0xffff ? 2 : 1;
    }
  };
}

/** Moves the whole set by one character; false when it is empty then. */
function advance(active: Uint32Array, mask: Uint32Array, stars: Uint32Array | undefined): boolean {
  let carry = 0;
  let any = 0;
  for (let word = 0; word < active.length; word += 1) {
    const states = active[word] as number;
    const moved = states & (mask[word] as number);
    active[word] = (moved << 1) | carry | (stars === undefined ? 0 : states & (stars[word] as number));
    carry = moved >>> 31;
    any |= active[word] as number;
  }
  return any !== 0;
}

/** Keeps the answers for all ASCII characters and some others. */
export function remembered<T>(answer: (codePoint: number) => T, most = 1000): (codePoint: number) => T {
  const ascii: (T | undefined)[] = new Array<T | undefined>(128).fill(undefined);
  const others = new Map<number, T>();
  return (codePoint) => {
    const known = codePoint < 128 ? ascii[codePoint] : others.get(codePoint);
    if (known !== undefined) return known;
    const made = answer(codePoint);
    if (codePoint < 128) ascii[codePoint] = made;
    else if (others.size < most) others.set(codePoint, made);
    return made;
  };
}

/** Which states a character lets move on. */
function statesTaking(tokens: readonly Token[], codePoint: number, ignoreCase: boolean): number[] {
  const cases = ignoreCase ? sameIgnoringCase(codePoint) : [codePoint];
  return tokens.flatMap((token, state) => (consumes(token, codePoint, cases) ? [state] : []));
}

/** `cases`: the character in all its cases, or as it is; the last one stands for all. */
export function consumes(token: Token, codePoint: number, cases: readonly number[]): boolean {
  switch (token.kind) {
    case 'char':
      return token.codePoint === codePoint || token.codePoint === cases.at(-1);
    case 'any':
      return codePoint !== lineFeed;
    case 'class': {
      const inside = token.ranges.some(([from, to]) => cases.some((one) => from <= one && one <= to));
      return inside !== token.negated;
    }
    case 'star':
    case 'start':
    case 'end':
      return false;
  }
}

const has = (bits: Uint32Array, state: number): boolean =>
  (((bits[state >>> 5] as number) >>> (state & 31)) & 1) === 1;

function set(bits: Uint32Array, state: number): void {
  bits[state >>> 5] = (bits[state >>> 5] as number) | (1 << (state & 31));
}
