import { bounds, invalid, shown, tooComplex } from './fields.js';
import { parsePattern } from './regex-syntax.js';
import type { Token } from './regex-syntax.js';
import type { LinearPattern } from './types.js';
import { foldCase, foldText, sameIgnoringCase } from './fold-case.js';

/**
 * Patterns that every engine runs in linear time: literals, `\Q…\E`, escapes, `^`, `$`, `.`, `.*` and character
 * classes. Characters are code points. `.` is anything but a line feed; without flag `m`, `^` and `$` are the ends of
 * the text only.
 *
 * The matcher never goes back: a pattern is a chain of at most {@link bounds}.patternLength states, the set of states
 * it can be in is a few machine words, and each character of the text moves the whole set once.
 */

/** Checks a `$regex` with its `$options` (any of `i`, `m`). Throws AppError `filter_invalid`, `filter_too_complex`. */
export function compilePattern(source: string, options = ''): LinearPattern {
  if (!/^(?:i?m?|mi)$/.test(options)) throw invalid(`"$options" ${shown(options)}: only "i" and "m" are known`);
  if (source.length > bounds.patternLength) throw tooComplex(`a pattern is longer than ${bounds.patternLength}`);
  if (!source.isWellFormed()) throw invalid('a pattern is not well-formed Unicode');
  parsePattern(source);
  return { source, ignoreCase: options.includes('i'), multiline: options.includes('m') };
}

/** True when the pattern is found anywhere in the text. Linear in the length of the text, whatever the pattern. */
export function matchesPattern(pattern: LinearPattern, text: string): boolean {
  return programOf(pattern)(text);
}

type Program = (text: string) => boolean;

const programs = new Map<string, Program>();

function programOf(pattern: LinearPattern): Program {
  const key = `${pattern.ignoreCase ? 'i' : ''}${pattern.multiline ? 'm' : ''}/${pattern.source}`;
  let program = programs.get(key);
  if (!program) {
    const tokens = parsePattern(pattern.source);
    program = literalProgram(tokens, pattern) ?? chainProgram(tokens, pattern);
    if (programs.size >= 200) programs.delete(programs.keys().next().value as string);
    programs.set(key, program);
  }
  return program;
}

/** Contains, begins with, ends with, is: most patterns are one of these. */
function literalProgram(tokens: readonly Token[], { ignoreCase, multiline }: LinearPattern): Program | undefined {
  if (multiline) return undefined;
  const atStart = tokens[0]?.kind === 'start';
  const atEnd = tokens.at(-1)?.kind === 'end';
  const middle = tokens.slice(atStart ? 1 : 0, atEnd ? -1 : undefined);
  const codePoints: number[] = [];
  for (const token of middle) {
    if (token.kind !== 'char') return undefined;
    codePoints.push(ignoreCase ? foldCase(token.codePoint) : token.codePoint);
  }
  const literal = codePoints.map((codePoint) => String.fromCodePoint(codePoint)).join('');
  const test: Program =
    atStart && atEnd
      ? (text) => text === literal
      : atStart
        ? (text) => text.startsWith(literal)
        : atEnd
          ? (text) => text.endsWith(literal)
          : (text) => text.includes(literal);
  return ignoreCase ? (text) => test(foldText(text)) : test;
}

const lineFeed = 10;

/** State n: the first n tokens are done. A set of states is a row of bits. */
function chainProgram(tokens: readonly Token[], { ignoreCase, multiline }: LinearPattern): Program {
  const accept = tokens.length;
  const words = (accept >>> 5) + 1;
  const anchored = tokens[0]?.kind === 'start' && !multiline;
  const jumps: { readonly state: number; readonly kind: 'star' | 'start' | 'end' }[] = [];
  const stars = new Uint32Array(words);
  tokens.forEach(({ kind }, state) => {
    if (kind === 'star' || kind === 'start' || kind === 'end') jumps.push({ state, kind });
    if (kind === 'star') set(stars, state);
  });

  /** Which states a character lets move on. */
  const masks = new Map<number, Uint32Array>();
  const maskOf = (codePoint: number): Uint32Array => {
    let mask = masks.get(codePoint);
    if (mask) return mask;
    mask = new Uint32Array(words);
    for (let state = 0; state < accept; state += 1)
      if (consumes(tokens[state] as Token, codePoint, ignoreCase)) set(mask, state);
    if (masks.size < 1000) masks.set(codePoint, mask);
    return mask;
  };

  return (text) => {
    const active = new Uint32Array(words);
    let before = -1;
    for (let at = 0; ; ) {
      const current = at < text.length ? (text.codePointAt(at) as number) : -1;
      if (at === 0 || !anchored) set(active, 0);
      for (const { state, kind } of jumps) {
        if (!has(active, state)) continue;
        if (kind === 'start' && !(at === 0 || (multiline && before === lineFeed))) continue;
        if (kind === 'end' && !(current === -1 || (multiline && current === lineFeed))) continue;
        set(active, state + 1);
      }
      if (has(active, accept)) return true;
      if (current === -1) return false;

      const mask = maskOf(current);
      let carry = 0;
      let any = 0;
      for (let word = 0; word < words; word += 1) {
        const states = active[word] as number;
        const moved = states & (mask[word] as number);
        const stay = current === lineFeed ? 0 : states & (stars[word] as number);
        active[word] = (moved << 1) | carry | stay;
        carry = moved >>> 31;
        any |= active[word] as number;
      }
      if (anchored && any === 0) return false;
      before = current;
      at += current > 0xffff ? 2 : 1;
    }
  };
}

function consumes(token: Token, codePoint: number, ignoreCase: boolean): boolean {
  switch (token.kind) {
    case 'char':
      return token.codePoint === codePoint || (ignoreCase && foldCase(token.codePoint) === foldCase(codePoint));
    case 'any':
      return codePoint !== lineFeed;
    case 'class': {
      const variants = ignoreCase ? sameIgnoringCase(codePoint) : [codePoint];
      const inside = token.ranges.some(([from, to]) => variants.some((variant) => from <= variant && variant <= to));
      return inside !== token.negated;
    }
    case 'star':
    case 'start':
    case 'end':
      return false;
  }
}

const has = (bits: Uint32Array, state: number): boolean => (((bits[state >>> 5] as number) >>> (state & 31)) & 1) === 1;

function set(bits: Uint32Array, state: number): void {
  bits[state >>> 5] = (bits[state >>> 5] as number) | (1 << (state & 31));
}
